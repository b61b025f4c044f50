#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rasman_fuzz::data::proxy_head(data));

#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rasman_fuzz::net::ocsp_answer(data));

#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rasman_fuzz::data::socks_udp(data));

#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rasman_fuzz::ppp::mschapv2_messages(data));

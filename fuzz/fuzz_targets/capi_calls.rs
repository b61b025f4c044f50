#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rasman_fuzz::capi::capi_calls(data));

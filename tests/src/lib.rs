//! Tests that need several crates.

pub mod fuzz_dial;
pub mod fuzz_ppp;
pub mod fuzz_sstp;
pub mod harness;
pub mod peers;

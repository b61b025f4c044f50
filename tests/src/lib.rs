//! Tests that need several crates: harnesses, the bodies of the fuzz targets, foreign peers.
#![forbid(unsafe_code)]

pub mod capi;
pub mod com_port;
pub mod eap;
pub mod fuzz_auth;
pub mod fuzz_capi;
pub mod fuzz_data;
pub mod fuzz_dial;
pub mod fuzz_import;
pub mod fuzz_lab;
pub mod fuzz_modem;
pub mod fuzz_net;
pub mod fuzz_phonebook;
pub mod fuzz_ppp;
pub mod fuzz_sstp;
pub mod harness;
pub mod hostile;
pub mod ipc;
pub mod line;
pub mod peers;
pub mod radius;
pub mod soak;
pub mod world;

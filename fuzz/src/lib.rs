//! The bodies of the fuzz targets, taken from package `rasman-tests`, whose tests replay the corpora.
//!
//! They are included as files, so that a fuzz build instruments what is fuzzed alone and not the daemon.
#![forbid(unsafe_code)]

#[path = "../../tests/src/fuzz_auth.rs"]
pub mod auth;
#[cfg(feature = "edge")]
#[path = "../../tests/src/fuzz_capi.rs"]
pub mod capi;
#[cfg(feature = "edge")]
#[path = "../../tests/src/fuzz_data.rs"]
pub mod data;
#[path = "../../tests/src/fuzz_dial.rs"]
pub mod dial;
#[path = "../../tests/src/fuzz_import.rs"]
pub mod import;
#[cfg(feature = "edge")]
#[path = "../../tests/src/fuzz_lab.rs"]
pub mod lab;
#[path = "../../tests/src/fuzz_modem.rs"]
pub mod modem;
#[cfg(feature = "edge")]
#[path = "../../tests/src/fuzz_net.rs"]
pub mod net;
#[path = "../../tests/src/fuzz_phonebook.rs"]
pub mod phonebook;
#[path = "../../tests/src/fuzz_ppp.rs"]
pub mod ppp;
#[path = "../../tests/src/fuzz_sstp.rs"]
pub mod sstp;

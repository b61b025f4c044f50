//! Tests that need several crates.

pub mod peers;

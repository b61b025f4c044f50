//! The command lines of rasman.
fn main() {}

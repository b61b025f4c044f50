//! Developer commands of rasman.
fn main() {}

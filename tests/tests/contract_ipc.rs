//! The contract at the socket: the tests of the Rust front, with the manager in a daemon behind a socket.

#[path = "contract_rust.rs"]
mod same;

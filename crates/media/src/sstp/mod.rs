//! SSTP ([MS-SSTP]): PPP in packets on one TLS stream, after an HTTPS handshake; both roles.

mod client;
mod config;
mod server;

pub use client::{Client, ClientSettings};
pub use config::Config;
pub use server::{Refusal, Server, ServerConfig};

//! What the fuzz targets need of the doors: what programs send before they are carried.

use super::{http, udp};
use rasman_core::ProxyLogin;
use std::net::SocketAddr;

/// Reads the head of an HTTP request; gives host, port and the head's length, or the status of the answer.
///
/// # Errors
/// What the client is answered with.
pub fn connect_request(head: &[u8], login: Option<&ProxyLogin>) -> Result<(String, u16, usize), &'static str> {
    http::request(head, login).map(|request| (request.host, request.port, request.length))
}

/// Reads a datagram with a SOCKS header; gives its target and payload, if it is one that is carried.
#[must_use]
pub fn socks_datagram(datagram: &[u8]) -> Option<(String, &[u8])> {
    let (target, payload) = udp::parse(datagram)?;
    Some((target.to_string(), payload))
}

/// Puts the header with the sender before a datagram.
#[must_use]
pub fn socks_answer(payload: &[u8], from: SocketAddr) -> Vec<u8> {
    let mut out = Vec::new();
    udp::encapsulate(payload, from, &mut out);
    out
}

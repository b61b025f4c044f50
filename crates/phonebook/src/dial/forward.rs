//! Doors as a phone book writes them.

use rasman_core::{Forward, host_and_port};

/// Takes `LISTEN=HOST:PORT` apart.
pub(crate) fn parse_forward(text: &str) -> Option<Forward> {
    let (listen, target) = text.trim().split_once('=')?;
    let (host, port) = host_and_port(target.trim())?;
    Some(Forward { listen: listen.trim().parse().ok()?, host, port: port? })
}

//! What the fuzz targets of `fuzz/` need beside the API; no part of it, and free to change.

use crate::dns;
use crate::http::{self, Web};

pub use crate::dns::Gateway;
pub use crate::http::Request;

/// The longest body that [`http_answer`] gives or takes.
pub const HTTP_BODY_MAX: u64 = 1_000;

/// Gives the inner name server's answer to an IP packet that is a question to `gateway`, as an IP packet.
#[must_use]
pub fn dns_answer(packet: &[u8], names: &[String], gateway: Gateway) -> Option<Vec<u8>> {
    dns::question(packet, gateway).map(|question| question.reply(names, gateway))
}

/// Gives what the inner web server writes to a client that says this and then ends the stream.
///
/// # Panics
/// There can be no runtime.
#[must_use]
pub fn http_answer(request: &[u8]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("needs memory alone");
    let web = Web::new("A page.\n".into(), HTTP_BODY_MAX, Vec::new());
    let mut stream = tokio::io::join(request, Vec::new());
    // What was written before an error is what counts.
    let _ = runtime.block_on(http::serve(&mut stream, &web));
    stream.into_inner().1
}

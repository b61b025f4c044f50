//! TLS over TCP, both roles.
//!
//! ```text
//!  caller ── queue ──> TlsTransport ──> SendBuffer ── try_write ──> TCP
//!  caller <─ try_read ─ TlsTransport <── receive buffer <────────── TCP
//! ```
//!
//! The records are made and opened behind [`TlsTransport`], a machine without I/O: the TLS library of today (rustls,
//! its unbuffered interface) is named in `backend`, `trust`, `acceptor`, `certificates`, `explain` and `eap` and nowhere else,
//! because its next major release replaces that interface, and because servers of the last decade may need another
//! library.

mod acceptor;
mod backend;
mod certificates;
mod der;
pub mod eap;
mod explain;
pub(crate) mod fuzzing;
mod issued;
mod ocsp;
mod revocation;
mod send_buffer;
mod sessions;
mod staple;
mod stream;
mod transport;
mod trust;

pub use acceptor::Acceptor;
pub use certificates::certificates;
pub use send_buffer::SendBuffer;
pub use stream::{Counters, End, Received, TlsStream};
pub use transport::{Progress, Session, TlsTransport};

use rasman_core::{Cause, Leaf, TlsSpec};
use sha1::Digest;
use tokio::net::TcpStream;

/// Makes a TLS connection on `tcp` and checks the server's certificate.
///
/// It has no time limit of its own: the caller drops the future to give up.
///
/// # Errors
/// The HRESULT of the certificate failure, 810 for another certificate than the pinned one, or 808 if the handshake
/// failed otherwise.
pub async fn connect(spec: &TlsSpec, tcp: TcpStream) -> Result<TlsStream, Cause> {
    let setup = trust::client(spec).await?;
    let checks = setup.checks.clone();
    let stream = stream::handshake(Box::new(backend::client(setup)?), tcp).await?;
    let session = stream.session();
    if session.resumed {
        checks.again(&session.chain)?;
    }
    checks.revocation(spec.trust.revocation, &session.chain).await?;
    Ok(stream)
}

/// Gives both digests of a certificate in DER form.
fn leaf_of(der: &[u8]) -> Leaf {
    Leaf { sha1: sha1::Sha1::digest(der).into(), sha256: sha2::Sha256::digest(der).into() }
}

#[cfg(test)]
mod tests;

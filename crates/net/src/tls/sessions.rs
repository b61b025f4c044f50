//! What is kept of a server for the next dial to it: the TLS settings with their sessions, so that a further dial saves a
//! round trip and a signature.
//!
//! It is kept for exactly the settings it was made with: another port, name, trust or proxy has its own. What is resumed is
//! judged as a fresh one is: the leaf of the first handshake comes with the session, and goes through the same checks again
//! (see `connect`).

use super::trust::Checks;
use rasman_core::TlsSpec;
use rustls::ClientConfig;
use std::sync::{Arc, Mutex, PoisonError};

/// What a server's next dial begins with. rustls resumes a session only with the very verifier that it was made with.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) config: Arc<ClientConfig>,
    pub(super) checks: Checks,
}

/// Gives what is kept for these settings.
pub(super) fn of(spec: &TlsSpec) -> Option<Kept> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let index = kept.iter().position(|(known, _)| known == spec)?;
    // The one that was used last stands last.
    let entry = kept.remove(index);
    let found = entry.1.clone();
    kept.push(entry);
    Some(found)
}

/// Keeps something in place of what was kept for these settings.
pub(super) fn keep(spec: &TlsSpec, fresh: Kept) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|(known, _)| known != spec);
    kept.push((spec.clone(), fresh));
    if kept.len() > SERVERS {
        kept.remove(0);
    }
}

static KEPT: Mutex<Vec<(TlsSpec, Kept)>> = Mutex::new(Vec::new());

/// How many servers are remembered.
const SERVERS: usize = 64;
/// How many names rustls keeps tickets of, for each of them.
pub(super) const TICKETS: usize = 8;

//! The proof that authentication took place.

use rasman_core::AuthMethod;

/// The proof that an authentication exchange was completed and verified.
///
/// It has no public constructor: on the client it comes from a server that proved that it knows the password as well,
/// on the server from a response that was right. IPCP does not start without it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Authenticated {
    method: Option<AuthMethod>,
    user: String,
}

impl Authenticated {
    /// Makes the proof; called by the methods of this crate alone.
    pub(crate) fn new(method: AuthMethod, user: String) -> Self {
        Self { method: Some(method), user }
    }

    /// Makes the proof of a server elsewhere, whose method may be none of ours.
    pub(crate) fn elsewhere(method: Option<AuthMethod>, user: String) -> Self {
        Self { method, user }
    }

    /// Tells which method it was; nothing where a server elsewhere has one that we do not.
    #[must_use]
    pub fn method(&self) -> Option<AuthMethod> {
        self.method
    }

    /// Tells who was authenticated, as the name went over the wire (`DOMAIN\user`, or the user alone).
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }
}

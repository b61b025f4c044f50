//! Keys whose values are secrets. We read them where old programs left them, and never write one.

/// Tells whether a key holds a secret, in whatever group and case it stands.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    SECRETS.iter().any(|secret| key.eq_ignore_ascii_case(secret))
}

/// The key of a secret that does not belong into the file.
pub(crate) const PRE_SHARED_KEY: &str = "PreSharedKey";
/// Old programs and mobile profiles write them in clear.
const SECRETS: [&str; 2] = [PRE_SHARED_KEY, "ApnInfoPassword"];

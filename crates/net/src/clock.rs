//! The one clock.

use rasman_core::Instant;
use std::sync::OnceLock;

/// Reads the runtime's clock, which tests may have paused, as our own time.
#[must_use]
pub fn now() -> Instant {
    let since = tokio::time::Instant::now().saturating_duration_since(origin());
    Instant::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// Gives the runtime's instant for ours, to sleep until it.
#[must_use]
pub fn runtime_instant(at: Instant) -> tokio::time::Instant {
    // Far beyond any deadline, and never so far that the addition could overflow.
    const FAR: u64 = 10 * 365 * 24 * 3_600 * 1_000_000;
    origin() + std::time::Duration::from_micros(at.as_micros().min(FAR))
}

/// Sleeps until `at`; for ever without one.
pub async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(runtime_instant(at)).await,
        None => std::future::pending().await,
    }
}

fn origin() -> tokio::time::Instant {
    static ORIGIN: OnceLock<tokio::time::Instant> = OnceLock::new();
    *ORIGIN.get_or_init(tokio::time::Instant::now)
}

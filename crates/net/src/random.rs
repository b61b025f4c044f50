//! The system's randomness.

use rasman_core::Rng;

/// The system's generator, for real connections.
#[derive(Copy, Clone, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    /// # Panics
    /// If the system has no randomness to give: without it no connection can be safe.
    fn fill(&mut self, out: &mut [u8]) {
        getrandom::fill(out).expect("the system gives random bytes");
    }
}

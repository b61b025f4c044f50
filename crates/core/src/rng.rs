//! Randomness as an argument.

/// A source of random bytes.
///
/// The edge hands in the system's generator; tests and fuzzers hand in a seeded one. Implementations that serve
/// real connections must be cryptographically strong: challenges and identifiers come from here.
pub trait Rng {
    /// Fills `out` with random bytes.
    fn fill(&mut self, out: &mut [u8]);

    /// Gives a random byte.
    fn u8(&mut self) -> u8 {
        let mut b = [0; 1];
        self.fill(&mut b);
        b[0]
    }

    /// Gives a random 32-bit number.
    fn u32(&mut self) -> u32 {
        let mut b = [0; 4];
        self.fill(&mut b);
        u32::from_be_bytes(b)
    }

    /// Gives a random 64-bit number.
    fn u64(&mut self) -> u64 {
        let mut b = [0; 8];
        self.fill(&mut b);
        u64::from_be_bytes(b)
    }
}

impl<R: Rng + ?Sized> Rng for Box<R> {
    fn fill(&mut self, out: &mut [u8]) {
        (**self).fill(out);
    }
}

//! The bytes of `/bulk/<bytes>`: the same for everybody, made without memory for the whole.

use std::sync::LazyLock;

/// Gives the bytes at `offset` of every bulk body: a slice that is never empty and ends where the pattern starts again.
#[must_use]
pub fn at(offset: u64) -> &'static [u8] {
    let start = usize::try_from(offset % PERIOD as u64).unwrap_or(0);
    &PATTERN[start..]
}

/// The bodies repeat after this many bytes: a prime, so that no exchanged, lost or repeated piece of a power of two or
/// of a packet's length goes unseen.
pub const PERIOD: usize = 1_048_573;

/// Marsaglia's xorshift64, least significant byte first.
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let words = (0..PERIOD.div_ceil(8)).flat_map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(PERIOD).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_repeats_after_its_period() {
        let start = at(0);
        assert_eq!((start.len(), at(PERIOD as u64).len(), at(PERIOD as u64 - 1).len()), (PERIOD, PERIOD, 1));
        assert_eq!(at(5)[0], start[5]);
        let ones: u32 = start.iter().map(|byte| byte.count_ones()).sum();
        assert!((ones / 4).abs_diff(u32::try_from(PERIOD).unwrap()) < 2_000, "half of all bits");
    }
}

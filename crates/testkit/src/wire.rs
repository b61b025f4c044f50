//! One direction of a virtual wire.

use crate::SeededRng;
use rasman_core::{Duration, Instant};

/// What a datagram wire does to frames. The default is perfect and takes no time.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Weather {
    /// How many of a hundred frames are lost.
    pub loss: u8,
    /// How many of a hundred frames arrive twice.
    pub duplicate: u8,
    /// How many of a hundred frames are held back by up to `jitter`, so that later ones overtake them.
    pub reorder: u8,
    /// How long every frame takes.
    pub delay: Duration,
    /// The most by which a frame is held back.
    pub jitter: Duration,
}

/// How a stream wire cuts the bytes. The default keeps what was sent together and takes no time.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Chop {
    /// The longest piece, in bytes; each piece has a random length up to it. 0 keeps what was sent together; 1 cuts
    /// at every byte.
    pub longest: usize,
    /// How long every byte takes.
    pub delay: Duration,
}

/// One direction of a virtual wire: what was put in comes out later, changed by its weather, the same for the same
/// seed.
#[derive(Clone, Debug)]
pub struct Wire {
    kind: Kind,
    rng: SeededRng,
    /// What is on its way, in the order of arrival.
    flying: Vec<(Instant, Vec<u8>)>,
    /// How many frames were lost.
    pub lost: usize,
    /// How many bytes were put in.
    pub bytes: usize,
}

#[derive(Copy, Clone, Debug)]
enum Kind {
    Datagrams(Weather),
    Stream(Chop),
}

impl Wire {
    /// Makes a wire that keeps frames apart.
    #[must_use]
    pub fn datagrams(weather: Weather, seed: u64) -> Self {
        Self::new(Kind::Datagrams(weather), seed)
    }

    /// Makes a wire that is one stream of bytes.
    #[must_use]
    pub fn stream(chop: Chop, seed: u64) -> Self {
        Self::new(Kind::Stream(chop), seed)
    }

    fn new(kind: Kind, seed: u64) -> Self {
        Self { kind, rng: SeededRng::new(seed), flying: Vec::new(), lost: 0, bytes: 0 }
    }

    /// Tells whether the wire is a stream.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.kind, Kind::Stream(_))
    }

    /// Changes the weather of a datagram wire from now on; a stream has none.
    pub fn set_weather(&mut self, weather: Weather) {
        if let Kind::Datagrams(old) = &mut self.kind {
            *old = weather;
        }
    }

    /// Puts in a frame, or bytes of the stream.
    pub fn put(&mut self, now: Instant, bytes: &[u8]) {
        self.bytes += bytes.len();
        match self.kind {
            Kind::Datagrams(weather) => self.put_frame(now, weather, bytes),
            Kind::Stream(chop) => self.put_stream(now + chop.delay, chop.longest, bytes),
        }
    }

    fn put_frame(&mut self, now: Instant, weather: Weather, bytes: &[u8]) {
        let copies = if self.rng.chance(weather.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            if self.rng.chance(weather.loss) {
                self.lost += 1;
                continue;
            }
            let held = if self.rng.chance(weather.reorder) { weather.jitter } else { Duration::ZERO };
            let held = self.rng.below(u64::try_from(held.as_micros()).unwrap_or(u64::MAX).saturating_add(1));
            self.fly(now + weather.delay + Duration::from_micros(held), bytes);
        }
    }

    fn put_stream(&mut self, at: Instant, longest: usize, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let bound = if longest == 0 { bytes.len() } else { longest };
            let length = if longest == 0 { bound } else { 1 + self.rng.below(bound as u64) as usize };
            let (piece, rest) = bytes.split_at(length.min(bytes.len()));
            self.fly(at, piece);
            bytes = rest;
        }
    }

    /// Keeps the order of arrival; frames for the same time keep the order of sending.
    fn fly(&mut self, at: Instant, bytes: &[u8]) {
        let index = self.flying.partition_point(|(other, _)| *other <= at);
        self.flying.insert(index, (at, bytes.to_vec()));
    }

    /// Tells when the next frame arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.flying.first().map(|(at, _)| *at)
    }

    /// Takes the next frame, or piece of the stream, that has arrived by `now`.
    #[must_use]
    pub fn take(&mut self, now: Instant) -> Option<Vec<u8>> {
        let arrived = self.next_arrival().is_some_and(|at| at <= now);
        arrived.then(|| self.flying.remove(0).1)
    }

    /// Loses everything that is on its way.
    pub fn cut(&mut self) {
        self.lost += self.flying.len();
        self.flying.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(wire: &mut Wire) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| wire.take(Instant::from_millis(1_000_000))).collect()
    }

    #[test]
    fn a_stream_keeps_every_byte_in_order() {
        for longest in [0, 1, 3, 1_000] {
            let mut wire = Wire::stream(Chop { longest, ..Chop::default() }, 1);
            wire.put(Instant::ZERO, b"hello, ");
            wire.put(Instant::ZERO, b"world");
            let pieces = drain(&mut wire);
            assert_eq!(pieces.concat(), b"hello, world");
            assert!(longest == 0 || pieces.iter().all(|p| p.len() <= longest && !p.is_empty()));
        }
    }

    #[test]
    fn weather_loses_repeats_and_reorders_the_same_way_for_the_same_seed() {
        let weather = Weather {
            loss: 20,
            duplicate: 20,
            reorder: 50,
            delay: Duration::from_millis(10),
            jitter: Duration::from_millis(50),
        };
        let run = |seed| {
            let mut wire = Wire::datagrams(weather, seed);
            (0..100).for_each(|n| wire.put(Instant::from_millis(n), &[n as u8]));
            (drain(&mut wire).concat(), wire.lost)
        };
        let (frames, lost) = run(3);
        assert!(lost > 0);
        assert!(!frames.is_sorted(), "some overtook others");
        assert!(frames.iter().any(|n| frames.iter().filter(|m| *m == n).count() == 2));
        assert_eq!(run(3), (frames, lost));
    }
}

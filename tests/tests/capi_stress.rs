//! Seeded stress of the C library: calls with whatever memory, and many threads that dial, hang up, ask and end.
#![forbid(unsafe_code)]

use rasman_tests::capi::{self, Language, World};
use rasman_tests::fuzz_capi::capi_calls;
use rasman_tests::harness::{self, lab};
use rasmand::Settings;

/// A generator that gives the same for the same seed (splitmix64).
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// `RASMAN_STRESS` may name a number of rounds, to look longer.
fn rounds(usual: u64) -> u64 {
    std::env::var("RASMAN_STRESS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn whatever_memory_a_caller_gives_nothing_breaks() {
    for seed in 0..rounds(100) {
        let mut random = Seeded(seed);
        let length = 64 + random.next() as usize % 1024;
        let data: Vec<u8> = (0..length)
            .map(|_| {
                let word = random.next();
                // Small numbers are what counts and sizes are made of.
                if word & 1 == 0 { (word >> 8) as u8 % 16 } else { (word >> 8) as u8 }
            })
            .collect();
        println!("seed {seed}"); // Shown when it breaks.
        capi_calls(&data);
    }
}

#[test]
fn threads_that_dial_hang_up_ask_and_end() {
    let lab = lab("");
    let model = harness::entry(&lab);
    let named = |number: usize| rasman::Entry { name: format!("Lab{number}"), ..model.clone() };
    let world = World::with(Settings { entries: (0..4).map(named).collect(), workers: 1, ..Default::default() });
    let program = capi::compile(&capi::programs_folder().join("stress.c"), Language::C);
    for seed in 0..rounds(2) {
        world.run(&program, &[&seed.to_string()]);
        assert!(world.manager().connections().is_empty(), "seed {seed} left something");
    }
}

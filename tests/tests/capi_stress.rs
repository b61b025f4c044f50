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

/// What is exported and not called here would be looked at by nobody.
#[test]
fn every_exported_function_is_among_those_and_has_both_variants() {
    let library = capi::prefix().join("lib/librasapi32.so");
    let output = std::process::Command::new("nm").args(["-D", "--defined-only"]).arg(library).output();
    let output = String::from_utf8(output.expect("binutils come with the compiler").stdout).unwrap();
    let symbols = output.lines().filter_map(|line| line.split_whitespace().nth(2)?.split_once("@@"));
    let mut exported: Vec<&str> = symbols
        .map(|(name, version)| {
            assert_eq!(version, "RASAPI32_0.1", "{name}");
            name
        })
        .collect();
    let mut called: Vec<&str> = rasapi32::fuzzing::names().collect();
    exported.sort_unstable();
    called.sort_unstable();
    assert_eq!(exported, called);
    for narrow in exported.iter().filter_map(|name| name.strip_suffix('A')) {
        assert!(exported.contains(&&*format!("{narrow}W")), "{narrow}A has no W");
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

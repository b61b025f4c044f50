//! The contract of credentials, of what a connection was given and has carried, and of AutoDial at the C front: programs in
//! both variants, with UNICODE and without.
#![forbid(unsafe_code)]

use rasman_tests::capi::{self, Language, World};
use rasman_tests::harness::{self, lab};
use std::path::PathBuf;

fn programs(name: &str) -> [PathBuf; 2] {
    let source = capi::programs_folder().join(name);
    let sanitized = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    [&[][..], &["-DUNICODE"]].map(|variant| capi::compile_with(&source, Language::C, &[&sanitized, variant].concat()))
}

/// Runs a test in both variants, each with phone books and stored credentials of its own; gives what they printed.
fn run(program: &str, test: &str) -> [String; 2] {
    let lab = lab("");
    programs(program).map(|program| World::with_books(&lab).run(&program, &[test]))
}

fn credentials(test: &str) {
    run("credentials.c", test);
}

fn data(test: &str) {
    run("data.c", test);
}

#[test]
fn k1_k2_k3_k4_k5_a15_a_password_goes_in_and_never_comes_out() {
    credentials("masks");
}

#[test]
fn e5_e7_credentials_of_nothing_and_of_no_version_are_refused() {
    credentials("refusals");
}

#[test]
fn k6_k7_dial_parameters() {
    credentials("dial_params");
}

#[test]
fn a10_x4_each_version_of_the_parameters_is_filled() {
    credentials("old_params");
}

#[test]
fn k8_k9_what_led_to_a_connection_is_read_and_eap_data_may_be_missing() {
    credentials("remembered");
}

#[test]
fn k9_e8_eap_data_of_the_user_and_of_the_entry() {
    credentials("eap_data");
}

#[test]
fn a60_an_identity_is_for_entries_with_eap() {
    credentials("identity");
}

#[test]
fn e1_e2_e3_e12_every_error_has_a_text() {
    data("error_texts");
}

#[test]
fn e6_e7_z1_z3_z4_z5_z6_devices_are_listed() {
    data("devices");
}

#[test]
fn z8_x6_countries_have_their_names_behind_them() {
    data("countries");
}

#[test]
fn d1_d2_d6_addresses_and_their_entries() {
    data("autodial_addresses");
}

#[test]
fn d3_d5_the_default_connection() {
    data("autodial_default");
}

#[test]
fn d4_the_users_default_goes_before_the_machines() {
    let lab = lab("");
    for program in programs("data.c") {
        let world = World::with_books(&lab);
        std::fs::write(world.runtime.join("home/etc/autodial"), "address\t0\t0\t\tMachine\n").unwrap();
        world.run(&program, &["autodial_of_all_users"]);
    }
}

#[test]
fn d8_addresses_that_a_program_sets_do_not_count_for_the_limit() {
    data("autodial_limit");
}

#[test]
fn d7_d9_settings_of_autodial() {
    data("autodial_settings");
}

#[test]
fn a53_j1_j2_what_was_negotiated_is_told() {
    for address in run("data.c", "projection") {
        assert!(address.parse::<std::net::Ipv4Addr>().is_ok(), "{address}");
    }
}

#[test]
fn j2_the_identifiers_of_ipv6_are_told_where_it_was_negotiated() {
    let mut config = rasman_lab::Config::default();
    config.apply_flag("ipv6", "2001:db8:0:1::").expect("a flag of the lab");
    let lab = rasman_lab::spawn(config).expect("the lab starts");
    let mut entry = harness::entry(&lab);
    entry.network.ipv6 = true;
    let settings = rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() };
    let world = World::with(settings);
    for program in programs("data.c") {
        world.run(&program, &["projection_of_ipv6"]);
    }
}

#[test]
fn j2_the_encryption_of_ppp_is_told_where_it_was_negotiated() {
    // RASCCPO_Encryption128bit and RASCCPO_Encryption40bit, both with RASCCPO_HistoryLess.
    for (bits, options) in [("128", "0x42"), ("40", "0x22")] {
        let mut config = rasman_lab::Config::default();
        config.apply_flag("mppe", bits).expect("a flag of the lab");
        let lab = rasman_lab::spawn(config).expect("the lab starts");
        let mut entry = harness::entry(&lab);
        entry.network.mppe = Some(rasman::MppeConsent::Any);
        let settings = rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() };
        let world = World::with(settings);
        for program in programs("data.c") {
            assert_eq!(world.run(&program, &["projection_of_ccp"]), options);
        }
    }
}

#[test]
fn a53_j1_before_it_was_it_is_730() {
    data("too_early");
}

#[test]
fn t1_t2_t3_e8_statistics() {
    data("statistics");
}

#[test]
fn what_is_not_supported_says_so() {
    data("unsupported");
}

/// The functions that the headers declare, in both variants.
fn declared() -> Vec<String> {
    let folder = capi::crate_folder().join("include");
    let headers = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let text: String = headers.collect();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names: Vec<String> = text
        .split('(')
        .filter_map(|before| before.rsplit(|c| !is_name(c)).next())
        .filter(|name| (name.starts_with("Ras") && !name.ends_with("Fn")) || ["CmMalloc", "CmFree"].contains(name))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn x7_what_the_headers_declare_is_exported_and_documented_and_nothing_else() {
    let library = capi::prefix().join("lib/librasapi32.so");
    let output = std::process::Command::new("nm").args(["-D", "--defined-only"]).arg(library).output().unwrap();
    let symbols = String::from_utf8(output.stdout).unwrap();
    let symbol = |line: &str| line.split_whitespace().nth(2)?.split('@').next().map(str::to_owned);
    let mut exported: Vec<String> =
        symbols.lines().filter_map(symbol).filter(|name| !name.starts_with("RASAPI32")).collect();
    exported.sort();
    let declared = declared();
    assert_eq!(exported, declared);
    assert!(declared.len() >= 117, "{}", declared.len());

    let read = |path: &str| std::fs::read_to_string(capi::crate_folder().join(path)).unwrap();
    let (page, manual) = (read("../../docs/rasapi32.md"), read("rasapi32.3"));
    for name in &declared {
        let plain =
            name.strip_suffix(['A', 'W']).filter(|plain| declared.contains(&format!("{plain}W"))).unwrap_or(name);
        assert!(page.contains(&format!("`{plain}`")), "docs/rasapi32.md has no {plain}");
        assert!(manual.contains(plain), "rasapi32.3 has no {plain}");
    }
}

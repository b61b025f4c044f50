//! Every wrong form of every message of SSTP and PPP, at every stage, against both ends: nothing panics, every answer and
//! every queue is bounded, and what is left alone comes to rest.
//!
//! The forms are made from the tables of messages ([`rasman_tests::hostile`]). An allocator counts what a link holds.

use rasman_core::AuthMethod;
use rasman_tests::fuzz_ppp::{PppVictim, Wants};
use rasman_tests::fuzz_sstp::sstp_attack;
use rasman_tests::hostile::{self, PPP_MESSAGES, PppMessage, SSTP_MESSAGES, Variant, variants};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the bytes that the present thread has allocated and not given back.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

fn size(layout: Layout) -> isize {
    isize::try_from(layout.size()).unwrap_or(isize::MAX)
}

// SAFETY: every call goes to the system's allocator unchanged; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(size(layout));
        // SAFETY: our caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-size(layout));
        // SAFETY: our caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How a victim is brought to a stage: the scripts of the fuzz targets.
const STAGES: [(&str, &[u8]); 6] = [
    ("LCP", &[]),
    ("authentication", &[15, 2]),
    ("accepted", &[15, 2, 15]),
    ("IPCP", &[15, 2, 15, 3]),
    ("projected", &[15, 2, 15, 3, 15]),
    ("terminating", &[15, 2, 15, 3, 15, 4]),
];

/// The bytes that a link may hold more than before, whatever it is told. Its queues are bounded by frames of an MRU each.
const GROWTH_MAX: isize = 64 * 1024;

/// Bytes that a link may answer to one frame: an echo or a reject of the same size, and a request or two of its own.
fn answer_max(frame: &[u8]) -> usize {
    frame.len().min(1504) + 8 * 1504
}

/// What links of each protocol speak beside the default, which rejects IPV6CP and CCP and authenticates by MS-CHAPv2: only
/// who speaks a protocol has a state machine to attack.
fn speakers(protocol: u16) -> Vec<Wants> {
    let methods = match protocol {
        0xc023 => vec![AuthMethod::Pap],
        0xc223 => vec![AuthMethod::Chap],
        0xc227 => AuthMethod::ALL.iter().copied().filter(|method| method.is_eap()).collect(),
        _ => vec![AuthMethod::MsChapV2],
    };
    methods.into_iter().map(|method| Wants { method, mppe: protocol == 0x80fd }).collect()
}

fn victims(protocol: u16, script: &[u8]) -> Vec<PppVictim> {
    let whole = speakers(protocol).into_iter().flat_map(|wants| PppVictim::both(wants, script));
    [PppVictim::client(script), PppVictim::server(script)].into_iter().chain(whole).collect()
}

/// Plays a form against both ends of each link at a stage; gives against how many, and how much an end grew.
fn play(protocol: u16, script: &[u8], variant: &Variant) -> (usize, isize) {
    let (mut played, mut grew) = (0, 0);
    for mut victim in victims(protocol, script) {
        let before = HELD.get();
        MOST.set(before);
        // Once, and again as an answer to what it led to.
        for _ in 0..2 {
            let answered = victim.hears(&variant.bytes);
            assert!(answered <= answer_max(&variant.bytes), "{answered} bytes are answered");
        }
        // The copy that goes in is the test's.
        grew = grew.max(MOST.get() - before - isize::try_from(variant.bytes.len()).expect("a frame"));
        victim.rest();
        played += 1;
    }
    (played, grew)
}

fn attack(message: &PppMessage, forms: fn(&PppMessage, u8) -> Vec<Variant>) -> (usize, isize) {
    let (mut played, mut most) = (0, 0);
    let all = std::env::var_os("RASMAN_HOSTILE").is_some();
    for (index, (stage, script)) in STAGES.into_iter().enumerate() {
        for (number, variant) in forms(message, 1).into_iter().enumerate() {
            // Each form at one stage, or with RASMAN_HOSTILE=all at each: that takes minutes.
            if !all && (number + index + usize::from(message.code)) % STAGES.len() != 0 {
                continue;
            }
            let told = format!("{:04x} code {} at {stage}: {}", message.protocol, message.code, variant.what);
            // Shown when the run panics.
            println!("{told}");
            let (ends, grew) = play(message.protocol, script, &variant);
            assert!(grew <= GROWTH_MAX, "{told}: {grew} bytes more");
            (played, most) = (played + ends, most.max(grew));
        }
    }
    (played, most)
}

/// The packets of a protocol in every form, and one of them with every code.
fn protocol(number: u16) {
    let mut total = (0, 0);
    let messages: Vec<&PppMessage> = PPP_MESSAGES.iter().filter(|message| message.protocol == number).collect();
    let mut add = |(played, grew): (usize, isize)| total = (total.0 + played, total.1.max(grew));
    add(attack(messages[0], variants::codes));
    for message in messages {
        add(attack(message, hostile::ppp));
    }
    let (played, most) = total;
    println!("MEASURED protocol {number:04x}: {played} attacks, a link grew by at most {most} bytes");
    assert!(played > 200, "the table has the protocol");
}

macro_rules! protocols {
    ($($name:ident: $number:literal;)+) => {
        $(#[test] fn $name() {
            protocol($number);
        })+

        const TESTED: &[u16] = &[$($number),+];
    };
}

protocols! {
    every_form_of_lcp: 0xc021;
    every_form_of_pap: 0xc023;
    every_form_of_chap: 0xc223;
    every_form_of_eap: 0xc227;
    every_form_of_ipcp: 0x8021;
    every_form_of_ipv6cp: 0x8057;
    every_form_of_ccp: 0x80fd;
}

#[test]
fn every_protocol_of_the_table_is_attacked() {
    assert!(PPP_MESSAGES.iter().all(|message| TESTED.contains(&message.protocol)));
}

/// Each message without end, with one identifier and with a new one each time: what is held stays bounded, and so does
/// what is answered to each.
#[test]
fn messages_without_end() {
    let (mut most, mut over) = (0, 0);
    for (stage, script) in STAGES {
        for message in &PPP_MESSAGES {
            for step in [0, 1] {
                println!("{:04x} code {} at {stage}, identifiers by {step}", message.protocol, message.code);
                for mut victim in victims(message.protocol, script) {
                    let before = HELD.get();
                    MOST.set(before);
                    for n in 0..ENDLESS {
                        let id = u8::try_from(n * step % 256).expect("below 256");
                        let frame = variants::right(message, id);
                        assert!(victim.hears(&frame) <= answer_max(&frame));
                    }
                    let grew = HELD.get() - before;
                    assert!(grew <= GROWTH_MAX, "{grew} bytes are held after {ENDLESS} messages");
                    (most, over) = (most.max(grew), over + usize::from(victim.is_over()));
                    victim.rest();
                }
            }
        }
    }
    println!("MEASURED endless: a link grew by at most {most} bytes, {over} ended");
}

#[test]
fn every_form_of_sstp() {
    let (mut played, mut most) = (0, 0);
    for dialling in [true, false] {
        for stage in 0..5 {
            for message in &SSTP_MESSAGES {
                for variant in hostile::sstp(message) {
                    println!("dialling: {dialling}, type {} at stage {stage}: {}", message.kind, variant.what);
                    let before = HELD.get();
                    MOST.set(before);
                    sstp_attack(dialling, stage, &[&variant.bytes]);
                    // Both ends, their buffers and the test's copies.
                    let grew = MOST.get() - before;
                    assert!(
                        grew <= SSTP_MAX + 4 * isize::try_from(variant.bytes.len()).expect("short"),
                        "{grew} bytes"
                    );
                    (played, most) = (played + 1, most.max(grew));
                }
            }
        }
    }
    println!("MEASURED SSTP: {played} attacks, a call held at most {most} bytes");
    assert!(played > 20_000);
}

#[test]
fn sstp_messages_without_end() {
    for dialling in [true, false] {
        for stage in 0..5 {
            for message in &SSTP_MESSAGES {
                println!("dialling: {dialling}, type {} at stage {stage}, without end", message.kind);
                let packet = &hostile::sstp(message)[0].bytes;
                let before = HELD.get();
                MOST.set(before);
                sstp_attack(dialling, stage, &vec![&packet[..]; ENDLESS]);
                let grew = MOST.get() - before;
                assert!(grew <= SSTP_MAX, "{grew} bytes");
            }
        }
    }
}

/// More than any counter of a link takes.
const ENDLESS: usize = 100;
/// The bytes that a call may hold, both ends and what the test keeps of them.
const SSTP_MAX: isize = 128 * 1024;

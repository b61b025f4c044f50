//! A data packet costs no allocation, in either direction.

use rasman_core::{Batch, Input, Instant, Layer, Leaf, Link, PortFacts, PortId, SessionKeys, TlsSpec, Trust};
use rasman_media::sstp::{Client, ClientSettings, Config, Server, ServerConfig};
use rasman_testkit::{Chop, Pair, SeededRng};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: our caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: our caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_data_packet_costs_no_allocation() {
    let tls = TlsSpec { host: "x".into(), port: 443, server_name: String::new(), trust: Trust::default(), proxy: None };
    let client = Client::new(ClientSettings { tls, config: Config::default() }, Box::new(SeededRng::new(1)));
    let server = Server::new(ServerConfig::default(), Box::new(SeededRng::new(2)));
    let mut pair = Pair::stream(client, server, Chop::default(), 1);
    let mut facts = PortFacts::default();
    facts.leaf = Some(Leaf { sha1: [1; 20], sha256: [2; 32] });
    pair.a.layer.open(pair.now());
    pair.a.layer.port_ready(pair.now(), PortId(0), &facts);
    pair.b.layer.port_ready(pair.now(), PortId(0), &facts);
    let none = SessionKeys { master_send: vec![], master_receive: vec![] };
    pair.run_until(|a, b| a.events.len() == 2 && b.events.len() == 1, 100).unwrap();
    pair.b.layer.bind(pair.now(), &none);
    pair.a.layer.bind(pair.now(), &none);
    pair.run_until(|_, b| b.layer.is_bound(), 100).unwrap();

    let (mut batch, mut stream, payload) = (Batch::new(), Vec::with_capacity(1 << 20), [7; 1400]);
    let mut round = |now: Instant| {
        batch.clear();
        stream.clear();
        for _ in 0..100 {
            pair.a.layer.encap(now, b"\xff\x03\x00\x21", &payload, &mut batch).unwrap();
        }
        stream.extend_from_slice(batch.as_bytes());
        let (mut at, mut packets) = (0, 0);
        while at < stream.len() {
            let Input::Payload { range, used } = pair.b.layer.handle_input(now, &mut stream[at..]) else { panic!() };
            assert_eq!(range.len(), 1404);
            at += used;
            packets += 1;
        }
        assert_eq!(packets, 100);
    };
    round(Instant::from_millis(1)); // The batch grows once.
    let before = COUNT.with(Cell::get);
    (2..100).for_each(|millis| round(Instant::from_millis(millis)));
    assert_eq!(COUNT.with(Cell::get) - before, 0);
}

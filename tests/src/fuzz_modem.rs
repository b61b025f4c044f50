//! Bodies of the fuzz targets of serial lines; `tests/tests/corpus.rs` replays their corpora.

use rasman_core::{
    Batch, Cause, Code, Credentials, Duration, Input, Instant, Layer, LayerName, LineDevice, LineFraming, LineLogin,
    LineSettings, Link, LinkEvent, LoginScript, ModemProfile, ModemSettings, PortClosed, PortFacts, PortId, Secret,
    SerialPort, SerialSettings,
};
use rasman_media::modem::at::{Reply, ReplyReader};
use rasman_media::modem::hdlc::{Decoder, Encoder, Fcs, LINE_FRAME_MAX};
use rasman_media::modem::script::{Progress, Run, Script};
use rasman_media::modem::{Config, SerialLink};
use rasman_media::telnet;
use std::net::Ipv4Addr;

/// Octets of a line: the first five tell checksum, map and the size of pieces. Whatever comes, frames are bounded, what is
/// encoded behind it comes back, and pieces make no difference.
pub fn hdlc(data: &[u8]) {
    let Some((&[a, b, c, d, kind], line)) = data.split_first_chunk() else { return };
    let accm = u32::from_be_bytes([a, b, c, d]);
    let fcs = if kind & 1 == 0 { Fcs::Fcs16 } else { Fcs::Fcs32 };
    let piece = usize::from(kind >> 1) + 1;
    let frames = decoded(fcs, accm, line, piece);
    assert_eq!(frames, decoded(fcs, accm, line, line.len().max(1)));
    let mut out = Batch::new();
    let encoder = Encoder::new(fcs, accm);
    frames.iter().for_each(|frame| encoder.encode(&[], frame, &mut out));
    assert_eq!(decoded(fcs, accm, out.as_bytes(), piece), frames);
}

fn decoded(fcs: Fcs, accm: u32, line: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(fcs, accm);
    let (mut waiting, mut frames) = (Vec::new(), Vec::new());
    for octets in line.chunks(piece) {
        waiting.extend_from_slice(octets);
        loop {
            let used = match decoder.decode(&mut waiting) {
                Input::Payload { range, used } => {
                    assert!(range.end < used && range.len() >= 2);
                    frames.push(waiting[range].to_vec());
                    used
                }
                Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => used,
                Input::NeedMore => break,
            };
            assert!(0 < used && used <= waiting.len());
            waiting.drain(..used);
        }
        assert!(waiting.len() <= LINE_FRAME_MAX);
    }
    frames
}

/// Lines of a modem: any octets, in any pieces.
pub fn at_replies(data: &[u8]) {
    let mut reader = ReplyReader::default();
    let mut rest = data;
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let (used, line) = reader.take(rest);
        assert!(0 < used && used <= rest.len());
        rest = &rest[used..];
        lines.extend(line);
    }
    for line in &lines {
        assert!(line.len() <= 256 && line.chars().all(|c| (' '..='~').contains(&c)));
        let _ = Reply::parse(line).speed();
    }
    let mut reader = ReplyReader::default();
    let single: Vec<String> = data.iter().filter_map(|octet| reader.take(&[*octet]).1).collect();
    assert_eq!(single, lines);
    if let Ok(text) = core::str::from_utf8(data) {
        let _ = Reply::parse(text);
    }
}

/// A connection of a remote port: any octets, in any pieces. What is escaped behind them comes back, unless the port was
/// refused.
pub fn com_port(data: &[u8]) {
    let whole = received(data, data.len().max(1));
    assert_eq!(whole, received(data, 1));
    let (plain, out, refused) = whole;
    assert!(plain.len() <= data.len() && out.len() <= 3 * data.len() + 128);
    // A NOP of the tail that a verb or an end takes in is no harm.
    let tail = [[255, 240, 255, 240].as_slice(), &escaped(data)].concat();
    let (again, _, refused_later) = received(&[data, &tail].concat(), 7);
    assert!(refused.is_some() || refused_later.is_some() || again.ends_with(data));
}

fn escaped(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    telnet::escape(data, &mut out);
    out
}

fn received(wire: &[u8], piece: usize) -> (Vec<u8>, Vec<u8>, Option<telnet::Refused>) {
    let mut port = telnet::ComPort::new(LineSettings::default());
    port.watch_carrier(true);
    let (mut plain, mut out) = (Vec::new(), Vec::new());
    for octets in wire.chunks(piece) {
        if let Err(refused) = port.receive(octets, &mut plain, &mut out) {
            return (plain, out, Some(refused));
        }
    }
    (plain, out, None)
}

/// A login script, and behind a NUL what the other end says: pieces make no difference, what is kept and sent is bounded, and
/// it ends within its time.
pub fn script(data: &[u8]) {
    let at = data.iter().position(|octet| *octet == 0).unwrap_or(data.len());
    let (text, said) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let script = match Script::parse(text) {
        Ok(script) => script,
        Err(wrong) => return assert!(wrong.line >= 1 && wrong.problem.len() <= 2 * text.len() + 100),
    };
    assert_eq!(run_of(&script, said, 1), run_of(&script, said, said.len().max(1)));
}

/// Runs a script; gives what it sent, the octets that it left, the address that it set, and why it failed.
fn run_of(script: &Script, said: &[u8], piece: usize) -> (Vec<u8>, usize, Option<Ipv4Addr>, Option<Code>) {
    let credentials = Credentials { user: "alice".into(), password: "wonder^Mland".into(), ..Credentials::default() };
    let mut run = Run::new(script.clone(), "fuzz.scp", credentials);
    let mut now = Instant::ZERO;
    let end = now + Duration::from_secs(180);
    let (mut out, mut left) = (Vec::new(), said.len());
    let mut progress = run.start(now);
    for octets in said.chunks(piece) {
        let Progress::Goes = progress else { break };
        let used;
        (used, progress) = run.handle_input(now, octets);
        left -= used;
        out.append(&mut run.take_output());
    }
    while let Progress::Goes = progress {
        let due = run.timeout();
        assert!(due.at <= end, "{}", due.why);
        now = now.max(due.at);
        progress = run.handle_timeout(now);
        let _ = run.take_format();
        out.append(&mut run.take_output());
    }
    out.append(&mut run.take_output());
    assert!(out.len() <= 65_536);
    let failed = if let Progress::Failed(cause) | Progress::Halted(cause) = progress { Some(cause.code) } else { None };
    (out, left, run.address(), failed)
}

/// A whole line against a script: the first octet tells the device, each further one begins something that happens.
pub fn serial_link(data: &[u8]) {
    let Some((kind, mut script)) = data.split_first() else { return };
    let mut link = link(*kind);
    let mut now = Instant::ZERO;
    let mut unread = Vec::new();
    let mut down = 0;
    link.open(now);
    for _ in 0..STEPS_MAX {
        let Some((step, rest)) = script.split_first() else { break };
        script = rest;
        match step % 8 {
            0 => link.port_ready(now, PortId(0), &facts(step & 8 != 0)),
            1 if step & 0x18 == 0x18 => {
                let frames = link.resume(now);
                assert!(frames.is_empty() || frames.starts_with(b"~") && frames.len() <= KEPT_MAX);
                unread.clear();
                feed(&mut link, now, &mut unread, &frames);
            }
            1 if step & 0x08 != 0 => link.send_octets(now, &[*step; 40]),
            1 => link.connect(now),
            2 => link.close(now, &Cause::new(Code::USER_DISCONNECTION, LayerName::User)),
            3 => link.port_closed(now, PortId(0), &PortClosed::ByPeer),
            4 => now += Duration::from_millis(u64::from(step >> 3) * 500),
            5 if step & 0x80 != 0 => link.set_framing(framing(*step)),
            5 => {
                let _ = link.encap(now, &[0xff, 0x03, 0xc0, 0x21 & *step], &[*step >> 3; 40], &mut Batch::new());
            }
            6 => {
                let (line, rest) = script.split_at(script.len().min(usize::from(step >> 3)));
                script = rest;
                feed(&mut link, now, &mut unread, line);
            }
            _ => feed(&mut link, now, &mut unread, WORDS[usize::from(step >> 3) % WORDS.len()]),
        }
        assert!(link.take_octets().len() <= KEPT_MAX);
        link.handle_timeout(now);
        let mut out = Batch::new();
        while link.poll_transmit(now, &mut out) {}
        assert!(out.byte_len() < 4096, "no octet of the other end makes us say so much");
        while let Some(event) = link.poll_event() {
            assert_eq!(down, 0, "nothing follows Down");
            down += u32::from(matches!(event, LinkEvent::Down(_)));
        }
    }
    // Whatever happened, it ends in a bounded time.
    let limit = now + link.close_limit();
    link.close(now, &Cause::new(Code::USER_DISCONNECTION, LayerName::User));
    while let Some(due) = link.poll_timeout() {
        assert!(due.at <= limit, "{}", due.why);
        now = now.max(due.at);
        link.handle_timeout(now);
    }
    while let Some(event) = link.poll_event() {
        down += u32::from(matches!(event, LinkEvent::Down(_)));
    }
    assert_eq!(down, 1);
}

fn link(kind: u8) -> SerialLink {
    let profile = ModemProfile::ALL[usize::from(kind >> 3) % ModemProfile::ALL.len()];
    let device = match kind % 3 {
        0 => LineDevice::Modem(ModemSettings { number: "5551234".into(), profile, ..ModemSettings::default() }),
        1 => LineDevice::NullModem,
        _ => LineDevice::Direct,
    };
    let port = SerialPort::Device("/dev/ttyS0".into());
    let text =
        b"proc main\nwaitfor \"CLIENT\" until 20\ntransmit $USERID\nset port databits 7\nwaitfor \"OK\", \"ERROR\" then Sorry\nwaitfor \"RING\"\nSorry:\nif $USERID == \"\" then halt endif\nendproc";
    let script = LoginScript { name: "fuzz.scp".into(), text: Secret::new(text.as_slice()) };
    let login = LineLogin {
        terminal_before_dial: kind & 0x40 != 0,
        script: (kind & 0x80 != 0).then_some(script),
        halt_ends: kind & 0x48 == 0x48,
        custom_script: kind & 0xa0 == 0xa0,
        terminal_after_dial: kind & 0x20 != 0,
    };
    let settings = SerialSettings { login, ..SerialSettings::new(port, device) };
    match kind & 4 {
        0 => SerialLink::caller(settings, Config::default()),
        _ => SerialLink::answerer(settings, Config::default()),
    }
}

fn framing(step: u8) -> LineFraming {
    let is = |bit: u8| step & bit != 0;
    let send_accm = if is(0x40) { 0 } else { u32::MAX };
    LineFraming {
        send_accm,
        receive_accm: !send_accm,
        send_fcs32: is(0x20),
        receive_fcs32: is(0x10),
        requests_twice: is(8),
    }
}

fn facts(has_lines: bool) -> PortFacts {
    let mut facts = PortFacts::default();
    facts.has_lines = has_lines;
    facts
}

fn feed(link: &mut SerialLink, now: Instant, unread: &mut Vec<u8>, line: &[u8]) {
    unread.extend_from_slice(line);
    while !unread.is_empty() {
        let used = match link.handle_input(now, unread) {
            Input::Payload { used, .. }
            | Input::Rebuilt { used }
            | Input::Consumed { used }
            | Input::Dropped { used, .. } => used,
            Input::NeedMore => break,
        };
        assert!(0 < used && used <= unread.len());
        unread.drain(..used);
    }
    assert!(unread.len() <= LINE_FRAME_MAX);
}

/// What modems say.
const WORDS: &[&[u8]] = &[
    b"\r\nOK\r\n",
    b"\r\nCONNECT 33600\r\n",
    b"\r\nNO CARRIER\r\n",
    b"\r\nERROR\r\n",
    b"\r\nRING\r\n",
    b"\r\nBUSY\r\n",
    b"0\r1\r",
    b"\r\n+CPIN: READY\r\n",
    b"\r\n+CREG: 1,1\r\n",
    b"CLIENT",
    b"CLIENTSERVER",
    b"\x7e\xff\x7d\x23\xc0\x21\x7e",
];
const STEPS_MAX: usize = 2_000;
/// What a terminal keeps for a client that does not read.
const KEPT_MAX: usize = 4096;

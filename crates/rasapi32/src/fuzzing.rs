//! Calls of all exported functions with whatever a caller could give them, for fuzzing and for nothing else.
//!
//! Memory that is handed over is valid as far as it says itself, and no byte further: it ends, or begins, at a page that
//! cannot be touched, at any alignment, and what lies at its other side is looked at afterwards.

mod arena;
mod targets;

use arena::Arena;
use rasman::Manager;
use targets::{Kind, TARGETS, Target};

/// Has all calls go to this manager.
pub fn use_manager(manager: &Manager) {
    crate::managers::replace(manager.clone());
}

/// Gives the names of the functions that are called.
pub fn names() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|target| target.name)
}

/// Makes calls as these bytes say.
///
/// # Panics
/// If a function wrote beyond what it was given.
pub fn run(data: &[u8]) {
    let mut source = Source(data);
    let mut arenas: [Arena; ARGUMENTS] = std::array::from_fn(|_| Arena::new());
    for _ in 0..CALLS {
        let Some(choice) = source.byte() else { return };
        let target = &TARGETS[usize::from(choice) % TARGETS.len()];
        call(target, &mut source, &mut arenas);
    }
}

fn call(target: &Target, source: &mut Source<'_>, arenas: &mut [Arena; ARGUMENTS]) {
    let mut arguments = [0_usize; ARGUMENTS];
    let mut last = Given::default();
    for (index, kind) in target.kinds.iter().enumerate() {
        (arguments[index], last) = give(*kind, source, &mut arenas[index], last);
    }
    let [a, b, c, d, e, f, g, h] = arguments;
    // SAFETY: the functions take their arguments as the platform passes numbers and pointers, and pass over further ones;
    // what the pointers lead to is as long as the functions may expect.
    unsafe {
        let function = std::mem::transmute::<unsafe extern "C" fn(), Function>(target.function);
        function(a, b, c, d, e, f, g, h);
    }
    for arena in arenas.iter() {
        arena.check(target.name);
    }
    for (index, kind) in target.kinds.iter().enumerate().filter(|(index, _)| arguments[*index] != 0) {
        give_back(*kind, arenas[index].read_word());
    }
}

/// Ends what was made: a dial, whatever became of it, or a queue.
fn give_back(kind: Kind, made: usize) {
    match kind {
        Kind::Connection if made != 0 => drop(crate::hang_up::RasHangUpA(made as _)),
        Kind::NewQueue => drop(crate::dial::queue::RasCloseMessageQueue(made as _)),
        _ => {}
    }
}

/// What the argument before is, for one that goes with it.
#[derive(Copy, Clone, Default)]
struct Given {
    length: usize,
    number: u32,
}

/// Makes one argument.
fn give(kind: Kind, source: &mut Source<'_>, arena: &mut Arena, before: Given) -> (usize, Given) {
    let same = |value: usize| (value, Given { length: before.length, number: value as u32 });
    match kind {
        Kind::Number => same(source.number() as usize),
        Kind::Small => same((source.number() % 4) as usize),
        Kind::Handle => same(source.handle()),
        Kind::Protocol => same(PROTOCOLS[source.number() as usize % PROTOCOLS.len()] as usize),
        Kind::Null => same(0),
        // The room of the buffer before it.
        Kind::Length => same(before.length),
        Kind::Connection if source.one_in(8) => (0, before),
        Kind::Connection => {
            let old = if source.one_in(8) { source.handle() } else { 0 };
            (arena.hold(&old.to_ne_bytes(), source.flag()), before)
        }
        Kind::Notifier => (notifier(before.number, source), before),
        _ if source.one_in(8) => (0, Given::default()),
        Kind::Size => (arena.hold(&(before.length as u32).to_ne_bytes(), source.flag()), before),
        Kind::Bytes(count) => (arena.hold(&source.bytes(count), source.flag()), before),
        Kind::Out | Kind::NewQueue => (arena.hold(&source.bytes(8), source.flag()), before),
        Kind::Text(width) => (arena.hold(&source.text(width, ""), source.flag()), Given::default()),
        Kind::Path(width) => (arena.hold(&source.text(width, "/nowhere/"), source.flag()), Given::default()),
        Kind::Struct(sizes) => {
            let memory = source.structure(sizes, None);
            (arena.hold(&memory, source.flag()), Given { length: memory.len(), number: 0 })
        }
        Kind::Units => {
            let count = usize::from(source.byte().unwrap_or_default());
            let memory = source.bytes(count * 2);
            (arena.hold(&memory, source.flag()), Given { length: count, number: 0 })
        }
        Kind::Buffer(sizes) => {
            let room = 4 + usize::from(source.byte().unwrap_or_default()) * 8;
            let memory = source.structure(sizes, Some(room));
            (arena.hold(&memory, source.flag()), Given { length: memory.len(), number: 0 })
        }
    }
}

/// A function of the type that was given before, or what is never called.
fn notifier(kind: u32, source: &mut Source<'_>) -> usize {
    match kind {
        _ if source.one_in(4) => 0,
        0 => quiet as unsafe extern "C-unwind" fn(u32, u32, u32) as usize,
        1 => quiet1 as unsafe extern "C-unwind" fn(usize, u32, u32, u32, u32) as usize,
        2 => quiet2 as unsafe extern "C-unwind" fn(usize, u32, usize, u32, u32, u32, u32) -> u32 as usize,
        _ => source.handle(),
    }
}

unsafe extern "C-unwind" fn quiet(_: u32, _: u32, _: u32) {}

unsafe extern "C-unwind" fn quiet1(_: usize, _: u32, _: u32, _: u32, _: u32) {}

unsafe extern "C-unwind" fn quiet2(id: usize, _: u32, _: usize, _: u32, _: u32, _: u32, _: u32) -> u32 {
    (id & 1) as u32
}

/// The bytes that decide.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn flag(&mut self) -> bool {
        self.byte().is_some_and(|byte| byte & 1 != 0)
    }

    fn one_in(&mut self, of: u8) -> bool {
        self.byte().is_some_and(|byte| byte % of == of - 1)
    }

    fn number(&mut self) -> u32 {
        match self.byte().unwrap_or_default() {
            small if small < 0xf0 => u32::from(small),
            _ => u32::from_ne_bytes(self.bytes(4).try_into().unwrap_or_default()),
        }
    }

    fn handle(&mut self) -> usize {
        match self.byte().unwrap_or_default() {
            0 => usize::MAX,
            1 => usize::from_ne_bytes(self.bytes(8).try_into().unwrap_or_default()),
            small => usize::from(small - 2),
        }
    }

    /// As many bytes, zeroes where there are no more.
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        let mut bytes = taken.to_vec();
        bytes.resize(count, 0);
        bytes
    }

    /// Text of characters of this width, with its terminator.
    fn text(&mut self, width: usize, beginning: &str) -> Vec<u8> {
        let count = usize::from(self.byte().unwrap_or_default() % 64);
        let own = self.bytes(count * 2);
        let own = own.chunks(2).map(|two| {
            let unit = u16::from_ne_bytes([two[0], two[1]]);
            // Mostly letters, of which names are made.
            if unit & 3 == 0 { unit } else { u16::from(b'a') + unit % 26 }
        });
        let units = beginning.bytes().map(u16::from).chain(own);
        let units = units.filter(|unit| *unit as u8 != 0 || width == 2).chain([0]);
        match width {
            1 => units.map(|unit| unit as u8).collect(),
            _ => units.flat_map(u16::to_ne_bytes).collect(),
        }
    }

    /// A structure with one of these sizes, mostly, that is as long as it says, or as the room there is.
    fn structure(&mut self, sizes: &[u32], room: Option<usize>) -> Vec<u8> {
        let choice = usize::from(self.byte().unwrap_or_default());
        let size = match sizes.get(choice % (sizes.len() + 1)) {
            Some(size) => *size,
            None => self.number(),
        };
        let is_version = sizes.contains(&size);
        let length = room.unwrap_or(if is_version { size as usize } else { 4 });
        let filled = usize::from(self.byte().unwrap_or_default()) * 4;
        let mut memory = self.bytes(filled.min(length));
        memory.resize(length, 0);
        if !sizes.is_empty() && memory.len() >= 4 {
            memory[..4].copy_from_slice(&size.to_ne_bytes());
        }
        memory
    }
}

type Function = unsafe extern "C-unwind" fn(usize, usize, usize, usize, usize, usize, usize, usize) -> u32;

/// RASP_Amb, PppNbf, PppIpx, PppIp, PppCcp, PppLcp, PppIpv6, Slip and none.
const PROTOCOLS: [u32; 9] = [0x10000, 0x803F, 0x802B, 0x8021, 0x80FD, 0xC021, 0x8057, 0x20000, 7];
/// The most arguments of a function, and one more.
const ARGUMENTS: usize = 8;
/// The most calls of one run.
const CALLS: usize = 16;

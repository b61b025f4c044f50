//! MPPE (RFC 3078) with the keys of RFC 3079.
//!
//! ```text
//! | 00 FD | A B C D | coherency count, 12 bits | RC4( protocol, information ) |
//!           A flushed, C compressed (never here), D encrypted
//! ```

use super::weak::{Rc4, sha1};
use crate::{MppeMode, MppeStrength};
use rasman_core::DropReason;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// One direction's key, and how it changes.
struct Key {
    /// RFC 3079 3.4: the master key of this direction, which every later key is made from.
    start: KeyBytes,
    session: KeyBytes,
    tables: Rc4,
    strength: MppeStrength,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct KeyBytes([u8; 16]);

impl Key {
    /// Takes the master key of a direction; what it lacks in octets is zero.
    fn new(master: &[u8], strength: MppeStrength) -> Self {
        let mut start = KeyBytes([0; 16]);
        let length = strength.key_octets();
        start.0[..length].iter_mut().zip(master).for_each(|(to, from)| *to = *from);
        let mut session = next_key(&start, &start, length);
        weaken(&mut session, strength);
        let tables = Rc4::new(&session.0[..length]);
        Self { start, session, tables, strength }
    }

    /// RFC 3078 7.3: the key after this one.
    fn change(&mut self) {
        let length = self.strength.key_octets();
        let mut next = next_key(&self.start, &self.session, length);
        let interim = next.clone();
        Rc4::new(&interim.0[..length]).apply(&mut next.0[..length]);
        weaken(&mut next, self.strength);
        self.session = next;
        self.initialize();
    }

    /// Makes the tables of the present key anew.
    fn initialize(&mut self) {
        self.tables = Rc4::new(&self.session.0[..self.strength.key_octets()]);
    }
}

/// RFC 3079 3.4 GetNewKeyFromSHA.
fn next_key(start: &KeyBytes, session: &KeyBytes, length: usize) -> KeyBytes {
    let mut digest = sha1(&[&start.0[..length], &[0; 40], &session.0[..length], &[0xf2; 40]]);
    let mut key = KeyBytes([0; 16]);
    key.0[..length].copy_from_slice(&digest[..length]);
    digest.zeroize();
    key
}

/// RFC 3079 3.1, 3.2: fixed octets leave 40 or 56 bits.
fn weaken(key: &mut KeyBytes, strength: MppeStrength) {
    match strength {
        MppeStrength::Bits40 => key.0[..3].copy_from_slice(&[0xd1, 0x26, 0x9e]),
        MppeStrength::Bits56 => key.0[0] = 0xd1,
        MppeStrength::Bits128 => {}
    }
}

/// What we send.
pub(super) struct Sender {
    key: Key,
    mode: MppeMode,
    count: u16,
    flush: bool,
}

impl Sender {
    pub(super) fn new(master: &[u8], strength: MppeStrength, mode: MppeMode) -> Self {
        // The first packet has the count 0.
        Self { key: Key::new(master, strength), mode, count: COUNT_MASK, flush: false }
    }

    /// Encrypts `clear`, which begins with its protocol number, in place; gives the two octets that go before it.
    pub(super) fn seal(&mut self, clear: &mut [u8]) -> [u8; 2] {
        self.count = (self.count + 1) & COUNT_MASK;
        let changes = self.mode == MppeMode::Stateless || is_flag(self.count);
        let flushes = core::mem::take(&mut self.flush);
        match (changes, flushes) {
            (true, _) => self.key.change(),
            (false, true) => self.key.initialize(),
            (false, false) => {}
        }
        self.key.tables.apply(clear);
        let flushed = if changes || flushes { FLUSHED } else { 0 };
        (self.count | ENCRYPTED | flushed).to_be_bytes()
    }

    /// Takes the peer's Reset-Request (RFC 3078 8): the next packet begins anew.
    pub(super) fn reset(&mut self) {
        self.flush = true;
    }
}

/// What we receive.
pub(super) struct Receiver {
    key: Key,
    mode: MppeMode,
    /// The count of the next packet.
    expected: u16,
    /// A packet was lost in stateful mode: nothing can be read before one that is flushed.
    lost: bool,
}

/// What became of a packet that could not be opened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Closed {
    /// It is not for us, or too old.
    Dropped(DropReason),
    /// Packets were lost; the peer has to begin anew (a Reset-Request is due).
    OutOfStep,
}

impl Receiver {
    pub(super) fn new(master: &[u8], strength: MppeStrength, mode: MppeMode) -> Self {
        Self { key: Key::new(master, strength), mode, expected: 0, lost: false }
    }

    /// Decrypts what stands behind the two octets of the header, in place.
    pub(super) fn open(&mut self, header: [u8; 2], sealed: &mut [u8]) -> Result<(), Closed> {
        let header = u16::from_be_bytes(header);
        if header & ENCRYPTED == 0 || header & COMPRESSED != 0 {
            return Err(Closed::Dropped(DropReason::Unexpected("an MPPE packet that is not encrypted, or compressed")));
        }
        let ahead = (header & COUNT_MASK).wrapping_sub(self.expected) & COUNT_MASK;
        // The count goes around: what is more than half of it ahead is a late one.
        if ahead > AHEAD_MAX {
            return Err(Closed::Dropped(DropReason::Unexpected("an MPPE packet that is late or came twice")));
        }
        match self.mode {
            MppeMode::Stateless => (0..=ahead).for_each(|_| self.key.change()),
            MppeMode::Stateful => self.step(ahead, header & FLUSHED != 0)?,
        }
        self.expected = (header + 1) & COUNT_MASK;
        self.key.tables.apply(sealed);
        Ok(())
    }

    /// Follows the key changes that lie behind, and tells whether this packet can be read (RFC 3078 7.1, 8).
    fn step(&mut self, ahead: u16, flushed: bool) -> Result<(), Closed> {
        for n in 0..=ahead {
            if is_flag((self.expected + n) & COUNT_MASK) {
                self.key.change();
            }
        }
        self.lost |= ahead > 0;
        if flushed {
            // RFC 3078 3: the receiver "MUST re-initialize its tables with the current session key"
            self.key.initialize();
            self.lost = false;
        }
        if self.lost {
            self.expected = (self.expected + ahead + 1) & COUNT_MASK;
            return Err(Closed::OutOfStep);
        }
        Ok(())
    }
}

/// RFC 3078 7.1: the packet before which the key changes in stateful mode.
fn is_flag(count: u16) -> bool {
    count & 0xff == 0xff
}

const FLUSHED: u16 = 0x8000;
const COMPRESSED: u16 = 0x2000;
const ENCRYPTED: u16 = 0x1000;
const COUNT_MASK: u16 = 0x0fff;

/// How far a packet may be ahead of what is expected; each step costs a key change in stateless mode, so this bounds
/// what one packet makes us compute.
const AHEAD_MAX: u16 = 0x07ff;

#[cfg(test)]
mod tests;

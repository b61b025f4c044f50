//! Telnet's commands among the octets of a connection (RFC 854), in whatever pieces they come.

use super::{DO, DONT, IAC, SB, SE, WILL, WONT};

/// Finds the commands.
#[derive(Default)]
pub(super) struct Reader {
    state: State,
    /// The subnegotiation that is being read, or was read last.
    sub: Vec<u8>,
    /// It was longer than any of ours.
    too_long: bool,
}

#[derive(Copy, Clone, Default)]
enum State {
    #[default]
    Data,
    Iac,
    Verb(u8),
    Sub,
    SubIac,
}

/// What octets were.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// Part of a command.
    None,
    /// Octets of the line.
    Data,
    /// The last of two octets that mean one 255 of the line.
    Escaped,
    /// WILL, WONT, DO or DONT with its option.
    Verb(u8, u8),
    /// The end of a subnegotiation.
    Sub,
}

impl Reader {
    /// Takes octets, of which there is one at least; gives how many it took and what they were.
    pub(super) fn take(&mut self, octets: &[u8]) -> (usize, Item) {
        if let State::Data = self.state {
            let data = octets.iter().position(|octet| *octet == IAC).unwrap_or(octets.len());
            if data > 0 {
                return (data, Item::Data);
            }
        }
        (1, self.octet(octets[0]))
    }

    /// The subnegotiation that has ended; nothing if it was too long.
    pub(super) fn sub(&self) -> Option<&[u8]> {
        (!self.too_long).then_some(&self.sub)
    }

    fn octet(&mut self, octet: u8) -> Item {
        let (state, item) = match (self.state, octet) {
            (State::Data, _) => (State::Iac, Item::None),
            (State::Iac, IAC) => (State::Data, Item::Escaped),
            (State::Iac, WILL | WONT | DO | DONT) => (State::Verb(octet), Item::None),
            (State::Iac, SB) => {
                self.sub.clear();
                self.too_long = false;
                (State::Sub, Item::None)
            }
            // Commands without an option, such as NOP.
            (State::Iac, _) => (State::Data, Item::None),
            (State::Verb(verb), option) => (State::Data, Item::Verb(verb, option)),
            (State::Sub, IAC) => (State::SubIac, Item::None),
            (State::SubIac, SE) => (State::Data, Item::Sub),
            // What is neither 255 nor the end is dropped: no end may be missed for it.
            (State::SubIac, octet) if octet != IAC => (State::Sub, Item::None),
            (State::Sub | State::SubIac, octet) => {
                self.keep(octet);
                (State::Sub, Item::None)
            }
        };
        self.state = state;
        item
    }

    fn keep(&mut self, octet: u8) {
        if self.sub.len() < SUB_MAX {
            self.sub.push(octet);
        } else {
            self.too_long = true;
        }
    }
}

/// More than any subnegotiation that means something to us.
const SUB_MAX: usize = 64;

//! A host that asks who calls before it lets anybody through to PPP.

/// A host: it asks for a name, then for a password, which it does not echo; after three wrong ones it hangs up.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Host {
    asks_for: AsksFor,
    /// The name that was given is one that it knows.
    is_known: bool,
    refused: u8,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
enum AsksFor {
    #[default]
    Name,
    Password,
}

/// What follows what was typed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It goes on asking.
    Asks,
    /// It lets the caller through.
    Through,
    /// It hangs up.
    Drops,
}

impl Host {
    /// What it says first.
    pub(super) const BANNER: &[u8] = b"\r\nLab terminal server\r\n\r\nlogin: ";

    /// Takes an octet, with what came before it on the line; gives what it says.
    pub(super) fn typed(&mut self, octet: u8, login: &(String, String), line: &mut Vec<u8>) -> (Vec<u8>, Verdict) {
        if octet != b'\r' {
            let echo = if self.asks_for == AsksFor::Name { vec![octet] } else { Vec::new() };
            if octet != b'\n' && line.len() < LINE_MAX {
                line.push(octet);
            }
            return (echo, Verdict::Asks);
        }
        let typed = std::mem::take(line);
        match self.asks_for {
            AsksFor::Name => {
                (self.asks_for, self.is_known) = (AsksFor::Password, typed == login.0.as_bytes());
                (b"\r\nPassword: ".to_vec(), Verdict::Asks)
            }
            AsksFor::Password if self.is_known && typed == login.1.as_bytes() => {
                (b"\r\nPPP begins\r\n".to_vec(), Verdict::Through)
            }
            AsksFor::Password => self.refuse(),
        }
    }

    fn refuse(&mut self) -> (Vec<u8>, Verdict) {
        (self.asks_for, self.refused) = (AsksFor::Name, self.refused + 1);
        if self.refused == REFUSED_MAX {
            return (b"\r\nToo many attempts\r\n".to_vec(), Verdict::Drops);
        }
        (b"\r\nLogin incorrect\r\nlogin: ".to_vec(), Verdict::Asks)
    }
}

/// How often it asks.
const REFUSED_MAX: u8 = 3;
/// What is kept of a line.
const LINE_MAX: usize = 64;

//! The greeting of Windows on a null modem: `CLIENT`, answered by `CLIENTSERVER`.

use super::Config;
use rasman_core::{Cause, Code, Instant, LayerName, Timeout};

/// One end of the greeting.
#[derive(Debug)]
pub(super) struct Greeting {
    role: Role,
    /// The end of what came, as long as the words are.
    heard: Vec<u8>,
    deadline: Timeout,
}

#[derive(Debug)]
enum Role {
    Caller { sent: u32 },
    Answerer,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Greeted {
    Goes,
    /// The first so many octets were the greeting; PPP follows.
    Done(usize),
    Failed(Cause),
}

impl Greeting {
    pub(super) fn caller(now: Instant, config: &Config, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(CLIENT);
        let deadline = Timeout { at: now + config.greeting, why: "null modem's greeting" };
        Self { role: Role::Caller { sent: 1 }, heard: Vec::new(), deadline }
    }

    pub(super) fn answerer(now: Instant, config: &Config) -> Self {
        let deadline = Timeout { at: now + config.call, why: "null modem's greeting" };
        Self { role: Role::Answerer, heard: Vec::new(), deadline }
    }

    pub(super) fn timeout(&self) -> Timeout {
        self.deadline
    }

    /// Looks for the other end's word.
    pub(super) fn handle_input(&mut self, input: &[u8], out: &mut Vec<u8>) -> Greeted {
        for (at, octet) in input.iter().enumerate() {
            self.heard.push(octet & 0x7f);
            let surplus = self.heard.len().saturating_sub(HEARD_MAX);
            self.heard.drain(..surplus);
            if self.is_greeted(*octet) {
                if matches!(self.role, Role::Answerer) && *octet != FLAG {
                    out.extend_from_slice(CLIENTSERVER);
                }
                // A flag belongs to the first frame already: that peer does not greet.
                return Greeted::Done(if *octet == FLAG { at } else { at + 1 });
            }
        }
        Greeted::Goes
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, config: &Config, out: &mut Vec<u8>) -> Greeted {
        if now < self.deadline.at {
            return Greeted::Goes;
        }
        match &mut self.role {
            Role::Caller { sent } if *sent < config.greetings => {
                *sent += 1;
                out.extend_from_slice(CLIENT);
                self.deadline.at = now + config.greeting;
                Greeted::Goes
            }
            Role::Caller { sent } => {
                let cause = Cause::new(Code::NO_ANSWER, LayerName::Modem)
                    .did(format!("sent CLIENT {sent} times"))
                    .said(&self.heard)
                    .advice("check the cable, and whether the other machine waits for a call");
                Greeted::Failed(cause)
            }
            Role::Answerer => Greeted::Failed(Cause::new(Code::NO_ANSWER, LayerName::Modem).did("waited for CLIENT")),
        }
    }

    fn is_greeted(&self, octet: u8) -> bool {
        let ends = |word: &[u8]| self.heard.ends_with(word);
        match self.role {
            // The echo of our own word is none.
            Role::Caller { .. } => ends(CLIENTSERVER) || octet == FLAG,
            Role::Answerer => ends(CLIENT) || octet == FLAG,
        }
    }
}

const CLIENT: &[u8] = b"CLIENT";
const CLIENTSERVER: &[u8] = b"CLIENTSERVER";
/// As long as the longer word.
const HEARD_MAX: usize = CLIENTSERVER.len();
/// RFC 1662 3.1.
const FLAG: u8 = 0x7e;

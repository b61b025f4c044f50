//! CCP's option set (RFC 1962, RFC 3078 2): MPPE alone. Every compression is rejected.

use crate::options::{OptionWriter, Options, RawOption, Reply};
use crate::{Mppe, MppeMode, MppeStrength, Protocol};
use rasman_core::{Cause, Code, LayerName};

/// What we ask for, and what we take.
pub(crate) struct CcpOptions {
    mppe: Mppe,
    /// The strengths and the mode that our request has now; nothing when the peer wants none of it.
    wish: Option<(Vec<MppeStrength>, MppeMode)>,
    /// What the peer asks for by its present request.
    peer: Option<(MppeStrength, MppeMode)>,
}

impl CcpOptions {
    pub(crate) fn new(mppe: Mppe) -> Self {
        let wish = Some((mppe.strengths.clone(), mppe.mode));
        Self { mppe, wish, peer: None }
    }

    /// Gives what was agreed for what we receive, once the layer is Opened.
    pub(super) fn receives(&self) -> Option<(MppeStrength, MppeMode)> {
        let (strengths, mode) = self.wish.as_ref()?;
        strengths.first().map(|strength| (*strength, *mode))
    }

    /// Gives what was agreed for what we send.
    pub(super) fn sends(&self) -> Option<(MppeStrength, MppeMode)> {
        self.peer
    }

    fn judge_mppe(&mut self, option: RawOption<'_>, reply: &mut Reply) {
        let Some(bits) = option.array().map(u32::from_be_bytes) else { return reply.reject(option) };
        let mode = if bits & STATELESS != 0 { MppeMode::Stateless } else { MppeMode::Stateful };
        let common: Vec<_> = self.mppe.strengths.iter().copied().filter(|s| bits & bit_of(*s) != 0).collect();
        // What we want is stateless: packets are lost on most media. Stateful is taken where the entry says so.
        let mode_is_taken = mode == MppeMode::Stateless || self.mppe.mode == MppeMode::Stateful;
        match common[..] {
            [] => reply.reject(option),
            [strength] if mode_is_taken && bits & !STATELESS == bit_of(strength) => self.peer = Some((strength, mode)),
            // RFC 3078 2.1: the answer to a choice is a Nak with one of them.
            [strength, ..] => {
                let mode = if mode_is_taken { mode } else { MppeMode::Stateless };
                reply.nak(option, &bits_of(&[strength], mode));
            }
        }
    }

    fn narrow(&mut self, value: &[u8]) -> Result<(), Cause> {
        let bits = value.try_into().map_or(0, u32::from_be_bytes);
        let strength = self.mppe.strengths.iter().copied().find(|strength| bits & bit_of(*strength) != 0);
        let mode = if bits & STATELESS != 0 { MppeMode::Stateless } else { MppeMode::Stateful };
        let mode_is_taken = mode == MppeMode::Stateless || self.mppe.mode == MppeMode::Stateful;
        match strength.filter(|_| mode_is_taken) {
            Some(strength) => {
                self.wish = Some((vec![strength], mode));
                Ok(())
            }
            None => self.refused(format!("offered encryption {bits:#010x}")),
        }
    }

    fn refused(&mut self, said: String) -> Result<(), Cause> {
        self.wish = None;
        if self.mppe.required { Err(no_encryption(&self.mppe, &said)) } else { Ok(()) }
    }
}

/// Makes the cause of a peer that does not encrypt as it must.
pub(crate) fn no_encryption(mppe: &Mppe, said: &str) -> Cause {
    let names: Vec<String> = mppe.strengths.iter().map(ToString::to_string).collect();
    Cause::new(Code::NO_REMOTE_ENCRYPTION, LayerName::Ccp)
        .did(format!("asked for encryption by MPPE with {}", names.join(" or ")))
        .said(said)
        .advice("allow this encryption on the server, or let the entry do without it inside a carrier that encrypts")
}

impl Options for CcpOptions {
    const PROTOCOL: Protocol = Protocol::CCP;
    const TIMER: &'static str = "CCP restart";

    fn request(&self, out: &mut OptionWriter) {
        if let Some((strengths, mode)) = &self.wish {
            out.option(MPPE, &bits_of(strengths, *mode));
        }
    }

    fn begin(&mut self) {
        self.peer = None;
    }

    fn judge(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause> {
        match option.kind {
            MPPE => self.judge_mppe(option, reply),
            _ => reply.reject(option),
        }
        Ok(())
    }

    fn missing(&mut self, reply: &mut Reply) {
        if self.mppe.required && self.peer.is_none() && reply.is_clean() {
            reply.ask(MPPE, &bits_of(&self.mppe.strengths[..1], self.mppe.mode));
        }
    }

    fn naked(&mut self, option: RawOption<'_>) -> Result<(), Cause> {
        match option.kind {
            MPPE => self.narrow(option.value),
            _ => Ok(()),
        }
    }

    fn rejected(&mut self, option: RawOption<'_>) -> Result<(), Cause> {
        match option.kind {
            MPPE => self.refused("rejected MPPE".to_owned()),
            _ => Ok(()),
        }
    }
}

fn bit_of(strength: MppeStrength) -> u32 {
    match strength {
        MppeStrength::Bits40 => 0x20,
        MppeStrength::Bits56 => 0x80,
        MppeStrength::Bits128 => 0x40,
    }
}

fn bits_of(strengths: &[MppeStrength], mode: MppeMode) -> [u8; 4] {
    let stateless = if mode == MppeMode::Stateless { STATELESS } else { 0 };
    strengths.iter().fold(stateless, |bits, strength| bits | bit_of(*strength)).to_be_bytes()
}

/// RFC 3078 2.1: the option, and its bit H.
const MPPE: u8 = 18;
const STATELESS: u32 = 0x0100_0000;

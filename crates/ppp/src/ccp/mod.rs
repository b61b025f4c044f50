//! CCP (RFC 1962) for the one thing that is negotiated by it here: MPPE encryption (RFC 3078), legacy and by consent.

mod mppe;
mod options;
mod weak;

use crate::control::{Control, Handled, Outcome};
use crate::outbox::Outbox;
use crate::packet::{Packet, PacketCode};
use crate::{Mppe, MppeMode, MppeStrength, Negotiation, Protocol, frame};
use core::ops::Range;
use mppe::{Closed, Receiver, Sender};
use options::{CcpOptions, no_encryption};
use rasman_core::{
    Cause, DropReason, Duration, Encryption, Frame, Instant, LayerName, MppeCipher, SessionKeys, Timeout,
};

/// CCP of one link, and the ciphers that it agreed on.
pub(crate) struct Ccp {
    control: Control<CcpOptions>,
    mppe: Mppe,
    keys: Option<SessionKeys>,
    ciphers: Option<Ciphers>,
    /// When the last Reset-Request went out; not one for each packet that cannot be read.
    reset_at: Option<Instant>,
}

struct Ciphers {
    sender: Option<Sender>,
    receiver: Option<Receiver>,
}

impl Ccp {
    pub(crate) fn new(mppe: Mppe, negotiation: Negotiation) -> Self {
        let control = Control::new(CcpOptions::new(mppe.clone()), negotiation, LayerName::Ccp);
        Self { control, mppe, keys: None, ciphers: None, reset_at: None }
    }

    /// Tells whether nothing may flow in clear.
    pub(crate) fn is_required(&self) -> bool {
        self.mppe.required
    }

    /// Tells whether what we send is encrypted.
    pub(crate) fn encrypts(&self) -> bool {
        self.ciphers.as_ref().is_some_and(|ciphers| ciphers.sender.is_some())
    }

    /// Tells whether packets may flow: encrypted in both directions, or in clear where the entry lets them.
    pub(crate) fn lets_flow(&self) -> bool {
        let both = |ciphers: &Ciphers| ciphers.sender.is_some() && ciphers.receiver.is_some();
        !self.mppe.required || self.ciphers.as_ref().is_some_and(both)
    }

    /// Gives what both directions are encrypted by, where both are.
    pub(crate) fn encryption(&self) -> Option<Encryption> {
        self.ciphers.as_ref()?;
        let options = &self.control.options;
        let cipher = |(strength, mode): (MppeStrength, MppeMode)| MppeCipher {
            bits: strength.bits(),
            stateless: mode == MppeMode::Stateless,
        };
        Some(Encryption { sent: options.sends().map(cipher)?, received: options.receives().map(cipher)? })
    }

    /// Begins with the keys of the authentication. A method without keys leaves the layer closed.
    pub(crate) fn start(&mut self, now: Instant, keys: SessionKeys, out: &mut Outbox) -> Outcome {
        if keys.master_send.is_empty() || keys.master_receive.is_empty() {
            return self.without("authenticated by a method that makes no keys");
        }
        self.keys = Some(keys);
        self.control.options = CcpOptions::new(self.mppe.clone());
        let _ = self.control.open(now, out);
        self.control.lower_up(now, out)
    }

    pub(crate) fn lower_down(&mut self, now: Instant, out: &mut Outbox) {
        self.ciphers = None;
        self.keys = None;
        self.control.lower_down(now, out);
    }

    /// The peer does not speak CCP.
    pub(crate) fn protocol_rejected(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        self.control.lower_down(now, out);
        self.without("Protocol-Reject of CCP")
    }

    pub(crate) fn input(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        match packet.code {
            PacketCode::RESET_REQUEST => {
                let sender = self.ciphers.as_mut().and_then(|ciphers| ciphers.sender.as_mut());
                // RFC 3078 8: the next packet says it; no Reset-Ack is sent.
                sender.ok_or(DropReason::NotUp)?.reset();
                Ok(Outcome::Same)
            }
            PacketCode::RESET_ACK => Ok(Outcome::Same),
            _ => {
                let outcome = self.control.input(now, packet, out)?;
                Ok(self.became(outcome))
            }
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        let outcome = self.control.handle_timeout(now, out);
        self.became(outcome)
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        self.control.timeout()
    }

    /// What ends this layer ends the link only where encryption is required.
    fn became(&mut self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Same => Outcome::Same,
            Outcome::Up => self.up(),
            Outcome::Down => {
                self.ciphers = None;
                Outcome::Down
            }
            Outcome::Terminated(_) => self.without("ended the negotiation of encryption"),
            Outcome::Finished => self.without(""),
            Outcome::Failed(cause) if self.mppe.required => Outcome::Failed(cause),
            Outcome::Failed(_) => self.without("does not agree on encryption"),
        }
    }

    fn up(&mut self) -> Outcome {
        let Some(keys) = &self.keys else { return Outcome::Same };
        let options = &self.control.options;
        self.ciphers = Some(Ciphers {
            sender: options.sends().map(|(strength, mode)| Sender::new(&keys.master_send, strength, mode)),
            receiver: options.receives().map(|(strength, mode)| Receiver::new(&keys.master_receive, strength, mode)),
        });
        if self.lets_flow() { Outcome::Up } else { self.without("agreed on encryption in one direction only") }
    }

    fn without(&mut self, said: &str) -> Outcome {
        self.ciphers = None;
        if self.mppe.required { Outcome::Failed(self.no_encryption(said)) } else { Outcome::Same }
    }

    pub(crate) fn no_encryption(&self, said: &str) -> Cause {
        no_encryption(&self.mppe, said)
    }

    /// Writes an encrypted packet behind the frame's header, which is already there.
    pub(crate) fn seal(&mut self, protocol: Protocol, parts: [&[u8]; 2], frame: &mut Frame<'_>) {
        let Some(sender) = self.ciphers.as_mut().and_then(|ciphers| ciphers.sender.as_mut()) else { return };
        let at = frame.len();
        frame.u16(0);
        frame.u16(protocol.0);
        parts.iter().for_each(|part| frame.slice(part));
        let header = sender.seal(&mut frame.written()[at + 2..]);
        frame.patch_u16(at, u16::from_be_bytes(header));
    }

    /// Decrypts an information field in place; gives what is in it.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        information: &mut [u8],
        out: &mut Outbox,
    ) -> Result<(Protocol, Range<usize>), DropReason> {
        let receiver = self.ciphers.as_mut().and_then(|ciphers| ciphers.receiver.as_mut()).ok_or(DropReason::NotUp)?;
        let (header, sealed) = information.split_first_chunk_mut().ok_or(DropReason::Malformed("an MPPE header"))?;
        match receiver.open(*header, sealed) {
            Ok(()) => {}
            Err(Closed::Dropped(reason)) => return Err(reason),
            Err(Closed::OutOfStep) => {
                self.ask_for_reset(now, out);
                return Err(DropReason::Unexpected("an MPPE packet after a lost one"));
            }
        }
        // RFC 3078 5: the protocol number is encrypted too, and may be compressed by LCP's leave.
        let (protocol, range) = frame::parse_protocol(sealed).map_err(|m| DropReason::Malformed(m.expected))?;
        Ok((protocol, range.start + 2..range.end + 2))
    }

    fn ask_for_reset(&mut self, now: Instant, out: &mut Outbox) {
        if self.reset_at.is_some_and(|at| now.since(at) < RESET_PAUSE) {
            return;
        }
        self.reset_at = Some(now);
        let id = self.control.next_id();
        out.packet(Protocol::CCP, PacketCode::RESET_REQUEST, id, &[]);
    }
}

/// How many octets MPPE adds to a packet: its own two, and the protocol number inside.
pub(crate) const OVERHEAD: u16 = 4;

/// About a round trip: the packets on their way cannot be read either way.
const RESET_PAUSE: Duration = Duration::from_millis(250);

//! Configuration options (RFC 1661 6) and what an option set has to answer.

use crate::Protocol;
use rasman_core::{Cause, Malformed, Reader};

/// One option set: LCP, IPCP. Adding an option touches one file.
///
/// An error ends the link: the negotiation cannot give what the connection needs.
pub(crate) trait Options {
    /// The control protocol that negotiates the set.
    const PROTOCOL: Protocol;
    /// Its Restart timer, for traces.
    const TIMER: &'static str;

    /// Writes what we ask for now.
    fn request(&self, out: &mut OptionWriter);

    /// Forgets what the peer asked for before: a new Configure-Request begins.
    fn begin(&mut self);

    /// Judges one option of the peer's request.
    fn judge(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause>;

    /// Asks for what the peer's request should have had as well (RFC 1661 5.3).
    fn missing(&mut self, reply: &mut Reply) {
        let _ = reply;
    }

    /// Takes the peer's wish for one of our options.
    fn naked(&mut self, option: RawOption<'_>) -> Result<(), Cause>;

    /// Gives one of our options up.
    fn rejected(&mut self, option: RawOption<'_>) -> Result<(), Cause>;
}

/// One option as it stands on the wire.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct RawOption<'a> {
    pub(crate) kind: u8,
    pub(crate) value: &'a [u8],
}

impl<'a> RawOption<'a> {
    /// Gives the value if it has exactly `N` octets.
    pub(crate) fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.value.try_into().ok()
    }

    /// Reads all options of a packet.
    ///
    /// RFC 1661 6: the Length covers type and length; one that does not fit makes the whole packet malformed.
    pub(crate) fn parse_all(data: &'a [u8]) -> Result<Vec<Self>, Malformed> {
        let mut reader = Reader::new(data);
        let mut options = Vec::new();
        while !reader.is_empty() {
            let kind = reader.u8("option type")?;
            let length = usize::from(reader.u8("option length")?);
            let length = length.checked_sub(2).ok_or(reader.malformed("option length of 2 or more"))?;
            options.push(Self { kind, value: reader.take(length, "option of its length")? });
        }
        Ok(options)
    }
}

/// Options being written.
#[derive(Clone, Default, Debug)]
pub(crate) struct OptionWriter {
    bytes: Vec<u8>,
}

impl OptionWriter {
    /// Appends an option; values are at most 253 octets, which ours are and the peer's were.
    pub(crate) fn option(&mut self, kind: u8, value: &[u8]) {
        let Ok(length) = u8::try_from(value.len() + 2) else { return };
        self.bytes.extend_from_slice(&[kind, length]);
        self.bytes.extend_from_slice(value);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The answer to a Configure-Request being written: what is not mentioned is acknowledged.
#[derive(Debug)]
pub(crate) struct Reply {
    naks: OptionWriter,
    rejects: OptionWriter,
    /// RFC 1661 4.6 Max-Failure: Naks are still allowed.
    may_nak: bool,
}

impl Reply {
    pub(crate) fn new(may_nak: bool) -> Self {
        Self { naks: OptionWriter::default(), rejects: OptionWriter::default(), may_nak }
    }

    /// Asks for another value of an option, or rejects it when Max-Failure is reached.
    pub(crate) fn nak(&mut self, option: RawOption<'_>, value: &[u8]) {
        if self.may_nak { self.naks.option(option.kind, value) } else { self.reject(option) }
    }

    /// Rejects an option.
    pub(crate) fn reject(&mut self, option: RawOption<'_>) {
        self.rejects.option(option.kind, option.value);
    }

    /// Asks for an option that was not in the request; no longer when Max-Failure is reached.
    pub(crate) fn ask(&mut self, kind: u8, value: &[u8]) {
        if self.may_nak {
            self.naks.option(kind, value);
        }
    }

    /// Tells whether nothing was refused so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.rejects.bytes().is_empty() && self.naks.bytes().is_empty()
    }

    /// Gives the answer. RFC 1661 5.4: rejects go first, the rest is judged again in the next request.
    pub(crate) fn verdict(&self) -> Verdict<'_> {
        if !self.rejects.bytes().is_empty() {
            Verdict::Reject(self.rejects.bytes())
        } else if !self.naks.bytes().is_empty() {
            Verdict::Nak(self.naks.bytes())
        } else {
            Verdict::Ack
        }
    }
}

/// The answer to a Configure-Request.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict<'a> {
    Ack,
    Nak(&'a [u8]),
    Reject(&'a [u8]),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_survive_writing_and_reading() {
        let mut writer = OptionWriter::default();
        writer.option(1, &1400_u16.to_be_bytes());
        writer.option(7, &[]);
        let options = RawOption::parse_all(writer.bytes()).unwrap();
        assert_eq!(options[0].array(), Some(1400_u16.to_be_bytes()));
        assert_eq!(options[1], RawOption { kind: 7, value: &[] });
    }

    #[test]
    fn an_option_that_does_not_fit_makes_the_packet_malformed() {
        for data in [&[1][..], &[1, 0], &[1, 1], &[1, 3], &[7, 2, 1, 5, 0]] {
            assert!(RawOption::parse_all(data).is_err(), "{data:?}");
        }
    }

    #[test]
    fn rejects_go_before_naks_and_max_failure_turns_naks_into_rejects() {
        let option = RawOption { kind: 3, value: &[0xc0, 0x23] };
        let mut reply = Reply::new(true);
        assert_eq!(reply.verdict(), Verdict::Ack);
        reply.nak(option, &[0xc2, 0x23, 0x81]);
        reply.ask(1, &[5, 0]);
        assert_eq!(reply.verdict(), Verdict::Nak(&[3, 5, 0xc2, 0x23, 0x81, 1, 4, 5, 0]));
        reply.reject(RawOption { kind: 7, value: &[] });
        assert_eq!(reply.verdict(), Verdict::Reject(&[7, 2]));

        let mut reply = Reply::new(false);
        reply.nak(option, &[0xc2, 0x23, 0x81]);
        reply.ask(1, &[5, 0]);
        assert_eq!(reply.verdict(), Verdict::Reject(&[3, 4, 0xc0, 0x23]));
    }
}

//! IPV6CP's option set (RFC 5072 4): the interface identifier. All others are rejected.

use crate::Protocol;
use crate::options::{OptionWriter, Options, RawOption, Reply};
use rasman_core::{Cause, Ipv6Link, Rng};

/// What we are called, and what the peer is.
pub(crate) struct Ipv6cpOptions {
    ours: [u8; 8],
    theirs: Option<[u8; 8]>,
    /// An identifier to suggest or to change to.
    fresh: [u8; 8],
    /// The peer does not want identifiers: no address could be made of one.
    refused: bool,
}

impl Ipv6cpOptions {
    pub(crate) fn new(rng: &mut dyn Rng) -> Self {
        Self { ours: draw(rng), theirs: None, fresh: draw(rng), refused: false }
    }

    /// Draws another identifier to suggest or to change to.
    pub(crate) fn refresh(&mut self, rng: &mut dyn Rng) {
        self.fresh = draw(rng);
    }

    /// Gives both identifiers, if there are two that differ.
    pub(crate) fn link(&self) -> Option<Ipv6Link> {
        let theirs = self.theirs.filter(|theirs| *theirs != self.ours)?;
        (!self.refused).then_some(Ipv6Link { local: self.ours, peer: theirs })
    }
}

impl Options for Ipv6cpOptions {
    const PROTOCOL: Protocol = Protocol::IPV6CP;
    const TIMER: &'static str = "IPV6CP restart";

    fn request(&self, out: &mut OptionWriter) {
        if !self.refused {
            out.option(INTERFACE_IDENTIFIER, &self.ours);
        }
    }

    fn begin(&mut self) {
        self.theirs = None;
    }

    fn judge(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause> {
        match (option.kind, option.array()) {
            // RFC 5072 4.1: different and not zero: acknowledged; else another one is suggested.
            (INTERFACE_IDENTIFIER, Some(theirs)) if theirs != [0; 8] && theirs != self.ours => {
                self.theirs = Some(theirs);
            }
            (INTERFACE_IDENTIFIER, _) => reply.nak(option, &self.fresh),
            // IPv6-Compression-Protocol.
            _ => reply.reject(option),
        }
        Ok(())
    }

    /// RFC 5072 4.1: a peer without identifier is asked for one.
    fn missing(&mut self, reply: &mut Reply) {
        if self.theirs.is_none() && reply.is_clean() {
            reply.ask(INTERFACE_IDENTIFIER, &self.fresh);
        }
    }

    fn naked(&mut self, option: RawOption<'_>) -> Result<(), Cause> {
        if option.kind == INTERFACE_IDENTIFIER {
            let suggested = option.array().filter(|suggested| *suggested != [0; 8]);
            // RFC 5072 4.1: "a different one is chosen" if what is suggested is what the last request had.
            self.ours = suggested.filter(|suggested| *suggested != self.ours).unwrap_or(self.fresh);
        }
        Ok(())
    }

    fn rejected(&mut self, _option: RawOption<'_>) -> Result<(), Cause> {
        self.refused = true;
        Ok(())
    }
}

/// RFC 5072 4.1: random, "with the u (universal/local) bit set to zero", and not zero.
fn draw(rng: &mut dyn Rng) -> [u8; 8] {
    let mut id = [0; 8];
    rng.fill(&mut id);
    id[0] &= !0x02;
    id[7] |= u8::from(id == [0; 8]);
    id
}

const INTERFACE_IDENTIFIER: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Verdict;
    use rasman_testkit::SeededRng;

    fn judged(options: &mut Ipv6cpOptions, value: &[u8]) -> Vec<u8> {
        let mut reply = Reply::new(true);
        options.begin();
        options.judge(RawOption { kind: 1, value }, &mut reply).unwrap();
        options.missing(&mut reply);
        match reply.verdict() {
            Verdict::Ack => vec![],
            Verdict::Nak(bytes) | Verdict::Reject(bytes) => bytes.to_vec(),
        }
    }

    #[test]
    fn rfc_5072_4_1_identifiers_differ_and_are_not_zero() {
        let mut options = Ipv6cpOptions::new(&mut SeededRng::new(1));
        let (ours, fresh) = (options.ours, options.fresh);
        let nak = [&[1, 10][..], &fresh].concat();
        assert_eq!(judged(&mut options, &ours), nak);
        assert_eq!(judged(&mut options, &[0; 8]), nak);
        assert_eq!(judged(&mut options, &[1; 7]), nak);
        assert!(options.link().is_none());
        assert!(judged(&mut options, &[1; 8]).is_empty());
        assert_eq!(options.link(), Some(Ipv6Link { local: ours, peer: [1; 8] }));
    }

    #[test]
    fn a_suggestion_is_taken_unless_it_changes_nothing() {
        let mut options = Ipv6cpOptions::new(&mut SeededRng::new(1));
        options.naked(RawOption { kind: 1, value: &[7; 8] }).unwrap();
        assert_eq!(options.ours, [7; 8]);
        options.naked(RawOption { kind: 1, value: &[7; 8] }).unwrap();
        assert_eq!(options.ours, options.fresh);
        options.refresh(&mut SeededRng::new(2));
        options.naked(RawOption { kind: 1, value: &[0; 8] }).unwrap();
        assert_eq!(options.ours, options.fresh);
    }
}

//! An option set for tests: one option, of which the peer must want no more than we take.

use crate::Protocol;
use crate::options::{OptionWriter, Options, RawOption, Reply};
use rasman_core::Cause;

/// One option with a value of one octet: we ask for `wish`, and take what is not above `most`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct One {
    /// 0 once the peer has rejected it: it is not asked for any more.
    pub(super) wish: u8,
    pub(super) most: u8,
    /// What the peer's present request asks for.
    pub(super) peer: u8,
}

impl One {
    pub(super) fn new(wish: u8, most: u8) -> Self {
        Self { wish, most, peer: 0 }
    }
}

impl Options for One {
    const PROTOCOL: Protocol = Protocol::LCP;
    const TIMER: &'static str = "restart";

    fn request(&self, out: &mut OptionWriter) {
        if self.wish > 0 {
            out.option(1, &[self.wish]);
        }
    }

    fn begin(&mut self) {
        self.peer = 0;
    }

    fn judge(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause> {
        match *option.value {
            [wish] if wish <= self.most => self.peer = wish,
            [_] => reply.nak(option, &[self.most]),
            _ => reply.reject(option),
        }
        Ok(())
    }

    fn naked(&mut self, option: RawOption<'_>) -> Result<(), Cause> {
        self.wish = option.value[0];
        Ok(())
    }

    fn rejected(&mut self, _option: RawOption<'_>) -> Result<(), Cause> {
        self.wish = 0;
        Ok(())
    }
}

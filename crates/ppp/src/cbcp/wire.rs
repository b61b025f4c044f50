//! Packets of CBCP ([MS-CBCP] 2.2): as those of LCP, with options of their own.
//!
//! ```text
//! | type | length | delay, s | address type 1, digits, 0 | ...
//! ```

use crate::options::{OptionWriter, RawOption};
use crate::packet::PacketCode;
use rasman_core::{Malformed, is_callback_number};

/// The answerer's list of what it is ready for ([MS-CBCP] 2.2.4.1).
pub(super) const REQUEST: PacketCode = PacketCode(1);
/// The caller's choice of one of them (2.2.4.2).
pub(super) const RESPONSE: PacketCode = PacketCode(2);
/// The answerer's agreement (2.2.4.3).
pub(super) const ACK: PacketCode = PacketCode(3);

/// What a server is ready for once it knows who calls.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallbackOffer {
    /// The connection goes on as it is.
    pub none: bool,
    /// It calls at a number that the caller names.
    pub by_caller: bool,
    /// It calls at a number that it has.
    pub preset: bool,
    /// It calls at one of these.
    pub list: Vec<String>,
}

/// What the caller chooses of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CallbackChoice {
    /// Nobody is called.
    None,
    /// A number of the caller's.
    Number(String),
    /// The number that the server has.
    Preset,
    /// One of the server's list.
    Listed(String),
}

impl CallbackOffer {
    /// Tells whether a choice is one of these.
    #[must_use]
    pub fn allows(&self, choice: &CallbackChoice) -> bool {
        match choice {
            CallbackChoice::None => self.none,
            CallbackChoice::Number(number) => self.by_caller && is_callback_number(number),
            CallbackChoice::Preset => self.preset,
            CallbackChoice::Listed(number) => self.list.contains(number),
        }
    }

    /// Reads the data of a Callback-Request; types that are not known are no choice of ours.
    pub(super) fn parse(data: &[u8]) -> Result<Self, Malformed> {
        let mut offer = Self::default();
        for option in RawOption::parse_all(data)? {
            match option.kind {
                NO_CALLBACK => offer.none = true,
                BY_CALLER => offer.by_caller = true,
                PRESET => offer.preset = true,
                LIST => offer.list.extend(numbers(option.value).into_iter().take(NUMBERS_MAX)),
                _ => {}
            }
            offer.list.truncate(NUMBERS_MAX);
        }
        match offer == Self::default() {
            true => Err(Malformed { expected: "a callback option that is known", at: 0 }),
            false => Ok(offer),
        }
    }

    /// Writes the data of a Callback-Request. [MS-CBCP] 2.2.4.1: no delay yet, and no address.
    pub(super) fn emit(&self) -> Vec<u8> {
        let mut out = OptionWriter::default();
        if self.none {
            out.option(NO_CALLBACK, &[]);
        }
        if self.by_caller {
            out.option(BY_CALLER, &[0, ADDRESS, 0]);
        }
        if self.preset {
            out.option(PRESET, &[0]);
        }
        if !self.list.is_empty() {
            let mut value = vec![0];
            self.list.iter().for_each(|number| address(number, &mut value));
            out.option(LIST, &value);
        }
        out.bytes().to_vec()
    }
}

impl CallbackChoice {
    /// Tells whether anybody is called.
    #[must_use]
    pub fn calls(&self) -> bool {
        *self != Self::None
    }

    /// Reads the data of a Callback-Response or a Callback-Ack, with the delay in seconds.
    pub(super) fn parse(data: &[u8]) -> Result<(Self, u8), Malformed> {
        let options = RawOption::parse_all(data)?;
        let [option] = options[..] else { return Err(Malformed { expected: "one callback option", at: 0 }) };
        let delay = option.value.first().copied().unwrap_or(0);
        let number = || numbers(option.value).into_iter().next();
        let choice = match option.kind {
            NO_CALLBACK => Some(Self::None),
            BY_CALLER => number().map(Self::Number),
            PRESET => Some(Self::Preset),
            LIST => number().map(Self::Listed),
            _ => None,
        };
        let choice = choice.ok_or(Malformed { expected: "a callback option that is known, with its number", at: 0 })?;
        Ok((choice, delay))
    }

    /// Writes the data of a Callback-Response; `delay` is how long, in seconds, the answerer is to wait before it calls.
    pub(super) fn emit(&self, delay: u8) -> Vec<u8> {
        let mut out = OptionWriter::default();
        let called = |number: &str| {
            let mut value = vec![delay];
            address(number, &mut value);
            value
        };
        match self {
            Self::None => out.option(NO_CALLBACK, &[]),
            Self::Number(number) => out.option(BY_CALLER, &called(number)),
            Self::Preset => out.option(PRESET, &[delay]),
            Self::Listed(number) => out.option(LIST, &called(number)),
        }
        out.bytes().to_vec()
    }
}

/// [MS-CBCP] 2.2.2: a type, and the number with a zero behind it.
fn address(number: &str, out: &mut Vec<u8>) {
    out.push(ADDRESS);
    out.extend_from_slice(number.as_bytes());
    out.push(0);
}

/// Reads the addresses behind a delay. What cannot be a number is passed over; a last zero may be missing.
fn numbers(value: &[u8]) -> Vec<String> {
    let mut rest = value.get(1..).unwrap_or_default();
    let mut numbers = Vec::new();
    while let Some((&kind, behind)) = rest.split_first() {
        let end = behind.iter().position(|octet| *octet == 0).unwrap_or(behind.len());
        let number = core::str::from_utf8(&behind[..end]).ok().filter(|number| is_callback_number(number));
        if let Some(number) = number.filter(|_| kind == ADDRESS) {
            numbers.push(number.to_owned());
        }
        rest = behind.get(end + 1..).unwrap_or_default();
    }
    numbers
}

// [MS-CBCP] 2.2.3; the list is the draft's alone.
const NO_CALLBACK: u8 = 1;
const BY_CALLER: u8 = 2;
const PRESET: u8 = 3;
const LIST: u8 = 4;
/// [MS-CBCP] 2.2.2: a number of the telephone network, or of ISDN.
const ADDRESS: u8 = 1;
/// The most numbers of a list that are kept.
const NUMBERS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> CallbackOffer {
        CallbackOffer { none: true, by_caller: true, preset: true, list: vec!["555-0100".into(), "5550101".into()] }
    }

    #[test]
    fn a_request_lists_what_the_answerer_is_ready_for() {
        let emitted = offer().emit();
        assert_eq!(emitted[..10], [1, 2, 2, 5, 0, 1, 0, 3, 3, 0]);
        assert_eq!(emitted[10..14], [4, 22, 0, 1]);
        assert_eq!(CallbackOffer::parse(&emitted), Ok(offer()));
    }

    #[test]
    fn a_response_has_one_option_with_the_delay_and_the_number() {
        let cases: [(CallbackChoice, &[u8]); 4] = [
            (CallbackChoice::None, &[1, 2]),
            (CallbackChoice::Number("55".into()), &[2, 7, 9, 1, b'5', b'5', 0]),
            (CallbackChoice::Preset, &[3, 3, 9]),
            (CallbackChoice::Listed("55".into()), &[4, 7, 9, 1, b'5', b'5', 0]),
        ];
        for (choice, octets) in cases {
            assert_eq!(choice.emit(9), octets);
            let delay = if choice.calls() { 9 } else { 0 };
            assert_eq!(CallbackChoice::parse(octets), Ok((choice, delay)));
        }
    }

    #[test]
    fn what_is_no_option_is_refused_and_what_is_no_number_passed_over() {
        for bad in [&[][..], &[1], &[1, 1], &[9, 2], &[3, 9, 0]] {
            assert!(CallbackOffer::parse(bad).is_err(), "{bad:?}");
            assert!(CallbackChoice::parse(bad).is_err(), "{bad:?}");
        }
        assert!(CallbackChoice::parse(&[1, 2, 3, 3, 0]).is_err(), "two choices are none");
        assert!(CallbackChoice::parse(&[2, 7, 0, 1, b'5', b'\r', 0]).is_err());
        assert!(CallbackChoice::parse(&[2, 7, 0, 2, b'5', b'5', 0]).is_err(), "no telephone number");
        assert_eq!(CallbackChoice::parse(&[2, 6, 0, 1, b'5', b'5']), Ok((CallbackChoice::Number("55".into()), 0)));
        let offer = CallbackOffer::parse(&[9, 2, 4, 9, 0, 1, b';', 0, 1, b'5', 0]).unwrap();
        assert_eq!(offer, CallbackOffer { list: vec!["5".into()], ..CallbackOffer::default() });
    }
}

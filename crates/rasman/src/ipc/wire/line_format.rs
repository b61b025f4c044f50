//! How characters of a line look.

use super::HandleText;
use super::entry::{invalid, named};
use crate::{CharacterFormat, Error, Parity, StopBits};
use serde::{Deserialize, Serialize};

/// Parameters of `SetLineFormat`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct LineFormatCall {
    pub handle: HandleText,
    pub data_bits: u8,
    pub parity: String,
    pub stop_bits: u8,
}

impl LineFormatCall {
    /// Makes them.
    #[must_use]
    pub fn new(handle: HandleText, format: CharacterFormat) -> Self {
        let parity = PARITIES.into_iter().find(|(parity, _)| *parity == format.parity).map_or("none", |(_, word)| word);
        let stop_bits = if format.stop_bits == StopBits::Two { 2 } else { 1 };
        Self { handle, data_bits: format.data_bits, parity: parity.to_owned(), stop_bits }
    }

    /// Reads them.
    ///
    /// # Errors
    /// 87 for what no line has.
    pub fn read(&self) -> Result<CharacterFormat, Error> {
        let parity = named(&PARITIES, "parity", &self.parity)?;
        let stop_bits = match self.stop_bits {
            1 => StopBits::One,
            2 => StopBits::Two,
            _ => return Err(invalid("stop_bits", "is not known", "give 1 or 2")),
        };
        let format = CharacterFormat { data_bits: self.data_bits, parity, stop_bits };
        format.validate()?;
        Ok(format)
    }
}

/// Parities and their words.
const PARITIES: [(Parity, &str); 5] = [
    (Parity::None, "none"),
    (Parity::Odd, "odd"),
    (Parity::Even, "even"),
    (Parity::Mark, "mark"),
    (Parity::Space, "space"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_comes_back_and_what_no_line_has_is_none() {
        for (parity, _) in PARITIES {
            for (data_bits, stop_bits) in [(5, StopBits::Two), (7, StopBits::One), (8, StopBits::One)] {
                let format = CharacterFormat { data_bits, parity, stop_bits };
                assert_eq!(LineFormatCall::new("1".into(), format).read().ok(), Some(format));
            }
        }
        let call = |data_bits, parity: &str, stop_bits| {
            LineFormatCall { handle: "1".into(), data_bits, parity: parity.into(), stop_bits }.read().ok()
        };
        for wrong in
            [call(4, "none", 1), call(9, "none", 1), call(8, "None", 1), call(8, "none", 0), call(8, "none", 3)]
        {
            assert_eq!(wrong, None);
        }
    }
}

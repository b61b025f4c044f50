//! Callback: what an entry allows a server that would rather call than be called.

use crate::InvalidSetting;

/// What an entry, or whoever dials, allows a server that wants to call back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Callback {
    /// Nothing: it is not negotiated, and a server that insists is refused.
    #[default]
    Refused,
    /// A server that insists on the number that it has may call there; where there is a choice, nobody is called.
    Allowed,
    /// A server that lets us choose is to call here (clause A63); one that insists on its own number may call there.
    Number(String),
    /// Whoever dials is asked for the number when the server lets us choose (clause P6).
    Ask,
}

impl Callback {
    /// Reads what a dial says of the number (clause A63): nothing, a number, or `*` to be asked.
    ///
    /// Nothing leaves it to the entry, so there is no value for it.
    #[must_use]
    pub fn of_dial(number: &str) -> Option<Self> {
        match number.trim() {
            "" => None,
            "*" => Some(Self::Ask),
            number => Some(Self::Number(number.to_owned())),
        }
    }

    /// Checks that a number is one.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        match self {
            Self::Number(number) if !is_callback_number(number) => {
                let advice = "give 1 to 128 characters out of digits, T P W ( ) - @ * # + , and spaces";
                Err(InvalidSetting::new("callback", "is no number to call back at", advice))
            }
            _ => Ok(()),
        }
    }

    /// Tells whether callback is negotiated at all.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        *self != Self::Refused
    }
}

/// Tells whether a text can be a number to call back at: 1 to 128 characters, which a modem that is told to dial it takes
/// for parts of a number and for nothing else.
#[must_use]
pub fn is_callback_number(text: &str) -> bool {
    let is_dialled = |c: char| c.is_ascii_digit() || "TPWtpw()-@ *#+,".contains(c);
    (1..=NUMBER_MAX).contains(&text.len()) && text.chars().all(is_dialled) && text.chars().any(|c| c.is_ascii_digit())
}

/// RAS_MaxCallbackNumber.
const NUMBER_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a63_a_dial_names_no_number_one_or_an_asterisk() {
        assert_eq!(Callback::of_dial(""), None);
        assert_eq!(Callback::of_dial(" * "), Some(Callback::Ask));
        assert_eq!(Callback::of_dial("555-0100"), Some(Callback::Number("555-0100".into())));
    }

    #[test]
    fn numbers_have_nothing_in_them_that_ends_a_command_of_a_modem() {
        for good in ["1", "0049 (30) 555-0100", "9W5550100", "T*70,5550100#", "+4930555"] {
            assert!(is_callback_number(good), "{good}");
        }
        let long = "1".repeat(129);
        for bad in ["", " ", "W", "555;", "555\r", "555\"", "555!", "55\u{e9}", &long] {
            assert!(!is_callback_number(bad), "{bad:?}");
        }
    }
}

//! What goes on within a connection while its published state stays the same.

use crate::Cause;
use core::fmt;
use core::time::Duration;

/// What goes on within an established connection, with RASCONNSUBSTATE's numbers (they cross an ABI).
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u32)]
#[non_exhaustive]
pub enum Substate {
    /// Nothing: it carries packets, or it is not established.
    #[default]
    None = 0,
    /// The link is lost, and the wait before the next attempt runs.
    Dormant = 1,
    /// The link is lost, and an attempt to make it again is under way.
    Reconnecting = 2,
    /// The link was lost and is there again.
    Reconnected = 0x2000,
}

impl Substate {
    /// All of them, in the order of their numbers.
    pub const ALL: &[Self] = &[Self::None, Self::Dormant, Self::Reconnecting, Self::Reconnected];

    /// Gives the number that crosses the ABI.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Finds the substate with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|substate| substate.number() == number)
    }

    /// Gives the name without its prefix, such as `Reconnecting`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Dormant => "Dormant",
            Self::Reconnecting => "Reconnecting",
            Self::Reconnected => "Reconnected",
        }
    }
}

impl fmt::Display for Substate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A further attempt: of a dial that has not connected yet, or of a connection whose link was lost.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Retrying {
    /// Which further attempt this is, from 1 on; 0 while the first one goes on with an alternate.
    pub attempt: u32,
    /// How many there are to be at the most; nothing if only the user or the server ends them.
    pub of: Option<u32>,
    /// The wait before this attempt while it runs, from its beginning to its end; nothing once the attempt is made.
    pub pause: Option<Duration>,
    /// Why an established connection lost its link; nothing during a dial.
    pub loss: Option<Cause>,
    /// Why the attempt before failed; for the first attempt after a loss, the loss.
    pub last: Cause,
}

impl Retrying {
    /// Makes a further attempt that is being made.
    #[must_use]
    pub fn new(attempt: u32, of: Option<u32>, last: Cause) -> Self {
        Self { attempt, of, pause: None, loss: None, last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_abi() {
        assert_eq!(Substate::ALL.iter().map(|s| s.number()).collect::<Vec<_>>(), [0, 1, 2, 0x2000]);
        for substate in Substate::ALL {
            assert_eq!(Substate::from_number(substate.number()), Some(*substate));
        }
        assert_eq!(Substate::from_number(3), None);
    }
}

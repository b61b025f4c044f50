//! Modems that are not there: each a pseudo-terminal with somebody behind it who speaks as a modem does, on a telephone
//! network that leads to the lab itself or to one of the other modems.
//!
//! ```text
//! pty --bytes--> Emulator --Dial--> exchange: another modem rings, or the lab picks up
//!     <---------          <==line==> at the line's speed, with its noise
//! ```

mod emulator;
mod host;
mod personality;
mod running;
#[cfg(test)]
mod tests;

pub use emulator::{Action, Emulator};
pub use personality::{InvalidPersonality, PERSONALITY_GRAMMAR, Personality, Refusal};
pub(crate) use running::{Exchange, PhoneLine, run};

use std::path::PathBuf;

/// One modem of a lab.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModemConfig {
    /// Where the link to its pseudo-terminal is made; `None` leaves it to the system.
    pub link: Option<PathBuf>,
    /// How it behaves.
    pub personality: Personality,
}

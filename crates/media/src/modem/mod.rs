//! Serial lines: modems, null modems, and whoever speaks PPP at the other end of a cable; both ends.
//!
//! ```text
//! open -> port_ready -> Before -> connect -> AT dialogue, or CLIENT and CLIENTSERVER
//!                         ^           |----> script ---halt---.
//!                         |           `----> terminal <-------'
//!                         |    the step is done |
//!                         `-- the next one <----+----> Up -> PPP in HDLC
//!                                                      |
//!  Down <- port closed <- DTR dropped, or silence, +++, silence, ATH <-+ close
//! ```
//!
//! The steps are the devices of the chain: a terminal, the modem or cable, a script, terminals.
//!
//! [`SerialLink`] is the link; [`at`] is the dialogue with a modem, [`script`] the one with whoever answers, and [`hdlc`] the
//! framing.

pub mod at;
mod config;
mod ending;
mod greeting;
pub mod hdlc;
mod link;
pub mod script;
mod terminal;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use link::SerialLink;

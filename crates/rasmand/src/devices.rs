//! The serial ports of this machine, and the modems that answer at them.

pub use rasman_net::port::names::{PortName, list, named};

use rasman::Cause;
use rasman_core::LineSettings;
use std::path::Path;

/// Opens a port at 115,200 bit/s and asks for a modem and its name; gives what it said, or nothing if none answers. It runs
/// within a runtime.
///
/// # Errors
/// 615, 633 with its holder's name, 5 and 692, as a dial would have them.
pub async fn probe(port: &Path) -> Result<Option<String>, Cause> {
    rasman_net::port::probe(port, LineSettings::default()).await
}

//! Who has a serial line while a dial is paused in Interactive.

use crate::Device;
use core::fmt;

/// Why whoever dials has the line to itself (RASCS_Interactive).
///
/// What the other end says comes to the client, and what the client says goes out, octet for octet, until it
/// [gives the line back](crate::Answer::Continue).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Interaction {
    /// The entry has a terminal before the modem dials (RASEO_TerminalBeforeDial): the modem listens to commands.
    TerminalBeforeDial,
    /// The entry has one once the line is connected (RASEO_TerminalAfterDial).
    TerminalAfterDial,
    /// The login script has come to `halt`: a person goes on where it gave up.
    HaltedScript {
        /// Its name.
        script: String,
        /// The line of the script.
        line: u32,
    },
    /// A program of the client's logs in (RASEO_CustomScript with RDEOPT_UseCustomScripting, clauses A58, P11).
    CustomScript,
}

impl Interaction {
    /// Tells whether the line is connected by then.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        *self != Self::TerminalBeforeDial
    }

    /// Gives the device as RAS names it.
    #[must_use]
    pub fn device(&self) -> Device {
        let name = match self {
            Self::TerminalBeforeDial | Self::TerminalAfterDial => "Terminal".into(),
            Self::HaltedScript { script, .. } => script.clone().into(),
            Self::CustomScript => "Custom script".into(),
        };
        Device { kind: "switch", name }
    }
}

/// For people.
impl fmt::Display for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TerminalBeforeDial => f.write_str("the terminal before dialling"),
            Self::TerminalAfterDial => f.write_str("the terminal after dialling"),
            Self::HaltedScript { script, line } => write!(f, "the script {script} halted on line {line}"),
            Self::CustomScript => f.write_str("a script of the program that dials"),
        }
    }
}

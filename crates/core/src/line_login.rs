//! What is said on a serial line before PPP begins.

use crate::{InvalidSetting, Secret};
use core::fmt;

/// What is said on a serial line before PPP begins.
///
/// Whoever says it is a device of its own, of the type `switch`, which is told by a pair of ConnectDevice and
/// DeviceConnected beside the one of the modem, in the order of these fields.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct LineLogin {
    /// A person has the line before the modem dials (RASEO_TerminalBeforeDial).
    pub terminal_before_dial: bool,
    /// Runs once the line is connected (szScript).
    pub script: Option<LoginScript>,
    /// A script that gives up ends the dial, though somebody could take the line over.
    pub halt_ends: bool,
    /// A program of the client's has the connected line (RASEO_CustomScript, clause A58).
    pub custom_script: bool,
    /// A person has it (RASEO_TerminalAfterDial).
    pub terminal_after_dial: bool,
}

/// A script in the language of Windows' dial-up networking (`.scp`).
#[derive(Clone)]
pub struct LoginScript {
    /// Its name, for people: the file.
    pub name: String,
    /// The text, which may hold a password.
    pub text: Secret,
}

impl LineLogin {
    /// Checks what can be checked without the line; what the script says is read when it is dialled.
    ///
    /// # Errors
    /// A script that is too long.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        match &self.script {
            Some(script) if script.text.expose().len() > SCRIPT_MAX => {
                let advice = "real scripts have some hundred octets; is this one the right file?";
                Err(InvalidSetting::new("login.script", format!("has more than {SCRIPT_MAX} octets"), advice))
            }
            _ => Ok(()),
        }
    }
}

/// Texts are compared as secrets are.
impl PartialEq for LoginScript {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text.same(&other.text)
    }
}

impl Eq for LoginScript {}

/// Without the text.
impl fmt::Debug for LoginScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginScript").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The longest script.
const SCRIPT_MAX: usize = 64 * 1024;

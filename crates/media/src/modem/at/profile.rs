//! How each kind of modem is made ready.

use core::fmt;
use rasman_core::{Duration, ModemProfile, ModemSettings};

/// One command, and what has to come before the next.
#[derive(Clone, PartialEq, Eq)]
pub struct Step {
    /// What is sent behind `AT`.
    pub command: String,
    /// What has to come.
    pub expect: Expect,
    /// Within which time.
    pub limit: Duration,
}

impl Step {
    /// Gives what people may see of the command: a value behind `=` may be a PIN or a password (`+CPIN`, `+CGAUTH`).
    pub(super) fn shown(&self) -> &str {
        self.command.split_inclusive('=').next().unwrap_or_default()
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expect, limit, .. } = self;
        f.debug_struct("Step").field("command", &self.shown()).field("expect", expect).field("limit", limit).finish()
    }
}

/// What has to come after a command.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Expect {
    /// `OK`.
    Ok,
    /// `OK`, or a refusal that means no harm: the modem does not have what is turned on or off.
    OkOrError,
    /// `+CPIN: READY` (3GPP TS 27.007 8.3): the SIM is there and unlocked.
    SimReady,
    /// A registration at home or abroad (3GPP TS 27.007 7.2), asked for or told later.
    Registered,
    /// `CONNECT`.
    Connect,
}

/// Gives the commands that make a modem ready and dial.
pub(super) fn steps(modem: &ModemSettings) -> Vec<Step> {
    let mut steps = prepare(modem);
    steps.push(Step {
        command: format!("D{}", modem.dial_string()),
        expect: Expect::Connect,
        limit: patience(modem.profile),
    });
    steps
}

/// Gives the commands that make a modem ready.
pub(super) fn prepare(modem: &ModemSettings) -> Vec<Step> {
    let ok = |command: &str| Step { command: command.to_owned(), expect: Expect::Ok, limit: COMMAND };
    let try_it = |command: &str| Step { expect: Expect::OkOrError, ..ok(command) };
    // V.250 6.1.1, 6.2: the stored profile; no echo, words as results, and all of them.
    let mut steps = vec![try_it("Z"), ok("E0V1Q0")];
    match modem.profile {
        ModemProfile::Hayes => {
            // X4: dial tone and busy are told; &C1&D2: the carrier is the line's, and DTR hangs up (V.250 6.2.8, 6.2.9).
            steps.push(try_it("X4"));
            steps.push(try_it("&C1&D2"));
            steps.push(try_it("S0=0"));
            steps.push(try_it(if modem.speaker { "M1" } else { "M0" }));
            // V.250 6.5.1, 6.6.1: what is not turned off is as the modem has it.
            if modem.without_error_control {
                steps.push(try_it("+ES=1"));
            }
            if modem.without_compression {
                steps.push(try_it("+DS=0"));
            }
        }
        ModemProfile::Cellular => {
            steps.push(try_it("+CMEE=1"));
            steps.push(try_it("&C1&D2"));
            steps.push(Step { expect: Expect::SimReady, ..ok("+CPIN?") });
            steps.push(try_it("+CREG=1"));
            steps.push(Step { expect: Expect::Registered, limit: REGISTRATION, ..ok("+CREG?") });
        }
        ModemProfile::Iridium => {
            steps.push(try_it("&C1&D2"));
            // 71: 9,600 bit/s, data circuit, no transparent mode: what dial-up data on these satellites is.
            steps.push(try_it("+CBST=71,0,1"));
            steps.push(try_it("+CREG=1"));
            steps.push(Step { expect: Expect::Registered, limit: REGISTRATION, ..ok("+CREG?") });
        }
        _ => {}
    }
    if let Some(apn) = &modem.apn {
        steps.push(ok(&format!("+CGDCONT=1,\"IP\",\"{apn}\"")));
    }
    steps.extend(modem.init.iter().map(|command| ok(strip_at(command))));
    steps
}

/// Users write commands with `AT` as often as without.
fn strip_at(command: &str) -> &str {
    let command = command.trim();
    match command.get(..2) {
        Some(at) if at.eq_ignore_ascii_case("AT") => &command[2..],
        _ => command,
    }
}

/// How long a modem dials before it has to have told something; its own limit (S7) is shorter.
pub(super) fn patience(profile: ModemProfile) -> Duration {
    match profile {
        ModemProfile::Iridium => Duration::from_secs(120),
        _ => Duration::from_secs(90),
    }
}

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(5);
/// How long a network may take to let us in.
const REGISTRATION: Duration = Duration::from_secs(60);

//! Serial lines on the wire.

use super::entry::{invalid, named, not_carried, settings};
use crate::Error;
use crate::ipc::secret::SECRET_MAX;
use rasman_core::{
    Callback, FlowControl, LineDevice, LineLogin, LineSettings, LoginScript, ModemProfile, ModemSettings, Secret,
    SerialPort, SerialSettings,
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

settings! {
    /// [`SerialSettings`], but for what may hold secrets, which travels as a descriptor ([`ToldLines`]).
    SerialWire {
        port: String,
        speed: u32,
        flow: String,
        device: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modem: Option<ModemWire>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accm: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fcs32: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<usize>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<LineLoginWire>,
    }
    /// [`LineLogin`], but for its script.
    LineLoginWire {
        terminal_before_dial: bool,
        halt_ends: bool,
        custom_script: bool,
        terminal_after_dial: bool,
    }
    /// [`ModemSettings`], but for its commands.
    ModemWire {
        name: String,
        profile: String,
        number: String,
        prefix: String,
        suffix: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        apn: Option<String>,
        speaker: bool,
        error_control: bool,
        compression: bool,
    }
}

/// What lines are told: the commands for a modem and the script, of which both may hold a PIN or a password.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ToldLines(Vec<Told>);

/// What one line is told.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default)]
    init: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    script: Option<ScriptWire>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptWire {
    name: String,
    text: String,
}

impl Drop for ScriptWire {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl ToldLines {
    /// Reads what came as a descriptor.
    ///
    /// # Errors
    /// 87 for what is no list of them.
    pub fn read(secret: &Secret) -> Result<Self, Error> {
        let told = serde_json::from_slice(secret.expose());
        told.map(Self).map_err(|_| invalid("lines", "is no JSON of what lines are told", "see the interface's Serial"))
    }

    /// Gives what a descriptor is to hold, if there is anything.
    ///
    /// # Errors
    /// 87 if it is more than a descriptor may hold.
    pub fn write(&self) -> Result<Option<Secret>, Error> {
        if self.0.is_empty() {
            return Ok(None);
        }
        // Of one size, so that no copy is left behind.
        let mut bytes = Zeroizing::new([0; SECRET_MAX]);
        let mut room = &mut bytes[..];
        serde_json::to_writer(&mut room, &self.0).map_err(|_| {
            let problem = format!("has more than {SECRET_MAX} bytes of commands and scripts");
            invalid("lines", &problem, "dial an entry of a phone book, whose scripts may be longer")
        })?;
        let left = room.len();
        Ok(Some(Secret::new(&bytes[..SECRET_MAX - left])))
    }

    /// Takes what a line is told; gives where it stands. What several numbers of one modem are told stands once.
    fn add(&mut self, told: Told) -> Option<usize> {
        if told == Told::default() {
            return None;
        }
        let known = self.0.iter().position(|other| *other == told);
        Some(known.unwrap_or_else(|| {
            self.0.push(told);
            self.0.len() - 1
        }))
    }
}

impl SerialWire {
    /// Makes the settings; what may hold secrets goes to `lines`.
    ///
    /// # Errors
    /// 50 for a setting that the interface cannot carry.
    pub(super) fn new(settings: &SerialSettings, lines: &mut ToldLines) -> Result<Self, Error> {
        let SerialSettings { port, line: LineSettings { speed, flow }, device, accm, fcs32, login } = settings;
        let LineLogin { script, terminal_before_dial, halt_ends, custom_script, terminal_after_dial } = login;
        let login = LineLoginWire {
            terminal_before_dial: *terminal_before_dial,
            halt_ends: *halt_ends,
            custom_script: *custom_script,
            terminal_after_dial: *terminal_after_dial,
        };
        let login = (login != LineLoginWire::default()).then_some(login);
        let (device, modem, init) = match device {
            LineDevice::Modem(modem) => ("modem", Some(ModemWire::new(modem)), modem.init.clone()),
            LineDevice::NullModem => ("null", None, Vec::new()),
            LineDevice::Direct => ("direct", None, Vec::new()),
            _ => return Err(not_carried()),
        };
        let script = script.as_ref().map(|script| {
            let text = script.text.expose_str().ok_or_else(not_carried)?;
            Ok::<_, Error>(ScriptWire { name: script.name.clone(), text: text.to_owned() })
        });
        let told = lines.add(Told { init, script: script.transpose()? });
        let flow = FLOWS.iter().find(|(known, _)| known == flow).ok_or_else(not_carried)?.1.to_owned();
        let (port, device) = (port.to_string(), device.to_owned());
        Ok(Self { port, speed: *speed, flow, device, modem, accm: Some(*accm), fcs32: Some(*fcs32), told, login })
    }

    /// Gives the settings; they are not validated yet.
    ///
    /// # Errors
    /// 87 for one that cannot be read.
    pub(super) fn read(self, lines: &ToldLines) -> Result<SerialSettings, Error> {
        let Self { port, speed, flow, device, modem, accm, fcs32, told, login } = self;
        let port = SerialPort::parse(&port)
            .ok_or_else(|| invalid("serial.port", "is no port", "give one such as /dev/ttyUSB0 or tcp:HOST:PORT"))?;
        let Told { init, script } =
            match told {
                Some(at) => lines.0.get(at).cloned().ok_or_else(|| {
                    invalid("serial.told", "names nothing of what came with the call", "count from 0")
                })?,
                None => Told::default(),
            };
        let device = match (&*device, modem) {
            ("modem", Some(modem)) => LineDevice::Modem(modem.read(init)?),
            ("null", None) => LineDevice::NullModem,
            ("direct", None) => LineDevice::Direct,
            _ => return Err(invalid("serial.device", "is not known", "give modem with its settings, null or direct")),
        };
        let script =
            script.map(|script| LoginScript { name: script.name.clone(), text: Secret::new(script.text.as_bytes()) });
        let line = LineSettings { speed, flow: named(&FLOWS, "serial.flow", &flow)? };
        let (accm, fcs32) = (accm.unwrap_or(0), fcs32.unwrap_or(false));
        let LineLoginWire { terminal_before_dial, halt_ends, custom_script, terminal_after_dial } =
            login.unwrap_or_default();
        let login = LineLogin { terminal_before_dial, script, halt_ends, custom_script, terminal_after_dial };
        Ok(SerialSettings { port, line, device, accm, fcs32, login })
    }
}

impl Default for LineLoginWire {
    /// Nobody has the line.
    fn default() -> Self {
        Self { terminal_before_dial: false, halt_ends: false, custom_script: false, terminal_after_dial: false }
    }
}

impl ModemWire {
    fn new(modem: &ModemSettings) -> Self {
        let ModemSettings {
            name,
            profile,
            number,
            prefix,
            suffix,
            init: _,
            apn,
            speaker,
            without_error_control,
            without_compression,
        } = modem;
        Self {
            name: name.clone(),
            profile: profile.name().to_owned(),
            number: number.clone(),
            prefix: prefix.clone(),
            suffix: suffix.clone(),
            apn: apn.clone(),
            speaker: *speaker,
            error_control: !without_error_control,
            compression: !without_compression,
        }
    }

    fn read(self, init: Vec<String>) -> Result<ModemSettings, Error> {
        let Self { name, profile, number, prefix, suffix, apn, speaker, error_control, compression } = self;
        let profiles = ModemProfile::ALL.map(|profile| (profile, profile.name()));
        let profile = named(&profiles, "modem.profile", &profile)?;
        let (without_error_control, without_compression) = (!error_control, !compression);
        Ok(ModemSettings {
            name,
            profile,
            number,
            prefix,
            suffix,
            init,
            apn,
            speaker,
            without_error_control,
            without_compression,
        })
    }
}

/// Writes what an entry allows a server that wants to call back.
pub(super) fn write_callback(callback: &Callback) -> Result<Option<String>, Error> {
    Ok(match callback {
        Callback::Refused => None,
        Callback::Allowed => Some(ALLOWED.to_owned()),
        Callback::Ask => Some("*".to_owned()),
        Callback::Number(number) => Some(number.clone()),
        _ => return Err(not_carried()),
    })
}

pub(super) fn read_callback(callback: Option<String>) -> Callback {
    match callback.as_deref() {
        None => Callback::Refused,
        Some(ALLOWED) => Callback::Allowed,
        Some(number) => Callback::of_dial(number).unwrap_or_default(),
    }
}

const ALLOWED: &str = "allowed";
const FLOWS: [(FlowControl, &str); 3] =
    [(FlowControl::None, "none"), (FlowControl::Hardware, "hardware"), (FlowControl::Software, "software")];

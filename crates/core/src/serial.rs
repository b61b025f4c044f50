//! Settings of a serial line: its port, and what is at the other end of the cable.

use crate::{Device, InvalidSetting, LineLogin, host_and_port};
use core::fmt;
use core::time::Duration;

/// Settings of an entry that dials over a serial line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SerialSettings {
    /// The port that the line is plugged into.
    pub port: SerialPort,
    /// How the port is driven.
    pub line: LineSettings,
    /// What is at the other end of the cable.
    pub device: LineDevice,
    /// The control characters that the peer has to escape, a bit each, as is asked of it by LCP (RFC 1662 7.1): 0 for a
    /// line that carries all octets.
    pub accm: u32,
    /// Ask the peer for checksums of 32 bits (RFC 1570 2.1); it gets them where it asks in any case.
    pub fcs32: bool,
    /// What is said on the line before PPP begins.
    pub login: LineLogin,
}

impl SerialSettings {
    /// Makes a line with nothing asked for that is not so by itself.
    #[must_use]
    pub fn new(port: SerialPort, device: LineDevice) -> Self {
        Self { port, line: LineSettings::default(), device, accm: 0, fcs32: false, login: LineLogin::default() }
    }

    /// Gives the speed that the line is taken to have, in bits a second: what its modem told, or the least that it may have
    /// where that is nothing or no speed of any line, by which a wait would have no end.
    #[must_use]
    pub fn speed(&self, told: Option<u32>) -> u32 {
        told.filter(|speed| *speed >= SPEED_MIN).unwrap_or_else(|| self.slowest())
    }

    fn slowest(&self) -> u32 {
        match &self.device {
            LineDevice::Modem(modem) => modem.profile.slowest(),
            LineDevice::NullModem | LineDevice::Direct => self.line.speed,
        }
    }
}

/// V.23's way back.
const SPEED_MIN: u32 = 75;

/// Tells how long octets take on a line of `speed` bits a second, each with a start and a stop bit; no time where the speed is
/// 0, which means that nobody knows.
#[must_use]
pub fn line_time(octets: usize, speed: u32) -> Duration {
    let micros = (octets as u64).saturating_mul(10_000_000).checked_div(u64::from(speed));
    Duration::from_micros(micros.unwrap_or(0))
}

/// A port that carries octets.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SerialPort {
    /// A terminal device of this machine, by its path: a serial port, a USB adapter, a modem, a pseudo-terminal.
    Device(String),
    /// A port of another machine, reached by TCP, octet for octet.
    Tcp {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// A port of another machine with its settings and lines, by Telnet's Com Port Control Option (RFC 2217).
    Rfc2217 {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
    },
}

impl SerialPort {
    /// Reads `/dev/...`, a Windows name such as `COM3` (the third serial port), `tcp:HOST:PORT` or `rfc2217:HOST:PORT`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(target) = text.strip_prefix("tcp:") {
            let (host, port) = host_and_port(target)?;
            return Some(Self::Tcp { host, port: port? });
        }
        if let Some(target) = text.strip_prefix("rfc2217:") {
            let (host, port) = host_and_port(target)?;
            return Some(Self::Rfc2217 { host, port: port? });
        }
        if text.starts_with('/') {
            return Some(Self::Device(text.to_owned()));
        }
        let number = text.get(..3).filter(|name| name.eq_ignore_ascii_case("com")).and(text.get(3..))?;
        let number: u32 = number.parse().ok().filter(|number| (1..=256).contains(number))?;
        Some(Self::Device(format!("/dev/ttyS{}", number - 1)))
    }
}

/// As [`SerialPort::parse`] reads it.
impl fmt::Display for SerialPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => f.write_str(path),
            Self::Tcp { host, port } => write_target(f, "tcp", host, *port),
            Self::Rfc2217 { host, port } => write_target(f, "rfc2217", host, *port),
        }
    }
}

fn write_target(f: &mut fmt::Formatter<'_>, kind: &str, host: &str, port: u16) -> fmt::Result {
    if host.contains(':') { write!(f, "{kind}:[{host}]:{port}") } else { write!(f, "{kind}:{host}:{port}") }
}

/// How a serial port is driven: eight bits, no parity, one stop bit (RFC 1662 5), and these.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct LineSettings {
    /// Bits a second; any that the port can make.
    pub speed: u32,
    /// Who holds the other back.
    pub flow: FlowControl,
}

impl Default for LineSettings {
    /// 115,200 bit/s, flow control by lines.
    fn default() -> Self {
        Self { speed: 115_200, flow: FlowControl::Hardware }
    }
}

/// How the two ends of a cable hold each other back.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FlowControl {
    /// Not at all.
    None,
    /// By the lines RTS and CTS.
    Hardware,
    /// By the characters XON and XOFF, which the map of the peer then has to name.
    Software,
}

/// What is at the other end of a serial cable.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LineDevice {
    /// A modem that dials.
    Modem(ModemSettings),
    /// A Windows machine, or whoever greets as it does: `CLIENT` is answered by `CLIENTSERVER`.
    NullModem,
    /// A peer that speaks PPP as soon as the port is open.
    Direct,
}

/// Settings of a modem.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ModemSettings {
    /// Its name (szDeviceName).
    pub name: String,
    /// What kind of modem it is.
    pub profile: ModemProfile,
    /// The number that is dialled, as V.250 6.3.1 reads it: digits, `*#`, pauses and the like.
    pub number: String,
    /// What stands before the number, such as `T` or `P`, or a prefix for an outside line.
    pub prefix: String,
    /// What stands behind it.
    pub suffix: String,
    /// Commands that are sent before dialling, without `AT`.
    pub init: Vec<String>,
    /// The access point name of a packet network (3GPP TS 27.007 10.1.1).
    pub apn: Option<String>,
    /// The modem's speaker is on until the carrier is there.
    pub speaker: bool,
    /// The modem shall correct no errors of the line.
    pub without_error_control: bool,
    /// It shall not compress.
    pub without_compression: bool,
}

/// Without the commands: they may hold a PIN or a password.
impl fmt::Debug for ModemSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
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
        } = self;
        f.debug_struct("ModemSettings")
            .field("name", name)
            .field("profile", profile)
            .field("number", number)
            .field("prefix", prefix)
            .field("suffix", suffix)
            .field("init", &format_args!("{} commands", init.len()))
            .field("apn", apn)
            .field("speaker", speaker)
            .field("without_error_control", without_error_control)
            .field("without_compression", without_compression)
            .finish()
    }
}

/// What kind of modem it is: how it is made ready, and how long it may take.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum ModemProfile {
    /// A modem on a telephone line (V.250).
    #[default]
    Hayes,
    /// A modem of a cellular network: SIM, registration, packet data by an access point (3GPP TS 27.007).
    Cellular,
    /// A modem of the Iridium satellites: registration, data calls.
    Iridium,
}

impl ModemProfile {
    /// All profiles.
    pub const ALL: [Self; 3] = [Self::Hayes, Self::Cellular, Self::Iridium];

    /// Gives the speed of the slowest line that it has, in bits a second.
    #[must_use]
    pub const fn slowest(self) -> u32 {
        match self {
            // Hayes' first modem had no other, so its CONNECT needed no number.
            Self::Hayes => 300,
            // What a call of data has in a network of the second generation, and over the satellites.
            Self::Cellular => 9_600,
            Self::Iridium => 2_400,
        }
    }

    /// Gives the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hayes => "hayes",
            Self::Cellular => "cellular",
            Self::Iridium => "iridium",
        }
    }

    /// Finds a profile by its word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name().eq_ignore_ascii_case(name))
    }
}

impl SerialSettings {
    /// Gives the device as RAS names it.
    #[must_use]
    pub fn device(&self) -> Device {
        match &self.device {
            LineDevice::Modem(modem) if modem.name.trim().is_empty() => Device { kind: "modem", name: "Modem".into() },
            LineDevice::Modem(modem) => Device { kind: "modem", name: modem.name.clone().into() },
            LineDevice::NullModem => Device { kind: "null", name: "Null modem".into() },
            LineDevice::Direct => Device { kind: "null", name: "Serial line".into() },
        }
    }

    /// Checks what can be checked without the port.
    ///
    /// # Errors
    /// The first setting that cannot work, by name, and what to do.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.port.validate()?;
        if self.line.speed == 0 {
            return Err(InvalidSetting::new("serial.speed", "is 0", "give bits a second, such as 115200"));
        }
        self.login.validate()?;
        match &self.device {
            LineDevice::Modem(modem) => modem.validate(),
            LineDevice::NullModem | LineDevice::Direct => Ok(()),
        }
    }
}

impl SerialPort {
    fn validate(&self) -> Result<(), InvalidSetting> {
        match self {
            Self::Device(path) if path.starts_with('/') && !path.contains('\0') => Ok(()),
            Self::Device(_) => {
                Err(InvalidSetting::new("serial.port", "is no path", "give one such as /dev/ttyUSB0, or tcp:HOST:PORT"))
            }
            Self::Tcp { host, port } | Self::Rfc2217 { host, port } => {
                crate::entry::validate_host("serial.port", host)?;
                match port {
                    0 => Err(InvalidSetting::new("serial.port", "has the TCP port 0", "give the port of the line")),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl ModemSettings {
    /// Gives what is sent behind `ATD`: everything that V.250 gives a meaning, and nothing else.
    #[must_use]
    pub fn dial_string(&self) -> String {
        let all = [&self.prefix, &self.number, &self.suffix].map(String::as_str).concat();
        all.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/')).collect()
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        for (field, text) in
            [("modem.number", &self.number), ("modem.prefix", &self.prefix), ("modem.suffix", &self.suffix)]
        {
            if let Some(bad) = text.chars().find(|c| !is_dialled(*c)) {
                let problem = format!("has the character {bad:?}");
                return Err(InvalidSetting::new(field, problem, "use digits, * # + , and what else a modem dials"));
            }
        }
        let dialled = self.dial_string().len();
        if dialled == 0 || dialled > DIALLED_MAX {
            let problem = if dialled == 0 { "is empty".to_owned() } else { format!("has {dialled} characters") };
            let advice = format!("give 1 to {DIALLED_MAX} with prefix and suffix");
            return Err(InvalidSetting::new("modem.number", problem, advice));
        }
        let too_long = |text: &str| text.len() > COMMAND_MAX || text.chars().any(|c| c.is_control() || !c.is_ascii());
        if self.init.len() > INIT_MAX || self.init.iter().any(|command| too_long(command)) {
            let advice = "give up to 16 commands of up to 200 characters of ASCII each";
            return Err(InvalidSetting::new("modem.init", "cannot be sent", advice));
        }
        match &self.apn {
            // 3GPP TS 23.003 9.1: labels of letters, digits and hyphens, 100 octets together.
            Some(apn) if apn.len() > 100 || !apn.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) => {
                Err(InvalidSetting::new("modem.apn", "is no access point name", "give the name that your network says"))
            }
            _ => Ok(()),
        }
    }
}

/// V.250 6.3.1.1 and what formats a number for people; `>`, `G`, `I` of cellular networks; no `;`, which ends a command.
fn is_dialled(c: char) -> bool {
    c.is_ascii_digit() || "ABCDabcdTtPpWwIiGgJ*#+,!@$&>-() ./".contains(c)
}

/// The longest number, prefix and suffix included: RAS_MaxPhoneNumber.
const DIALLED_MAX: usize = 128;
/// The longest command of an entry; V.250 lets modems refuse lines that are longer.
const COMMAND_MAX: usize = 200;
/// The most commands of an entry.
const INIT_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_they_are_shown() {
        for text in ["/dev/ttyUSB0", "tcp:host:4001", "tcp:[::1]:1", "rfc2217:host:4001", "rfc2217:[::1]:1"] {
            assert_eq!(SerialPort::parse(text).map(|port| port.to_string()).as_deref(), Some(text));
        }
        assert_eq!(SerialPort::parse("com3"), Some(SerialPort::Device("/dev/ttyS2".into())));
        for bad in ["", "COM", "COM0", "COM257", "ttyS0", "tcp:host", "tcp:host:x", "rfc2217:host", "VPN2-0", "é"] {
            assert_eq!(SerialPort::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_are_dialled_without_what_is_for_people() {
        let modem = |number: &str| ModemSettings { number: number.into(), prefix: "T0,".into(), ..Default::default() };
        assert_eq!(modem("+49 (30) 555-01.23").dial_string(), "T0,+49305550123");
        assert!(modem("*99***1#").validate().is_ok());
        for bad in ["1;2", "1\r", "é", "AT\0"] {
            assert_eq!(modem(bad).validate().unwrap_err().field, "modem.number", "{bad}");
        }
        let field = |change: fn(&mut ModemSettings)| {
            let mut modem = modem("1");
            change(&mut modem);
            modem.validate().err().map(|invalid| invalid.field)
        };
        assert_eq!(field(|_| ()), None);
        assert_eq!(field(|m| (m.prefix, m.number) = (String::new(), " - ".into())), Some("modem.number"));
        assert_eq!(field(|m| m.number = "1".repeat(129)), Some("modem.number"));
        assert_eq!(field(|m| m.suffix = "\"".into()), Some("modem.suffix"));
        assert_eq!(field(|m| m.init = vec!["E1\rATH".into()]), Some("modem.init"));
        assert_eq!(field(|m| m.apn = Some("a\"b".into())), Some("modem.apn"));
    }
}

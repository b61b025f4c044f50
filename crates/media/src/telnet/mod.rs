//! Telnet's Com Port Control Option (RFC 2217), the client's side: a serial port of another machine, with its speed, its
//! flow control and its lines. What the line carries passes as binary octets (RFC 856), of which only 255 is doubled.
//!
//! ```text
//! us   IAC WILL COM-PORT   IAC WILL/DO BINARY   IAC WILL/DO SGA
//! it   IAC DO COM-PORT ...
//! us   IAC SB COM-PORT SET-BAUDRATE 00 01 C2 00 IAC SE   and so on; each is answered with its code + 100
//! it   IAC SB COM-PORT NOTIFY-MODEMSTATE 80 IAC SE       the carrier is there
//! ```

mod reader;
#[cfg(test)]
mod tests;

use core::fmt;
use rasman_core::{CharacterFormat, FlowControl, LineSettings, Parity, StopBits};
use reader::{Item, Reader};

/// The client of a port; what it has to say goes to the `out` of each call.
pub struct ComPort {
    line: LineSettings,
    reader: Reader,
    /// Which of [`OURS`] the server has answered.
    ours: [bool; 3],
    /// Which of [`THEIRS`] it has.
    theirs: [bool; 2],
    format: CharacterFormat,
    /// How many answers each of [`SETTINGS`] waits for; the last one confirms it.
    unconfirmed: [u32; SETTINGS.len()],
    /// Everything was confirmed once.
    ready: bool,
    carrier: Option<bool>,
    watch: bool,
    /// The carrier dropped while it was watched.
    dropped: bool,
}

/// Why the port cannot be used.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refused {
    /// The server has no Com Port Control: it is no RFC 2217 port.
    Option,
    /// It does not pass all octets (RFC 856).
    Binary,
    /// It set another speed, in bits a second; 0 if it told none.
    Speed(u32),
    /// It does not set the bits of a character, the parity or the stop bits that it is told: for PPP eight, none and one.
    Format,
    /// It does not do the flow control.
    Flow,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("it refuses Telnet's Com Port Control (RFC 2217)"),
            Self::Binary => f.write_str("it refuses to pass all octets (Telnet's Binary Transmission)"),
            Self::Speed(speed) => write!(f, "it set the speed to {speed} bit/s"),
            Self::Format => f.write_str("it does not set the bits, the parity or the stop bits that it is told"),
            Self::Flow => f.write_str("it does not set this flow control"),
        }
    }
}

impl ComPort {
    /// A port that is to be driven like this; [`begin`](Self::begin) it.
    #[must_use]
    pub fn new(line: LineSettings) -> Self {
        Self {
            line,
            reader: Reader::default(),
            ours: [false; 3],
            theirs: [false; 2],
            format: CharacterFormat::default(),
            unconfirmed: [1; SETTINGS.len()],
            ready: false,
            carrier: None,
            watch: false,
            dropped: false,
        }
    }

    /// Says what is said first.
    pub fn begin(&self, out: &mut Vec<u8>) {
        OURS.iter().for_each(|option| out.extend([IAC, WILL, *option]));
        THEIRS.iter().for_each(|option| out.extend([IAC, DO, *option]));
    }

    /// Takes octets of the connection: what the line carries is appended to `plain`.
    ///
    /// # Errors
    /// The port cannot be used.
    pub fn receive(&mut self, wire: &[u8], plain: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Refused> {
        let mut rest = wire;
        while !rest.is_empty() {
            let (used, item) = self.reader.take(rest);
            match item {
                Item::None => {}
                Item::Data => plain.extend_from_slice(&rest[..used]),
                Item::Escaped => plain.push(IAC),
                Item::Verb(verb, option) => self.asked(verb, option, out)?,
                Item::Sub => self.told()?,
            }
            rest = &rest[used..];
        }
        // What is set later is confirmed while the line carries.
        let answered = self.ours.iter().chain(&self.theirs).all(|answered| *answered);
        self.ready |= answered && self.unconfirmed.iter().all(|waiting| *waiting == 0);
        Ok(())
    }

    /// Tells whether everything is agreed on and set.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Tells whether the carrier is there, if the server has told.
    #[must_use]
    pub fn carrier(&self) -> Option<bool> {
        self.carrier
    }

    /// Has a carrier that drops be an end of the line, or not.
    pub fn watch_carrier(&mut self, watch: bool) {
        (self.watch, self.dropped) = (watch, false);
    }

    /// Tells whether the carrier has dropped while it was watched.
    #[must_use]
    pub fn has_dropped(&self) -> bool {
        self.dropped
    }

    /// Raises or drops DTR.
    pub fn dtr(&self, raise: bool, out: &mut Vec<u8>) {
        subnegotiation(SET_CONTROL, &[if raise { DTR_ON } else { DTR_OFF }], out);
    }

    /// Has characters look like this.
    pub fn set_format(&mut self, format: CharacterFormat, out: &mut Vec<u8>) {
        self.format = format;
        for setting in [SET_DATASIZE, SET_PARITY, SET_STOPSIZE] {
            if let Some(index) = position(&SETTINGS, setting) {
                self.unconfirmed[index] = self.unconfirmed[index].saturating_add(1);
            }
        }
        self.say_format(out);
    }

    fn say_format(&self, out: &mut Vec<u8>) {
        subnegotiation(SET_DATASIZE, &[self.format.data_bits], out);
        subnegotiation(SET_PARITY, &[self.parity()], out);
        subnegotiation(SET_STOPSIZE, &[self.stop_size()], out);
    }

    /// Answers what the server asks for or offers (RFC 854), each change once.
    fn asked(&mut self, verb: u8, option: u8, out: &mut Vec<u8>) -> Result<(), Refused> {
        let ours = matches!(verb, DO | DONT);
        let known = if ours { position(&OURS, option) } else { position(&THEIRS, option) };
        let wanted = matches!(verb, DO | WILL);
        let Some(index) = known else {
            if wanted {
                out.extend([IAC, if ours { WONT } else { DONT }, option]);
            }
            return Ok(());
        };
        if !wanted {
            // Suppress Go Ahead is nothing that anything rests on.
            return match option {
                COM_PORT => Err(Refused::Option),
                BINARY => Err(Refused::Binary),
                _ => {
                    self.answered(ours, index);
                    Ok(())
                }
            };
        }
        if self.answered(ours, index) && option == COM_PORT {
            self.set_up(out);
        }
        Ok(())
    }

    /// Notes an answer; tells whether it is new.
    fn answered(&mut self, ours: bool, index: usize) -> bool {
        let answered = if ours { &mut self.ours[index] } else { &mut self.theirs[index] };
        !core::mem::replace(answered, true)
    }

    /// Sets everything, once the option is there.
    fn set_up(&self, out: &mut Vec<u8>) {
        subnegotiation(SET_BAUDRATE, &self.line.speed.to_be_bytes(), out);
        self.say_format(out);
        subnegotiation(SET_CONTROL, &[self.flow()], out);
        subnegotiation(SET_MODEMSTATE_MASK, &[CARRIER], out);
        subnegotiation(SET_LINESTATE_MASK, &[0], out);
        self.dtr(true, out);
        // What the modem said before was to somebody else.
        subnegotiation(PURGE_DATA, &[PURGE_BOTH], out);
    }

    /// The value of SET-CONTROL for the flow control.
    fn flow(&self) -> u8 {
        match self.line.flow {
            FlowControl::Software => 2,
            FlowControl::Hardware => 3,
            _ => 1,
        }
    }

    /// The value of SET-PARITY.
    fn parity(&self) -> u8 {
        match self.format.parity {
            Parity::None => 1,
            Parity::Odd => 2,
            Parity::Even => 3,
            Parity::Mark => 4,
            Parity::Space => 5,
        }
    }

    /// The value of SET-STOPSIZE.
    fn stop_size(&self) -> u8 {
        match self.format.stop_bits {
            StopBits::One => 1,
            StopBits::Two => 2,
        }
    }

    /// Takes a subnegotiation of the server.
    fn told(&mut self) -> Result<(), Refused> {
        // Others' options have nothing that concerns us, and one that is too long is none of this option's.
        let Some([COM_PORT, code, value @ ..]) = self.reader.sub() else { return Ok(()) };
        if *code == NOTIFY_MODEMSTATE {
            let [state] = value else { return Ok(()) };
            let carrier = state & CARRIER != 0;
            self.dropped |= self.watch && self.carrier == Some(true) && !carrier;
            self.carrier = Some(carrier);
            return Ok(());
        }
        let Some(setting) = code.checked_sub(ANSWER).and_then(|code| position(&SETTINGS, code)) else { return Ok(()) };
        let waiting = &mut self.unconfirmed[setting];
        *waiting = waiting.saturating_sub(1);
        // An answer to an earlier value says nothing of the present one.
        if *waiting > 0 { Ok(()) } else { self.confirm(SETTINGS[setting], value) }
    }

    /// RFC 2217 3: the answer has the value that is set now.
    fn confirm(&self, setting: u8, value: &[u8]) -> Result<(), Refused> {
        match (setting, value) {
            (SET_BAUDRATE, [a, b, c, d]) => {
                let speed = u32::from_be_bytes([*a, *b, *c, *d]);
                (speed == self.line.speed).then_some(()).ok_or(Refused::Speed(speed))
            }
            (SET_BAUDRATE, _) => Err(Refused::Speed(0)),
            (SET_DATASIZE, [bits]) if *bits == self.format.data_bits => Ok(()),
            (SET_PARITY, [parity]) if *parity == self.parity() => Ok(()),
            (SET_STOPSIZE, [size]) if *size == self.stop_size() => Ok(()),
            // The same command sets the lines; an answer of those says nothing of the flow control.
            (SET_CONTROL, [value]) if (1..=3).contains(value) && *value != self.flow() => Err(Refused::Flow),
            (SET_CONTROL, _) => Ok(()),
            _ => Err(Refused::Format),
        }
    }
}

/// Appends octets of the line as the connection carries them: 255 is doubled.
pub fn escape(plain: &[u8], out: &mut Vec<u8>) {
    for piece in plain.split_inclusive(|octet| *octet == IAC) {
        out.extend_from_slice(piece);
        if piece.ends_with(&[IAC]) {
            out.push(IAC);
        }
    }
}

/// Appends a subnegotiation of this option.
fn subnegotiation(code: u8, value: &[u8], out: &mut Vec<u8>) {
    out.extend([IAC, SB, COM_PORT, code]);
    escape(value, out);
    out.extend([IAC, SE]);
}

fn position(list: &[u8], octet: u8) -> Option<usize> {
    list.iter().position(|known| *known == octet)
}

/// RFC 854.
const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;
const IAC: u8 = 255;

/// RFC 856, RFC 858, RFC 2217 2.
const BINARY: u8 = 0;
const SUPPRESS_GO_AHEAD: u8 = 3;
const COM_PORT: u8 = 44;
const OURS: [u8; 3] = [COM_PORT, BINARY, SUPPRESS_GO_AHEAD];
const THEIRS: [u8; 2] = [BINARY, SUPPRESS_GO_AHEAD];

/// RFC 2217 3: what the client sends; the server's codes are 100 more.
const SET_BAUDRATE: u8 = 1;
const SET_DATASIZE: u8 = 2;
const SET_PARITY: u8 = 3;
const SET_STOPSIZE: u8 = 4;
const SET_CONTROL: u8 = 5;
const SET_LINESTATE_MASK: u8 = 10;
const SET_MODEMSTATE_MASK: u8 = 11;
const PURGE_DATA: u8 = 12;
const ANSWER: u8 = 100;
const NOTIFY_MODEMSTATE: u8 = 107;
/// Those whose answer is waited for.
const SETTINGS: [u8; 5] = [SET_BAUDRATE, SET_DATASIZE, SET_PARITY, SET_STOPSIZE, SET_CONTROL];

const DTR_ON: u8 = 8;
const DTR_OFF: u8 = 9;
const PURGE_BOTH: u8 = 3;
/// Of a modem state: the carrier (Receive Line Signal Detect).
const CARRIER: u8 = 0x80;

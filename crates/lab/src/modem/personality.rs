//! How a modem behaves.

use rasman_core::Duration;
use std::fmt;
use std::str::FromStr;

/// How a modem behaves. The default is a good one at 115,200 bit/s. [`FromStr`] reads items of the
/// [`PERSONALITY_GRAMMAR`] with commas between.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Personality {
    /// Its own number, by which other modems of the lab call it.
    pub number: String,
    /// The speed of its line in bits a second; 0 for none.
    pub speed: u32,
    /// Numbers that are not connected.
    pub refused: Vec<(String, Refusal)>,
    /// It says nothing at all.
    pub mute: bool,
    /// It echoes whatever it was told about echo.
    pub always_echo: bool,
    /// It answers by numbers whatever it was told.
    pub numeric: bool,
    /// It says something that is no message before it connects.
    pub garbage: bool,
    /// Every answer is so late.
    pub late: Duration,
    /// Every answer comes twice.
    pub twice: bool,
    /// One in so many octets of the line is changed.
    pub noise: Option<u32>,
    /// The carrier drops so long after it came.
    pub carrier: Option<Duration>,
    /// Whoever answers is a host that asks for this name and password before PPP.
    pub login: Option<(String, String)>,
}

/// Why a number is not connected.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The line is busy.
    Busy,
    /// Nobody answers.
    NoAnswer,
    /// Whoever answers is no modem.
    NoCarrier,
    /// There is no dial tone.
    NoDialTone,
}

impl Refusal {
    /// What the modem says, in words and as a number (V.250 5.7.1).
    pub(super) fn says(self) -> (&'static str, &'static str) {
        match self {
            Self::Busy => ("BUSY", "7"),
            Self::NoAnswer => ("NO ANSWER", "8"),
            Self::NoCarrier => ("NO CARRIER", "3"),
            Self::NoDialTone => ("NO DIALTONE", "6"),
        }
    }
}

impl Default for Personality {
    fn default() -> Self {
        Self {
            number: String::new(),
            speed: 115_200,
            refused: Vec::new(),
            mute: false,
            always_echo: false,
            numeric: false,
            garbage: false,
            late: Duration::ZERO,
            twice: false,
            noise: None,
            carrier: None,
            login: None,
        }
    }
}

impl FromStr for Personality {
    type Err = InvalidPersonality;

    fn from_str(text: &str) -> Result<Self, InvalidPersonality> {
        let mut personality = Self::default();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            personality.add(item).ok_or_else(|| InvalidPersonality(item.to_owned()))?;
        }
        Ok(personality)
    }
}

impl Personality {
    fn add(&mut self, item: &str) -> Option<()> {
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        let mut refuse = |refusal| (!value.is_empty()).then(|| self.refused.push((value.to_owned(), refusal)));
        match key {
            "busy" => return refuse(Refusal::Busy),
            "no-answer" => return refuse(Refusal::NoAnswer),
            "no-carrier" => return refuse(Refusal::NoCarrier),
            "no-dialtone" => return refuse(Refusal::NoDialTone),
            "number" => value.clone_into(&mut self.number),
            "speed" => self.speed = value.parse().ok()?,
            "noise" => self.noise = Some(value.parse().ok().filter(|octets| *octets > 0)?),
            "late" => self.late = milliseconds(value)?,
            "carrier" => self.carrier = Some(milliseconds(value)?),
            "login" => {
                let (user, password) = value.split_once(':')?;
                self.login = Some((user.to_owned(), password.to_owned()));
            }
            "mute" => self.mute = true,
            "echo" => self.always_echo = true,
            "numeric" => self.numeric = true,
            "garbage" => self.garbage = true,
            "twice" => self.twice = true,
            _ => return None,
        }
        Some(())
    }
}

fn milliseconds(text: &str) -> Option<Duration> {
    match text.strip_suffix("ms") {
        Some(number) => number.parse().ok().map(Duration::from_millis),
        None => text.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    }
}

/// A word that is none of the grammar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidPersonality(String);

impl fmt::Display for InvalidPersonality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "modem \"{}\": expected one of\n{PERSONALITY_GRAMMAR}", self.0)
    }
}

impl std::error::Error for InvalidPersonality {}

/// How a personality is written.
pub const PERSONALITY_GRAMMAR: &str = "  number=N                      its own number, for calls of the other modems
  speed=N                       bits a second of the line (115200); 0 for no limit
  busy=N no-answer=N            what happens to a number that is dialled; others are connected
  no-carrier=N no-dialtone=N
  mute                          it says nothing
  echo, numeric                 it echoes, or answers by numbers, whatever it was told
  garbage                       something that is no message comes before CONNECT
  late=500ms, twice             each answer is late, or comes twice
  noise=N                       one in N octets of the line is changed
  carrier=3s                    the carrier drops after that time
  login=USER:PASSWORD           who answers asks for both before PPP begins, as terminal servers do
";

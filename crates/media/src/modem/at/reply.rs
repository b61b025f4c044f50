//! What a modem says, line by line.

/// A line of a modem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// A result code (V.250 5.7).
    Ok,
    /// The line is connected; what the modem says of it, such as `33600/ARQ/V34`.
    Connect(String),
    /// Somebody calls.
    Ring,
    /// There is no carrier, or none any more.
    NoCarrier,
    /// The command was refused; with the reason where the modem gives one (`+CME ERROR`).
    Error(String),
    /// No dial tone.
    NoDialTone,
    /// The line is busy.
    Busy,
    /// Nobody answers.
    NoAnswer,
    /// A person answered.
    Voice,
    /// The modem refuses to dial this number again so soon, or at all.
    Delayed(String),
    /// Anything else: an answer to a question, an echo, noise.
    Info(String),
}

impl Reply {
    /// Reads a line.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        let line = line.trim();
        if let Some(reply) = Self::numeric(line) {
            return reply;
        }
        let upper = line.to_ascii_uppercase();
        if let Some(reply) = Self::verbose(line, &upper) {
            return reply;
        }
        // Noise may stand before what the modem says, not behind it. A letter may be noise; two make another word of
        // it, such as DISCONNECT.
        let is_word = |at: &usize| upper[..*at].chars().rev().take_while(char::is_ascii_alphabetic).count() < 2;
        let at = upper.match_indices("CONNECT").map(|(at, _)| at).find(is_word);
        let said = at.filter(|_| !upper.starts_with("AT"));
        said.and_then(|at| Self::verbose(&line[at..], &upper[at..])).unwrap_or_else(|| Self::Info(line.to_owned()))
    }

    /// V.250 6.2.5 V0: a modem that was told so, or does not know V1.
    fn numeric(line: &str) -> Option<Self> {
        Some(match line {
            "0" => Self::Ok,
            "1" => Self::Connect(String::new()),
            "2" => Self::Ring,
            "3" => Self::NoCarrier,
            "4" => Self::Error(String::new()),
            "6" => Self::NoDialTone,
            "7" => Self::Busy,
            "8" => Self::NoAnswer,
            // V.250 6.2.5: 5, and what makers have added above: connected at some speed.
            _ if line.len() <= 3 && line.parse::<u8>().is_ok_and(|code| code == 5 || code > 8) => {
                Self::Connect(String::new())
            }
            _ => return None,
        })
    }

    fn verbose(line: &str, upper: &str) -> Option<Self> {
        let behind = |code: &str| {
            let rest = upper.strip_prefix(code)?;
            let at = line.len() - rest.len();
            (rest.is_empty() || rest.starts_with([' ', ':', '/']))
                .then(|| line[at..].trim_matches([' ', ':']).to_owned())
        };
        let is = |codes: &[&str]| codes.contains(&upper);
        if is(&["OK"]) {
            Some(Self::Ok)
        } else if let Some(said) = behind("CONNECT") {
            Some(Self::Connect(said))
        } else if behind("RING").is_some() && !upper.starts_with("RINGING") {
            Some(Self::Ring)
        } else if is(&["NO CARRIER", "NOCARRIER"]) {
            Some(Self::NoCarrier)
        } else if is(&["NO DIALTONE", "NO DIAL TONE", "NODIALTONE"]) {
            Some(Self::NoDialTone)
        } else if is(&["BUSY"]) {
            Some(Self::Busy)
        } else if is(&["NO ANSWER", "NOANSWER"]) {
            Some(Self::NoAnswer)
        } else if is(&["VOICE"]) {
            Some(Self::Voice)
        } else if upper.starts_with("DELAYED") || upper.starts_with("BLACKLISTED") {
            Some(Self::Delayed(line.to_owned()))
        } else if upper.starts_with("+CME ERROR") || upper.starts_with("+CMS ERROR") || is(&["ERROR"]) {
            Some(Self::Error(line.split_once(':').map_or("", |(_, reason)| reason.trim()).to_owned()))
        } else {
            None
        }
    }

    /// Gives the speed of a connect message in bits a second, if it names one.
    #[must_use]
    pub fn speed(&self) -> Option<u32> {
        let Self::Connect(said) = self else { return None };
        let digits = said.find(|c: char| !c.is_ascii_digit()).unwrap_or(said.len());
        said[..digits].parse().ok().filter(|speed| *speed > 0)
    }
}

/// Finds lines in what comes from a modem.
///
/// Lines end with CR or LF (V.250 5.7.1); empty ones and control characters are passed over, the parity bit too. A line
/// that is too long is cut: the modem babbles, and its beginning says as much as all of it.
#[derive(Clone, Debug, Default)]
pub struct ReplyReader {
    line: String,
    /// The last line ended with CR: an LF that comes belongs to it.
    after_cr: bool,
}

impl ReplyReader {
    /// Takes octets up to the end of the next line, the whole of it included; gives how many, and the line.
    pub fn take(&mut self, input: &[u8]) -> (usize, Option<String>) {
        for (at, octet) in input.iter().enumerate() {
            let octet = octet & 0x7f;
            let ends = octet == b'\r' || octet == b'\n';
            let belongs_to_the_last = octet == b'\n' && core::mem::take(&mut self.after_cr);
            self.after_cr = octet == b'\r';
            if ends && !belongs_to_the_last && !self.line.trim().is_empty() {
                return (at + 1, Some(core::mem::take(&mut self.line)));
            }
            if ends {
                self.line.clear();
            } else if (0x20..0x7f).contains(&octet) && self.line.len() < LINE_MAX {
                self.line.push(char::from(octet));
            }
        }
        (input.len(), None)
    }

    /// Takes the LF behind the CR of the last line, if it stands there: whatever follows is no more the modem's.
    pub fn take_line_feed(&mut self, input: &[u8]) -> usize {
        let takes = core::mem::take(&mut self.after_cr) && input.first().is_some_and(|octet| octet & 0x7f == b'\n');
        usize::from(takes)
    }

    /// Forgets what has come of a line.
    pub fn clear(&mut self) {
        self.line.clear();
        self.after_cr = false;
    }
}

/// The most characters of a line that are kept.
const LINE_MAX: usize = 256;

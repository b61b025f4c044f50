//! What a lab does wrong on demand.
//!
//! The grammar is in [`GRAMMAR`].

use crate::users::account_state;
use rasman_auth::AccountState;
use rasman_core::Duration;
use std::fmt;
use std::str::FromStr;

/// What a lab does wrong on demand; by default nothing. [`FromStr`] reads items of the
/// [`GRAMMAR`] with commas or spaces between.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Faults {
    /// By how much the answers of a stage are delayed, in the order of [`Stage::ALL`].
    pub delays: [Duration; Stage::ALL.len()],
    /// What happens in place of the first answer of a stage.
    pub at_stage: Option<(Stage, StageFault)>,
    /// TCP is reset right after it was accepted.
    pub refuse: bool,
    /// Which certificate is shown instead of the good one.
    pub certificate: Option<CertificateFault>,
    /// What answers on the port instead of TLS.
    pub not_tls: Option<NotTls>,
    /// How every call is refused.
    pub refusal: Option<CallFault>,
    /// The state that every account is in.
    pub account: Option<AccountState>,
    /// Only PAP is offered, which nobody should take.
    pub no_common_auth: bool,
    /// The crypto binding is checked with other keys than the client has.
    pub wrong_binding: bool,
    /// The client is given no address.
    pub no_address: bool,
    /// How and when a connected client is sent away.
    pub ending: Option<(Ending, Duration)>,
    /// How many connections suffer; `None` for all.
    pub first: Option<u64>,
}

/// The stages of a session, in their order. An answer belongs to the stage whose question it answers.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// TCP was accepted and nothing read.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The HTTP request and its answer.
    Http,
    /// The Call Connect Request and its answer.
    Call,
    /// LCP.
    Lcp,
    /// Challenge, response, result.
    Auth,
    /// IPCP.
    Ipcp,
    /// IP packets.
    Data,
}

/// What happens in place of the first answer of a stage.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum StageFault {
    /// Nothing is answered any more; TCP stays.
    Silent,
    /// TCP is closed without a goodbye.
    Drop,
    /// Random bytes are sent, then everything goes on.
    Garbage,
}

/// What is wrong with the certificate.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It has expired.
    Expired,
    /// It is for another name.
    OtherName,
    /// An authority signed it that the lab does not tell.
    UnknownCa,
    /// It is signed by itself.
    SelfSigned,
}

/// What answers on the port instead of TLS.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NotTls {
    /// A web server without TLS.
    Http,
    /// A server that speaks first: an SSH banner.
    Ssh,
    /// Random bytes.
    Noise,
}

/// How every call is refused.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CallFault {
    /// A web server answers that has never heard of SSTP: 404, a page, and the end.
    NoSstp,
    /// The SSTP server answers the HTTP request with this status.
    Http(u16),
    /// It answers the Call Connect Request with a Call Connect Nak and this status ([MS-SSTP] 2.2.8).
    Nak(u32),
}

/// How a connected client is sent away.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Ending {
    /// By an SSTP Call Disconnect.
    HangUp,
    /// By an LCP Terminate-Request.
    Terminate,
    /// By the end of TCP, without a word.
    Cut,
}

impl Faults {
    /// Gives what connection `number`, from 1, suffers.
    #[must_use]
    pub fn of_connection(&self, number: u64) -> Self {
        match self.first {
            Some(first) if number > first => Self::default(),
            _ => self.clone(),
        }
    }

    /// Tells by how much the answers of a stage are delayed.
    #[must_use]
    pub fn delay(&self, stage: Stage) -> Duration {
        self.delays[stage as usize]
    }

    /// Adds what one item of the grammar says.
    ///
    /// # Errors
    /// The item and what was expected.
    pub fn add(&mut self, item: &str) -> Result<(), InvalidFault> {
        let (key, value) = item.split_once('=').map_or((item, None), |(key, value)| (key, Some(value)));
        let invalid = |expected| InvalidFault { item: item.to_owned(), expected };
        match (key, value) {
            ("delay", Some(value)) => {
                let (stage, time) = value.split_once(':').ok_or(invalid("delay=STAGE:TIME"))?;
                let stage = Stage::read(stage).ok_or(invalid(STAGES))?;
                self.delays[stage as usize] = read_time(time).ok_or(invalid(TIMES))?;
            }
            ("silent" | "drop" | "garbage", Some(value)) => {
                let fault = match key {
                    "silent" => StageFault::Silent,
                    "drop" => StageFault::Drop,
                    _ => StageFault::Garbage,
                };
                self.at_stage = Some((Stage::read(value).ok_or(invalid(STAGES))?, fault));
            }
            ("refuse", None) => self.refuse = true,
            ("certificate", Some(value)) => {
                self.certificate = Some(match value {
                    "expired" => CertificateFault::Expired,
                    "other-name" => CertificateFault::OtherName,
                    "unknown-ca" => CertificateFault::UnknownCa,
                    "self-signed" => CertificateFault::SelfSigned,
                    _ => return Err(invalid("expired, other-name, unknown-ca or self-signed")),
                });
            }
            ("not-tls", value) => {
                self.not_tls = Some(match value {
                    None | Some("http") => NotTls::Http,
                    Some("ssh") => NotTls::Ssh,
                    Some("noise") => NotTls::Noise,
                    Some(_) => return Err(invalid("http, ssh or noise")),
                });
            }
            ("no-sstp", None) => self.refusal = Some(CallFault::NoSstp),
            ("http", Some(value)) => {
                let status = value.parse().ok().filter(|status| (100..1000).contains(status));
                self.refusal = Some(CallFault::Http(status.ok_or(invalid("an HTTP status of three digits"))?));
            }
            ("nak", Some(value)) => {
                self.refusal = Some(CallFault::Nak(value.parse().map_err(|_| invalid("a status number"))?));
            }
            ("account", Some(value)) => {
                self.account = Some(account_state(value).ok_or(invalid(crate::users::ACCOUNT_STATES))?);
            }
            ("no-common-auth", None) => self.no_common_auth = true,
            ("wrong-binding", None) => self.wrong_binding = true,
            ("no-address", None) => self.no_address = true,
            ("hang-up" | "terminate" | "cut", Some(value)) => {
                let ending = match key {
                    "hang-up" => Ending::HangUp,
                    "terminate" => Ending::Terminate,
                    _ => Ending::Cut,
                };
                self.ending = Some((ending, read_time(value).ok_or(invalid(TIMES))?));
            }
            ("first", Some(value)) => {
                self.first = Some(value.parse().map_err(|_| invalid("a number of connections"))?);
            }
            _ => return Err(invalid(ITEMS)),
        }
        Ok(())
    }
}

impl FromStr for Faults {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        let mut faults = Self::default();
        let items = text.split([',', ' ']).filter(|item| !item.is_empty());
        items.map(|item| faults.add(item)).collect::<Result<(), _>>().map(|()| faults)
    }
}

impl Stage {
    /// All stages in their order.
    pub const ALL: [Self; 8] =
        [Self::Tcp, Self::Tls, Self::Http, Self::Call, Self::Lcp, Self::Auth, Self::Ipcp, Self::Data];

    /// Gives the word for the stage.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Call => "call",
            Self::Lcp => "lcp",
            Self::Auth => "auth",
            Self::Ipcp => "ipcp",
            Self::Data => "data",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == word)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A fault that nobody knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidFault {
    /// What was asked for.
    pub item: String,
    /// What was expected instead.
    pub expected: &'static str,
}

impl fmt::Display for InvalidFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault \"{}\": expected {}", self.item, self.expected)
    }
}

impl std::error::Error for InvalidFault {}

fn read_time(word: &str) -> Option<Duration> {
    let (number, unit) = match word.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => word.strip_suffix('s').map_or((word, 1), |number| (number, 1000)),
    };
    let millis = number.parse::<u32>().ok()?;
    Some(Duration::from_millis(u64::from(millis) * unit))
}

/// How faults are written.
pub const GRAMMAR: &str = "\
  delay=STAGE:TIME       answers of the stage come so much later
  silent=STAGE           from the stage on nothing is answered
  drop=STAGE             TCP is closed in place of the stage's first answer
  garbage=STAGE          random bytes in place of the stage's first answer
  refuse                 TCP is reset right after it was accepted
  certificate=WHICH      expired, other-name, unknown-ca, self-signed
  not-tls[=WHAT]         http, ssh or noise on the port instead of TLS
  no-sstp                a web server that knows no SSTP
  http=STATUS            the HTTP request gets this status
  nak=STATUS             the Call Connect Request is refused with this status
  account=STATE          every account is disabled, password-expired, no-dial-in or restricted-hours
  no-common-auth         only PAP is offered
  wrong-binding          the crypto binding is taken for wrong
  no-address             IPCP gives 0.0.0.0
  hang-up=TIME           a Call Disconnect so long after the client was connected
  terminate=TIME         an LCP Terminate-Request
  cut=TIME               TCP is closed without a word
  first=COUNT            only the first connections suffer, later ones are served well

  STAGE is tcp, tls, http, call, lcp, auth, ipcp or data; TIME is 250ms, 2s or plain milliseconds.
";

const STAGES: &str = "a stage: tcp, tls, http, call, lcp, auth, ipcp or data";
const TIMES: &str = "a time such as 250ms, 2s or 250";
const ITEMS: &str = "one of delay=, silent=, drop=, garbage=, refuse, certificate=, not-tls, no-sstp, http=, nak=, \
                     account=, no-common-auth, wrong-binding, no-address, hang-up=, terminate=, cut=, first=";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_of_the_grammar_is_read() {
        let text = "delay=http:20ms delay=data:1s,silent=auth certificate=expired not-tls=ssh http=503 \
                    account=no-dial-in no-common-auth wrong-binding no-address cut=250 first=2 refuse";
        let faults: Faults = text.parse().unwrap();
        assert_eq!(faults.delay(Stage::Http), Duration::from_millis(20));
        assert_eq!(faults.delay(Stage::Data), Duration::from_secs(1));
        assert_eq!(faults.delay(Stage::Lcp), Duration::ZERO);
        assert_eq!(faults.at_stage, Some((Stage::Auth, StageFault::Silent)));
        assert_eq!(faults.certificate, Some(CertificateFault::Expired));
        assert_eq!(faults.not_tls, Some(NotTls::Ssh));
        assert_eq!(faults.refusal, Some(CallFault::Http(503)));
        assert_eq!(faults.account, Some(AccountState::NoDialIn));
        assert_eq!(faults.ending, Some((Ending::Cut, Duration::from_millis(250))));
        assert!(faults.refuse && faults.no_common_auth && faults.wrong_binding && faults.no_address);
        assert_eq!(faults.of_connection(2), faults);
        assert_eq!(faults.of_connection(3), Faults::default());
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let error = |text: &str| text.parse::<Faults>().unwrap_err().to_string();
        assert_eq!(error("silent=oauth"), format!("fault \"silent=oauth\": expected {STAGES}"));
        assert_eq!(error("delay=http"), "fault \"delay=http\": expected delay=STAGE:TIME");
        assert!(error("refuse=1").contains("expected one of delay="));
        assert!(error("http=99").contains("three digits"));
        assert!(error("delay=http:99999999999").contains("250ms"));
    }
}

//! How faults are written.

use super::{CallFault, CertificateFault, Ending, Faults, NotTls, Stage, StageFault};
use crate::users::{ACCOUNT_STATES, account_state};
use rasman_core::Duration;
use std::fmt;
use std::str::FromStr;

impl Faults {
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
            ("say", Some(value)) => {
                let (stage, hex) = value.split_once(':').ok_or(invalid("say=STAGE:HEX"))?;
                let stage = Stage::read(stage).filter(|stage| *stage > Stage::Tls).ok_or(invalid(SAYING_STAGES))?;
                self.says = Some((stage, read_hex(hex).ok_or(invalid("bytes in hexadecimal"))?));
            }
            ("refuse", None) => self.refuse = true,
            ("certificate", Some(value)) => {
                self.certificate = Some(read_certificate(value).ok_or(invalid(CERTIFICATES))?);
            }
            ("eap-certificate", Some(value)) => {
                self.eap_certificate = Some(read_certificate(value).ok_or(invalid(CERTIFICATES))?);
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
                self.account = Some(account_state(value).ok_or(invalid(ACCOUNT_STATES))?);
            }
            ("no-common-auth", None) => self.no_common_auth = true,
            ("wrong-binding", None) => self.wrong_binding = true,
            ("wrong-eap-keys", None) => self.wrong_eap_keys = true,
            ("no-crypto-binding", None) => self.no_crypto_binding = true,
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
        let mut items = text.split([',', ' ']).filter(|item| !item.is_empty());
        items.try_for_each(|item| faults.add(item)).map(|()| faults)
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

fn read_certificate(word: &str) -> Option<CertificateFault> {
    Some(match word {
        "expired" => CertificateFault::Expired,
        "other-name" => CertificateFault::OtherName,
        "unknown-ca" => CertificateFault::UnknownCa,
        "self-signed" => CertificateFault::SelfSigned,
        _ => return None,
    })
}

fn read_hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

fn read_time(word: &str) -> Option<Duration> {
    let (number, unit) = match word.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => word.strip_suffix('s').map_or((word, 1), |number| (number, 1000)),
    };
    let millis = number.parse::<u32>().ok()?;
    Some(Duration::from_millis(u64::from(millis) * unit))
}

/// How faults are written, for help texts.
pub const GRAMMAR: &str = "  delay=STAGE:TIME       answers of the stage come so much later
  silent=STAGE           from the stage on nothing is answered
  drop=STAGE             TCP is closed in place of the stage's first answer
  garbage=STAGE          random bytes in place of the stage's first answer
  say=STAGE:HEX          these bytes inside TLS in place of the stage's first answer; http and later
  refuse                 TCP is reset right after it was accepted
  certificate=WHICH      expired, other-name, unknown-ca, self-signed
  eap-certificate=WHICH  the same of the certificate inside EAP
  not-tls[=WHAT]         http, ssh or noise on the port instead of TLS
  no-sstp                a web server that knows no SSTP
  http=STATUS            the HTTP request gets this status
  nak=STATUS             the Call Connect Request is refused with this status
  account=STATE          every account is disabled, password-expired, no-dial-in or restricted-hours
  no-common-auth         only PAP is offered
  wrong-binding          the crypto binding is taken for wrong
  wrong-eap-keys         TLS inside EAP derives other keys than the client's: PEAP's cryptobinding is wrong
  no-crypto-binding      PEAP's result comes without its cryptobinding, as of old servers
  no-address             IPCP gives 0.0.0.0
  hang-up=TIME           a Call Disconnect so long after the client was connected
  terminate=TIME         an LCP Terminate-Request
  cut=TIME               TCP is closed without a word
  first=COUNT            only the first connections suffer, later ones are served well

  STAGE is tcp, tls, http, call, lcp, auth, ipcp or data; TIME is 250ms, 2s or plain milliseconds.
";

const CERTIFICATES: &str = "expired, other-name, unknown-ca or self-signed";
const STAGES: &str = "a stage: tcp, tls, http, call, lcp, auth, ipcp or data";
const SAYING_STAGES: &str = "a stage inside TLS: http, call, lcp, auth, ipcp or data";
const TIMES: &str = "a time such as 250ms, 2s or 250";
const ITEMS: &str = "one of delay=, silent=, drop=, garbage=, say=, refuse, certificate=, eap-certificate=, not-tls, \
                     no-sstp, http=, nak=, account=, no-common-auth, wrong-binding, wrong-eap-keys, \
                     no-crypto-binding, no-address, hang-up=, terminate=, cut=, first=";

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_auth::AccountState;

    #[test]
    fn every_item_of_the_grammar_is_read() {
        let text = "delay=http:20ms delay=data:1s,silent=auth certificate=expired not-tls=ssh http=503 \
                    account=no-dial-in no-common-auth wrong-binding no-address cut=250 first=2 refuse \
                    eap-certificate=other-name wrong-eap-keys no-crypto-binding";
        let faults: Faults = text.parse().unwrap();
        assert_eq!(faults.delay(Stage::Http), Duration::from_millis(20));
        assert_eq!(faults.delay(Stage::Data), Duration::from_secs(1));
        assert_eq!(faults.delay(Stage::Lcp), Duration::ZERO);
        assert_eq!(faults.at_stage, Some((Stage::Auth, StageFault::Silent)));
        assert_eq!(faults.certificate, Some(CertificateFault::Expired));
        assert_eq!(faults.eap_certificate, Some(CertificateFault::OtherName));
        assert!(faults.wrong_eap_keys && faults.no_crypto_binding);
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

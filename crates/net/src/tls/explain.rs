//! Why TLS failed, in plain words.

use super::trust::{NotItsKey, PinMismatch};
use rasman_core::{Cause, Code, LayerName, hex};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};
use std::sync::{Arc, Mutex, PoisonError};

/// The SHA-256 digest of the leaf that the server showed last, once it has.
#[derive(Clone, Default, Debug)]
pub(super) struct Seen(Arc<Mutex<Option<[u8; 32]>>>);

impl Seen {
    pub(super) fn set(&self, digest: [u8; 32]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
    }

    fn get(&self) -> Option<[u8; 32]> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do if the certificate is the right one all the same.
    fn pin_advice(&self) -> String {
        match self.get() {
            Some(digest) => {
                format!("if its administrator confirms the SHA-256 digest {}, pin it", hex::encode(&digest))
            }
            None => "pin it".to_owned(),
        }
    }
}

/// Makes causes of errors.
#[derive(Clone)]
pub(super) struct Explain {
    role: Role,
}

/// Who we are.
#[derive(Clone)]
pub(super) enum Role {
    /// We dialled `name` and were shown `seen`.
    Client { name: String, seen: Seen },
    /// We answered.
    Server,
}

impl Explain {
    pub(super) fn new(role: Role) -> Self {
        Self { role }
    }

    /// Explains an error before the connection was open.
    pub(super) fn handshake(&self, error: &Error) -> Cause {
        let refused = self.cause(Code::VPN_REFUSED);
        match error {
            Error::InvalidCertificate(error) => self.certificate(error),
            Error::NoCertificatesPresented => refused.said("showed no certificate"),
            Error::AlertReceived(alert) => {
                alert_advice(refused.said(format!("ended the handshake: {alert:?}")), *alert)
            }
            Error::PeerIncompatible(why) => incompatible(refused.said(format!("{why:?}")), why),
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge
                | InvalidMessage::InvalidEmptyPayload,
            ) => self.not_tls(&[]),
            other => refused.said(other.to_string()),
        }
    }

    /// Explains a peer whose first bytes are not those of TLS.
    pub(super) fn not_tls(&self, first: &[u8]) -> Cause {
        let cause = self.cause(Code::VPN_REFUSED);
        let line = first.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        if line.is_ascii() && line.len() > 3 {
            cause.said([b"answered in plain text: ", line].concat())
        } else {
            cause.said("answered with bytes that are not TLS")
        }
        .advice("check the port: something else than an SSTP server listens there, or a proxy answered in its place")
    }

    /// Explains an error on an open connection.
    pub(super) fn traffic(&self, error: &Error) -> Cause {
        let cause = Cause::new(Code::LINK_FAILURE, LayerName::Tls);
        match error {
            Error::AlertReceived(alert) => alert_advice(cause.said(format!("ended the connection: {alert:?}")), *alert),
            Error::EncryptError => cause.did("used the session's keys up"),
            other => cause.said(format!("sent a record that cannot be opened ({other})")),
        }
    }

    /// Explains a failure below TLS.
    pub(super) fn broken(&self, said: &str, handshaking: bool) -> Cause {
        if handshaking {
            self.cause(Code::VPN_REFUSED).said(said).advice(
                "check the server's name and port; a firewall, or a server that is busy or wants newer TLS, breaks off so",
            )
        } else {
            Cause::new(Code::LINK_FAILURE, LayerName::Tls)
                .did("had a TLS connection")
                .said(said)
                .advice("check the network between here and the server, then dial again")
        }
    }

    /// Explains a certificate of which it cannot be known whether it was revoked.
    pub(super) fn unchecked(&self, why: &str) -> Cause {
        self.cause(Code::CRYPT_REVOCATION_OFFLINE)
            .said(format!("showed a certificate, and {why}"))
            .advice("let the entry accept certificates that cannot be checked, or make the list reachable")
    }

    fn certificate(&self, error: &CertificateError) -> Cause {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => self.expired(error),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => self.expired(error),
            // An authority of the same name with another key is as unknown as any.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => self
                .cause(Code::CERT_UNTRUSTED_ROOT)
                .said("showed a certificate that no trusted authority has signed")
                .advice(format!("add its authority's certificate to the entry; or, {}", self.pin_advice())),
            CertificateError::NotValidForNameContext { expected, presented } => self.wrong_name(expected, presented),
            CertificateError::NotValidForName => {
                self.cause(Code::CERT_CN_NO_MATCH).said("showed a certificate for other names")
            }
            CertificateError::Revoked => self.cause(Code::VPN_BAD_CERT).said("showed a certificate that was revoked"),
            CertificateError::Other(other) => match other.0.downcast_ref::<PinMismatch>() {
                Some(pinned) => self.other_leaf(pinned),
                None if other.0.is::<NotItsKey>() => self
                    .cause(Code::VPN_BAD_CERT)
                    .said("showed a certificate and could not prove that it has the key to it")
                    .advice("somebody may be in between"),
                None => self.unusable(&other.0.to_string()),
            },
            other => self.unusable(&format!("{other:?}")),
        }
    }

    fn expired(&self, error: &CertificateError) -> Cause {
        let (said, time) = match error {
            CertificateError::ExpiredContext { time, not_after } => {
                (format!("showed a certificate that was valid until {}", date(*not_after)), Some(time))
            }
            CertificateError::NotValidYetContext { time, not_before } => {
                (format!("showed a certificate that is valid from {} only", date(*not_before)), Some(time))
            }
            CertificateError::NotValidYet => ("showed a certificate that is not valid yet".to_owned(), None),
            _ => ("showed a certificate that has expired".to_owned(), None),
        };
        let clock = time.map_or_else(String::new, |time| format!(" (it says {})", date(*time)));
        let pin = self.pin_advice();
        let advice = format!("have the certificate renewed, and check this machine's clock{clock}; or, {pin}");
        self.cause(Code::CERT_EXPIRED).said(said).advice(advice)
    }

    fn wrong_name(&self, expected: &ServerName<'_>, presented: &[String]) -> Cause {
        let cause = self.cause(Code::CERT_CN_NO_MATCH);
        if presented.is_empty() {
            let advice = "have it renewed with a subjectAltName: a name that stands in the common name alone, as in \
                          old certificates, does not count any more";
            let said = "showed a certificate without a subjectAltName";
            return cause.said(said).advice(format!("{advice}; or, {}", self.pin_advice()));
        }
        let names: Vec<&str> = presented.iter().map(|name| plain_name(name)).collect();
        let dialled = expected.to_str();
        let advice = format!(
            "dial the server by a name of its certificate, or set the server name of the entry to one that you trust \
             as much as {dialled}"
        );
        cause.said(format!("showed a certificate for {}", names.join(", "))).advice(advice)
    }

    fn other_leaf(&self, pinned: &PinMismatch) -> Cause {
        let said = match self.seen().and_then(Seen::get) {
            Some(digest) => format!("showed another certificate, with the SHA-256 digest {}", hex::encode(&digest)),
            None => "showed another certificate".to_owned(),
        };
        let advice = "if the server's administrator confirms the new digest, pin it; otherwise somebody may be in \
                      between";
        let cause = self.cause(Code::VPN_BAD_CERT);
        let did = format!("{}, the one with the SHA-256 digest {}", cause.did, hex::encode(&pinned.0));
        cause.did(did).said(said).advice(advice)
    }

    /// Explains a certificate that cannot be judged at all: `why` is the library's name for the reason.
    fn unusable(&self, why: &str) -> Cause {
        let cause = self.cause(Code::VPN_BAD_CERT);
        let pin = self.pin_advice();
        if why.contains("CaUsedAsEndEntity") {
            let advice = format!("give the server a certificate of its own, signed by that authority; or, {pin}");
            return cause.said("showed an authority's certificate as its own").advice(advice);
        }
        if why.contains("UnsupportedCertVersion") {
            let advice = "have it renewed: certificates of X.509 version 1 and 2 carry no extensions and are not \
                          accepted any more";
            return cause.said("showed a certificate older than X.509 version 3").advice(advice);
        }
        cause
            .said(format!("showed a certificate that cannot be used ({why})"))
            .advice(format!("have it renewed; or, {pin}"))
    }

    /// Begins a cause with what we did.
    fn cause(&self, code: Code) -> Cause {
        let cause = Cause::new(code, LayerName::Tls);
        match &self.role {
            Role::Client { name, .. } => cause.did(format!("began TLS and wanted a certificate for {name}")),
            Role::Server => cause.did("answered a TLS handshake"),
        }
    }

    fn seen(&self) -> Option<&Seen> {
        match &self.role {
            Role::Client { seen, .. } => Some(seen),
            Role::Server => None,
        }
    }

    fn pin_advice(&self) -> String {
        self.seen().map_or_else(String::new, Seen::pin_advice)
    }
}

/// What to do about a server that has nothing in common with us.
const TOO_OLD: &str = "the server may be too old: it must offer TLS 1.2 or 1.3 with an ECDHE key exchange and AES-GCM or \
                       ChaCha20 (Windows Server 2012 R2 with its updates or later, or current router firmware)";

fn incompatible(cause: Cause, why: &PeerIncompatible) -> Cause {
    match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoEcPointFormatsInCommon => cause.advice(TOO_OLD),
        _ => cause,
    }
}

fn alert_advice(cause: Cause, alert: AlertDescription) -> Cause {
    match alert {
        AlertDescription::HandshakeFailure
        | AlertDescription::ProtocolVersion
        | AlertDescription::InsufficientSecurity => cause.advice(TOO_OLD),
        AlertDescription::UnrecognisedName => {
            cause.advice("the server does not know the name that was dialled: set the entry's server name")
        }
        AlertDescription::CertificateRequired => {
            cause.advice("the server wants a client certificate, which is not supported yet")
        }
        _ => cause,
    }
}

/// Takes a name out of the library's notation, such as `DnsName("vpn.example.com")`.
fn plain_name(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"')
}

/// Writes a time as `2026-11-22 18:00 UTC`.
fn date(time: UnixTime) -> String {
    let (days, seconds) = (time.as_secs() / 86_400, time.as_secs() % 86_400);
    // Howard Hinnant's civil_from_days, for days since 1970-01-01 and years counted from March.
    let days = days.min(u64::from(u32::MAX)) + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", seconds / 3_600, seconds / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> String {
        date(UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds)))
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(at(0), "1970-01-01 00:00 UTC");
        assert_eq!(at(951_782_399), "2000-02-28 23:59 UTC");
        assert_eq!(at(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(at(1_709_251_199), "2024-02-29 23:59 UTC");
        assert_eq!(at(4_102_444_800), "2100-01-01 00:00 UTC");
        let _ = at(u64::MAX);
    }

    #[test]
    fn names_lose_the_notation_of_the_library() {
        assert_eq!(plain_name("DnsName(\"vpn.example.com\")"), "vpn.example.com");
        assert_eq!(plain_name("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(plain_name("odd"), "odd");
    }
}

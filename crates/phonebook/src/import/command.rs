//! The commands in options of pppd: what carries PPP, and what dials.

use super::words::{Word, words};
use rasman_core::Secret;

/// What a `pty` command connects to.
#[derive(Default)]
pub(crate) struct Carrier {
    pub(crate) kind: Option<CarrierKind>,
    /// The server, or the service of PPPoE; may be empty.
    pub(crate) target: String,
    /// A file with certificates.
    pub(crate) ca: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    /// Options without a counterpart, without their values.
    pub(crate) skipped: Vec<String>,
}

/// The programs that are known.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum CarrierKind {
    Sstp,
    Pptp,
    Pppoe,
}

impl Carrier {
    /// Reads the command behind `pty`.
    pub(crate) fn parse(command: &str) -> Self {
        let mut words = words(command).into_iter();
        let program = words.next().map(|word| word.text).unwrap_or_default();
        let kind = match program.rsplit('/').next().unwrap_or_default() {
            "sstpc" => CarrierKind::Sstp,
            "pptp" => CarrierKind::Pptp,
            "pppoe" => CarrierKind::Pppoe,
            _ => return Self::default(),
        };
        let mut carrier = Self { kind: Some(kind), ..Self::default() };
        carrier.options(kind, words);
        carrier
    }

    fn options(&mut self, kind: CarrierKind, mut words: impl Iterator<Item = Word>) {
        while let Some(Word { text, .. }) = words.next() {
            if !text.starts_with('-') {
                if kind != CarrierKind::Pppoe {
                    self.target = text;
                }
                // What follows the server goes to pppd, which has its own file.
                if words.next().is_some_and(|word| !word.text.starts_with('-')) || kind == CarrierKind::Sstp {
                    return;
                }
                continue;
            }
            let (option, mut value) = match text.split_once('=') {
                Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
                None => (text, None),
            };
            if value.is_none() && WITH_VALUE.contains(&(kind, &option)) {
                value = words.next().map(|word| word.text);
            }
            self.option(kind, option, value.unwrap_or_default());
        }
    }

    fn option(&mut self, kind: CarrierKind, option: String, value: String) {
        match (kind, option.as_str()) {
            (CarrierKind::Sstp, "--ca-cert") => self.ca = Some(value),
            (CarrierKind::Sstp, "--user") => self.user = Some(value),
            (CarrierKind::Sstp, "--password") => self.password = Some(Secret::new(value)),
            (CarrierKind::Pppoe, "-S") => self.target = value,
            // How they work together with pppd, and what they log.
            (_, "--nolaunchpppd" | "--log-stderr" | "--log-stdout" | "--log-syslog" | "--log-level" | "--tls-ext") => {}
            _ => self.skipped.push(option),
        }
    }
}

/// The options that have a value behind them.
const WITH_VALUE: &[(CarrierKind, &str)] = &[
    (CarrierKind::Sstp, "--ca-cert"),
    (CarrierKind::Sstp, "--ca-path"),
    (CarrierKind::Sstp, "--host"),
    (CarrierKind::Sstp, "--ipparam"),
    (CarrierKind::Sstp, "--log-level"),
    (CarrierKind::Sstp, "--password"),
    (CarrierKind::Sstp, "--priv-dir"),
    (CarrierKind::Sstp, "--priv-group"),
    (CarrierKind::Sstp, "--priv-user"),
    (CarrierKind::Sstp, "--proxy"),
    (CarrierKind::Sstp, "--user"),
    (CarrierKind::Sstp, "--uuid"),
    (CarrierKind::Pptp, "--idle-wait"),
    (CarrierKind::Pptp, "--localbind"),
    (CarrierKind::Pptp, "--loglevel"),
    (CarrierKind::Pptp, "--logstring"),
    (CarrierKind::Pptp, "--max-echo-wait"),
    (CarrierKind::Pptp, "--phone"),
    (CarrierKind::Pptp, "--rtmark"),
    (CarrierKind::Pptp, "--timeout"),
    (CarrierKind::Pppoe, "-C"),
    (CarrierKind::Pppoe, "-I"),
    (CarrierKind::Pppoe, "-S"),
    (CarrierKind::Pppoe, "-T"),
    (CarrierKind::Pppoe, "-m"),
];

/// Finds the number in a `connect` command: behind a modem's ATD, or as chat's `-T`.
pub(crate) fn number(command: &str) -> Option<String> {
    let words: Vec<_> = words(command).into_iter().map(|word| word.text).collect();
    let behind = words.iter().position(|word| word == "-T").and_then(|at| words.get(at + 1));
    let is_number = |text: &&str| text.contains(|c: char| c.is_ascii_digit() || "*#".contains(c));
    let dialled = words.iter().filter_map(|word| dialled(word)).find(is_number);
    dialled.or_else(|| behind.map(String::as_str).filter(is_number)).map(str::to_owned)
}

/// Gives what follows ATD, ATDT or ATDP in a word.
fn dialled(word: &str) -> Option<&str> {
    let at = word.get(..3).filter(|start| start.eq_ignore_ascii_case("ATD"))?;
    let rest = &word[at.len()..];
    Some(rest.strip_prefix(['T', 'P', 't', 'p']).unwrap_or(rest).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_found_in_a_command() {
        let sstp = Carrier::parse(
            "/usr/sbin/sstpc --ca-cert=/ca.pem --user bob --password pw --cert-warn vpn.example.org:444 x",
        );
        assert_eq!((sstp.kind, sstp.target.as_str()), (Some(CarrierKind::Sstp), "vpn.example.org:444"));
        assert_eq!((sstp.ca.as_deref(), sstp.user.as_deref()), (Some("/ca.pem"), Some("bob")));
        assert_eq!(sstp.password.unwrap().expose(), b"pw");
        assert_eq!(sstp.skipped, ["--cert-warn"]);

        let pptp = Carrier::parse("pptp --loglevel 0 vpn.example.org --nolaunchpppd");
        assert_eq!((pptp.kind, pptp.target.as_str()), (Some(CarrierKind::Pptp), "vpn.example.org"));
        let pppoe = Carrier::parse("pppoe -I eth0 -S fast -m 1412");
        assert_eq!((pppoe.kind, pppoe.target.as_str()), (Some(CarrierKind::Pppoe), "fast"));
        assert_eq!(pppoe.skipped, ["-I", "-m"]);
        assert_eq!(Carrier::parse("ssh host pppd").kind, None);
        assert_eq!(Carrier::parse("").kind, None);
    }

    #[test]
    fn the_number_is_found_in_a_command() {
        assert_eq!(number("chat -v '' ATZ OK ATDT0,5550123 CONNECT ''").as_deref(), Some("0,5550123"));
        assert_eq!(number("chat '' \"atd *99#\" CONNECT").as_deref(), Some("*99#"));
        assert_eq!(number(r"chat -T 5550123 '' ATDT\T CONNECT").as_deref(), Some("5550123"));
        assert_eq!(number("chat -f /etc/chatscripts/isp"), None);
        assert_eq!(number("ATDé ATé é"), None);
    }
}

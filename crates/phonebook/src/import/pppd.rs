//! Options files of pppd, as in `/etc/ppp/peers`.

use super::command::{Carrier, CarrierKind, number};
use super::network_manager::refuse;
use super::options::{SKIPPED, TELLING, has_value};
use super::report::Report;
use super::words::{Word, words};
use super::{Context, FoundCredentials, Imported, Kind, NotImportable, finish};
use crate::{Assign, AuthRestrictions, Encryption, ExcludedProtocols, Identity, IdleDisconnect, Properties};
use core::net::Ipv4Addr;
use core::num::NonZeroU32;
use rasman_core::Secret;

/// Reads the one connection of an options file.
pub(crate) fn import(text: &str, context: &mut Context<'_>) -> Result<Imported, NotImportable> {
    let mut options = Options::default();
    let mut words = words(text).into_iter().peekable();
    while let Some(word) = words.next() {
        let value = if has_value(&word.text) { words.next().map(|value| value.text) } else { None };
        if !options.take(&word, value.unwrap_or_default()) {
            // Who does not know an option does not know its values either, and one of them may be a secret.
            while words.next_if(|next| next.line == word.line).is_some() {}
        }
    }
    let properties = options.properties(context.name, (context.identity)())?;
    finish(Kind::Pppd, properties, &[], options.found, options.report, context.stamp)
}

/// Tells whether a text has words that only pppd knows.
pub(crate) fn is_options(text: &str) -> bool {
    let start: String = text.chars().take(DETECT_MAX).collect();
    words(&start).iter().any(|word| TELLING.contains(&word.text.as_str()))
}

/// What was read so far.
#[derive(Default)]
struct Options {
    found: FoundCredentials,
    report: Report,
    /// `user` was there.
    has_user: bool,
    carrier: Option<Carrier>,
    pppoe: bool,
    service: String,
    device: Option<String>,
    /// A `connect` command, and the number in it.
    connect: Option<Option<String>>,
    speed: Option<u32>,
    flow: Option<bool>,
    refused: Option<AuthRestrictions>,
    encryption: Option<Encryption>,
    default_route: bool,
    default_route6: bool,
    persist: bool,
    attempts: Option<u32>,
    pause: Option<u32>,
    idle: Option<NonZeroU32>,
    session_limit: u32,
    mru: Option<u32>,
    address: Option<Ipv4Addr>,
    no_compression: bool,
    no_ipv4: bool,
    no_ipv6: bool,
}

impl Options {
    /// Takes an option with its value; tells whether it is known.
    fn take(&mut self, word: &Word, value: String) -> bool {
        let (line, option) = (word.line, word.text.as_str());
        match option {
            "user" => {
                self.has_user = true;
                self.found.domain.clear();
                self.found.set_user(&value);
            }
            // It is the user's name, too, but where there is one.
            "name" if self.has_user => {}
            "name" => self.found.set_user(&value),
            "password" => self.found.password = Some(Secret::new(value)),
            "pty" => self.pty(line, &value),
            "plugin" => self.plugin(line, &value),
            "pptp_server" => self.carrier = Some(carrier(CarrierKind::Pptp, value)),
            "rp_pppoe_service" | "pppoe-service" => self.service = value,
            "connect" => self.connect(line, &value),
            "crtscts" => self.flow = Some(true),
            "nocrtscts" => self.flow = Some(false),
            "refuse-pap" | "-pap" => self.refuse(AuthRestrictions::PAP),
            "refuse-chap" | "-chap" => self.refuse(AuthRestrictions::CHAP),
            "refuse-mschap" | "-mschap" => self.refuse(AuthRestrictions::MS_CHAP),
            "refuse-mschap-v2" | "-mschap-v2" => self.refuse(AuthRestrictions::MS_CHAP_V2),
            "refuse-eap" => self.refuse(AuthRestrictions::EAP),
            "require-mppe" | "require-mppe-40" | "mppe" => self.encryption = Some(Encryption::Required),
            "require-mppe-128" => self.encryption = Some(Encryption::Maximum),
            "nomppe" => self.encryption = Some(Encryption::None),
            "defaultroute" | "replacedefaultroute" => self.default_route = true,
            "nodefaultroute" => self.default_route = false,
            "defaultroute6" => self.default_route6 = true,
            "persist" => self.persist = true,
            "nopersist" => self.persist = false,
            "maxfail" => self.number(line, option, &value, |options, count| options.attempts = Some(attempts(count))),
            "holdoff" => self.number(line, option, &value, |options, seconds| options.pause = Some(seconds)),
            "idle" => self.number(line, option, &value, |options, seconds| options.idle = NonZeroU32::new(seconds)),
            "maxconnect" => self.number(line, option, &value, |options, seconds| options.session_limit = seconds),
            "mru" => self.number(line, option, &value, |options, mru| options.mru = Some(mru)),
            "novj" => self.no_compression = true,
            "noip" => self.no_ipv4 = true,
            "noipv6" => self.no_ipv6 = true,
            "+ipv6" => self.no_ipv6 = false,
            // They say what a new entry does anyway.
            "noauth" | "usepeerdns" | "noipdefault" | "ipcp-accept-local" | "ipcp-accept-remote" | "hide-password" => {}
            _ => return self.take_bare(line, option) || self.skip(line, option),
        }
        true
    }

    /// Takes a word that is no option but a device, a speed or addresses.
    fn take_bare(&mut self, line: usize, word: &str) -> bool {
        if is_device(word) {
            self.device = Some(word.trim_start_matches("/dev/").to_owned());
        } else if let Ok(speed) = word.parse() {
            self.speed = Some(speed);
        } else if self.pppoe && is_interface(word) {
            self.report.skip(line, "the Ethernet interface", "an entry does not name it");
        } else if let Some((local, remote)) = addresses(word) {
            self.address = local.or(self.address);
            if remote {
                self.report.skip(line, "the peer's address", "the peer tells its own");
            }
        } else {
            return false;
        }
        true
    }

    /// Reports an option without a counterpart; tells whether it is known at least.
    fn skip(&mut self, line: usize, option: &str) -> bool {
        let known = SKIPPED.iter().find(|(name, ..)| *name == option);
        match known {
            Some((_, _, why)) => self.report.skip(line, option, why),
            None => self.report.skip(line, option, "it is unknown, and so is what stands behind it on the line"),
        }
        known.is_some()
    }

    fn pty(&mut self, line: usize, command: &str) {
        let carrier = Carrier::parse(command);
        for option in &carrier.skipped {
            self.report.skip(line, format!("pty: {option}"), "an entry has no such setting");
        }
        if carrier.kind.is_none() {
            self.report.skip(line, "pty", "the program is none of sstpc, pptp and pppoe");
        }
        self.carrier = Some(carrier);
    }

    fn plugin(&mut self, line: usize, path: &str) {
        match path.rsplit('/').next().unwrap_or_default() {
            "rp-pppoe.so" | "pppoe.so" => self.pppoe = true,
            // Their work is done by what carries PPP.
            "sstp-pppd-plugin.so" | "pptp.so" => {}
            _ => self.report.skip(line, "plugin", "no other program's library is loaded"),
        }
    }

    fn connect(&mut self, line: usize, command: &str) {
        let number = number(command);
        let why = match number {
            Some(_) => "the number was taken from it; the rest of the script is the modem's business",
            None => "there is no number in it, perhaps since it names another file; set the entry's number",
        };
        self.report.skip(line, "connect", why);
        self.connect = Some(number);
    }

    fn refuse(&mut self, method: AuthRestrictions) {
        self.refused = Some(self.refused.unwrap_or(AuthRestrictions(0)).with(method, true));
    }

    fn number(&mut self, line: usize, option: &str, value: &str, put: impl FnOnce(&mut Self, u32)) {
        match value.parse() {
            Ok(number) => put(self, number),
            Err(_) => self.report.skip(line, option, "it is no number"),
        }
    }

    /// Makes the entry.
    fn properties(&mut self, name: &str, identity: Identity) -> Result<Properties, NotImportable> {
        let mut properties = self.medium(name, identity)?;
        if let Some(refused) = self.refused
            && !refuse(&mut properties, refused)
        {
            self.report.skip(0, "refuse-*", "every method is refused; the usual ones are allowed instead");
        }
        properties.encryption = self.encryption.unwrap_or(properties.encryption);
        properties.remote_default_gateway = self.default_route;
        properties.ipv6_remote_default_gateway = self.default_route6;
        properties.redial_on_link_failure = self.persist;
        // Without `persist` the first failure is the last.
        properties.redial_attempts = if self.persist { self.attempts.unwrap_or(attempts(10)) } else { 0 };
        properties.redial_seconds = self.pause.unwrap_or(30);
        properties.session_limit = self.session_limit;
        properties.set_idle_disconnect(self.idle.map_or(IdleDisconnect::Never, IdleDisconnect::After));
        properties.mru = self.mru.unwrap_or(properties.mru);
        if let Some(address) = self.address {
            (properties.ip_assign, properties.ip_address) = (Assign::Given, address);
        }
        properties.ip_header_compression &= !self.no_compression;
        let excluded = properties.excluded_protocols.with(ExcludedProtocols::IPV4, self.no_ipv4);
        properties.excluded_protocols = excluded.with(ExcludedProtocols::IPV6, self.no_ipv6);
        Ok(properties)
    }

    fn medium(&mut self, name: &str, identity: Identity) -> Result<Properties, NotImportable> {
        let carrier = self.carrier.take().unwrap_or_default();
        if let Some(user) = carrier.user {
            self.found.set_user(&user);
        }
        self.found.password = self.found.password.take().or(carrier.password);
        let server = NotImportable::NoTarget { what: "the VPN server" };
        match carrier.kind {
            Some(CarrierKind::Sstp | CarrierKind::Pptp) if carrier.target.is_empty() => Err(server),
            Some(CarrierKind::Sstp) => {
                let mut properties = Properties::sstp(name, carrier.target, identity);
                properties.ca.extend(carrier.ca);
                Ok(properties)
            }
            Some(CarrierKind::Pptp) => Ok(Properties::pptp(name, carrier.target, identity)),
            Some(CarrierKind::Pppoe) => Ok(Properties::pppoe(name, carrier.target, identity)),
            None if self.pppoe => Ok(Properties::pppoe(name, core::mem::take(&mut self.service), identity)),
            None => self.line(name, identity),
        }
    }

    /// Makes the entry of a serial line: a modem that is told to dial, or a cable.
    fn line(&mut self, name: &str, identity: Identity) -> Result<Properties, NotImportable> {
        let port = self.device.take();
        let mut properties = match (self.connect.take(), port) {
            (Some(number), port) => {
                Properties::modem(name, port.unwrap_or_default(), "", number.unwrap_or_default(), identity)
            }
            (None, Some(port)) => Properties::direct(name, port, "", identity),
            (None, None) => return Err(NotImportable::NoTarget { what: "what to dial: a device, PPPoE or a VPN" }),
        };
        if let Some(line) = properties.subentries.first_mut() {
            line.connect_bps = self.speed.unwrap_or(line.connect_bps);
            line.hw_flow_control = self.flow.map_or(line.hw_flow_control, u32::from);
        }
        Ok(properties)
    }
}

fn carrier(kind: CarrierKind, target: String) -> Carrier {
    Carrier { kind: Some(kind), target, ..Carrier::default() }
}

/// `maxfail` counts the first attempt as well, and 0 is no limit.
fn attempts(fails: u32) -> u32 {
    if fails == 0 { NO_LIMIT } else { (fails - 1).min(NO_LIMIT) }
}

fn is_device(word: &str) -> bool {
    word.starts_with("/dev/") || word.strip_prefix("tty").is_some_and(|rest| !rest.is_empty())
}

/// Tells whether a word behind PPPoE's plugin is an interface: `nic-` and its name, or a name as systems give them.
fn is_interface(word: &str) -> bool {
    ["nic-", "eth", "en", "br", "vlan", "wl"].iter().any(|start| word.starts_with(start))
}

/// Reads `LOCAL:REMOTE`, either of which may be missing: our address, and whether there is one of the peer.
fn addresses(word: &str) -> Option<(Option<Ipv4Addr>, bool)> {
    let (local, remote) = word.split_once(':')?;
    let address = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<Ipv4Addr>().ok().map(Some) };
    let given = |address: &Ipv4Addr| !address.is_unspecified();
    Some((address(local)?.filter(given), address(remote)?.filter(given).is_some()))
}

/// The most further attempts that an entry can have.
const NO_LIMIT: u32 = 999_999_999;
/// As much of a file is looked at to tell what it is, in characters.
const DETECT_MAX: usize = 64 * 1024;

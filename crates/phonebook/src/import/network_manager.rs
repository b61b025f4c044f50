//! Connections of NetworkManager: VPN, PPPoE and mobile ones.

use super::keyfile::{KeyFile, Taken};
use super::report::Report;
use super::{Context, FoundCredentials, Imported, Kind, NotImportable, finish, vpn};
use crate::{Assign, AuthRestrictions, Encryption, ExcludedProtocols, Properties};
use core::str::FromStr;

/// Reads one connection.
pub(crate) fn import(text: &str, context: &mut Context<'_>) -> Result<Imported, NotImportable> {
    let mut report = Report::default();
    let mut file = KeyFile::parse(text, &mut report);
    let mut found = FoundCredentials::default();
    let mut raw = Vec::new();
    let name = file.take("connection", "id").map(|id| id.value).unwrap_or_else(|| context.name.to_owned());
    let kind = file.take("connection", "type").ok_or(NotImportable::NoTarget { what: "a connection type" })?;
    let identity = (context.identity)();

    let mut properties = match kind.value.as_str() {
        "vpn" => vpn::properties(&mut file, name, identity, &mut found, &mut report)?,
        "pppoe" => {
            let service = file.take("pppoe", "service").map(|service| service.value).unwrap_or_default();
            user(&mut file, "pppoe", &mut found, &mut report);
            Properties::pppoe(name, service, identity)
        }
        group @ ("gsm" | "cdma") => {
            let usual = if group == "gsm" { "*99#" } else { "#777" };
            let number = file.take(group, "number").map_or_else(|| usual.to_owned(), |number| number.value);
            raw.extend(file.take(group, "apn").map(|apn| ("ApnInfoAccessPoint", apn.value)));
            user(&mut file, group, &mut found, &mut report);
            Properties::modem(name, "", "", number, identity)
        }
        other => return Err(NotImportable::NoDialUp { line: kind.line, what: clean(other) }),
    };
    ppp(&mut file, &mut properties, &mut report);
    ipv4(&mut file, &mut properties, &mut report);
    ipv6(&mut file, &mut properties, &mut report);
    rest(&mut file, &mut report);
    finish(Kind::NetworkManager, properties, &raw, found, report, context.stamp)
}

/// Takes the user's name and password of a group.
fn user(file: &mut KeyFile<'_>, group: &str, found: &mut FoundCredentials, report: &mut Report) {
    if let Some(user) = file.take(group, "username") {
        found.set_user(&user.value);
    }
    found.password = file.take_secret(group, "password");
    let flags = file.take(group, "password-flags");
    kept_elsewhere(flags, "password-flags", found.password.is_some(), report);
}

/// Reports a secret that NetworkManager does not keep in the file.
pub(crate) fn kept_elsewhere(flags: Option<Taken>, key: &str, found: bool, report: &mut Report) {
    if let Some(flags) = flags
        && flags.value.trim() != "0"
        && !found
    {
        report.skip(flags.line, key, "the secret is not in this file; store it for the new entry");
    }
}

/// Takes what a group says of authentication and encryption in PPP: `[ppp]`, or `[vpn]` of a plugin that runs PPP.
pub(crate) fn ppp_security(file: &mut KeyFile<'_>, group: &str, properties: &mut Properties, report: &mut Report) {
    let mut refused = AuthRestrictions(0);
    for (key, method) in REFUSALS {
        refused = refused.with(method, refused.contains(method) || file.take_yes(group, key));
    }
    if !refuse(properties, refused) {
        report.skip(0, format!("{group}.refuse-*"), "every method is refused; the usual ones are allowed instead");
    }
    let strong = file.take_yes(group, "require-mppe-128");
    // Both are taken, whatever the first says.
    if file.take_yes(group, "require-mppe") | file.take_yes(group, "require-mppe-40") {
        properties.encryption = Encryption::Required;
    }
    if strong {
        properties.encryption = Encryption::Maximum;
    }
}

/// Takes methods away; tells whether any is left, and changes nothing if none is.
///
/// What a new entry of the kind allows is the limit: an import never allows more, unless nothing else is left.
pub(crate) fn refuse(properties: &mut Properties, refused: AuthRestrictions) -> bool {
    let left = |of: AuthRestrictions| AuthRestrictions(of.0 & !refused.0);
    let others = AuthRestrictions::PAP.0 | AuthRestrictions::CHAP.0 | AuthRestrictions::MS_CHAP_V2.0;
    let choices = [left(properties.auth_restrictions), left(AuthRestrictions(others))];
    match choices.into_iter().find(|choice| choice.0 != 0) {
        Some(choice) => {
            properties.auth_restrictions = choice;
            true
        }
        None => false,
    }
}

const REFUSALS: [(&str, AuthRestrictions); 5] = [
    ("refuse-pap", AuthRestrictions::PAP),
    ("refuse-chap", AuthRestrictions::CHAP),
    ("refuse-mschap", AuthRestrictions::MS_CHAP),
    ("refuse-mschapv2", AuthRestrictions::MS_CHAP_V2),
    ("refuse-eap", AuthRestrictions::EAP),
];

/// Takes `[ppp]` and `[serial]`.
fn ppp(file: &mut KeyFile<'_>, properties: &mut Properties, report: &mut Report) {
    ppp_security(file, "ppp", properties, report);
    number(file.take("ppp", "mru"), "ppp.mru", report, |mru| {
        if mru != 0 {
            properties.mru = mru;
        }
    });
    if let Some(line) = properties.subentries.first_mut() {
        for group in ["serial", "ppp"] {
            number(file.take(group, "baud"), "baud", report, |baud| line.connect_bps = baud);
        }
        if let Some(flow) = file.take("ppp", "crtscts") {
            line.hw_flow_control = flow.is_yes().into();
        }
    }
    if file.take_yes("ppp", "no-vj-comp") {
        properties.ip_header_compression = false;
    }
    // We ask no server to authenticate itself in PPP, and it is no fault not to say so.
    if let Some(noauth) = file.take("ppp", "noauth")
        && !noauth.is_yes()
    {
        report.skip(noauth.line, "ppp.noauth", "the server is not asked to authenticate itself in PPP");
    }
}

/// Hands a number on, or reports what is none.
pub(crate) fn number(taken: Option<Taken>, what: &str, report: &mut Report, put: impl FnOnce(u32)) {
    let Some(taken) = taken else { return };
    match taken.value.trim().parse() {
        Ok(number) => put(number),
        Err(_) => report.skip(taken.line, what, "it is no number"),
    }
}

/// What `[ipv4]` and `[ipv6]` have in common.
struct Ip<A> {
    disabled: bool,
    address: Option<(A, u32)>,
    dns: Vec<A>,
    /// The first search domain, with its line.
    search: Option<(usize, String)>,
    never_default: bool,
    metric: Option<u32>,
}

fn ipv4(file: &mut KeyFile<'_>, properties: &mut Properties, report: &mut Report) {
    let ip = ip(file, "ipv4", 32, report);
    if let Some((address, _)) = ip.address {
        (properties.ip_assign, properties.ip_address) = (Assign::Given, address);
    }
    if let Some(dns) = ip.dns.first() {
        (properties.ip_name_assign, properties.ip_dns) = (Assign::Given, *dns);
        properties.ip_dns2 = ip.dns.get(1).copied().unwrap_or(properties.ip_dns2);
    }
    properties.dns_suffix = ip.search.map(|(_, suffix)| suffix).unwrap_or_default();
    properties.remote_default_gateway &= !ip.never_default;
    properties.ip_interface_metric = ip.metric.unwrap_or(properties.ip_interface_metric);
    if ip.disabled {
        properties.excluded_protocols = properties.excluded_protocols.with(ExcludedProtocols::IPV4, true);
    }
}

fn ipv6(file: &mut KeyFile<'_>, properties: &mut Properties, report: &mut Report) {
    let ip = ip(file, "ipv6", 128, report);
    if let Some((address, prefix)) = ip.address {
        (properties.ipv6_assign, properties.ipv6_address) = (Assign::Given, address);
        properties.ipv6_prefix_length = prefix;
    }
    if let Some(dns) = ip.dns.first() {
        (properties.ipv6_name_assign, properties.ipv6_dns) = (Assign::Given, *dns);
        properties.ipv6_dns2 = ip.dns.get(1).copied().unwrap_or(properties.ipv6_dns2);
    }
    if let Some((line, suffix)) = ip.search {
        if properties.dns_suffix.is_empty() {
            properties.dns_suffix = suffix;
        } else if properties.dns_suffix != suffix {
            report.skip(line, "ipv6.dns-search", "an entry has one suffix, that of IPv4");
        }
    }
    properties.ipv6_remote_default_gateway &= !ip.never_default;
    properties.ipv6_interface_metric = ip.metric.unwrap_or(properties.ipv6_interface_metric);
    if ip.disabled {
        properties.excluded_protocols = properties.excluded_protocols.with(ExcludedProtocols::IPV6, true);
    }
}

/// `host_prefix` is the length of an address in bits.
fn ip<A: FromStr>(file: &mut KeyFile<'_>, group: &str, host_prefix: u32, report: &mut Report) -> Ip<A> {
    let method = file.take(group, "method");
    let disabled = method.as_ref().is_some_and(|method| ["disabled", "ignore"].contains(&method.value.as_str()));
    if let Some(method) = method
        && !disabled
        && !["auto", "manual"].contains(&method.value.as_str())
    {
        report.skip(
            method.line,
            format!("{group}.method"),
            "the address comes from the server or is given, no other way",
        );
    }
    let mut addresses = Vec::new();
    for taken in file.take_numbered(group, "address") {
        match address(&taken.value, host_prefix) {
            Some(address) if addresses.is_empty() => addresses.push(address),
            Some(_) => report.skip(taken.line, format!("{group}.address"), "an entry has one address"),
            None => report.skip(taken.line, format!("{group}.address"), "it is no address"),
        }
    }
    for route in file.take_numbered(group, "route") {
        report.skip(route.line, format!("{group}.route"), "an entry has no routes of its own yet");
    }
    Ip {
        disabled,
        address: addresses.pop(),
        dns: dns(file, group, report),
        search: search(file, group, report),
        never_default: file.take_yes(group, "never-default"),
        metric: metric(file, group, report),
    }
}

/// Reads the metric of routes; -1 is the usual one.
fn metric(file: &mut KeyFile<'_>, group: &str, report: &mut Report) -> Option<u32> {
    let mut found = None;
    let taken = file.take(group, "route-metric").filter(|metric| metric.value.trim() != "-1");
    number(taken, &format!("{group}.route-metric"), report, |metric| found = Some(metric));
    found
}

/// Reads `ADDRESS/PREFIX`, perhaps with `,GATEWAY`, which a point-to-point link does not need.
fn address<A: FromStr>(text: &str, host_prefix: u32) -> Option<(A, u32)> {
    let address = text.split([',', ';']).next()?;
    let (address, prefix) = match address.split_once('/') {
        Some((address, prefix)) => (address, prefix.trim().parse().ok()?),
        None => (address, host_prefix),
    };
    Some((address.trim().parse().ok()?, prefix))
}

fn dns<A: FromStr>(file: &mut KeyFile<'_>, group: &str, report: &mut Report) -> Vec<A> {
    let alone = file.take_yes(group, "ignore-auto-dns");
    let Some(taken) = file.take(group, "dns") else { return Vec::new() };
    let mut servers = Vec::new();
    for text in taken.list() {
        match text.parse() {
            Ok(server) if servers.len() < 2 => servers.push(server),
            Ok(_) => {
                report.skip(taken.line, format!("{group}.dns"), "an entry has two name servers; others are left out")
            }
            Err(_) => report.skip(taken.line, format!("{group}.dns"), "it is no address"),
        }
    }
    if !alone && !servers.is_empty() {
        report.skip(
            taken.line,
            format!("{group}.dns"),
            "the name servers replace the server's instead of joining them",
        );
    }
    servers
}

fn search(file: &mut KeyFile<'_>, group: &str, report: &mut Report) -> Option<(usize, String)> {
    let taken = file.take(group, "dns-search")?;
    let mut domains = taken.list().map(|domain| domain.trim_start_matches('~').to_owned());
    let first = domains.next();
    if domains.next().is_some() {
        report.skip(taken.line, format!("{group}.dns-search"), "an entry has one suffix; others are left out");
    }
    first.map(|first| (taken.line, first))
}

/// Reports what nobody took.
fn rest(file: &mut KeyFile<'_>, report: &mut Report) {
    // That it does not connect by itself is what an entry does.
    if let Some(auto) = file.take("connection", "autoconnect")
        && auto.is_yes()
    {
        report.skip(auto.line, "connection.autoconnect", "an entry is dialled when somebody asks for it");
    }
    for (line, group, key) in file.rest() {
        let why = match group {
            "connection" | "user" | "proxy" => "it has a meaning for NetworkManager alone",
            "vpn-secrets" => "an entry has no place for this secret; it was not copied",
            _ if key == "pin" => "the PIN was not copied; it is asked for when it is needed",
            _ if key == "parent" => "an entry does not name the Ethernet interface",
            _ => "an entry has no such setting",
        };
        report.skip(line, format!("{group}.{key}"), why);
    }
}

/// Shows a word of the file that is no secret.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).take(60).collect()
}

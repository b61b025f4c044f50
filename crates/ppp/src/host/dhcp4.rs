//! DHCP messages over IPv4 as far as DHCPINFORM needs them (RFC 2131, RFC 2132).

use super::names;
use core::net::Ipv4Addr;
use rasman_core::{Ipv4Net, Reader};

/// What a DHCPACK to a DHCPINFORM tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Told {
    pub(crate) routes: Vec<Ipv4Net>,
    pub(crate) dns: Vec<Ipv4Addr>,
    pub(crate) domain: String,
    pub(crate) search: Vec<String>,
}

/// Writes a DHCPINFORM (RFC 2131 4.4.3).
pub(crate) fn inform(xid: u32, address: Ipv4Addr) -> Vec<u8> {
    let mut message = header(BOOTREQUEST, xid, address);
    message.extend([MESSAGE_TYPE, 1, DHCPINFORM]);
    message.extend([PARAMETERS, 5, DNS, DOMAIN, SEARCH, CLASSLESS_ROUTES, CLASSLESS_ROUTES_MS]);
    message.push(END);
    message
}

/// Reads the xid and the address of a DHCPINFORM.
pub(crate) fn parse_inform(message: &[u8]) -> Option<(u32, Ipv4Addr)> {
    let options = options(message, BOOTREQUEST)?;
    (options.get(MESSAGE_TYPE) == [DHCPINFORM]).then_some(())?;
    Some((xid(message)?, Ipv4Addr::from(<[u8; 4]>::try_from(message.get(12..16)?).ok()?)))
}

/// Writes the DHCPACK to a DHCPINFORM.
pub(crate) fn ack(xid: u32, address: Ipv4Addr, server: Ipv4Addr, told: &Told) -> Vec<u8> {
    let mut message = header(BOOTREPLY, xid, address);
    message.extend([MESSAGE_TYPE, 1, DHCPACK]);
    let mut option = |kind: u8, value: &[u8]| {
        // RFC 3396: what is longer than 255 octets is split.
        for part in value.chunks(255) {
            message.push(kind);
            message.push(part.len() as u8);
            message.extend_from_slice(part);
        }
    };
    option(SERVER, &server.octets());
    option(DNS, &told.dns.iter().flat_map(|a| a.octets()).collect::<Vec<_>>());
    option(DOMAIN, told.domain.as_bytes());
    option(SEARCH, &names::emit_list(&told.search));
    let routes = emit_routes(&told.routes, server);
    option(CLASSLESS_ROUTES, &routes);
    option(CLASSLESS_ROUTES_MS, &routes);
    message.push(END);
    message
}

/// Reads the DHCPACK with this xid.
pub(crate) fn parse_ack(message: &[u8], wanted: u32) -> Option<Told> {
    let options = options(message, BOOTREPLY)?;
    if xid(message)? != wanted || options.get(MESSAGE_TYPE) != [DHCPACK] {
        return None;
    }
    // RFC 3442: option 121; Microsoft's 249 is the same, and read where there is no 121.
    let routes = match options.get(CLASSLESS_ROUTES) {
        [] => options.get(CLASSLESS_ROUTES_MS),
        routes => routes,
    };
    Some(Told {
        routes: parse_routes(routes),
        dns: parse_addresses(options.get(DNS)),
        domain: names::text(options.get(DOMAIN)).unwrap_or_default(),
        search: names::parse_list(options.get(SEARCH)),
    })
}

fn header(op: u8, xid: u32, address: Ipv4Addr) -> Vec<u8> {
    let mut message = vec![op, HTYPE_ETHERNET, 6, 0];
    message.extend(xid.to_be_bytes());
    message.extend([0; 4]);
    message.extend(address.octets());
    message.resize(28, 0);
    // A link without hardware addresses: a locally administered one that no other client of this server has.
    message.extend([0x02, 0x00]);
    message.extend(address.octets());
    message.resize(FIXED, 0);
    message.extend(COOKIE);
    message
}

fn xid(message: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(message.get(4..8)?.try_into().ok()?))
}

/// Options by their number; those that are listed more than once are joined (RFC 3396).
struct Options(Vec<(u8, Vec<u8>)>);

impl Options {
    fn get(&self, kind: u8) -> &[u8] {
        self.0.iter().find(|(k, _)| *k == kind).map_or(&[], |(_, value)| value)
    }

    fn read(&mut self, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        while let Ok(kind) = reader.u8("option") {
            match kind {
                PAD => continue,
                END => return,
                _ => {}
            }
            let Ok(length) = reader.u8("length") else { return };
            let Ok(value) = reader.take(length.into(), "value") else { return };
            match self.0.iter_mut().find(|(k, _)| *k == kind) {
                Some((_, joined)) => joined.extend_from_slice(value),
                None => self.0.push((kind, value.to_vec())),
            }
        }
    }
}

fn options(message: &[u8], op: u8) -> Option<Options> {
    let (fixed, rest) = message.split_at_checked(FIXED)?;
    let rest = rest.strip_prefix(&COOKIE)?;
    if fixed[0] != op {
        return None;
    }
    let mut options = Options(Vec::new());
    options.read(rest);
    // RFC 2132 9.3: the fields of file and server name may hold options too.
    let overload = options.get(OVERLOAD).first().copied().unwrap_or(0);
    if overload & 1 != 0 {
        options.read(&fixed[108..236]);
    }
    if overload & 2 != 0 {
        options.read(&fixed[44..108]);
    }
    Some(options)
}

fn parse_addresses(bytes: &[u8]) -> Vec<Ipv4Addr> {
    let (addresses, _) = bytes.as_chunks::<4>();
    addresses.iter().copied().map(Ipv4Addr::from).filter(|a| !a.is_unspecified()).take(ADDRESSES_MAX).collect()
}

/// RFC 3442: the width, the octets that count, the router. On a link with two ends the router does not matter.
fn parse_routes(bytes: &[u8]) -> Vec<Ipv4Net> {
    let mut reader = Reader::new(bytes);
    let mut routes = Vec::new();
    while !reader.is_empty() && routes.len() < ROUTES_MAX {
        let Some(route) = parse_route(&mut reader) else { break };
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    routes
}

fn parse_route(reader: &mut Reader<'_>) -> Option<Ipv4Net> {
    let width = reader.u8("width").ok()?;
    let significant = reader.take(usize::from(width.div_ceil(8)), "network").ok()?;
    let mut network = [0; 4];
    network.get_mut(..significant.len())?.copy_from_slice(significant);
    reader.take(4, "router").ok()?;
    Ipv4Net::new(network.into(), width)
}

fn emit_routes(routes: &[Ipv4Net], router: Ipv4Addr) -> Vec<u8> {
    let mut bytes = Vec::new();
    for route in routes {
        bytes.push(route.prefix());
        bytes.extend_from_slice(&route.address().octets()[..usize::from(route.prefix().div_ceil(8))]);
        bytes.extend(router.octets());
    }
    bytes
}

/// The ports of RFC 2131 4.1.
pub(crate) const SERVER_PORT: u16 = 67;
pub(crate) const CLIENT_PORT: u16 = 68;

const BOOTREQUEST: u8 = 1;
const BOOTREPLY: u8 = 2;
const HTYPE_ETHERNET: u8 = 1;
const FIXED: usize = 236;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const DHCPACK: u8 = 5;
const DHCPINFORM: u8 = 8;
const PAD: u8 = 0;
const DNS: u8 = 6;
const DOMAIN: u8 = 15;
const OVERLOAD: u8 = 52;
const MESSAGE_TYPE: u8 = 53;
const SERVER: u8 = 54;
const PARAMETERS: u8 = 55;
const SEARCH: u8 = 119;
const CLASSLESS_ROUTES: u8 = 121;
const CLASSLESS_ROUTES_MS: u8 = 249;
const END: u8 = 255;

/// As many as the entry of a phone book may have.
const ROUTES_MAX: usize = 1024;
const ADDRESSES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Told {
        Told {
            routes: ["10.0.0.0/8", "10.17.0.0/16", "10.27.129.0/24", "10.229.0.128/25", "0.0.0.0/0", "10.1.2.3/32"]
                .map(|net| net.parse().unwrap())
                .to_vec(),
            dns: vec![Ipv4Addr::new(10, 0, 0, 53)],
            domain: "corp.example".into(),
            search: vec!["corp.example".into(), "lab.example".into()],
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let (address, server) = (Ipv4Addr::new(10, 0, 0, 9), Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(parse_inform(&inform(7, address)), Some((7, address)));
        let bytes = ack(7, address, server, &told());
        assert_eq!(parse_ack(&bytes, 7), Some(told()));
        assert_eq!(parse_ack(&bytes, 8), None);
        assert_eq!(parse_inform(&bytes), None);
        let mut many = told();
        many.routes = (0..=255).map(|n| Ipv4Net::new([10, n, 0, 0].into(), 16).unwrap()).collect();
        assert_eq!(parse_ack(&ack(7, address, server, &many), 7), Some(many), "RFC 3396: joined again");
        (0..bytes.len()).for_each(|n| drop(parse_ack(&bytes[..n], 7)));
    }

    #[test]
    fn rfc_3442_descriptors() {
        let bytes =
            [&[0][..], &[0; 4], &[8, 10], &[0; 4], &[24, 10, 0, 0], &[0; 4], &[25, 10, 229, 0, 128], &[0; 4]].concat();
        let nets: Vec<String> = parse_routes(&bytes).iter().map(ToString::to_string).collect();
        assert_eq!(nets, ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.229.0.128/25"]);
        assert!(parse_routes(&[33, 1, 2, 3, 4, 5, 0, 0, 0, 0]).is_empty());
        assert!(parse_routes(&[255; 100]).is_empty());
    }

    #[test]
    fn options_in_the_fields_of_file_and_server_name_are_read() {
        let mut bytes = ack(7, Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, &Told::default());
        bytes.pop();
        bytes.extend([OVERLOAD, 1, 3, END]);
        bytes[108..115].copy_from_slice(&[DOMAIN, 4, b'c', b'o', b'r', b'p', END]);
        bytes[44..51].copy_from_slice(&[DNS, 4, 10, 0, 0, 53, END]);
        let told = parse_ack(&bytes, 7).unwrap();
        assert_eq!((&told.domain[..], &told.dns[..]), ("corp", &[Ipv4Addr::new(10, 0, 0, 53)][..]));
    }

    #[test]
    fn the_microsoft_number_is_read_where_the_other_is_missing() {
        let mut bytes = ack(7, Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, &Told::default());
        bytes.pop();
        bytes.extend([CLASSLESS_ROUTES_MS, 6, 8, 10, 0, 0, 0, 1, END]);
        assert_eq!(parse_ack(&bytes, 7).unwrap().routes, ["10.0.0.0/8".parse().unwrap()]);
    }
}

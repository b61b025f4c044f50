//! DHCPv6 messages (RFC 8415 8, 21), as far as both sides need them.

use super::names;
use core::net::Ipv6Addr;
use rasman_core::Reader;

/// What a message is (RFC 8415 7.3).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Solicit = 1,
    Advertise = 2,
    Request = 3,
    Renew = 5,
    Rebind = 6,
    Reply = 7,
    InformationRequest = 11,
}

/// One message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) xid: [u8; 3],
    /// DUIDs; empty where there is none.
    pub(super) client: Vec<u8>,
    pub(super) server: Vec<u8>,
    pub(super) rapid_commit: bool,
    pub(super) wants_address: bool,
    /// The first address of the first IA_NA, unless a status refuses it.
    pub(super) address: Option<Address>,
    pub(super) dns: Vec<Ipv6Addr>,
    pub(super) search: Vec<String>,
    /// Seconds until the information is to be asked for again.
    pub(super) refresh: Option<u32>,
    /// Hundredths of a second since the exchange began.
    pub(super) elapsed: Option<u16>,
}

/// An address with its times, in seconds.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Address {
    pub(super) address: Ipv6Addr,
    pub(super) t1: u32,
    pub(super) t2: u32,
    pub(super) preferred: u32,
    pub(super) valid: u32,
}

impl Address {
    /// An address that a client asks for: the times are the server's.
    pub(super) fn asked(address: Ipv6Addr) -> Self {
        Self { address, t1: 0, t2: 0, preferred: 0, valid: 0 }
    }
}

impl Message {
    pub(super) fn new(kind: Kind, xid: [u8; 3]) -> Self {
        Self {
            kind,
            xid,
            client: Vec::new(),
            server: Vec::new(),
            rapid_commit: false,
            wants_address: false,
            address: None,
            dns: Vec::new(),
            search: Vec::new(),
            refresh: None,
            elapsed: None,
        }
    }

    /// Reads a message; nothing of a kind that is not listed, or of one that does not end where its options do.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[kind, a, b, c], options) = bytes.split_first_chunk()?;
        let mut message = Self::new(kind_of(kind)?, [a, b, c]);
        let mut refused = false;
        for (kind, value) in parse_options(options)? {
            match kind {
                CLIENT_ID if value.len() <= DUID_MAX => message.client = value.to_vec(),
                SERVER_ID if value.len() <= DUID_MAX => message.server = value.to_vec(),
                RAPID_COMMIT => message.rapid_commit = true,
                IA_NA if !message.wants_address => {
                    message.wants_address = true;
                    message.address = parse_ia(value);
                }
                STATUS => refused |= value.get(..2) != Some(&[0, 0]),
                DNS => {
                    let (addresses, _) = value.as_chunks::<16>();
                    message.dns = addresses.iter().copied().map(Ipv6Addr::from).take(DNS_MAX).collect();
                }
                SEARCH => message.search = names::parse_list(value),
                REFRESH => message.refresh = value.try_into().ok().map(u32::from_be_bytes),
                ELAPSED => message.elapsed = value.try_into().ok().map(u16::from_be_bytes),
                _ => {}
            }
        }
        message.address = message.address.filter(|_| !refused);
        Some(message)
    }

    pub(super) fn emit(&self) -> Vec<u8> {
        let [a, b, c] = self.xid;
        let mut bytes = vec![self.kind as u8, a, b, c];
        let mut option = |kind: u16, value: &[u8]| {
            bytes.extend(kind.to_be_bytes());
            bytes.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend_from_slice(value);
        };
        if !self.client.is_empty() {
            option(CLIENT_ID, &self.client);
        }
        if !self.server.is_empty() {
            option(SERVER_ID, &self.server);
        }
        if self.rapid_commit {
            option(RAPID_COMMIT, &[]);
        }
        if let Some(elapsed) = self.elapsed {
            option(ELAPSED, &elapsed.to_be_bytes());
            option(WANTED, &[DNS, SEARCH, REFRESH].map(u16::to_be_bytes).concat());
        }
        if self.wants_address {
            option(IA_NA, &emit_ia(self.address.as_ref()));
        }
        if !self.dns.is_empty() {
            option(DNS, &self.dns.iter().flat_map(|address| address.octets()).collect::<Vec<_>>());
        }
        if !self.search.is_empty() {
            option(SEARCH, &names::emit_list(&self.search));
        }
        if let Some(refresh) = self.refresh {
            option(REFRESH, &refresh.to_be_bytes());
        }
        bytes
    }
}

fn kind_of(number: u8) -> Option<Kind> {
    use Kind::*;
    [Solicit, Advertise, Request, Renew, Rebind, Reply, InformationRequest].into_iter().find(|k| *k as u8 == number)
}

fn parse_options(bytes: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut reader = Reader::new(bytes);
    let mut options = Vec::new();
    while !reader.is_empty() {
        let kind = reader.u16("option").ok()?;
        let length = reader.u16("length").ok()?;
        options.push((kind, reader.take(length.into(), "value").ok()?));
    }
    Some(options)
}

/// RFC 8415 21.4: IAID, T1, T2, options.
fn parse_ia(value: &[u8]) -> Option<Address> {
    let mut reader = Reader::new(value);
    let (_iaid, t1, t2) = (reader.u32("IAID").ok()?, reader.u32("T1").ok()?, reader.u32("T2").ok()?);
    let options = parse_options(value.get(12..)?)?;
    // RFC 8415 21.13: NoAddrsAvail, NoBinding, NotOnLink.
    if options.iter().any(|(kind, value)| *kind == STATUS && value.get(..2) != Some(&[0, 0])) {
        return None;
    }
    let (_, value) = options.iter().find(|(kind, _)| *kind == IA_ADDRESS)?;
    let mut reader = Reader::new(value);
    let address = Ipv6Addr::from(reader.array::<16>("address").ok()?);
    let (preferred, valid) = (reader.u32("preferred").ok()?, reader.u32("valid").ok()?);
    // RFC 8415 21.6: preferred beyond valid is discarded, and a valid lifetime of 0 takes the address away.
    let usable = preferred <= valid && valid > 0 && !address.is_unspecified() && !address.is_multicast();
    usable.then_some(Address { address, t1, t2, preferred, valid })
}

fn emit_ia(address: Option<&Address>) -> Vec<u8> {
    let mut value = IAID.to_be_bytes().to_vec();
    let times = address.map_or([0, 0], |a| [a.t1, a.t2]);
    value.extend(times.into_iter().flat_map(u32::to_be_bytes));
    if let Some(Address { address, preferred, valid, .. }) = address {
        value.extend(IA_ADDRESS.to_be_bytes());
        value.extend(24_u16.to_be_bytes());
        value.extend(address.octets());
        value.extend([*preferred, *valid].into_iter().flat_map(u32::to_be_bytes));
    }
    value
}

/// RFC 8415 7.2: the client's port, the server's.
pub(super) const PORTS: (u16, u16) = (546, 547);

/// One link, one association.
const IAID: u32 = 1;
const CLIENT_ID: u16 = 1;
const SERVER_ID: u16 = 2;
const IA_NA: u16 = 3;
const IA_ADDRESS: u16 = 5;
const WANTED: u16 = 6;
const ELAPSED: u16 = 8;
const STATUS: u16 = 13;
const RAPID_COMMIT: u16 = 14;
const DNS: u16 = 23;
const SEARCH: u16 = 24;
const REFRESH: u16 = 32;
/// RFC 8415 11.1: 128 octets and the type.
const DUID_MAX: usize = 130;
const DNS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut message = Message::new(Kind::Reply, [1, 2, 3]);
        message.client = vec![0, 3, 0, 27, 1];
        message.server = vec![0, 3, 0, 27, 2];
        message.rapid_commit = true;
        message.wants_address = true;
        message.dns = vec![Ipv6Addr::LOCALHOST];
        message.search = vec!["corp.example".into()];
        message.refresh = Some(700);
        message.address = Some(Address { address: Ipv6Addr::LOCALHOST, t1: 1, t2: 2, preferred: 3, valid: 4 });
        let bytes = message.emit();
        assert_eq!(Message::parse(&bytes), Some(message));
        for n in 0..bytes.len() {
            assert!(Message::parse(&bytes[..n]).is_none_or(|m| m.emit().len() <= n));
        }
    }

    #[test]
    fn a_status_or_senseless_times_refuse_an_address() {
        let ia = |options: &[u8]| [&[7, 1, 2, 3, 0, 3, 0, (12 + options.len()) as u8][..], &[0; 12], options].concat();
        let address = |preferred: u8, valid: u8| {
            [&[0, 5, 0, 24][..], &[0x20; 16], &[0, 0, 0, preferred], &[0, 0, 0, valid]].concat()
        };
        assert!(Message::parse(&ia(&address(1, 2))).unwrap().address.is_some());
        for refused in [address(2, 1), address(0, 0), [vec![0, 13, 0, 2, 0, 2], address(1, 2)].concat()] {
            assert_eq!(Message::parse(&ia(&refused)).unwrap().address, None);
        }
        assert!(Message::parse(&[9, 0, 0, 0]).is_none());
    }
}

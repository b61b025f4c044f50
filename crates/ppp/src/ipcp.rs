//! IPCP's option set (RFC 1332, RFC 1877): IP-Address, two name servers each of DNS and NetBIOS, and where it is wanted
//! Van Jacobson's compression of headers. All others are rejected.

use crate::Protocol;
use crate::options::{OptionWriter, Options, RawOption, Reply};
use crate::vj::{Slots, Vj};
use core::net::Ipv4Addr;
use rasman_core::{Cause, Code, LayerName, Projection};

/// What we ask for, and what we give.
pub(crate) struct IpcpOptions {
    /// Our address; unspecified asks for one.
    address: Option<Ipv4Addr>,
    /// The only address that we take.
    required: Option<Ipv4Addr>,
    /// Name servers that we ask for, as [`SERVERS`] lists them; `None` where we do not (any more).
    servers: [Option<Ipv4Addr>; 4],
    /// What a server gives.
    gives: Option<Gift>,
    /// Headers may be compressed.
    compression: bool,
    /// What we can undo; nothing where the peer does not compress (any more).
    ours: Option<Slots>,
    /// What the peer can, by its present request.
    theirs: Option<Slots>,
    /// The peer's address, by its present request.
    peer: Option<Ipv4Addr>,
    /// The peer's present request names an address, right or wrong.
    peer_asked: bool,
}

/// What a server gives its peer.
struct Gift {
    address: Ipv4Addr,
    servers: [Option<Ipv4Addr>; 4],
}

impl IpcpOptions {
    /// Asks for an address, for name servers if wanted, and gives nothing.
    pub(crate) fn client(required: Option<Ipv4Addr>, dns: bool, nbns: bool) -> Self {
        let [dns, nbns] = [dns, nbns].map(|wanted| wanted.then_some(Ipv4Addr::UNSPECIFIED));
        Self {
            address: Some(required.unwrap_or(Ipv4Addr::UNSPECIFIED)),
            required,
            servers: [dns, dns, nbns, nbns],
            gives: None,
            compression: false,
            ours: None,
            theirs: None,
            peer: None,
            peer_asked: false,
        }
    }

    /// Has an address and gives one, with name servers.
    pub(crate) fn server(local: Ipv4Addr, address: Ipv4Addr, dns: &[Ipv4Addr], nbns: &[Ipv4Addr]) -> Self {
        let at = |list: &[Ipv4Addr], index| list.get(index).copied();
        Self {
            address: Some(local),
            required: Some(local),
            servers: [None; 4],
            gives: Some(Gift { address, servers: [at(dns, 0), at(dns, 1), at(nbns, 0), at(nbns, 1)] }),
            compression: false,
            ours: None,
            theirs: None,
            peer: None,
            peer_asked: false,
        }
    }

    /// Asks for headers to be compressed, and takes it from the peer, where that is wanted.
    pub(crate) fn compressing(mut self, wanted: bool) -> Self {
        (self.compression, self.ours) = (wanted, wanted.then_some(Slots::OURS));
        self
    }

    /// Gives both directions of the compression of headers, new.
    pub(crate) fn compression(&self) -> Vj {
        Vj::new(self.theirs, self.ours)
    }

    /// Gives what was negotiated.
    ///
    /// # Errors
    /// 738 if a client has no address.
    pub(crate) fn projection(&self, mtu: u16) -> Result<Projection, Cause> {
        // A server whose peer rejects the option no longer names its address, but has it all the same.
        let local = self.address.or(self.required).unwrap_or(Ipv4Addr::UNSPECIFIED);
        if !is_usable(local) && self.gives.is_none() {
            return Err(no_address("acknowledged 0.0.0.0"));
        }
        let [dns1, dns2, nbns1, nbns2] = self.servers;
        // A peer that has our own address has none that anybody could send to.
        let peer = self.peer.filter(|peer| *peer != local);
        let mut projection = Projection::new(local, peer, usable([dns1, dns2]), mtu);
        projection.nbns = usable([nbns1, nbns2]);
        Ok(projection)
    }

    fn judge_address(&mut self, option: RawOption<'_>, reply: &mut Reply) {
        self.peer_asked = true;
        let wanted = option.array().map(Ipv4Addr::from);
        match (&self.gives, wanted) {
            (Some(gift), Some(wanted)) if wanted == gift.address => self.peer = wanted.into(),
            (Some(gift), _) => reply.nak(option, &gift.address.octets()),
            // RFC 1332 3.3: 0.0.0.0 asks us for an address; a client has none to give. Nor does it give its own away.
            (None, Some(wanted)) if is_usable(wanted) && self.address != Some(wanted) => self.peer = Some(wanted),
            (None, _) => reply.reject(option),
        }
    }

    fn judge_compression(&mut self, option: RawOption<'_>, reply: &mut Reply) {
        match Slots::parse(option.value) {
            _ if !self.compression => reply.reject(option),
            Some(slots) => self.theirs = Some(slots),
            // RFC 1332 3.2: another protocol, or Van Jacobson's as drafts had it.
            None => reply.nak(option, &Slots::OURS.value()),
        }
    }

    fn judge_server(&mut self, option: RawOption<'_>, index: usize, reply: &mut Reply) {
        match self.gives.as_ref().and_then(|gift| gift.servers[index]) {
            Some(server) if option.array() == Some(server.octets()) => {}
            Some(server) => reply.nak(option, &server.octets()),
            None => reply.reject(option),
        }
    }
}

impl Options for IpcpOptions {
    const PROTOCOL: Protocol = Protocol::IPCP;
    const TIMER: &'static str = "IPCP restart";

    fn request(&self, out: &mut OptionWriter) {
        let servers = SERVERS.into_iter().zip(self.servers);
        for (kind, address) in core::iter::once((IP_ADDRESS, self.address)).chain(servers) {
            if let Some(address) = address {
                out.option(kind, &address.octets());
            }
        }
        if let Some(slots) = self.ours {
            out.option(IP_COMPRESSION, &slots.value());
        }
    }

    fn begin(&mut self) {
        self.peer = None;
        self.theirs = None;
        self.peer_asked = false;
    }

    fn judge(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause> {
        match (option.kind, server_at(option.kind)) {
            (IP_ADDRESS, _) => self.judge_address(option, reply),
            (IP_COMPRESSION, _) => self.judge_compression(option, reply),
            (_, Some(index)) => self.judge_server(option, index, reply),
            // IP-Addresses, Mobile-IPv4.
            (_, None) => reply.reject(option),
        }
        Ok(())
    }

    /// RFC 1332 3.3: a peer that does not mention its address is told which one it has.
    fn missing(&mut self, reply: &mut Reply) {
        if let (Some(gift), false) = (&self.gives, self.peer_asked) {
            reply.ask(IP_ADDRESS, &gift.address.octets());
        }
    }

    fn naked(&mut self, option: RawOption<'_>) -> Result<(), Cause> {
        if option.kind == IP_COMPRESSION {
            // Other slots are as good; another protocol is none of ours.
            self.ours = self.ours.and_then(|_| Slots::parse(option.value));
            return Ok(());
        }
        let Some(given) = option.array().map(Ipv4Addr::from) else { return Ok(()) };
        match option.kind {
            IP_ADDRESS if self.gives.is_some() => {}
            IP_ADDRESS => match self.required {
                Some(required) if given != required => return Err(address_refused(required, &given.to_string())),
                _ if is_usable(given) => self.address = Some(given),
                _ => return Err(no_address(&format!("gave {given}"))),
            },
            kind => {
                if let Some(server) = server_at(kind).and_then(|index| self.servers[index].as_mut()) {
                    *server = given;
                }
            }
        }
        Ok(())
    }

    fn rejected(&mut self, option: RawOption<'_>) -> Result<(), Cause> {
        match option.kind {
            IP_ADDRESS if self.gives.is_some() => self.address = None,
            IP_ADDRESS => {
                return Err(match self.required {
                    Some(required) => address_refused(required, "a Configure-Reject"),
                    None => no_address("rejected the option"),
                });
            }
            IP_COMPRESSION => self.ours = None,
            kind => {
                if let Some(index) = server_at(kind) {
                    self.servers[index] = None;
                }
            }
        }
        Ok(())
    }
}

/// Gives which of [`SERVERS`] an option is.
fn server_at(kind: u8) -> Option<usize> {
    SERVERS.iter().position(|server| *server == kind)
}

/// slirp acknowledges 0.0.0.0, which means none; pppd with one server gives it twice.
fn usable(servers: [Option<Ipv4Addr>; 2]) -> Vec<Ipv4Addr> {
    let mut list: Vec<Ipv4Addr> = servers.into_iter().flatten().filter(|server| is_usable(*server)).collect();
    list.dedup();
    list
}

/// Tells whether a host can have this address.
fn is_usable(address: Ipv4Addr) -> bool {
    !(address.is_unspecified() || address.is_broadcast() || address.is_multicast() || address.is_loopback())
}

fn no_address(said: &str) -> Cause {
    Cause::new(Code::PPP_NO_ADDRESS_ASSIGNED, LayerName::Ipcp)
        .did("asked the server for an address")
        .said(said)
        .advice("the server's address pool may be empty; ask its administrator")
}

fn address_refused(required: Ipv4Addr, said: &str) -> Cause {
    Cause::new(Code::PPP_REQUIRED_ADDRESS_REJECTED, LayerName::Ipcp)
        .did(format!("asked for the address {required}"))
        .said(said)
        .advice("let the server choose the address, or have this one assigned to the account")
}

/// RFC 1332 3.2.
const IP_COMPRESSION: u8 = 2;
const IP_ADDRESS: u8 = 3;
/// RFC 1877 1.1 to 1.4: primary and secondary DNS, primary and secondary NBNS.
const SERVERS: [u8; 4] = [129, 131, 130, 132];

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(value: &[u8]) -> RawOption<'_> {
        RawOption { kind: IP_COMPRESSION, value }
    }

    #[test]
    fn slots_are_the_peers_and_another_compression_is_none() {
        let client = || IpcpOptions::client(None, false, false).compressing(true);
        let mut options = client();
        let mut request = OptionWriter::default();
        options.request(&mut request);
        assert_eq!(request.bytes(), [3, 6, 0, 0, 0, 0, 2, 6, 0, 0x2d, 15, 1]);
        options.naked(raw(&[0, 0x2d, 3, 0])).unwrap();
        assert_eq!(options.ours, Some(Slots { last: 3, may_omit: false }));
        // Header compression of RFC 2507.
        options.naked(raw(&[0, 0x61, 0, 15])).unwrap();
        assert_eq!(options.ours, None);
        options.naked(raw(&[0, 0x2d, 3, 0])).unwrap();
        assert_eq!(options.ours, None, "what was given up does not come back");
        let mut options = client();
        options.rejected(raw(&[0, 0x2d, 15, 1])).unwrap();
        assert_eq!(options.ours, None);
    }

    #[test]
    fn the_peers_slots_are_taken_and_other_compressions_are_not() {
        let mut options = IpcpOptions::client(None, false, false).compressing(true);
        let mut reply = Reply::new(true);
        options.judge(raw(&[0, 0x2d, 7, 0]), &mut reply).unwrap();
        assert!(reply.is_clean() && options.theirs == Some(Slots { last: 7, may_omit: false }));
        options.begin();
        assert_eq!(options.theirs, None);
        options.judge(raw(&[0, 0x61, 0, 15]), &mut reply).unwrap();
        assert_eq!(reply.verdict(), crate::options::Verdict::Nak(&[2, 6, 0, 0x2d, 15, 1]));
        let mut without = IpcpOptions::client(None, false, false);
        let mut reply = Reply::new(true);
        without.judge(raw(&[0, 0x2d, 15, 1]), &mut reply).unwrap();
        assert_eq!(reply.verdict(), crate::options::Verdict::Reject(&[2, 6, 0, 0x2d, 15, 1]));
    }

    #[test]
    fn a_server_whose_address_is_rejected_still_has_it() {
        let (local, given) = (Ipv4Addr::new(10, 66, 0, 1), Ipv4Addr::new(10, 66, 0, 2));
        let mut server = IpcpOptions::server(local, given, &[], &[]);
        server.rejected(RawOption { kind: IP_ADDRESS, value: &local.octets() }).unwrap();
        let mut request = OptionWriter::default();
        server.request(&mut request);
        assert!(request.bytes().is_empty(), "it is not named again");
        assert_eq!(server.projection(1400).unwrap().local, local);
    }
}

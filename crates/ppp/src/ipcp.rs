//! IPCP's option set (RFC 1332, RFC 1877): IP-Address, and two name servers. All others are rejected.

use crate::Protocol;
use crate::options::{OptionWriter, Options, RawOption, Reply};
use core::net::Ipv4Addr;
use rasman_core::{Cause, Code, LayerName, Projection};

/// What we ask for, and what we give.
pub(crate) struct IpcpOptions {
    /// Our address; unspecified asks for one.
    address: Option<Ipv4Addr>,
    /// The only address that we take.
    required: Option<Ipv4Addr>,
    /// Name servers that we ask for; `None` where we do not (any more).
    dns: [Option<Ipv4Addr>; 2],
    /// What a server gives.
    gives: Option<Gift>,
    /// The peer's address, by its present request.
    peer: Option<Ipv4Addr>,
    /// The peer's present request names an address, right or wrong.
    peer_asked: bool,
}

/// What a server gives its peer.
struct Gift {
    address: Ipv4Addr,
    dns: [Option<Ipv4Addr>; 2],
}

impl IpcpOptions {
    /// Asks for an address, for name servers if wanted, and gives nothing.
    pub(crate) fn client(required: Option<Ipv4Addr>, dns: bool) -> Self {
        Self {
            address: Some(required.unwrap_or(Ipv4Addr::UNSPECIFIED)),
            required,
            dns: [dns.then_some(Ipv4Addr::UNSPECIFIED); 2],
            gives: None,
            peer: None,
            peer_asked: false,
        }
    }

    /// Has an address and gives one, with name servers.
    pub(crate) fn server(local: Ipv4Addr, address: Ipv4Addr, dns: &[Ipv4Addr]) -> Self {
        Self {
            address: Some(local),
            required: Some(local),
            dns: [None; 2],
            gives: Some(Gift { address, dns: [dns.first().copied(), dns.get(1).copied()] }),
            peer: None,
            peer_asked: false,
        }
    }

    /// Gives what was negotiated.
    ///
    /// # Errors
    /// 738 if a client has no address.
    pub(crate) fn projection(&self, mtu: u16) -> Result<Projection, Cause> {
        let local = self.address.unwrap_or(Ipv4Addr::UNSPECIFIED);
        if !is_usable(local) && self.gives.is_none() {
            return Err(no_address("acknowledged 0.0.0.0"));
        }
        // slirp acknowledges 0.0.0.0, which means none; pppd with one server gives it twice.
        let mut dns: Vec<Ipv4Addr> = Vec::new();
        for server in self.dns.into_iter().flatten().filter(|server| is_usable(*server)) {
            if !dns.contains(&server) {
                dns.push(server);
            }
        }
        Ok(Projection::new(local, self.peer, dns, mtu))
    }

    fn judge_address(&mut self, option: RawOption<'_>, reply: &mut Reply) {
        self.peer_asked = true;
        let wanted = option.array().map(Ipv4Addr::from);
        match (&self.gives, wanted) {
            (Some(gift), Some(wanted)) if wanted == gift.address => self.peer = wanted.into(),
            (Some(gift), _) => reply.nak(option, &gift.address.octets()),
            // RFC 1332 3.3: 0.0.0.0 asks us for an address; a client has none to give.
            (None, Some(wanted)) if is_usable(wanted) => self.peer = Some(wanted),
            (None, _) => reply.reject(option),
        }
    }

    fn judge_dns(&mut self, option: RawOption<'_>, index: usize, reply: &mut Reply) {
        match self.gives.as_ref().and_then(|gift| gift.dns[index]) {
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
        let wishes = [(IP_ADDRESS, self.address), (PRIMARY_DNS, self.dns[0]), (SECONDARY_DNS, self.dns[1])];
        for (kind, address) in wishes {
            if let Some(address) = address {
                out.option(kind, &address.octets());
            }
        }
    }

    fn begin(&mut self) {
        self.peer = None;
        self.peer_asked = false;
    }

    fn judge(&mut self, option: RawOption<'_>, reply: &mut Reply) -> Result<(), Cause> {
        match option.kind {
            IP_ADDRESS => self.judge_address(option, reply),
            PRIMARY_DNS => self.judge_dns(option, 0, reply),
            SECONDARY_DNS => self.judge_dns(option, 1, reply),
            // IP-Addresses, IP-Compression-Protocol (VJ), Mobile-IPv4, NBNS.
            _ => reply.reject(option),
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
        let Some(given) = option.array().map(Ipv4Addr::from) else { return Ok(()) };
        match option.kind {
            IP_ADDRESS if self.gives.is_some() => {}
            IP_ADDRESS => match self.required {
                Some(required) if given != required => return Err(address_refused(required, &given.to_string())),
                _ if is_usable(given) => self.address = Some(given),
                _ => return Err(no_address(&format!("gave {given}"))),
            },
            PRIMARY_DNS => self.dns[0] = self.dns[0].and(Some(given)),
            SECONDARY_DNS => self.dns[1] = self.dns[1].and(Some(given)),
            _ => {}
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
            PRIMARY_DNS => self.dns[0] = None,
            SECONDARY_DNS => self.dns[1] = None,
            _ => {}
        }
        Ok(())
    }
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

const IP_ADDRESS: u8 = 3;
const PRIMARY_DNS: u8 = 129;
const SECONDARY_DNS: u8 = 131;

//! States of connections on the wire.

use super::notification::method_of;
use super::{CauseWire, DeviceWire, HandleWire, ProjectionWire, millis};
use crate::{ConnectionInfo, Doors, Status};
use rasman_core::{ConnState, Duration, Ipv6Link, Ipv6Setup, Learned, Retrying, Statistics, Substate};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// A [`Status`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)] // The interface says it.
pub struct StatusWire {
    pub state: u32,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CauseWire>,
    pub device: DeviceWire,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projection: Option<ProjectionWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<LearnedWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socks: Option<SocketAddr>,
    pub forwards: Vec<SocketAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    pub substate: u32,
    pub medium: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrying: Option<RetryingWire>,
    pub number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<SocketAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
}

/// A [`Learned`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct LearnedWire {
    pub routes: Vec<String>,
    pub dns: Vec<Ipv4Addr>,
    pub domain: String,
    pub search: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<Ipv6Wire>,
}

/// An [`Ipv6Setup`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Ipv6Wire {
    pub local: Ipv6Addr,
    pub peer: Ipv6Addr,
    pub addresses: Vec<String>,
    pub routes: Vec<String>,
    pub dns: Vec<Ipv6Addr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u16>,
}

impl LearnedWire {
    /// Makes what is sent; nothing if nothing was told.
    fn new(learned: &Learned) -> Option<Self> {
        if *learned == Learned::default() {
            return None;
        }
        let nets = |list: &[(Ipv6Addr, u8)]| list.iter().map(|(address, bits)| format!("{address}/{bits}")).collect();
        let ipv6 = learned.ipv6.as_ref().map(|ipv6| Ipv6Wire {
            local: ipv6.link.local_address(),
            peer: ipv6.link.peer_address(),
            addresses: nets(&ipv6.addresses),
            routes: nets(&ipv6.routes),
            dns: ipv6.dns.clone(),
            mtu: ipv6.mtu,
        });
        Some(Self {
            routes: learned.routes.iter().map(ToString::to_string).collect(),
            dns: learned.dns.clone(),
            domain: learned.domain.clone(),
            search: learned.search.clone(),
            ipv6,
        })
    }

    /// Gives what was told; what cannot be read was told by a manager that knows more than this program.
    fn read(self) -> Learned {
        let mut learned = Learned::default();
        learned.routes = self.routes.iter().filter_map(|net| net.parse().ok()).collect();
        learned.dns = self.dns;
        learned.domain = self.domain;
        learned.search = self.search;
        learned.ipv6 = self.ipv6.map(Ipv6Wire::read);
        learned
    }
}

impl Ipv6Wire {
    fn read(self) -> Ipv6Setup {
        let id = |address: Ipv6Addr| core::array::from_fn(|at| address.octets()[8 + at]);
        let nets = |list: Vec<String>| {
            let net = |text: &String| {
                let (address, bits) = text.split_once('/')?;
                Some((address.parse().ok()?, bits.parse().ok()?))
            };
            list.iter().filter_map(net).collect()
        };
        let mut setup = Ipv6Setup::new(Ipv6Link { local: id(self.local), peer: id(self.peer) });
        setup.addresses = nets(self.addresses);
        setup.routes = nets(self.routes);
        setup.dns = self.dns;
        setup.mtu = self.mtu;
        setup
    }
}

/// A [`Retrying`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RetryingWire {
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<CauseWire>,
    pub last: CauseWire,
}

/// [`Statistics`].
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StatisticsWire {
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub packets_sent: u64,
    pub packets_received: u64,
    pub send_drops: u64,
    pub receive_drops: u64,
    pub connected_ms: u64,
    #[serde(default)]
    pub bps: u32,
}

/// A line of the list of connections.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ConnectionWire {
    pub handle: HandleWire,
    pub entry: String,
    pub state: u32,
    pub name: String,
    pub error: u32,
    pub references: u32,
    pub substate: u32,
    pub owner: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phonebook: Option<String>,
    #[serde(default)]
    pub all_users: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    pub device: DeviceWire,
}

impl From<&Status> for StatusWire {
    fn from(status: &Status) -> Self {
        let Status {
            state,
            error,
            device,
            projection,
            learned,
            doors,
            substate,
            medium,
            retrying,
            number,
            peer,
            authentication,
        } = status;
        Self {
            state: state.number(),
            name: state.name().to_owned(),
            error: error.as_ref().map(Into::into),
            device: device.into(),
            projection: projection.as_ref().map(Into::into),
            learned: LearnedWire::new(learned),
            socks: doors.socks,
            forwards: doors.forwards.clone(),
            interface: doors.interface.clone(),
            substate: substate.number(),
            medium: *medium as u64,
            retrying: retrying.as_ref().map(Into::into),
            number: number.clone(),
            peer: *peer,
            authentication: authentication.map(|method| method.to_string()),
        }
    }
}

impl StatusWire {
    /// Gives the status; a state that this program does not know is told as one that asks nothing of it.
    #[must_use]
    pub fn read(self) -> Status {
        let doors = Doors { socks: self.socks, forwards: self.forwards, interface: self.interface };
        let error = self.error.map(Into::into);
        let projection = self.projection.map(Into::into);
        let mut status = Status::new(state(self.state), error, self.device.into(), projection, doors);
        status.learned = self.learned.map(LearnedWire::read).unwrap_or_default();
        status.substate = substate(self.substate);
        status.medium = usize::try_from(self.medium).unwrap_or(0);
        status.retrying = self.retrying.map(Into::into);
        status.number = self.number;
        status.peer = self.peer;
        status.authentication = self.authentication.as_deref().and_then(method_of);
        status
    }
}

impl From<&Retrying> for RetryingWire {
    fn from(retrying: &Retrying) -> Self {
        let Retrying { attempt, of, pause, loss, last, .. } = retrying;
        Self {
            attempt: *attempt,
            of: *of,
            pause_ms: pause.map(millis),
            loss: loss.as_ref().map(Into::into),
            last: last.into(),
        }
    }
}

impl From<RetryingWire> for Retrying {
    fn from(wire: RetryingWire) -> Self {
        let mut retrying = Retrying::new(wire.attempt, wire.of, wire.last.into());
        retrying.pause = wire.pause_ms.map(Duration::from_millis);
        retrying.loss = wire.loss.map(Into::into);
        retrying
    }
}

impl From<&Statistics> for StatisticsWire {
    fn from(statistics: &Statistics) -> Self {
        Self {
            bytes_sent: statistics.bytes_sent,
            bytes_received: statistics.bytes_received,
            packets_sent: statistics.packets_sent,
            packets_received: statistics.packets_received,
            send_drops: statistics.send_drops,
            receive_drops: statistics.receive_drops,
            connected_ms: millis(statistics.connected),
            bps: statistics.bps,
        }
    }
}

impl From<StatisticsWire> for Statistics {
    fn from(wire: StatisticsWire) -> Self {
        let mut statistics = Statistics::default();
        statistics.bytes_sent = wire.bytes_sent;
        statistics.bytes_received = wire.bytes_received;
        statistics.packets_sent = wire.packets_sent;
        statistics.packets_received = wire.packets_received;
        statistics.send_drops = wire.send_drops;
        statistics.receive_drops = wire.receive_drops;
        statistics.connected = Duration::from_millis(wire.connected_ms);
        statistics.bps = wire.bps;
        statistics
    }
}

impl ConnectionWire {
    /// Makes a line of what belongs to this user.
    #[must_use]
    pub fn new(info: &ConnectionInfo, owner: u32) -> Self {
        Self {
            handle: HandleWire(info.handle),
            entry: info.entry.clone(),
            state: info.state.number(),
            name: info.state.name().to_owned(),
            error: info.error,
            references: info.references,
            substate: info.substate.number(),
            owner,
            phonebook: info.phonebook.as_ref().map(|path| path.to_string_lossy().into_owned()),
            all_users: info.all_users,
            guid: info.guid.map(|guid| guid.iter().map(|byte| format!("{byte:02X}")).collect()),
            device: (&info.device).into(),
        }
    }

    /// Gives the line.
    #[must_use]
    pub fn read(self) -> ConnectionInfo {
        let mut info = ConnectionInfo::new(
            self.handle.0,
            self.entry,
            self.device.into(),
            state(self.state),
            self.error,
            self.references,
        );
        info.substate = substate(self.substate);
        info.phonebook = self.phonebook.map(Into::into);
        info.all_users = self.all_users;
        info.guid = self.guid.as_deref().and_then(guid);
        info
    }
}

/// Reads 32 hexadecimal digits.
fn guid(digits: &str) -> Option<[u8; 16]> {
    let number = u128::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 32);
    number.map(u128::to_be_bytes)
}

fn state(number: u32) -> ConnState {
    ConnState::from_number(number).unwrap_or(ConnState::AuthNotify)
}

pub(super) fn substate(number: u32) -> Substate {
    Substate::from_number(number).unwrap_or_default()
}

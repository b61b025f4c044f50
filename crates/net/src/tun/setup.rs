//! What leads packets to a device: its addresses, routes and rules.
//!
//! Routes of single networks stand in the table that everybody uses, where the longest match counts; those that would
//! cover the server or what is excluded are cut into pieces around it. The default route stands in a table of the
//! connection's own, behind rules ([`Rule`]), so that no route of others is touched: when the network below changes
//! its default route, the way to the server changes with it.
//!
//! Where everything of both versions is to go inside, IPv6 is unreachable until the far network has some.

use super::family::Family;
use super::netlink::{Netlink, Route, Table};
use super::rule::{Journal, Rule, Slot, What};
use super::{ROUTE_NOT_AVAILABLE, failed, networks};
use rasman_core::{Cause, IpNet, Ipv4Net, Ipv6Setup, Projection, TunSettings};
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) struct Setup {
    netlink: Netlink,
    settings: TunSettings,
    index: u32,
    journal: Option<Arc<dyn Journal>>,
    /// Our address and the one at the other end.
    address: Option<(Ipv4Addr, Ipv4Addr)>,
    /// What goes inside but for holes.
    wanted: Vec<IpNet>,
    /// What the far network has named.
    learned: Vec<IpNet>,
    /// The same of IPv6.
    learned6: Vec<IpNet>,
    routes: BTreeSet<IpNet>,
    /// The servers.
    outside: BTreeSet<IpAddr>,
    slot: Option<Slot>,
    /// In the order in which they were added.
    rules: Vec<Rule>,
    /// The versions whose default route leads into the device.
    default_routes: BTreeSet<Family>,
    /// Our addresses of IPv6.
    addresses6: BTreeSet<Ipv6Addr>,
    /// The largest packet of IPv6, if the far network says that it is less than the device's.
    mtu6: Option<u16>,
}

impl Setup {
    pub(super) fn new(settings: &TunSettings, index: u32, journal: Option<Arc<dyn Journal>>) -> Result<Self, Cause> {
        let netlink = Netlink::open().map_err(|error| failed("opened a netlink socket", &error))?;
        Ok(Self {
            netlink,
            settings: settings.clone(),
            index,
            journal,
            address: None,
            wanted: Vec::new(),
            learned: Vec::new(),
            learned6: Vec::new(),
            routes: BTreeSet::new(),
            outside: BTreeSet::new(),
            slot: None,
            rules: Vec::new(),
            default_routes: BTreeSet::new(),
            addresses6: BTreeSet::new(),
            mtu6: None,
        })
    }

    pub(super) fn settings(&self) -> &TunSettings {
        &self.settings
    }

    /// Sets everything up, or what is different from before.
    pub(super) fn apply(
        &mut self,
        projection: &Projection,
        mtu: u16,
        segments: u32,
        outside: &[IpAddr],
    ) -> Result<(), Cause> {
        self.outside.extend(outside);
        if let Err(error) = self.netlink.no_own_ipv6(self.index) {
            tracing::debug!(%error, "the kernel has no IPv6");
        }
        let set = self.netlink.set_link(self.index, mtu, segments);
        set.map_err(|error| failed("switched the device on", &error))?;
        self.set_address(projection).map_err(|error| failed("gave the device its address", &error))?;
        let class = self.settings.class_route.then(|| networks::class_of(projection.local)).flatten();
        self.wanted = self.settings.routes.iter().copied().chain(class.map(IpNet::from)).collect();
        self.set_routes()?;
        if !self.settings.default_route {
            return Ok(());
        }
        self.set_default_route(Family::V4)?;
        if self.settings.default_route6 { self.hold_ipv6() } else { Ok(()) }
    }

    /// Leads further networks into the tunnel. Whether everything goes in, the entry alone says, so what comes to a
    /// default route of the far network is passed over ([`networks::modest`]).
    pub(super) fn lead(&mut self, networks: &[Ipv4Net]) -> Result<(), Cause> {
        self.learned = networks::modest(networks).into_iter().map(IpNet::from).collect();
        if self.learned.len() < networks.len() {
            tracing::warn!("routes of the far network that come to a default route are passed over");
        }
        self.set_routes()
    }

    /// Sets IPv6 up as the far network tells, or takes its addresses and routes away. A default route into the tunnel stays
    /// to the end: what has gone into it does not go beside it for want of an address.
    pub(super) fn lead6(&mut self, setup: Option<&Ipv6Setup>, mtu: u16) -> Result<(), Cause> {
        // RFC 8200 5: a link below that carries no IPv6, and the kernel takes no address for it.
        let setup = setup.filter(|_| mtu >= MTU_MIN_V6);
        self.set_addresses6(setup).map_err(|error| failed("gave the device its IPv6 addresses", &error))?;
        let routes = setup.map_or(&[][..], |setup| &setup.routes);
        let learned = networks::modest_v6(routes);
        let mtu6 = setup.and_then(|setup| setup.mtu).filter(|told| *told < mtu);
        self.learned6 = learned;
        self.set_routes()?;
        if std::mem::replace(&mut self.mtu6, mtu6) != mtu6 {
            self.tell_mtu6().map_err(|error| failed("told the routes their largest packet", &error))?;
        }
        let is_router = routes.contains(&(Ipv6Addr::UNSPECIFIED, 0));
        if self.settings.default_route6 && is_router { self.set_default_route(Family::V6) } else { Ok(()) }
    }

    /// Gives the largest packet of IPv6, if it is less than the device's.
    pub(super) fn mtu6(&self) -> Option<u16> {
        self.mtu6
    }

    /// Puts each route of IPv6 in its own place, with the largest packet of now.
    fn tell_mtu6(&mut self) -> io::Result<()> {
        for network in self.routes.iter().filter(|network| Family::of(**network) == Family::V6) {
            let route = self.route(Table::Main, *network);
            self.netlink.set_route(&route)?;
        }
        Ok(())
    }

    fn set_addresses6(&mut self, setup: Option<&Ipv6Setup>) -> io::Result<()> {
        let wanted: BTreeSet<_> = setup
            .into_iter()
            .flat_map(|setup| {
                let others = setup.addresses.iter().map(|(address, _)| *address);
                std::iter::once(setup.link.local_address()).chain(others)
            })
            .filter(|address| !(address.is_unspecified() || address.is_multicast() || address.is_loopback()))
            .collect();
        for address in &wanted {
            if !self.addresses6.contains(address) {
                self.netlink.add_address6(self.index, *address)?;
                self.addresses6.insert(*address);
            }
        }
        // After the new ones: a device without any address loses its routes.
        for address in self.addresses6.difference(&wanted) {
            self.netlink.remove_address6(self.index, *address)?;
        }
        self.addresses6 = wanted;
        Ok(())
    }

    pub(super) fn keep_outside(&mut self, addresses: &[IpAddr]) -> Result<(), Cause> {
        self.outside.extend(addresses);
        self.set_routes()?;
        if self.slot.is_some() { self.set_outside_rules() } else { Ok(()) }
    }

    fn set_address(&mut self, projection: &Projection) -> io::Result<()> {
        // The other end's address becomes a route, and some servers call themselves inside as they do outside.
        let peer = projection.peer.filter(|peer| !self.outside.contains(&IpAddr::V4(*peer)) && !peer.is_unspecified());
        let address = (projection.local, peer.unwrap_or(projection.local));
        if self.address == Some(address) {
            return Ok(());
        }
        self.netlink.add_address(self.index, address.0, address.1)?;
        // After the new one: a device without any address loses its routes.
        if let Some(old) = self.address.replace(address) {
            self.netlink.remove_address(self.index, old.0, old.1)?;
        }
        Ok(())
    }

    fn holes(&self) -> Vec<IpNet> {
        let excluded = self.settings.exclude.iter().copied();
        excluded.chain(self.outside.iter().copied().map(IpNet::host)).collect()
    }

    fn route(&self, table: Table, to: IpNet) -> Route {
        let mtu = self.mtu6.filter(|_| Family::of(to) == Family::V6);
        Route { table, to, index: self.index, metric: self.settings.metric, mtu }
    }

    fn set_routes(&mut self) -> Result<(), Cause> {
        let all: Vec<_> = self.wanted.iter().chain(&self.learned).chain(&self.learned6).copied().collect();
        let wanted = networks::without(&all, &self.holes());
        for network in wanted.difference(&self.routes) {
            let route = self.route(Table::Main, *network);
            self.netlink.add_route(&route).map_err(|error| not_led(*network, &error))?;
        }
        for network in self.routes.difference(&wanted) {
            let route = self.route(Table::Main, *network);
            let removed = self.netlink.remove_route(&route);
            removed.map_err(|error| failed(&format!("led {network} out of the tunnel"), &error))?;
        }
        self.routes = wanted;
        Ok(())
    }

    fn set_default_route(&mut self, family: Family) -> Result<(), Cause> {
        let slot = match self.slot {
            Some(slot) => slot,
            None => self.claim_slot()?,
        };
        self.set_outside_rules()?;
        for what in [What::Inside(family), What::Local(family)] {
            self.add_missing_rule(Rule { slot, what })?;
        }
        // The table is empty until now, so this is the moment at which everything changes its way.
        let route = self.route(Table::Own(slot), family.everything());
        let set = self.netlink.set_route(&route);
        set.map_err(|error| failed("set the default route", &error))?;
        self.default_routes.insert(family);
        Ok(())
    }

    /// Makes IPv6 unreachable that has no way inside; networks nearby stay reachable.
    fn hold_ipv6(&mut self) -> Result<(), Cause> {
        let Some(slot) = self.slot.filter(|_| kernel_has_ipv6()) else { return Ok(()) };
        for what in [What::Local(Family::V6), What::Held] {
            self.add_missing_rule(Rule { slot, what })?;
        }
        Ok(())
    }

    fn claim_slot(&mut self) -> Result<Slot, Cause> {
        // Between workers of one process; another process is told by the kernel that a rule exists.
        let _claiming = CLAIMING.lock().unwrap_or_else(PoisonError::into_inner);
        let used = self.netlink.slots_in_use().map_err(|error| failed("read the rules", &error))?;
        let Some(slot) = Slot::all().find(|slot| !used.contains(slot)) else {
            let full = io::Error::other("there are 1000 of them");
            return Err(failed("looked for room for one more connection with a default route", &full));
        };
        self.add_rule(Rule { slot, what: What::Inside(Family::V4) })?;
        self.slot = Some(slot);
        Ok(slot)
    }

    fn set_outside_rules(&mut self) -> Result<(), Cause> {
        let Some(slot) = self.slot else { return Ok(()) };
        let without_ipv6 = !kernel_has_ipv6();
        for network in self.holes() {
            if without_ipv6 && Family::of(network) == Family::V6 {
                continue;
            }
            for what in [What::Outside(network), What::Never(network)] {
                self.add_missing_rule(Rule { slot, what })?;
            }
        }
        Ok(())
    }

    fn add_missing_rule(&mut self, rule: Rule) -> Result<(), Cause> {
        if self.rules.contains(&rule) { Ok(()) } else { self.add_rule(rule) }
    }

    fn add_rule(&mut self, rule: Rule) -> Result<(), Cause> {
        if let Some(journal) = &self.journal {
            journal.adding(&rule).map_err(|error| failed("wrote the journal of changes to undo", &error))?;
        }
        if let Err(error) = self.netlink.add_rule(&rule) {
            self.forget(&rule);
            return Err(failed("added a rule to the routing policy", &error));
        }
        self.rules.push(rule);
        Ok(())
    }

    fn forget(&self, rule: &Rule) {
        if let Some(journal) = &self.journal {
            journal.removed(rule);
        }
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            // They would go with the device; but until then, without the rules, they would lead what is near astray.
            for family in std::mem::take(&mut self.default_routes) {
                let _ = self.netlink.remove_route(&self.route(Table::Own(slot), family.everything()));
            }
        }
        while let Some(rule) = self.rules.pop() {
            match self.netlink.remove_rule(&rule) {
                Ok(()) => self.forget(&rule),
                // It stays in the journal, for the next manager.
                Err(error) => tracing::warn!(%error, %rule, "a rule could not be removed"),
            }
        }
    }
}

/// Removes rules that a manager left behind that was killed; those that are not there any more are no error.
///
/// # Errors
/// The kernel refused one of them, most likely for want of a right.
pub fn remove_leftovers<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> io::Result<()> {
    let mut netlink = Netlink::open()?;
    let mut result = Ok(());
    for rule in rules {
        let removed = netlink.remove_rule(rule);
        result = result.and(removed);
    }
    result
}

fn kernel_has_ipv6() -> bool {
    use rustix::net::{AddressFamily, SocketType, socket};
    socket(AddressFamily::INET6, SocketType::DGRAM, None).is_ok()
}

fn not_led(network: IpNet, error: &io::Error) -> Cause {
    let cause = failed(&format!("led {network} into the tunnel"), error);
    match (Family::of(network), error.raw_os_error()) {
        (Family::V6, Some(NO_IPV6_AT_ALL | IPV6_DISABLED | NO_IPV6_AT_DEVICE)) => Cause::new(
            ROUTE_NOT_AVAILABLE,
            cause.layer,
        )
        .did(cause.did)
        .advice(
            "this device carries no IPv6: look at net.ipv6.conf.default.disable_ipv6 and for an MTU of less than 1280",
        ),
        _ => cause,
    }
}

/// EAFNOSUPPORT.
const NO_IPV6_AT_ALL: i32 = 97;
/// EACCES, as the kernel says where `disable_ipv6` is set; a right that is missing is EPERM.
const IPV6_DISABLED: i32 = 13;
/// ENODEV: at a device of less than 1280 bytes.
const NO_IPV6_AT_DEVICE: i32 = 19;
/// RFC 8200 5.
const MTU_MIN_V6: u16 = 1280;
static CLAIMING: Mutex<()> = Mutex::new(());

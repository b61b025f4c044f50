//! What leads packets to a device: its addresses, routes and rules.
//!
//! Routes of single networks stand in the table that everybody uses, where the longest match counts; those that would
//! cover the server or what is excluded are cut into pieces around it. The default route stands in a table of the
//! connection's own, behind rules ([`Rule`]), so that no route of others is touched: when the network below changes
//! its default route, the way to the server changes with it.

use super::netlink::{Netlink, Table};
use super::rule::{Journal, Rule, Slot, What};
use super::{failed, networks};
use rasman_core::{Cause, Ipv4Net, Projection, TunSettings};
use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) struct Setup {
    netlink: Netlink,
    settings: TunSettings,
    index: u32,
    journal: Option<Arc<dyn Journal>>,
    /// Our address and the one at the other end.
    address: Option<(Ipv4Addr, Ipv4Addr)>,
    /// What goes inside but for holes.
    wanted: Vec<Ipv4Net>,
    /// What the far network has named.
    learned: Vec<Ipv4Net>,
    routes: BTreeSet<Ipv4Net>,
    /// The servers.
    outside: BTreeSet<Ipv4Addr>,
    slot: Option<Slot>,
    /// In the order in which they were added.
    rules: Vec<Rule>,
    default_route: bool,
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
            routes: BTreeSet::new(),
            outside: BTreeSet::new(),
            slot: None,
            rules: Vec::new(),
            default_route: false,
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
        outside: &[Ipv4Addr],
    ) -> Result<(), Cause> {
        self.outside.extend(outside);
        let set = self.netlink.set_link(self.index, mtu, segments);
        set.map_err(|error| failed("switched the device on", &error))?;
        self.set_address(projection).map_err(|error| failed("gave the device its address", &error))?;
        let class = self.settings.class_route.then(|| networks::class_of(projection.local)).flatten();
        self.wanted = self.settings.routes.iter().copied().chain(class).collect();
        self.set_routes()?;
        if self.settings.default_route { self.set_default_route() } else { Ok(()) }
    }

    /// Leads further networks into the tunnel. Whether everything goes in, the entry alone says, so what comes to a
    /// default route of the far network is passed over ([`networks::modest`]).
    pub(super) fn lead(&mut self, networks: &[Ipv4Net]) -> Result<(), Cause> {
        self.learned = networks::modest(networks);
        if self.learned.len() < networks.len() {
            tracing::warn!("routes of the far network that come to a default route are passed over");
        }
        self.set_routes()
    }

    pub(super) fn keep_outside(&mut self, addresses: &[Ipv4Addr]) -> Result<(), Cause> {
        self.outside.extend(addresses);
        self.set_routes()?;
        if self.slot.is_some() { self.set_outside_rules() } else { Ok(()) }
    }

    fn set_address(&mut self, projection: &Projection) -> io::Result<()> {
        // The other end's address becomes a route, and some servers call themselves inside as they do outside.
        let peer = projection.peer.filter(|peer| !self.outside.contains(peer) && !peer.is_unspecified());
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

    fn holes(&self) -> Vec<Ipv4Net> {
        self.settings.exclude.iter().copied().chain(self.outside.iter().copied().map(Ipv4Net::host)).collect()
    }

    fn set_routes(&mut self) -> Result<(), Cause> {
        let all: Vec<_> = self.wanted.iter().chain(&self.learned).copied().collect();
        let wanted = networks::without(&all, &self.holes());
        let (index, metric) = (self.index, self.settings.metric);
        for network in wanted.difference(&self.routes) {
            let added = self.netlink.add_route(Table::Main, *network, index, metric);
            added.map_err(|error| failed(&format!("led {network} into the tunnel"), &error))?;
        }
        for network in self.routes.difference(&wanted) {
            let removed = self.netlink.remove_route(Table::Main, *network, index, metric);
            removed.map_err(|error| failed(&format!("led {network} out of the tunnel"), &error))?;
        }
        self.routes = wanted;
        Ok(())
    }

    fn set_default_route(&mut self) -> Result<(), Cause> {
        let slot = match self.slot {
            Some(slot) => slot,
            None => self.claim_slot()?,
        };
        self.set_outside_rules()?;
        if !self.rules.iter().any(|rule| rule.what == What::Local) {
            self.add_rule(Rule { slot, what: What::Local })?;
        }
        if !self.default_route {
            // The table is empty until now, so this is the moment at which everything changes its way.
            let added = self.netlink.add_route(Table::Own(slot), everything(), self.index, self.settings.metric);
            added.map_err(|error| failed("set the default route", &error))?;
            self.default_route = true;
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
        self.add_rule(Rule { slot, what: What::Inside })?;
        self.slot = Some(slot);
        Ok(slot)
    }

    fn set_outside_rules(&mut self) -> Result<(), Cause> {
        let Some(slot) = self.slot else { return Ok(()) };
        for network in self.holes() {
            for what in [What::Outside(network), What::Never(network)] {
                let rule = Rule { slot, what };
                if !self.rules.contains(&rule) {
                    self.add_rule(rule)?;
                }
            }
        }
        Ok(())
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
        if let (true, Some(slot)) = (self.default_route, self.slot) {
            // It would go with the device; but until then, without the rules, it would lead what is near astray.
            let _ = self.netlink.remove_route(Table::Own(slot), everything(), self.index, self.settings.metric);
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

fn everything() -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::UNSPECIFIED, 0).expect("0 bits are few enough")
}

static CLAIMING: Mutex<()> = Mutex::new(());

//! Policy rules of the kernel: all that we change in a system that would outlive us.
//!
//! A device and its routes go with the process that made it. Rules do not, so each is written to a [`Journal`] before
//! it is added, and the next manager removes what is left over.

use super::family::Family;
use rasman_core::IpNet;
use std::fmt;
use std::io;
use std::str::FromStr;

/// A rule of ours.
///
/// Of one connection there are, in the order in which the kernel asks them:
///
/// ```text
/// Outside  to the server (and what is excluded): the table main
/// Never    to the same: unreachable, as when the network below is away; the tunnel cannot carry itself
/// Local    the table main without its default route: networks nearby stay reachable
/// Inside   the connection's own table, whose default route is the device
/// Held     IPv6 that the tunnel does not carry: unreachable, rather than beside it
/// ```
///
/// Rules of IPv6 are others, which the kernel keeps beside them; `Local` and `Inside` are of one version or the other.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rule {
    /// Which connection of this system it belongs to.
    pub(super) slot: Slot,
    pub(super) what: What,
}

/// The number of a connection with a default route, below [`SLOTS`].
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Slot(u16);

#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum What {
    Outside(IpNet),
    Never(IpNet),
    Local(Family),
    Inside(Family),
    Held,
}

impl What {
    pub(super) fn family(self) -> Family {
        match self {
            Self::Outside(network) | Self::Never(network) => Family::of(network),
            Self::Local(family) | Self::Inside(family) => family,
            Self::Held => Family::V6,
        }
    }
}

/// Where rules are written down before they are added.
pub trait Journal: Send + Sync {
    /// Writes down that the rule is about to be added, so that it is known even if we are killed.
    ///
    /// # Errors
    /// It could not be written; the rule is not added then.
    fn adding(&self, rule: &Rule) -> io::Result<()>;

    /// Writes down that the rule is no more.
    fn removed(&self, rule: &Rule);
}

impl Slot {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..SLOTS).map(Self)
    }

    /// The number of the connection's own routing table.
    pub(super) fn table(self) -> u32 {
        TABLE_BASE + u32::from(self.0)
    }

    pub(super) fn of_table(table: u32) -> Option<Self> {
        let slot = u16::try_from(table.checked_sub(TABLE_BASE)?).ok()?;
        (slot < SLOTS).then_some(Self(slot))
    }
}

impl Rule {
    /// Its place among all rules; a smaller one is asked first.
    pub(super) fn priority(&self) -> u32 {
        let base = match self.what {
            What::Outside(_) => OUTSIDE_BASE,
            What::Never(_) => NEVER_BASE,
            What::Local(_) => LOCAL_BASE,
            What::Inside(_) => INSIDE_BASE,
            What::Held => HELD_BASE,
        };
        base + u32::from(self.slot.0)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = self.slot.0;
        match self.what {
            What::Outside(network) => write!(f, "rule {slot} outside {network}"),
            What::Never(network) => write!(f, "rule {slot} never {network}"),
            What::Local(Family::V4) => write!(f, "rule {slot} local"),
            What::Local(Family::V6) => write!(f, "rule {slot} local6"),
            What::Inside(Family::V4) => write!(f, "rule {slot} inside"),
            What::Inside(Family::V6) => write!(f, "rule {slot} inside6"),
            What::Held => write!(f, "rule {slot} held6"),
        }
    }
}

/// A text is no rule of ours.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct NotARule;

impl FromStr for Rule {
    type Err = NotARule;

    fn from_str(text: &str) -> Result<Self, NotARule> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(NotARule);
        if word()? != "rule" {
            return Err(NotARule);
        }
        let slot = word()?.parse().ok().filter(|slot| *slot < SLOTS).map(Slot).ok_or(NotARule)?;
        let what = match word()? {
            "outside" => What::Outside(word()?.parse().map_err(|_| NotARule)?),
            "never" => What::Never(word()?.parse().map_err(|_| NotARule)?),
            "local" => What::Local(Family::V4),
            "local6" => What::Local(Family::V6),
            "inside" => What::Inside(Family::V4),
            "inside6" => What::Inside(Family::V6),
            "held6" => What::Held,
            _ => return Err(NotARule),
        };
        if words.next().is_some() { Err(NotARule) } else { Ok(Self { slot, what }) }
    }
}

/// How many connections of one system may have the default route at the same time.
const SLOTS: u16 = 1000;
/// Before the kernel's own main rule (32766) and whatever other programs put right before it.
const OUTSIDE_BASE: u32 = 20_000;
const NEVER_BASE: u32 = 21_000;
const LOCAL_BASE: u32 = 22_000;
const INSIDE_BASE: u32 = 23_000;
const HELD_BASE: u32 = 24_000;
/// "RAS" and a number: far from the tables that people number.
const TABLE_BASE: u32 = 0x5241_5300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_and_read() {
        for text in [
            "rule 0 inside",
            "rule 999 local",
            "rule 7 outside 192.0.2.1/32",
            "rule 7 never 10.0.0.0/8",
            "rule 3 inside6",
            "rule 3 local6",
            "rule 3 held6",
            "rule 3 outside 2001:db8::1/128",
        ] {
            let rule: Rule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
        }
        for bad in [
            "",
            "rule",
            "rule 0",
            "rule 1000 local",
            "rule -1 local",
            "rule 0 local x",
            "rule 0 outside",
            "rule 0 outside 10.0.0.1/8",
            "rule 0 outside 2001:db8::1/64",
            "rule 0 inside4",
            "rule 0 held",
            "route 0 local",
            "rule 0 all",
            "rule  0 local",
        ] {
            assert_eq!(bad.parse::<Rule>(), Err(NotARule), "{bad}");
        }
    }

    #[test]
    fn the_server_is_looked_for_before_anything_else_and_slots_do_not_meet() {
        let host = IpNet::host([1, 1, 1, 1].into());
        let priorities = |what: What| Slot::all().map(move |slot| Rule { slot, what }.priority());
        let ways = [What::Local(Family::V4), What::Inside(Family::V6), What::Held];
        let order = [[What::Outside(host), What::Never(host)].as_slice(), &ways].concat();
        for pair in order.windows(2) {
            assert!(priorities(pair[0]).max() < priorities(pair[1]).min(), "{pair:?}");
        }
        assert!(priorities(What::Held).max() < Some(32_766));
        assert_eq!(Slot::of_table(Slot(5).table()), Some(Slot(5)));
        assert_eq!((Slot::of_table(254), Slot::of_table(TABLE_BASE + 1000)), (None, None));
    }
}

//! Addresses for clients.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// A range of addresses for clients, both ends included.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Pool {
    /// The first address.
    pub first: Ipv4Addr,
    /// The last address.
    pub last: Ipv4Addr,
}

impl Default for Pool {
    /// 10.99.0.2 to 10.99.15.254: more than there can be sessions.
    fn default() -> Self {
        Self { first: Ipv4Addr::new(10, 99, 0, 2), last: Ipv4Addr::new(10, 99, 15, 254) }
    }
}

/// `10.99.0.2-10.99.0.9`, or one address alone.
impl FromStr for Pool {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let read = |word: &str| {
            word.trim().parse().map_err(|_| format!("expected two IPv4 addresses with a dash between, got \"{text}\""))
        };
        let pool = Self { first: read(first)?, last: read(last)? };
        if pool.last < pool.first {
            return Err(format!("expected the first address of the pool before the last, got \"{text}\""));
        }
        Ok(pool)
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// The leases of a pool.
pub(crate) struct Leases {
    pool: Pool,
    /// Stands in nobody's pool.
    gateway: Ipv4Addr,
    /// Addresses below this were given out once.
    next: u32,
    /// Addresses below `next` that came back.
    free: BTreeSet<Ipv4Addr>,
    in_use: usize,
}

impl Leases {
    pub(crate) fn new(pool: Pool, gateway: Ipv4Addr) -> Self {
        Self { pool, gateway, next: pool.first.to_bits(), in_use: 0, free: BTreeSet::new() }
    }

    /// Gives the lowest address that nobody has.
    pub(crate) fn take(&mut self) -> Option<Ipv4Addr> {
        let address = self.free.pop_first().or_else(|| self.unused())?;
        self.in_use += 1;
        Some(address)
    }

    fn unused(&mut self) -> Option<Ipv4Addr> {
        loop {
            let address = Ipv4Addr::from_bits(self.next);
            if address > self.pool.last {
                return None;
            }
            self.next = self.next.checked_add(1)?;
            if address != self.gateway {
                return Some(address);
            }
        }
    }

    /// Takes an address back.
    pub(crate) fn give_back(&mut self, address: Ipv4Addr) {
        self.in_use -= 1;
        self.free.insert(address);
    }

    /// Tells how many addresses are out.
    pub(crate) fn in_use(&self) -> usize {
        self.in_use
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_and_run_out() {
        let mut leases = Leases::new("10.0.0.1-10.0.0.3".parse().unwrap(), Ipv4Addr::new(10, 0, 0, 2));
        let first = leases.take().unwrap();
        assert_eq!((first, leases.take()), (Ipv4Addr::new(10, 0, 0, 1), Some(Ipv4Addr::new(10, 0, 0, 3))));
        assert_eq!((leases.take(), leases.in_use()), (None, 2));
        leases.give_back(first);
        assert_eq!((leases.in_use(), leases.take()), (1, Some(first)));
    }

    #[test]
    fn a_pool_reads_as_it_prints() {
        let pool = Pool::default();
        assert_eq!(pool.to_string().parse(), Ok(pool));
        assert!("10.0.0.3-10.0.0.2".parse::<Pool>().unwrap_err().contains("before the last"));
    }
}

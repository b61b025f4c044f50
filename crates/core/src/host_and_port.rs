//! Hosts and ports as people write them.

use core::net::{IpAddr, Ipv6Addr};

/// Takes `host`, `host:port`, an address, or `[IPv6]:port` apart; nothing if it is none of them.
#[must_use]
pub fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    if text.parse::<IpAddr>().is_ok() {
        return Some((text.to_owned(), None));
    }
    if let Some(bracketed) = text.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        let port = if port.is_empty() { None } else { Some(port.strip_prefix(':')?.parse().ok()?) };
        return Some((host.to_owned(), port));
    }
    match text.split_once(':') {
        None => Some((text.to_owned(), None)),
        Some((host, port)) => Some((host.to_owned(), Some(port.parse().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_taken_apart() {
        let some = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(host_and_port("vpn.example.com"), some("vpn.example.com", None));
        assert_eq!(host_and_port("vpn.example.com:4433"), some("vpn.example.com", Some(4433)));
        assert_eq!(host_and_port("192.0.2.1:1"), some("192.0.2.1", Some(1)));
        assert_eq!(host_and_port("2001:db8::1"), some("2001:db8::1", None));
        assert_eq!(host_and_port("[2001:db8::1]"), some("2001:db8::1", None));
        assert_eq!(host_and_port("[2001:db8::1]:8443"), some("2001:db8::1", Some(8443)));
        for bad in ["a:b", "a:", "[a]:1", "[::1", "[::1]1", "a:65536", "https://a"] {
            assert_eq!(host_and_port(bad), None, "{bad}");
        }
    }
}

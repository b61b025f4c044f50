//! Name resolution and TCP connects.

use rasman_core::{Cause, Code, Duration, LayerName};
use std::future::{Future, pending, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;

/// Gives the addresses of `host`, each once, in the order of the system's preference.
///
/// A literal address is answered at once; a name is looked up by the system on another thread. It has no time limit
/// of its own.
///
/// # Errors
/// 868 if the name does not resolve.
pub async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Cause> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unknown = |said: String| {
        Cause::new(Code::DNSNAME_NOT_RESOLVABLE, LayerName::Name).did(format!("looked {host} up")).said(said).advice(
            "check the server's name for typing errors, and whether this machine is online and has a name server",
        )
    };
    let found = lookup_host((host, port)).await.map_err(|error| unknown(error.to_string()))?;
    let mut addresses = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(unknown("the name has no address".to_owned())) } else { Ok(addresses) }
}

/// Connects to the first address that answers, with `TCP_NODELAY`.
///
/// IPv6 and IPv4 take turns, a quarter of a second apart or as soon as one fails (RFC 8305). It has no time limit of
/// its own: dropping the future gives up and closes every socket.
///
/// # Errors
/// 809 if no address can be reached.
pub async fn connect_tcp(addresses: &[SocketAddr]) -> Result<TcpStream, Cause> {
    let connected = race(addresses, |address| Box::pin(TcpStream::connect(address))).await;
    let stream = connected.map_err(|failed| unreachable(&failed))?;
    // Without it small control packets would wait for an acknowledgement of their predecessor.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Gives what the first address gives that answers: IPv6 and IPv4 take turns, a quarter of a second apart or as soon as
/// one fails (RFC 8305); else what was wrong with each.
pub(crate) async fn race<'a, T>(
    addresses: &[SocketAddr],
    attempt: impl Fn(SocketAddr) -> Attempt<'a, T>,
) -> Result<T, Vec<(SocketAddr, io::Error)>> {
    let ordered = interleave(addresses);
    let mut waiting = ordered.iter().copied();
    let mut running: Vec<(SocketAddr, Attempt<'a, T>)> = Vec::new();
    let mut failed = Vec::new();
    loop {
        let more = match waiting.next() {
            Some(address) => {
                running.push((address, attempt(address)));
                waiting.len() > 0
            }
            None => false,
        };
        if running.is_empty() {
            return Err(failed);
        }
        // RFC 8305 5: the Connection Attempt Delay.
        let mut stagger = pin!(async { if more { sleep(STAGGER).await } else { pending().await } });
        while let Some((address, result)) = tokio::select! {
            biased;
            done = first_done(&mut running) => Some(done),
            () = &mut stagger => None,
        } {
            match result {
                Ok(stream) => return Ok(stream),
                Err(error) => failed.push((address, error)),
            }
            if more || running.is_empty() {
                break;
            }
        }
    }
}

pub(crate) type Attempt<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + 'a>>;

/// How long an attempt runs alone (RFC 8305 8).
const STAGGER: Duration = Duration::from_millis(250);

/// Waits for the first attempt to end and takes it out.
async fn first_done<T>(running: &mut Vec<(SocketAddr, Attempt<'_, T>)>) -> (SocketAddr, io::Result<T>) {
    poll_fn(|cx| {
        for index in 0..running.len() {
            if let Poll::Ready(result) = running[index].1.as_mut().poll(cx) {
                let (address, _) = running.swap_remove(index);
                return Poll::Ready((address, result));
            }
        }
        Poll::Pending
    })
    .await
}

/// Lets the families take turns, beginning with the one that the system prefers (RFC 8305 4).
fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let v6_first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let mut first = addresses.iter().filter(|address| address.is_ipv6() == v6_first);
    let mut second = addresses.iter().filter(|address| address.is_ipv6() != v6_first);
    let mut ordered = Vec::with_capacity(addresses.len());
    while ordered.len() < addresses.len() {
        ordered.extend(first.next());
        ordered.extend(second.next());
    }
    ordered
}

/// Explains that no address could be reached.
fn unreachable(failed: &[(SocketAddr, io::Error)]) -> Cause {
    let cause = Cause::new(Code::VPN_TIMEOUT, LayerName::Tcp);
    let Some((_, last)) = failed.last() else { return cause.did("had no address to connect to") };
    let tried: Vec<String> = failed.iter().map(|(to, error)| format!("{to} ({})", in_words(error))).collect();
    let cause = cause.did(format!("tried to connect to {}", tried.join(", ")));
    match last.kind() {
        io::ErrorKind::ConnectionRefused => cause
            .said("refused the TCP connection")
            .advice("check the server's name and port: the machine answers, but nothing listens there"),
        io::ErrorKind::ConnectionReset => {
            cause.said("reset the TCP connection").advice("a firewall on the way may forbid it")
        }
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            cause.advice("check whether this machine is online and has a route to the server")
        }
        io::ErrorKind::PermissionDenied => cause.advice("a firewall of this machine forbids it"),
        _ => cause,
    }
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        io::ErrorKind::NetworkUnreachable => "no route to its network".to_owned(),
        io::ErrorKind::HostUnreachable => "no route to it".to_owned(),
        io::ErrorKind::TimedOut => "no answer".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    fn addresses(text: &str) -> Vec<SocketAddr> {
        text.split(' ').map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn literal_addresses_need_no_lookup() {
        // Without a runtime, so nothing can have been asked.
        let mut answer = pin!(resolve("2001:db8::1", 443));
        let Poll::Ready(Ok(found)) =
            answer.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
        else {
            panic!("not at once");
        };
        assert_eq!(found, addresses("[2001:db8::1]:443"));
    }

    #[test]
    fn an_unknown_host_is_868() {
        let cause = run(resolve("no-such-host.invalid", 443)).unwrap_err();
        assert_eq!((cause.code, cause.layer), (Code::DNSNAME_NOT_RESOLVABLE, LayerName::Name));
        assert!(cause.did.contains("no-such-host.invalid"), "{cause}");
    }

    #[test]
    fn families_take_turns() {
        let mixed = addresses("[::1]:1 [::2]:1 [::3]:1 1.1.1.1:1 2.2.2.2:1");
        assert_eq!(interleave(&mixed), addresses("[::1]:1 1.1.1.1:1 [::2]:1 2.2.2.2:1 [::3]:1"));
        assert_eq!(interleave(&addresses("1.1.1.1:1 [::1]:1")), addresses("1.1.1.1:1 [::1]:1"));
        assert_eq!(interleave(&[]), []);
    }

    #[test]
    fn nothing_listens() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let closed = listener.local_addr().unwrap();
            drop(listener);
            let cause = connect_tcp(&[closed]).await.unwrap_err();
            assert_eq!((cause.code, cause.layer), (Code::VPN_TIMEOUT, LayerName::Tcp));
            assert!(cause.did.contains("connection refused") && cause.said.contains("refused"), "{cause}");
            // A failure starts the next attempt at once.
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let before = std::time::Instant::now();
            let stream = connect_tcp(&[closed, listener.local_addr().unwrap()]).await.unwrap();
            assert!(before.elapsed() < STAGGER);
            assert!(stream.nodelay().unwrap());
            assert_eq!(connect_tcp(&[]).await.unwrap_err().code, Code::VPN_TIMEOUT);
        });
    }

    #[test]
    fn a_black_hole_delays_the_next_address_by_the_stagger_alone() {
        run(async {
            // A listener whose backlog is full drops every further SYN, as a black hole does.
            let hole = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            hole.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
            hole.listen(0).unwrap();
            let black = hole.local_addr().unwrap().as_socket().unwrap();
            let mut fill = Vec::new();
            while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(50), TcpStream::connect(black)).await
            {
                fill.push(stream);
            }
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let good = listener.local_addr().unwrap();
            let before = std::time::Instant::now();
            assert_eq!(connect_tcp(&[black, good]).await.unwrap().peer_addr().unwrap(), good);
            assert!((STAGGER..STAGGER * 4).contains(&before.elapsed()), "{:?}", before.elapsed());
            // The caller's time limit is all that ends an attempt at a black hole.
            let limited = tokio::time::timeout(Duration::from_millis(400), connect_tcp(&[black])).await;
            assert!(limited.is_err());
        });
    }
}

//! Names, asked of the name servers inside the tunnel.

use super::Shared;
use super::cache::{AddressKind, Asked};
use rasman_core::Duration;
use smoltcp::socket::dns::{GetQueryResultError, QueryHandle, StartQueryError};
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio::time::{Instant, timeout};

/// Asks for the addresses of a name: those of IPv6 first, where it is carried.
pub(super) async fn resolve(shared: &Shared, name: &str) -> io::Result<Vec<IpAddr>> {
    shared.alive()?;
    let addresses = if shared.engine.borrow().address6.is_some() {
        both(of_kind(shared, name, AddressKind::V6), of_kind(shared, name, AddressKind::V4)).await?
    } else {
        of_kind(shared, name, AddressKind::V4).await?
    };
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no name server of the tunnel knows an address for it"));
    }
    Ok(addresses)
}

/// Waits for both answers, but no longer than a moment for the one that is late; what one of them gives is enough.
async fn both(
    v6: impl Future<Output = io::Result<Vec<IpAddr>>>,
    v4: impl Future<Output = io::Result<Vec<IpAddr>>>,
) -> io::Result<Vec<IpAddr>> {
    let (mut v6, mut v4) = (pin!(v6), pin!(v4));
    let late = async |other: Pin<&mut dyn Future<Output = io::Result<Vec<IpAddr>>>>, known: bool| match known {
        true => timeout(RESOLUTION_DELAY, other).await.unwrap_or(Ok(Vec::new())),
        false => other.await,
    };
    let (v6, v4) = tokio::select! {
        first = &mut v6 => { let known = is_known(&first); (first, late(v4, known).await) }
        first = &mut v4 => { let known = is_known(&first); (late(v6, known).await, first) }
    };
    match (v6, v4) {
        (Err(error), Err(_)) => Err(error),
        (v6, v4) => Ok([v6.unwrap_or_default(), v4.unwrap_or_default()].concat()),
    }
}

fn is_known(answer: &io::Result<Vec<IpAddr>>) -> bool {
    answer.as_ref().is_ok_and(|addresses| !addresses.is_empty())
}

/// Looks into the cache, then asks.
async fn of_kind(shared: &Shared, name: &str, kind: AddressKind) -> io::Result<Vec<IpAddr>> {
    let asked = Asked { name: name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase(), kind };
    let known = shared.engine.borrow().names.get(Instant::now(), &asked);
    match known {
        Some(addresses) => Ok(addresses),
        None => ask(shared, name, &asked).await,
    }
}

/// Asks the name servers, and remembers what they say.
async fn ask(shared: &Shared, name: &str, asked: &Asked) -> io::Result<Vec<IpAddr>> {
    let query = Query::start(shared, name, asked)?;
    let answer = tokio::select! {
        biased;
        () = shared.gone() => return Err(io::ErrorKind::NotConnected.into()),
        answer = query.wait() => answer,
    };
    // The resolver does not tell a name without address from silence, which says nothing.
    let addresses = answer.unwrap_or_default();
    if !addresses.is_empty() {
        shared.engine.borrow_mut().names.put(Instant::now(), asked, &addresses);
    }
    Ok(addresses)
}

/// How long the addresses of one version are waited for when those of the other are there (RFC 8305 3).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);
/// The most queries at one time.
pub(super) const QUERIES_MAX: usize = 256;

/// A query in one of the resolver's slots, which is freed when this is dropped.
struct Query<'a> {
    shared: &'a Shared,
    asked: &'a Asked,
    slot: std::cell::Cell<Option<QueryHandle>>,
}

impl<'a> Query<'a> {
    fn start(shared: &'a Shared, name: &str, asked: &'a Asked) -> io::Result<Self> {
        let mut engine = shared.engine.borrow_mut();
        let Some(index) = engine.dns else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the tunnel has no name server"));
        };
        if engine.queries >= QUERIES_MAX {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "too many names are being resolved"));
        }
        // The resolver sends whatever it is given; only what a host name may hold gets there (RFC 1123 2.1).
        let allowed = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        let not_a_name = || io::Error::new(io::ErrorKind::InvalidInput, "not a host name");
        if !allowed {
            return Err(not_a_name());
        }
        let Some((flow, interface)) = engine.flow_and_interface(index) else { return Err(not_a_name()) };
        let started = flow.dns().start_query(interface.context(), &name.to_ascii_lowercase(), asked.kind.query());
        let slot = started.map_err(|error| match error {
            StartQueryError::InvalidName | StartQueryError::NameTooLong => not_a_name(),
            StartQueryError::NoFreeSlot => io::ErrorKind::ResourceBusy.into(),
        })?;
        engine.queries += 1;
        engine.mark(index);
        drop(engine);
        shared.work.notify_one();
        Ok(Self { shared, asked, slot: Some(slot).into() })
    }

    /// Waits for the answer; nothing if there is none.
    async fn wait(&self) -> Option<Vec<IpAddr>> {
        poll_fn(|cx| {
            let mut engine = self.shared.engine.borrow_mut();
            let (Some(slot), Some(index)) = (self.slot.get(), engine.dns) else { return Poll::Ready(None) };
            let Some(flow) = engine.flow(index) else { return Poll::Ready(None) };
            let result = match flow.dns().get_query_result(slot) {
                Err(GetQueryResultError::Pending) => {
                    flow.dns().register_query_waker(slot, cx.waker());
                    return Poll::Pending;
                }
                Ok(addresses) => Some(addresses.iter().map(|address| IpAddr::from(*address)).collect()),
                Err(GetQueryResultError::Failed) => None,
            };
            // The resolver has freed the slot.
            self.slot.set(None);
            engine.queries -= 1;
            Poll::Ready(result)
        })
        .await
    }
}

impl Drop for Query<'_> {
    fn drop(&mut self) {
        let mut engine = self.shared.engine.borrow_mut();
        if let (Some(slot), Some(index)) = (self.slot.get(), engine.dns)
            && let Some(flow) = engine.flow(index)
        {
            flow.dns().cancel_query(slot);
            engine.queries -= 1;
        }
        engine.names.forget(self.asked);
    }
}

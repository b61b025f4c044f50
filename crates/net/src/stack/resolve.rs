//! Names, asked of the name servers inside the tunnel.

use super::Shared;
use smoltcp::socket::dns::{GetQueryResultError, QueryHandle, StartQueryError};
use smoltcp::wire::DnsQueryType;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::task::Poll;
use tokio::time::Instant;

/// Asks for the IPv4 addresses of a name.
pub(super) async fn resolve(shared: &Shared, name: &str) -> io::Result<Vec<IpAddr>> {
    shared.alive()?;
    let plain = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let known = shared.engine.borrow().names.get(Instant::now(), &plain);
    let addresses = match known {
        Some(addresses) => addresses,
        None => ask(shared, name, &plain).await?,
    };
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no name server of the tunnel knows an address for it"));
    }
    Ok(addresses)
}

/// Asks the name servers, and remembers what they say.
async fn ask(shared: &Shared, name: &str, plain: &str) -> io::Result<Vec<IpAddr>> {
    let query = Query::start(shared, name, plain)?;
    let answer = tokio::select! {
        biased;
        () = shared.gone() => return Err(io::ErrorKind::NotConnected.into()),
        answer = query.wait() => answer,
    };
    // The resolver does not tell a name without address from silence, which says nothing.
    let addresses = answer.unwrap_or_default();
    if !addresses.is_empty() {
        shared.engine.borrow_mut().names.put(Instant::now(), plain, &addresses);
    }
    Ok(addresses)
}

/// The most queries at one time.
pub(super) const QUERIES_MAX: usize = 256;

/// A query in one of the resolver's slots, which is freed when this is dropped.
struct Query<'a> {
    shared: &'a Shared,
    plain: &'a str,
    slot: std::cell::Cell<Option<QueryHandle>>,
}

impl<'a> Query<'a> {
    fn start(shared: &'a Shared, name: &str, plain: &'a str) -> io::Result<Self> {
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
        let started = flow.dns().start_query(interface.context(), &name.to_ascii_lowercase(), DnsQueryType::A);
        let slot = started.map_err(|error| match error {
            StartQueryError::InvalidName | StartQueryError::NameTooLong => not_a_name(),
            StartQueryError::NoFreeSlot => io::ErrorKind::ResourceBusy.into(),
        })?;
        engine.queries += 1;
        engine.mark(index);
        drop(engine);
        shared.work.notify_one();
        Ok(Self { shared, plain, slot: Some(slot).into() })
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
        engine.names.forget(self.plain);
    }
}

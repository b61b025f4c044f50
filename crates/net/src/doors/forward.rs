//! A local port that leads to an address inside the tunnel.

use super::relay::{relay, reset};
use super::serve;
use crate::stack::StackHandle;
use std::rc::Rc;
use tokio::net::TcpListener;

/// Leads every connection on `listener` to `host` and `port` inside the tunnel until the stack is gone.
///
/// `host` is resolved inside the tunnel, for each connection anew. Run it as a local task of a `LocalSet`; dropped, it
/// drops every stream.
pub async fn forward(listener: impl Into<Rc<TcpListener>>, host: String, port: u16, stack: StackHandle) {
    let (host, to) = (Rc::<str>::from(host), stack.clone());
    serve(listener.into(), &stack, move |tcp| {
        let (host, to) = (Rc::clone(&host), to.clone());
        async move {
            match to.connect_host(&host, port).await {
                Ok(stream) => relay(tcp, stream).await,
                Err(error) => {
                    tracing::debug!(%error, "a forward could not connect");
                    reset(&tcp);
                }
            }
        }
    })
    .await;
}

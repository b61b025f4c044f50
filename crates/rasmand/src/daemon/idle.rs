//! Ends a daemon that nobody needs.

use super::listener::Listening;
use super::server::Server;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

/// Waits until nobody was connected and nothing was dialled for this long.
pub(super) async fn wait(server: &Rc<Server>, idle: Option<Duration>, listening: &Listening) {
    let Some(idle) = idle else { return pending().await };
    loop {
        if !server.is_idle() {
            server.changed.notified().await;
            continue;
        }
        tokio::select! {
            () = server.changed.notified() => {}
            () = tokio::time::sleep(idle) => {
                // One that has connected at the last moment is not sent away.
                match listening.accept_now() {
                    Some(stream) => server.accept(stream),
                    None if server.is_idle() => return,
                    None => {}
                }
            }
        }
    }
}

//! The channel: opened with the first need, read by one thread, opened again if it is lost.

use super::calls::Calls;
use super::router::{Channel, Router, Routes};
use crate::Error;
use crate::ipc::Wire;
use crate::ipc::message::Replied;
use crate::ipc::wire::{AttachCall, DialReply, EventsReply, Nothing, WaitCall, WaitReply};
use rasman_core::{Cause, Code, LayerName};
use std::io;
use std::sync::{Arc, Weak};
use tokio::sync::watch;

/// What the thread and the callers share.
pub(super) struct Shared {
    pub(super) calls: Calls,
    /// For calls that may take as long as files do.
    pub(super) entry_calls: Calls,
    pub(super) router: Router,
}

impl Shared {
    /// Gives the channel's name; opens it if there is none.
    ///
    /// # Errors
    /// 711 if the manager cannot be reached.
    pub(super) fn channel(self: &Arc<Self>) -> Result<String, Error> {
        let mut routes = self.router.routes();
        if let Some(channel) = &routes.channel {
            return Ok(channel.name.clone());
        }
        self.open_channel(&mut routes, true)
    }

    /// Opens the channel. What waited for another manager waits in vain.
    fn open_channel(self: &Arc<Self>, routes: &mut Routes, start: bool) -> Result<String, Error> {
        let mut link = self.calls.open_link(start)?;
        let opened: EventsReply = self.calls.call_on(&mut link.wire, "io.rasman.Manager.Events", &Nothing {})?;
        let failed = |did: &str| Error::refused(Code::RASMAN_CANNOT_INITIALIZE, did.to_owned());
        let name = opened.channel.ok_or_else(|| failed("opened a channel and was given none"))?;
        let system = |error: io::Error| failed(&format!("opened a channel: {error}"));
        link.wire.stream().set_read_timeout(None).map_err(system)?;
        let socket = link.wire.stream().try_clone().map_err(system)?;
        let shared = Arc::downgrade(self);
        let wire = link.wire;
        let epoch = link.epoch.clone();
        std::thread::Builder::new()
            .name("rasman-events".into())
            .spawn(move || read(&shared, wire, &epoch))
            .map_err(system)?;
        routes.channel = Some(Channel { name: name.clone(), epoch: link.epoch, alive: watch::Sender::new(()), socket });
        Ok(name)
    }

    /// Takes up again what was told on a channel that is lost; `epoch` is the manager's that it belonged to.
    fn recover(self: &Arc<Self>, epoch: &str) {
        let (channel, dials, awaited) = {
            let mut routes = self.router.routes();
            routes.channel = None;
            let opened = self.open_channel(&mut routes, false);
            let same = routes.channel.as_ref().is_some_and(|channel| channel.epoch == epoch);
            let (Ok(channel), true) = (opened, same) else {
                // It is gone, or another one is in its place; all that we wait for went with it.
                routes.lose_all();
                return;
            };
            routes.lose_watchers();
            (channel, routes.unfinished(), routes.awaited())
        };
        for (handle, token, after) in dials {
            let call = AttachCall { token, after, channel: Some(channel.clone()) };
            let attached: Result<DialReply, Error> = self.calls.call("io.rasman.Manager.Attach", &call, &[]);
            if attached.is_err() {
                self.router.routes().lose_dial(handle);
            }
        }
        for handle in awaited {
            let call = WaitCall { handle: handle.to_string(), channel: Some(channel.clone()) };
            let waits: Result<WaitReply, Error> = self.calls.call("io.rasman.Manager.Wait", &call, &[]);
            if waits.is_err() {
                self.router.routes().gone(handle, &Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager));
            }
        }
    }
}

/// Reads events until the connection ends, and takes care of what depends on it.
fn read(shared: &Weak<Shared>, mut wire: Wire, epoch: &str) {
    loop {
        let received = wire.receive(|message| {
            let replied: Replied<'_> = serde_json::from_slice(message)?;
            Ok(replied.read::<EventsReply>()?)
        });
        // Whoever has let go of the manager has ended the connection, too.
        let Some(shared) = shared.upgrade() else { return };
        match received {
            Ok(reply) => {
                if let Some(event) = reply.event {
                    shared.router.routes().event(event);
                }
                shared.calls.wipe();
            }
            Err(_) => return shared.recover(epoch),
        }
    }
}

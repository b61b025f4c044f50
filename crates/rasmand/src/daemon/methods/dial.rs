//! The method that dials.

use super::{Call, Outcome, Result, log_refusal, random_token};
use crate::daemon::log::{DialLog, Sink};
use crate::daemon::outbox::Outbox;
use crate::daemon::server::{Server, refused};
use crate::daemon::state::{Client, Dialled};
use crate::embedded::{Begun, connected};
use crate::entries::{AtOnce, Caller, Resolved};
use crate::table::Teller;
use rasman::ipc::message::{Reply, write};
use rasman::ipc::wire::{DialCall, DialReply, HandleWire, SecretAt, read_path};
use rasman::{Credentials, Dial, Error, Handle};
use rasman_core::{Cause, Code, LayerName, Notification};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Call<'_> {
    pub(super) fn dial(&mut self) -> Result<Outcome> {
        let length = self.called.parameters.map_or(0, |parameters| parameters.get().len());
        if length > DIAL_MAX {
            let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Manager)
                .did(format!("was given {length} bytes to dial, which are kept as long as the connection"))
                .advice("give 128 KiB at the most: only the certificates that sign the server's");
            return Err(cause.into());
        }
        let call: DialCall = self.read()?;
        let new = NewDial {
            caller: self.caller(),
            channel: self.sink_client(call.channel.as_deref())?,
            held: call.held.unwrap_or(false),
            more: self.called.more,
            oneway: self.called.oneway,
            server: Rc::clone(self.server),
            client: Rc::clone(self.client),
        };
        let dial = self.read_dial(call)?;
        new.expect_room()?;
        match self.server.embedded.entries.resolve_at_once(new.caller, dial)? {
            AtOnce::Resolved(resolved) => Ok(new.begin(*resolved)?),
            AtOnce::NeedsFiles(dial) => Ok(new.by_clerk(*dial)),
        }
    }

    fn read_dial(&mut self, call: DialCall) -> Result<Dial> {
        let mut dial = match (call.entry, call.settings) {
            (Some(name), None) => Dial::entry(name),
            (None, Some(settings)) => Dial::settings(settings.read(|index| self.secret(SecretAt::Descriptor(index)))?),
            _ => {
                let did = "looked for either an entry's name or settings to dial";
                return Err(Error::refused(Code::INVALID_PARAMETER, did).into());
            }
        };
        dial.credentials = match call.credentials {
            Some(credentials) => credentials.read(|at| self.secret(at))?,
            None => Credentials::default(),
        };
        dial.phonebook = call.phonebook.as_deref().map(read_path).transpose()?;
        dial.number = call.number.unwrap_or_default();
        dial.device = call.device.unwrap_or_default();
        dial.callback_number = call.callback_number.unwrap_or_default();
        dial.paused_states = call.paused_states.unwrap_or(false);
        dial.remember = call.remember.unwrap_or(false);
        dial.prefix_and_suffix = call.prefix_and_suffix.unwrap_or(true);
        dial.speaker = call.speaker;
        dial.custom_scripting = call.custom_scripting.unwrap_or(false);
        if let Some(index) = call.eap_user_data {
            dial.eap_user_data = self.secret(SecretAt::Descriptor(index))?;
        }
        dial.data_path =
            call.data_path.map(|path| path.read(|index| self.secret(SecretAt::Descriptor(index)))).transpose()?;
        Ok(dial)
    }
}

/// A dial that has been asked for, and whom to tell.
struct NewDial {
    caller: Caller,
    server: Rc<Server>,
    client: Rc<Client>,
    channel: Option<Rc<Client>>,
    held: bool,
    more: bool,
    oneway: bool,
}

impl NewDial {
    /// Refuses a dial beyond what one user, and all together, may have.
    fn expect_room(&self) -> std::result::Result<(), Error> {
        let (limits, owner) = (&self.server.limits, self.client.peer.who().owner);
        let (of_user, all) = {
            let table = self.server.embedded.table();
            (table.count(owner), table.len())
        };
        let did = if of_user >= limits.dials_of_user {
            format!("counted {of_user} connections of user {}", owner.0)
        } else if all >= limits.dials {
            format!("counted {all} connections of all users")
        } else {
            return Ok(());
        };
        Err(Error::refused(Code::OUT_OF_BUFFERS, did))
    }

    /// Lets a clerk read what has to be read, and begins then; the client's next call waits for that.
    fn by_clerk(self, dial: Dial) -> Outcome {
        self.client.outbox.begin_stream();
        let (embedded, caller) = (Arc::clone(&self.server.embedded), self.caller);
        let (sender, receiver) = oneshot::channel();
        self.server.clerks.run(caller.uid, move || {
            let _ = sender.send(embedded.entries.resolve(caller, dial));
        });
        tokio::task::spawn_local(async move {
            let busy = || Err(Error::refused(Code::OUT_OF_BUFFERS, "looked for a thread to read the phone book"));
            let resolved = receiver.await.unwrap_or_else(|_| busy());
            self.carry_on(resolved);
        });
        Outcome::Streams
    }

    fn carry_on(self, resolved: std::result::Result<Resolved, Error>) {
        let client = Rc::clone(&self.client);
        let is_gone = |client: &Rc<Client>| self.server.client(client.id).is_none();
        if client.peer.process.has_ended.get() || is_gone(&client) || self.channel.as_ref().is_some_and(is_gone) {
            // Nobody waits for it any more, and nothing was begun.
            client.outbox.end_stream();
            return;
        }
        let (server, oneway) = (Rc::clone(&self.server), self.oneway);
        let begun = resolved.and_then(|resolved| {
            self.expect_room()?;
            self.begin(resolved)
        });
        match begun {
            Ok(Outcome::Streams) => {}
            Ok(_) => client.outbox.end_stream(),
            Err(error) => {
                log_refusal(&server.refusals, &client.peer.process.name(), METHOD, &error.0);
                if !oneway {
                    client.outbox.send(&refused(&error.0));
                }
                client.outbox.end_stream();
            }
        }
    }

    fn begin(self, resolved: Resolved) -> std::result::Result<Outcome, Error> {
        let embedded = &self.server.embedded;
        let log = Arc::new(DialLog::new(self.sink()));
        let streams = self.channel.is_none() && self.more;
        let teller = Teller::Listener(Arc::clone(&log) as _);
        match embedded.begin(self.client.peer.who(), resolved, self.held, teller)? {
            Begun::Dialled(handle, session) => {
                log.set_handle(handle);
                let token = self.adopt(handle, log)?;
                if streams {
                    self.client.outbox.begin_stream();
                }
                // The client has its handle before a worker is woken: that takes longer than all else, and nothing is
                // told before the session runs.
                self.tell_handle(handle, Some(token), None, streams);
                // The kernel runs a woken thread on the core of the one that wakes it, which it takes to go to sleep; we
                // do not, so it is let go first.
                std::thread::yield_now();
                if let Err(error) = embedded.launch(*session) {
                    tracing::warn!(%handle, "no worker took a dial: {error}");
                }
                self.server.state().next_token = random_token().ok();
            }
            Begun::Referenced(handle) => {
                // Clause A16: success at once, told once.
                self.tell_handle(handle, None, Some(&connected()), false);
                return Ok(Outcome::Answered);
            }
        }
        Ok(if streams { Outcome::Streams } else { Outcome::Answered })
    }

    fn sink(&self) -> Option<Sink> {
        match &self.channel {
            Some(channel) => Some(Sink::Channel(Arc::clone(&channel.outbox))),
            None if self.more => Some(Sink::Replies(Arc::clone(&self.client.outbox))),
            None => None,
        }
    }

    /// Takes note of whose a new dial is; gives its token.
    fn adopt(&self, handle: Handle, log: Arc<DialLog>) -> std::result::Result<String, Error> {
        let mut state = self.server.state();
        let token = state.next_token.take().map_or_else(random_token, Ok)?;
        state.tokens.insert(token.clone(), handle);
        let dialled = Dialled {
            owner: self.client.peer.who().owner,
            process: Rc::clone(&self.client.peer.process),
            token: token.clone(),
            transfer: None,
            anchor: Some(self.channel.as_ref().unwrap_or(&self.client).id),
            grace: None,
            log,
        };
        state.dials.insert(handle, dialled);
        Ok(token)
    }

    fn tell_handle(&self, handle: Handle, token: Option<String>, notification: Option<&Notification>, continues: bool) {
        if !self.oneway {
            tell_handle(&self.client.outbox, handle, token, notification, continues);
        }
    }
}

/// Replies with the handle of a dial.
pub(super) fn tell_handle(
    outbox: &Outbox,
    handle: Handle,
    token: Option<String>,
    notification: Option<&Notification>,
    continues: bool,
) {
    let parameters = DialReply { handle: HandleWire(handle), token, notification: notification.map(Into::into) };
    outbox.send(&write(&Reply { error: None, parameters, continues }));
}

const METHOD: &str = "io.rasman.Manager.Dial";
/// The longest parameters of a dial, in bytes: some fifty certificates.
const DIAL_MAX: usize = 128 << 10;

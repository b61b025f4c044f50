//! The methods of a dial: starting it, taking it up again, handing it over, its handler.

use super::{Call, Outcome, Result, denied, random_token, reply};
use crate::daemon::log::{DialLog, Replay, Sink};
use crate::daemon::state::{Client, Dialled};
use crate::embedded::{Begun, connected};
use crate::table::Teller;
use rasman::ipc::message::{Reply, write};
use rasman::ipc::wire::{AttachCall, DialCall, DialReply, HandleWire, HandlerDoneCall, Nothing, Token, read_path};
use rasman::{Backend, Credentials, Dial, Error, Handle};
use rasman_core::{Cause, Code, LayerName};
use std::rc::Rc;
use std::sync::Arc;

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
        let channel = self.sink_client(call.channel.as_deref())?;
        let held = call.held.unwrap_or(false);
        let dial = self.read_dial(call)?;
        let who = self.client.peer.who();
        let embedded = &self.server.embedded;
        if embedded.table().count(who.owner) >= self.server.limits.dials_of_user {
            let did = format!("counted {} connections of user {}", self.server.limits.dials_of_user, who.owner.0);
            return Err(Error::refused(Code::OUT_OF_BUFFERS, did).into());
        }
        let log = Arc::new(DialLog::new(self.sink(channel.as_ref())));
        let streams = channel.is_none() && self.called.more;
        match embedded.begin(who, self.caller(), dial, held, Teller::Listener(Arc::clone(&log) as _))? {
            Begun::Dialled(handle, session) => {
                log.set_handle(handle);
                let token = self.adopt(handle, log, channel.as_ref())?;
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
            }
            Begun::Referenced(handle) => {
                // Clause A16: success at once, told once.
                self.tell_handle(handle, None, Some(&connected()), false);
                return Ok(Outcome::Answered);
            }
        }
        Ok(if streams { Outcome::Streams } else { Outcome::Answered })
    }

    /// Takes a dial up again, or takes it over.
    pub(super) fn attach(&mut self) -> Result<Outcome> {
        let AttachCall { token, after, channel } = self.read()?;
        let channel = self.sink_client(channel.as_deref())?;
        let Some(sink) = self.sink(channel.as_ref()) else {
            return Err(super::service::expected_more());
        };
        let streams = matches!(sink, Sink::Replies(_));
        let anchor = channel.as_ref().unwrap_or(self.client).id;
        let embedded = &self.server.embedded;
        let mut state = self.server.state();
        let handle = state.tokens.get(&token).copied().ok_or_else(unknown_token)?;
        let process = &self.client.peer.process;
        let dial = state.dials.get_mut(&handle).ok_or_else(unknown_token)?;
        let takes_over = dial.transfer.as_ref() == Some(&token);
        if takes_over && !self.client.peer.may(dial.owner) || !takes_over && !self.client.is_of(&dial.process) {
            return Err(denied("found the dial to belong to somebody else").into());
        }
        let mut replay = after.map_or(Replay::All, Replay::After);
        let mut old_token = None;
        let mut old_process = None;
        if takes_over {
            // An open hold or question is told again, so that the new one can serve it.
            let waits = embedded.table().is_waiting(handle);
            replay = if waits { Replay::Last } else { after.map_or(Replay::End, Replay::After) };
            let fresh = random_token()?;
            old_token = Some(std::mem::replace(&mut dial.token, fresh));
            old_process = Some(std::mem::replace(&mut dial.process, Rc::clone(process)));
            dial.transfer = None;
        }
        dial.stop_grace();
        dial.anchor = Some(anchor);
        let (log, current) = (Arc::clone(&dial.log), dial.token.clone());
        if let Some(old_token) = old_token {
            state.tokens.remove(&token);
            state.tokens.remove(&old_token);
            state.tokens.insert(current.clone(), handle);
        }
        drop(state);
        if let Some(old) = &old_process {
            embedded.table().hand_over(handle, old.holder, process.holder);
            tracing::info!(%handle, from = old.pid, to = process.pid, "a dial was handed over");
        }
        if streams {
            self.client.outbox.begin_stream();
        }
        self.tell_handle(handle, Some(current), None, streams);
        let before = log.attach(sink, replay);
        match before {
            Some(before) if takes_over => before.transferred(handle),
            Some(before) => before.end(handle),
            None => {}
        }
        if let Some(old) = old_process {
            self.server.forget(&old);
        }
        Ok(if streams { Outcome::Streams } else { Outcome::Answered })
    }

    /// Makes a token with which another process may take a dial over.
    pub(super) fn transfer(&mut self) -> Result<Outcome> {
        let Token { token } = self.read()?;
        let mut state = self.server.state();
        let handle = state.tokens.get(&token).copied().ok_or_else(unknown_token)?;
        let dial = state.dials.get_mut(&handle).ok_or_else(unknown_token)?;
        if dial.token != token || !self.client.is_of(&dial.process) {
            return Err(denied("found the dial to belong to somebody else").into());
        }
        let fresh = random_token()?;
        let old = dial.transfer.replace(fresh.clone());
        if let Some(old) = old {
            state.tokens.remove(&old);
        }
        state.tokens.insert(fresh.clone(), handle);
        reply(&Token { token: fresh })
    }

    /// Only the handler's own process acknowledges.
    pub(super) fn handler_done(&mut self) -> Result<Outcome> {
        let HandlerDoneCall { handle, seq, more } = self.read()?;
        let handle = self.known(&handle)?;
        let is_handlers = {
            let state = self.server.state();
            state.dials.get(&handle).is_some_and(|dial| self.client.is_of(&dial.process))
        };
        if !is_handlers {
            return Err(denied("was told of a handler by a process that has not dialled").into());
        }
        self.server.embedded.handler_done(handle, seq, more);
        reply(&Nothing {})
    }

    fn read_dial(&mut self, call: DialCall) -> Result<Dial> {
        let mut dial = match (call.entry, call.settings) {
            (Some(name), None) => Dial::entry(name),
            (None, Some(settings)) => Dial::settings(settings.read(|index| self.secret(index))?),
            _ => {
                let did = "looked for either an entry's name or settings to dial";
                return Err(Error::refused(Code::INVALID_PARAMETER, did).into());
            }
        };
        dial.credentials = match call.credentials {
            Some(credentials) => credentials.read(|index| self.secret(index))?,
            None => Credentials::default(),
        };
        dial.paused_states = call.paused_states.unwrap_or(false);
        dial.phonebook = call.phonebook.as_deref().map(read_path).transpose()?;
        dial.number = call.number.unwrap_or_default();
        dial.remember = call.remember.unwrap_or(false);
        dial.data_path = call.data_path.map(|path| path.read(|index| self.secret(index))).transpose()?;
        Ok(dial)
    }

    fn sink_client(&self, channel: Option<&str>) -> Result<Option<Rc<Client>>> {
        Ok(channel.map(|name| self.server.channel(self.client, name)).transpose()?)
    }

    fn sink(&self, channel: Option<&Rc<Client>>) -> Option<Sink> {
        match channel {
            Some(channel) => Some(Sink::Channel(Arc::clone(&channel.outbox))),
            None if self.called.more => Some(Sink::Replies(Arc::clone(&self.client.outbox))),
            None => None,
        }
    }

    /// Takes note of whose a new dial is; gives its token.
    fn adopt(&self, handle: Handle, log: Arc<DialLog>, channel: Option<&Rc<Client>>) -> Result<String> {
        let token = random_token()?;
        let mut state = self.server.state();
        state.tokens.insert(token.clone(), handle);
        let dialled = Dialled {
            owner: self.client.peer.who().owner,
            process: Rc::clone(&self.client.peer.process),
            token: token.clone(),
            transfer: None,
            anchor: Some(channel.unwrap_or(self.client).id),
            grace: None,
            log,
        };
        state.dials.insert(handle, dialled);
        Ok(token)
    }

    fn tell_handle(
        &self,
        handle: Handle,
        token: Option<String>,
        notification: Option<&rasman_core::Notification>,
        continues: bool,
    ) {
        let notification = notification.map(Into::into);
        let parameters = DialReply { handle: HandleWire(handle), token, notification };
        if !self.called.oneway {
            self.client.outbox.send(&write(&Reply { error: None, parameters, continues }));
        }
    }
}

/// The longest parameters of a dial, in bytes: some fifty certificates.
const DIAL_MAX: usize = 128 << 10;

fn unknown_token() -> Error {
    let cause = Cause::new(Code::INVALID_HANDLE, LayerName::Manager).did("looked for the dial of a token");
    Error(cause.advice("a dial can be taken up until 5 seconds after its socket was lost"))
}

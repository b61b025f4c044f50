//! The methods of a dial under way: taking it up again, handing it over, its handler.

use super::dial::tell_handle;
use super::{Call, Outcome, Result, denied, random_token, reply};
use crate::daemon::log::{Replay, Sink};
use crate::daemon::state::Client;
use rasman::ipc::wire::{AttachCall, HandlerDoneCall, Nothing, Token};
use rasman::{Backend, Error};
use rasman_core::{Cause, Code, LayerName};
use std::rc::Rc;
use std::sync::Arc;

impl Call<'_> {
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
        if !self.called.oneway {
            tell_handle(&self.client.outbox, handle, Some(current), None, streams);
        }
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

    pub(super) fn sink_client(&self, channel: Option<&str>) -> Result<Option<Rc<Client>>> {
        Ok(channel.map(|name| self.server.channel(self.client, name)).transpose()?)
    }

    pub(super) fn sink(&self, channel: Option<&Rc<Client>>) -> Option<Sink> {
        match channel {
            Some(channel) => Some(Sink::Channel(Arc::clone(&channel.outbox))),
            None if self.called.more => Some(Sink::Replies(Arc::clone(&self.client.outbox))),
            None => None,
        }
    }
}

fn unknown_token() -> Error {
    let cause = Cause::new(Code::INVALID_HANDLE, LayerName::Manager).did("looked for the dial of a token");
    Error(cause.advice("a dial can be taken up until 5 seconds after its socket was lost"))
}

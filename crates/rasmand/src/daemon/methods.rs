//! The methods of the interface.

mod autodial;
mod dial;
mod dialling;
mod entries;
mod service;

use super::hub;
use super::peer::ProcessName;
use super::refusals::Refusals;
use super::server::{Server, refused};
use super::state::{Client, Waiter, WaitsBy};
use crate::entries::is_asterisks;
use rasman::ipc::message::{Called, Reply, write};
use rasman::ipc::secret::SharedFile;
use rasman::ipc::wire::{
    AnswerCall, AnswerKind, Described, DevicesReply, EndedReply, EventsReply, HangUpCall, HangUpReply, LineFormatCall,
    LineReply, Listed, May, Nothing, OfHandle, SecretAt, StatisticsReply, StatusReply, WaitCall, WaitReply, WatchCall,
    WatchReply, parse_handle,
};
use rasman::{Answer, Error, Handle, HangUp};
use rasman_core::{Cause, Code, LayerName, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Instant;

/// Carries out a call and replies. Tells whether more replies will follow; the next call has to wait for them.
///
/// # Errors
/// What came is no call; the connection is of no use any more.
pub(super) fn call(
    server: &Rc<Server>,
    client: &Rc<Client>,
    message: &[u8],
    descriptors: Vec<OwnedFd>,
) -> io::Result<bool> {
    let called: Called<'_> = serde_json::from_slice(message).map_err(|problem| {
        // Not serde's words: they may have a value in them, and go to the log.
        let place = format!("what came is no call (line {}, column {})", problem.line(), problem.column());
        io::Error::new(io::ErrorKind::InvalidData, place)
    })?;
    if called.upgrade {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "an upgrade was asked for"));
    }
    let descriptors = descriptors.into_iter().map(Some).collect();
    let mut call = Call { server, client, called: &called, descriptors };
    match call.carry_out() {
        Ok(Outcome::Replied(reply)) => {
            if !called.oneway {
                client.outbox.send(&reply);
            }
            Ok(false)
        }
        Ok(Outcome::Answered) => Ok(false),
        Ok(Outcome::Streams) => Ok(true),
        Err(Failure::Refused(error)) => {
            log_refusal(&server.refusals, &client.peer.process.name(), &called.method, &error.0);
            if !called.oneway {
                client.outbox.send(&refused(&error.0));
            }
            Ok(false)
        }
        Err(Failure::Service(reply)) => {
            client.outbox.send(&reply);
            Ok(false)
        }
    }
}

/// One call under way.
struct Call<'a> {
    server: &'a Rc<Server>,
    client: &'a Rc<Client>,
    called: &'a Called<'a>,
    descriptors: Vec<Option<OwnedFd>>,
}

/// What became of a call.
enum Outcome {
    /// This is the reply.
    Replied(Vec<u8>),
    /// The reply was sent.
    Answered,
    /// Replies will be sent by others, up to the last one.
    Streams,
}

/// Why a call failed.
enum Failure {
    /// It was understood.
    Refused(Error),
    /// It was not: the reply, with an error of every Varlink service.
    Service(Vec<u8>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self::Refused(Error(cause))
    }
}

type Result<T> = std::result::Result<T, Failure>;

impl Call<'_> {
    fn carry_out(&mut self) -> Result<Outcome> {
        let Some(method) = self.called.method.strip_prefix("io.rasman.Manager.") else {
            return service::call(self.called);
        };
        match method {
            "Describe" => self.describe(),
            "Events" => self.events(),
            "ShareSecrets" => self.share_secrets(),
            "Dial" => self.dial(),
            "Attach" => self.attach(),
            "Transfer" => self.transfer(),
            "HandlerDone" => self.handler_done(),
            "MayEnterHandler" => self.may_enter_handler(),
            "Answer" => self.answer(),
            "Line" => self.line(),
            "SetLineFormat" => self.set_line_format(),
            "HangUp" => self.hang_up(),
            "Abandon" => self.abandon(),
            "Status" => self.status(),
            "Statistics" => self.statistics(),
            "ClearStatistics" => self.clear_statistics(),
            "Wait" => self.wait(),
            "Ended" => self.ended(),
            "List" => self.list(),
            "Devices" => self.devices(),
            "Watch" => self.watch(),
            "Stop" => self.stop(),
            other => self
                .of_entries(other)
                .or_else(|| self.of_autodial(other))
                .unwrap_or_else(|| Err(service::method_not_found(&self.called.method))),
        }
    }

    fn describe(&self) -> Result<Outcome> {
        let Nothing {} = self.read()?;
        reply(&Described {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scope: self.server.scope.to_string(),
            epoch: format!("{:08x}", self.server.embedded.table().epoch()),
            uid: self.client.peer.process.uid,
            sees_all: self.client.peer.sees_all,
        })
    }

    fn devices(&self) -> Result<Outcome> {
        let Nothing {} = self.read()?;
        reply(&DevicesReply { devices: self.server.embedded.entries.devices().iter().map(Into::into).collect() })
    }

    fn events(&self) -> Result<Outcome> {
        let Nothing {} = self.read()?;
        self.expect_more()?;
        let name = random_token()?;
        self.server.state().channels.insert(name.clone(), self.client.id);
        let parameters = EventsReply { channel: Some(name), event: None };
        self.client.outbox.begin_stream();
        self.client.outbox.send(&write(&Reply { error: None, parameters, continues: true }));
        Ok(Outcome::Streams)
    }

    fn share_secrets(&mut self) -> Result<Outcome> {
        let Nothing {} = self.read()?;
        let descriptor = self.descriptor(0)?;
        let shared = SharedFile::receive(descriptor).map_err(|error| no_secret("looked at the file", &error))?;
        self.client.secrets.replace(Some(shared));
        reply(&Nothing {})
    }

    fn may_enter_handler(&self) -> Result<Outcome> {
        let OfHandle { handle } = self.read()?;
        let handle = self.known(&handle)?;
        let is_handlers = {
            let state = self.server.state();
            state.dials.get(&handle).is_some_and(|dial| self.client.is_of(&dial.process))
        };
        reply(&May { may: is_handlers && self.server.embedded.table().may_enter_handler(handle) })
    }

    fn answer(&mut self) -> Result<Outcome> {
        let AnswerCall { handle, question, credentials, answer, callback_number, code } = self.read()?;
        let handle = self.known(&handle)?;
        let credentials = credentials.read(|at| self.secret(at))?;
        let stored = is_asterisks(&credentials.password);
        let answer = match answer.unwrap_or_default() {
            AnswerKind::Credentials => Answer::Credentials(credentials),
            AnswerKind::NewPassword => Answer::NewPassword(credentials.password),
            AnswerKind::CertificatePassword => Answer::CertificatePassword(credentials.password),
            AnswerKind::Accept => Answer::Accept,
            AnswerKind::Continue => Answer::Continue,
            AnswerKind::LoggedIn => Answer::LoggedIn(credentials),
            AnswerKind::GiveUp => Answer::GiveUp(Code(code.unwrap_or_default())),
            AnswerKind::CallbackNumber => Answer::CallbackNumber(callback_number.unwrap_or_default()),
        };
        if stored && matches!(answer, Answer::Credentials(_) | Answer::LoggedIn(_)) {
            // What is stored is read from files.
            return self.on_entries(move |entries| {
                rasman::Backend::answer(entries.manager, handle, question, answer).map(|()| Nothing {})
            });
        }
        rasman::Backend::answer(&*self.server.embedded, handle, question, answer)?;
        reply(&Nothing {})
    }

    fn line(&self) -> Result<Outcome> {
        let OfHandle { handle } = self.read()?;
        let handle = self.known(&handle)?;
        let line = self.server.embedded.table().line(handle)?;
        if self.called.oneway {
            return Ok(Outcome::Answered);
        }
        let message = write(&Reply { error: None, parameters: LineReply { line: 0 }, continues: false });
        if !self.client.outbox.send_with(&message, line.as_fd()) {
            return Err(Error::refused(Code::OUT_OF_BUFFERS, "found replies that were not read").into());
        }
        Ok(Outcome::Answered)
    }

    fn set_line_format(&self) -> Result<Outcome> {
        let call: LineFormatCall = self.read()?;
        let handle = self.known(&call.handle)?;
        rasman::Backend::set_line_format(&*self.server.embedded, handle, call.read()?)?;
        reply(&Nothing {})
    }

    fn hang_up(&self) -> Result<Outcome> {
        let HangUpCall { handle, force, wait, channel } = self.read()?;
        let handle = self.known(&handle)?;
        let holder = self.client.peer.process.holder;
        let told_to = match &channel {
            Some(name) => Some(self.server.channel(self.client, name)?),
            None => None,
        };
        let mut hung_up = self.server.embedded.table().hang_up(handle, holder, force.unwrap_or(false))?;
        if let Ok(HangUp::Released { remaining }) = hung_up.try_recv() {
            return reply(&HangUpReply { remaining: Some(remaining), gone: None });
        }
        if let Some(told_to) = told_to {
            self.wait_for(handle, &told_to, WaitsBy::Channel);
        } else if wait.unwrap_or(false) {
            self.wait_for(handle, self.client, WaitsBy::Reply);
            return Ok(Outcome::Streams);
        }
        reply(&HangUpReply::default())
    }

    fn abandon(&self) -> Result<Outcome> {
        let OfHandle { handle } = self.read()?;
        let handle = self.known(&handle)?;
        self.server.embedded.table().abandon(handle);
        reply(&Nothing {})
    }

    fn status(&self) -> Result<Outcome> {
        let OfHandle { handle } = self.read()?;
        let handle = self.known(&handle)?;
        let status = self.server.embedded.table().status(handle)?;
        reply(&StatusReply { status: (&status).into() })
    }

    fn statistics(&self) -> Result<Outcome> {
        let OfHandle { handle } = self.read()?;
        let handle = self.known(&handle)?;
        let statistics = self.server.embedded.table().statistics(handle)?;
        reply(&StatisticsReply { statistics: (&statistics).into() })
    }

    fn clear_statistics(&self) -> Result<Outcome> {
        let OfHandle { handle } = self.read()?;
        let handle = self.known(&handle)?;
        self.server.embedded.table().clear_statistics(handle)?;
        reply(&Nothing {})
    }

    fn wait(&self) -> Result<Outcome> {
        let WaitCall { handle, channel } = self.read()?;
        let handle = self.known(&handle)?;
        match channel {
            Some(name) => {
                let told_to = self.server.channel(self.client, &name)?;
                self.wait_for(handle, &told_to, WaitsBy::Channel);
                reply(&WaitReply::default())
            }
            None => {
                self.wait_for(handle, self.client, WaitsBy::Reply);
                Ok(Outcome::Streams)
            }
        }
    }

    fn ended(&self) -> Result<Outcome> {
        let OfHandle { handle } = self.read()?;
        let ended = parse_handle(&handle).and_then(|handle| self.server.embedded.table().ended_of(handle));
        match ended {
            Some((owner, cause)) if self.client.peer.may(owner) => reply(&EndedReply { cause: Some((&cause).into()) }),
            Some(_) => Err(denied("asked why a connection of another user ended").into()),
            None => reply(&EndedReply::default()),
        }
    }

    fn list(&self) -> Result<Outcome> {
        let Nothing {} = self.read()?;
        let (_, connections) = hub::snapshot(self.server, self.client);
        reply(&Listed { connections })
    }

    fn watch(&self) -> Result<Outcome> {
        let WatchCall { channel } = self.read()?;
        let told = |serial, connections| WatchReply {
            serial: Some(serial),
            connections: Some(connections),
            ..WatchReply::default()
        };
        if let Some(name) = channel {
            let told_to = self.server.channel(self.client, &name)?;
            let (serial, connections) = hub::watch(self.server, &told_to, true);
            return reply(&told(serial, connections));
        }
        self.expect_more()?;
        let (serial, connections) = hub::watch(self.server, self.client, false);
        self.client.outbox.begin_stream();
        let parameters = told(serial, connections);
        self.client.outbox.send(&write(&Reply { error: None, parameters, continues: true }));
        Ok(Outcome::Streams)
    }

    fn stop(&self) -> Result<Outcome> {
        let Nothing {} = self.read()?;
        if !self.client.peer.sees_all {
            return Err(denied("was asked to stop by somebody who may not").into());
        }
        let _ = self.server.stop.try_send(());
        reply(&Nothing {})
    }

    /// Finds a connection that the caller may see, and has not given back.
    fn known(&self, text: &str) -> Result<Handle> {
        let unknown = || {
            let shown: String = text.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
            Error::refused(Code::INVALID_HANDLE, format!("looked for the connection \"{shown}\""))
        };
        let handle = parse_handle(text).ok_or_else(unknown)?;
        let table = self.server.embedded.table();
        let owner = table.owner(handle).ok_or_else(unknown)?;
        if !self.client.peer.may(owner) {
            return Err(denied("found the connection to belong to another user").into());
        }
        // Clauses H2, H9: whoever gave back what it had has no handle any more.
        if table.is_released(handle, self.client.peer.process.holder) {
            return Err(Error::invalid_handle(handle).into());
        }
        Ok(handle)
    }

    fn wait_for(&self, handle: Handle, client: &Client, by: WaitsBy) {
        if by == WaitsBy::Reply {
            client.outbox.begin_stream();
        }
        let mut state = self.server.state();
        let waiters = state.waiters.entry(handle).or_default();
        let waits = waiters.iter().any(|waiter| waiter.client == client.id && waiter.by == by);
        if by == WaitsBy::Reply || !waits {
            waiters.push(Waiter { client: client.id, by });
        }
    }

    /// Takes a secret from where it lies.
    fn secret(&mut self, at: SecretAt) -> std::result::Result<Secret, Error> {
        match at {
            SecretAt::Descriptor(index) => {
                let descriptor = self.descriptor(index)?;
                rasman::ipc::secret::unseal(descriptor)
                    .map_err(|error| no_secret(&format!("read the descriptor {index} of the call"), &error))
            }
            SecretAt::Shared(length) => {
                let shared = self.client.secrets.borrow();
                let shared = shared.as_ref().ok_or_else(|| no_secret("looked for the file", &"none is shared"))?;
                shared.get(length).map_err(|error| no_secret("read the file", &error))
            }
        }
    }

    fn descriptor(&mut self, index: usize) -> std::result::Result<OwnedFd, Error> {
        let taken = self.descriptors.get_mut(index).and_then(Option::take);
        let why = "it did not come with the call, or was used already";
        taken.ok_or_else(|| no_secret(&format!("looked for the descriptor {index}"), &why))
    }

    fn read<P: DeserializeOwned>(&self) -> Result<P> {
        self.called.read().map_err(|error| service::invalid_parameter(&error))
    }

    fn expect_more(&self) -> Result<()> {
        if self.called.more { Ok(()) } else { Err(service::expected_more()) }
    }
}

fn reply(parameters: &impl Serialize) -> Result<Outcome> {
    Ok(Outcome::Replied(write(&Reply { error: None, parameters, continues: false })))
}

fn no_secret(did: &str, why: &dyn std::fmt::Display) -> Error {
    let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Manager).did(format!("{did}: {why}"));
    Error(cause.advice("pass a memfd with all seals and at most 4096 bytes, or share one whose size is sealed"))
}

fn denied(did: &str) -> Error {
    let advice = "only its owner, the members of the group rasman and root may";
    Error(Cause::new(Code::ACCESS_DENIED, LayerName::Manager).did(did).advice(advice))
}

/// Refusals of rights are told to whoever looks after the machine, other mistakes to whoever looks for them.
fn log_refusal(refusals: &Refusals, caller: &ProcessName, method: &str, cause: &Cause) {
    let ProcessName { pid, uid } = *caller;
    if cause.code != Code::ACCESS_DENIED {
        tracing::debug!(pid, uid, method, code = cause.code.0, did = cause.did, "refused");
        return;
    }
    if let Some(and) = refusals.tell(uid, Instant::now()) {
        tracing::warn!(pid, uid, method, did = cause.did, "refused{and}");
    }
}

/// Makes a name that nobody can guess.
fn random_token() -> std::result::Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::refused(Code::RASMAN_CANNOT_INITIALIZE, "asked the system for randomness"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

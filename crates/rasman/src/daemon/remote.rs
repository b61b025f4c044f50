//! The manager's calls, carried out by the daemon.

use super::calls::{Calls, Meanwhile};
use super::events::Shared;
use super::router::Router;
use crate::ipc::secret;
use crate::ipc::wire::{
    AnswerCall, AnswerKind, AttachCall, CredentialsWire, DataPathWire, DevicesReply, DialCall, DialReply, EndedReply,
    EntryWire, HandlerDoneCall, HangUpCall, HangUpReply, LineFormatCall, LineReply, Listed, May, Nothing, OfHandle,
    SecretAt, StatisticsReply, StatusReply, Token, WaitCall, WaitReply, WatchCall, WatchReply, write_path,
};
use crate::{
    Answer, Backend, Change, ConnectionInfo, Dial, Error, Handle, HangUp, Started, Statistics, Status, Target,
};
use rasman_core::{Cause, CharacterFormat, Code, Credentials, DataPath, Device, Rootless, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// A manager behind a socket.
pub(super) struct Remote {
    pub(super) shared: Arc<Shared>,
}

impl Remote {
    pub(super) fn new(calls: Calls) -> Self {
        let entry_calls = calls.beside();
        Self { shared: Arc::new(Shared { calls, entry_calls, router: Router::default() }) }
    }

    fn call<P: Serialize, R: DeserializeOwned>(&self, method: &str, parameters: &P) -> Result<R, Error> {
        self.shared.calls.call(method, parameters, &[])
    }

    fn of_handle<R: DeserializeOwned>(&self, method: &str, handle: Handle) -> Result<R, Error> {
        self.call(method, &OfHandle { handle: handle.to_string() })
    }

    fn start(&self, mut dial: Dial, held: bool, meanwhile: Meanwhile<'_>) -> Result<Started, Error> {
        if let (Target::Entry(entry), Some(path)) = (&mut dial.target, &dial.data_path) {
            // What is replaced does not travel.
            entry.data_path.clone_from(path);
            dial.data_path = None;
        }
        let channel = self.shared.channel()?;
        let (entry, settings, lines) = match &dial.target {
            Target::Name(name) => (Some(name.clone()), None, None),
            Target::Entry(entry) => {
                let (wire, lines) = EntryWire::new(entry, LOGIN)?;
                (None, Some(Box::new(wire)), lines)
            }
        };
        // In the order that the indices of an entry have.
        let sealed = [seal_login(&dial)?, seal_data(&lines.unwrap_or_default())?, seal_data(&dial.eap_user_data)?];
        let sealed: Vec<OwnedFd> = sealed.into_iter().flatten().collect();
        let descriptors: Vec<BorrowedFd<'_>> = sealed.iter().map(AsFd::as_fd).collect();
        let mut call = DialCall {
            entry,
            settings,
            credentials: None,
            held: held.then_some(true),
            paused_states: dial.paused_states.then_some(true),
            phonebook: dial.phonebook.as_deref().map(write_path).transpose()?,
            number: Some(dial.number).filter(|number| !number.is_empty()),
            device: Some(dial.device).filter(|device| !device.is_empty()),
            callback_number: Some(dial.callback_number).filter(|number| !number.is_empty()),
            remember: dial.remember.then_some(true),
            data_path: dial.data_path.as_ref().map(|path| DataPathWire::new(path, LOGIN)).transpose()?,
            prefix_and_suffix: (!dial.prefix_and_suffix).then_some(false),
            speaker: dial.speaker,
            custom_scripting: dial.custom_scripting.then_some(true),
            // The last of them.
            eap_user_data: (!dial.eap_user_data.is_empty()).then(|| descriptors.len() - 1),
            channel: Some(channel),
        };
        let credentials = &dial.credentials;
        let replied: Result<DialReply, Error> = self.shared.calls.call_with_secret(
            "io.rasman.Manager.Dial",
            &credentials.password,
            &descriptors,
            &mut call,
            |call, secret| call.credentials = Some(CredentialsWire::new(credentials, secret)),
            meanwhile,
        );
        if !replied.as_ref().is_ok_and(|reply| reply.token.is_some()) {
            // No event will follow.
            self.shared.calls.wipe();
        }
        let reply = replied?;
        let handle = reply.handle.0;
        let notifications = match reply.notification.and_then(|wire| wire.read()) {
            // Clause A16: the entry was connected, and that is all there is to tell.
            Some(notification) => {
                let (sender, notifications) = mpsc::channel(1);
                let _ = sender.try_send(Box::new(notification));
                notifications
            }
            None => self.shared.router.routes().claim(handle, reply.token),
        };
        Ok(Started { handle, notifications })
    }

    fn end(&self, handle: Handle, force: bool) -> Result<oneshot::Receiver<HangUp>, Error> {
        let channel = self.shared.channel()?;
        let (sender, receiver) = oneshot::channel();
        // Before the call: the end may be told before it returns.
        self.shared.router.routes().wait_hang_up(handle, sender);
        let call =
            HangUpCall { handle: handle.to_string(), force: force.then_some(true), wait: None, channel: Some(channel) };
        let replied: Result<HangUpReply, Error> = self.call("io.rasman.Manager.HangUp", &call);
        let released = match replied {
            Ok(HangUpReply { remaining: None, .. }) => return Ok(receiver),
            Ok(HangUpReply { remaining: Some(remaining), .. }) => Ok(remaining),
            Err(error) => Err(error),
        };
        drop(receiver);
        self.shared.router.routes().tidy(handle);
        let (told, receiver) = oneshot::channel();
        let _ = told.send(HangUp::Released { remaining: released? });
        Ok(receiver)
    }
}

impl Backend for Remote {
    fn dial(&self, dial: Dial, held: bool) -> Result<Started, Error> {
        self.start(dial, held, None)
    }

    fn dial_while(&self, dial: Dial, held: bool, meanwhile: &mut dyn FnMut()) -> Result<Started, Error> {
        self.start(dial, held, Some(meanwhile))
    }

    fn handler_done(&self, handle: Handle, seq: u64, more: bool) {
        let call = HandlerDoneCall { handle: handle.to_string(), seq, more };
        // One that is gone needs none.
        let _: Result<Nothing, Error> = self.call("io.rasman.Manager.HandlerDone", &call);
    }

    fn answer(&self, handle: Handle, question: u32, answer: Answer) -> Result<(), Error> {
        let password = |password| Credentials { password, ..Credentials::default() };
        let (mut callback_number, mut code) = (None, None);
        let (credentials, kind) = match answer {
            Answer::CallbackNumber(number) => {
                callback_number = Some(number);
                (Credentials::default(), AnswerKind::CallbackNumber)
            }
            Answer::Credentials(credentials) => (credentials, AnswerKind::Credentials),
            Answer::NewPassword(new) => (password(new), AnswerKind::NewPassword),
            Answer::CertificatePassword(secret) => (password(secret), AnswerKind::CertificatePassword),
            Answer::Accept => (Credentials::default(), AnswerKind::Accept),
            Answer::Continue => (Credentials::default(), AnswerKind::Continue),
            Answer::LoggedIn(credentials) => (credentials, AnswerKind::LoggedIn),
            Answer::GiveUp(given) => {
                code = Some(given.0);
                (Credentials::default(), AnswerKind::GiveUp)
            }
            _ => {
                return Err(Error::refused(Code::NOT_SUPPORTED, "looked for a way to send this answer to the manager"));
            }
        };
        let mut call = AnswerCall {
            handle: handle.to_string(),
            question,
            credentials: CredentialsWire::default(),
            answer: Some(kind),
            callback_number,
            code,
        };
        let answered = self.shared.calls.call_with_secret(
            "io.rasman.Manager.Answer",
            &credentials.password,
            &[],
            &mut call,
            |call, secret| call.credentials = CredentialsWire::new(&credentials, secret),
            None,
        );
        self.shared.calls.wipe();
        answered.map(|Nothing {}| ())
    }

    fn line(&self, handle: Handle) -> Result<OwnedFd, Error> {
        let call = OfHandle { handle: handle.to_string() };
        let (LineReply { line }, mut descriptors) =
            self.shared.calls.call_for_descriptors("io.rasman.Manager.Line", &call, &[])?;
        if line >= descriptors.len() {
            return Err(Error::refused(
                Code::OUT_OF_BUFFERS,
                "looked for the line, and no descriptor came with the reply",
            ));
        }
        Ok(descriptors.swap_remove(line))
    }

    fn set_line_format(&self, handle: Handle, format: CharacterFormat) -> Result<(), Error> {
        let call = LineFormatCall::new(handle.to_string(), format);
        self.call("io.rasman.Manager.SetLineFormat", &call).map(|Nothing {}| ())
    }

    fn hang_up(&self, handle: Handle) -> Result<oneshot::Receiver<HangUp>, Error> {
        self.end(handle, false)
    }

    fn force_hang_up(&self, handle: Handle) -> Result<oneshot::Receiver<HangUp>, Error> {
        self.end(handle, true)
    }

    fn abandon(&self, handle: Handle) {
        let _: Result<Nothing, Error> = self.of_handle("io.rasman.Manager.Abandon", handle);
    }

    fn may_enter_handler(&self, handle: Handle) -> bool {
        self.of_handle("io.rasman.Manager.MayEnterHandler", handle).is_ok_and(|May { may }| may)
    }

    fn status(&self, handle: Handle) -> Result<Status, Error> {
        self.of_handle("io.rasman.Manager.Status", handle).map(|reply: StatusReply| reply.status.read())
    }

    fn statistics(&self, handle: Handle) -> Result<Statistics, Error> {
        self.of_handle("io.rasman.Manager.Statistics", handle).map(|reply: StatisticsReply| reply.statistics.into())
    }

    fn clear_statistics(&self, handle: Handle) -> Result<(), Error> {
        self.of_handle("io.rasman.Manager.ClearStatistics", handle).map(|Nothing {}| ())
    }

    fn closed(&self, handle: Handle) -> Result<oneshot::Receiver<Cause>, Error> {
        let channel = self.shared.channel()?;
        let (sender, receiver) = oneshot::channel();
        self.shared.router.routes().wait_closed(handle, sender);
        let call = WaitCall { handle: handle.to_string(), channel: Some(channel) };
        match self.call("io.rasman.Manager.Wait", &call) {
            Ok(WaitReply { .. }) => Ok(receiver),
            Err(error) => {
                drop(receiver);
                self.shared.router.routes().tidy(handle);
                Err(error)
            }
        }
    }

    fn connections(&self) -> Vec<ConnectionInfo> {
        let listed = self.call("io.rasman.Manager.List", &Nothing {});
        listed.map_or_else(|_| Vec::new(), |listed: Listed| read_list(listed.connections))
    }

    fn devices(&self) -> Result<Vec<Device>, Error> {
        let reply: DevicesReply = self.call("io.rasman.Manager.Devices", &Nothing {})?;
        Ok(reply.devices.into_iter().map(Device::from).collect())
    }

    fn subscribe(&self) -> (Vec<ConnectionInfo>, broadcast::Receiver<Change>) {
        let nothing = || (Vec::new(), broadcast::channel(1).1);
        let Ok(channel) = self.shared.channel() else { return nothing() };
        // The thread that reads waits for us, so that no change behind the snapshot is passed over.
        let mut routes = self.shared.router.routes();
        match self.call("io.rasman.Manager.Watch", &WatchCall { channel: Some(channel) }) {
            Ok(WatchReply { serial: Some(serial), connections: Some(connections), .. }) => {
                (read_list(connections), routes.watch(serial))
            }
            _ => nothing(),
        }
    }

    fn may_watch_again(&self) -> bool {
        self.shared.router.routes().channel.is_some()
    }

    fn ended(&self, handle: Handle) -> Option<Cause> {
        let ended = self.of_handle("io.rasman.Manager.Ended", handle);
        ended.ok().and_then(|EndedReply { cause }| cause).map(Into::into)
    }

    fn transfer(&self, handle: Handle) -> Result<String, Error> {
        let token = self.shared.router.routes().token(handle).ok_or_else(|| Error::invalid_handle(handle))?;
        self.call("io.rasman.Manager.Transfer", &Token { token }).map(|Token { token }| token)
    }

    fn take_over(&self, token: &str) -> Result<Started, Error> {
        let call = AttachCall { token: token.to_owned(), after: None, channel: Some(self.shared.channel()?) };
        let reply: DialReply = self.call("io.rasman.Manager.Attach", &call)?;
        let handle = reply.handle.0;
        let notifications = self.shared.router.routes().claim(handle, reply.token);
        Ok(Started { handle, notifications })
    }

    /// Lets go of the daemon, which goes on: what this program has not finished is hung up.
    fn shut_down(&self) -> watch::Receiver<()> {
        let unfinished = self.shared.router.routes().unfinished();
        for (handle, ..) in unfinished {
            self.abandon(handle);
        }
        self.shared.router.routes().lose_all();
        watch::channel(()).1
    }

    fn stop(&self) -> Result<watch::Receiver<()>, Error> {
        self.shared.channel()?;
        let alive = self.shared.router.routes().channel.as_ref().map(|channel| channel.alive.subscribe());
        self.call("io.rasman.Manager.Stop", &Nothing {}).map(|Nothing {}| ())?;
        Ok(alive.unwrap_or_else(|| watch::channel(()).1))
    }

    fn join(&self) {}
}

impl Drop for Remote {
    fn drop(&mut self) {
        // The thread holds on to nothing; it ends with the connection.
        self.shared.router.routes().channel = None;
    }
}

/// Puts the password apart, for the message to carry.
pub(super) fn seal(credentials: &Credentials) -> Result<(CredentialsWire, Option<OwnedFd>), Error> {
    if credentials.password.is_empty() {
        return Ok((CredentialsWire::new(credentials, None), None));
    }
    let sealed = secret::seal(&credentials.password).map_err(|error| not_sealed(&error))?;
    Ok((CredentialsWire::new(credentials, Some(SecretAt::Descriptor(0))), Some(sealed)))
}

/// Which descriptor of a dial has the password of a proxy; the user's own is in the file that is shared.
const LOGIN: usize = 0;

/// Puts the password of a proxy apart, for the message to carry.
fn seal_login(dial: &Dial) -> Result<Option<OwnedFd>, Error> {
    let path = match &dial.target {
        Target::Entry(entry) => Some(&entry.data_path),
        Target::Name(_) => dial.data_path.as_ref(),
    };
    let Some(DataPath::Rootless(Rootless { login: Some(login), .. })) = path else { return Ok(None) };
    secret::seal(&login.password).map(Some).map_err(|error| not_sealed(&error))
}

/// Puts what a method of EAP has for the user apart, for the message to carry.
fn seal_data(data: &Secret) -> Result<Option<OwnedFd>, Error> {
    let sealed = (!data.is_empty()).then(|| secret::seal(data));
    sealed.transpose().map_err(|error| not_sealed(&error))
}

fn not_sealed(error: &std::io::Error) -> Error {
    Error::refused(Code::INVALID_PARAMETER, format!("sealed a secret: {error}"))
}

fn read_list(connections: Vec<crate::ipc::wire::ConnectionWire>) -> Vec<ConnectionInfo> {
    connections.into_iter().map(crate::ipc::wire::ConnectionWire::read).collect()
}

//! Calls, one at a time, by the thread that makes them.

use super::Connector;
use super::processors::are_apart;
use crate::ipc::message::{Call, Replied, write};
use crate::ipc::scope::not_running;
use crate::ipc::secret::SharedFile;
use crate::ipc::wire::{Described, Nothing, Refused, SecretAt};
use crate::ipc::{SERVICE, Wire};
use crate::{Error, LayerName};
use rasman_core::{Cause, Code, Secret};
use rustix::net::sockopt::socket_peercred;
use rustix::process::Pid;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The connection for calls.
pub(super) struct Calls {
    connector: Connector,
    link: Mutex<Option<Link>>,
    /// A secret may be left in the file that is shared.
    unwiped: AtomicBool,
}

pub(super) struct Link {
    pub(super) wire: Wire,
    /// Names the manager that is there: another one has another.
    pub(super) epoch: String,
    /// The manager's process, or the service manager's that made its socket.
    manager: Option<Pid>,
    /// Shared with the manager; made with the first secret.
    secrets: Option<SharedFile>,
    /// The length of the secret that is still in it.
    unwiped: usize,
}

impl Link {
    /// Puts a secret into the file that is shared; gives its length.
    fn put(&mut self, secret: &Secret) -> Result<usize, Trouble> {
        let file = match self.secrets.take() {
            Some(file) => file,
            None => {
                let file = SharedFile::new().map_err(|error| Trouble::Refused(not_put(&error)))?;
                let message =
                    write(&Call { method: "io.rasman.Manager.ShareSecrets", parameters: &Nothing {}, more: false });
                exchange::<Nothing>(&mut self.wire, &message, &[file.as_fd()], None)?;
                file
            }
        };
        let put = file.put(secret).map_err(|error| Trouble::Refused(not_put(&error)));
        self.secrets = Some(file);
        put
    }

    /// Exchanges a call for its reply, and does something while the manager works; after it, where both share a processor:
    /// what was begun there would hold the manager up.
    fn exchange<R: DeserializeOwned>(
        &mut self,
        message: &[u8],
        descriptors: &[BorrowedFd<'_>],
        meanwhile: Meanwhile<'_>,
    ) -> Result<(R, Vec<OwnedFd>), Trouble> {
        match meanwhile {
            Some(later) if !are_apart(self.manager) => {
                let replied = exchange(&mut self.wire, message, descriptors, None)?;
                later();
                Ok(replied)
            }
            meanwhile => exchange(&mut self.wire, message, descriptors, meanwhile),
        }
    }

    /// Overwrites what was put into it; where that fails it is used no more.
    fn wipe(&mut self) {
        let length = std::mem::take(&mut self.unwiped);
        if length > 0 {
            self.secrets.take_if(|file| file.wipe(length).is_err());
        }
    }
}

/// What is done while the manager works.
pub(super) type Meanwhile<'a> = Option<&'a mut dyn FnMut()>;

/// Why a call came to nothing.
enum Trouble {
    /// The manager said no.
    Refused(Error),
    /// The connection failed.
    Lost(io::Error),
}

impl Calls {
    /// Connects.
    ///
    /// # Errors
    /// As [`super::connect`].
    pub(super) fn connect(connector: Connector) -> Result<Self, Error> {
        let calls = Self::new(connector);
        let link = calls.open_link(true)?;
        *calls.held() = Some(link);
        Ok(calls)
    }

    /// Makes a second one, which connects with its first call.
    pub(super) fn beside(&self) -> Self {
        Self::new(self.connector.clone())
    }

    fn new(connector: Connector) -> Self {
        Self { connector, link: Mutex::new(None), unwiped: AtomicBool::new(false) }
    }

    /// Overwrites the last secret in the file that is shared, without waiting for a call that is under way. A call that
    /// is followed by an event leaves it to whoever reads that, as its caller would wait for it.
    pub(super) fn wipe(&self) {
        if !self.unwiped.swap(false, Relaxed) {
            return;
        }
        match self.link.try_lock() {
            Ok(mut held) => held.iter_mut().for_each(Link::wipe),
            Err(_) => self.unwiped.store(true, Relaxed),
        }
    }

    /// Opens another connection; starts a manager if need be and if told to.
    pub(super) fn open_link(&self, start: bool) -> Result<Link, Error> {
        let connector = self.connector.clone();
        let connector = if start { connector } else { connector.start(false) };
        let mut last = None;
        // A manager that ends because nobody needs it may do so between our connect and our call; the next one is
        // started then.
        for _ in 0..2 {
            let mut wire = Wire::new(connector.open()?);
            wire.stream().set_read_timeout(Some(REPLY_LIMIT)).map_err(|error| self.lost(&error))?;
            let message = write(&Call { method: "io.rasman.Manager.Describe", parameters: &Nothing {}, more: false });
            match exchange::<Described>(&mut wire, &message, &[], None) {
                Ok((described, _)) => {
                    let manager = socket_peercred(wire.stream()).ok().map(|of_it| of_it.pid);
                    return Ok(Link { wire, epoch: described.epoch, manager, secrets: None, unwiped: 0 });
                }
                Err(Trouble::Refused(error)) => return Err(error),
                Err(Trouble::Lost(error)) => last = Some(error),
            }
        }
        Err(self.lost(&last.map_or_else(String::new, |error| error.to_string())))
    }

    /// Calls a method and waits for its reply.
    ///
    /// If the connection was lost, it is made again and the call repeated, unless the manager may have carried it out
    /// already: a manager that has stopped took all that it did with it, and the next one has another epoch.
    ///
    /// # Errors
    /// What the manager refuses; 711 if it cannot be reached.
    pub(super) fn call<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &P,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<R, Error> {
        self.call_while(method, parameters, descriptors, None)
    }

    /// The same, and does something while the manager works.
    ///
    /// # Errors
    /// As [`Calls::call`].
    pub(super) fn call_while<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &P,
        descriptors: &[BorrowedFd<'_>],
        meanwhile: Meanwhile<'_>,
    ) -> Result<R, Error> {
        self.carry_out(method, parameters, descriptors, meanwhile).map(|(reply, _)| reply)
    }

    /// The same, and gives the descriptors that came with the reply.
    ///
    /// # Errors
    /// As [`Calls::call`].
    pub(super) fn call_for_descriptors<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &P,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(R, Vec<OwnedFd>), Error> {
        self.carry_out(method, parameters, descriptors, None)
    }

    fn carry_out<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &P,
        descriptors: &[BorrowedFd<'_>],
        mut meanwhile: Meanwhile<'_>,
    ) -> Result<(R, Vec<OwnedFd>), Error> {
        let message = write(&Call { method, parameters, more: false });
        self.on_link(method, |link| link.exchange(&message, descriptors, reborrow(&mut meanwhile)))
    }

    /// Calls a method with a secret, which lies in the file that the connection shares. `edit` makes the parameters say
    /// where it is; `meanwhile` is done while the manager works.
    ///
    /// # Errors
    /// As [`Calls::call`]; 87 for a secret that is too long.
    pub(super) fn call_with_secret<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        secret: &Secret,
        descriptors: &[BorrowedFd<'_>],
        parameters: &mut P,
        edit: impl Fn(&mut P, Option<SecretAt>),
        mut meanwhile: Meanwhile<'_>,
    ) -> Result<R, Error> {
        if secret.is_empty() {
            edit(parameters, None);
            return self.call_while(method, parameters, descriptors, meanwhile);
        }
        self.on_link(method, |link| {
            // One that is as long covers all of the last.
            if link.unwiped > secret.expose().len() {
                link.wipe();
            }
            let put = link.put(secret);
            if put.is_err() {
                link.wipe();
            }
            let length = put?;
            edit(parameters, Some(SecretAt::Shared(length)));
            let message = write(&Call { method, parameters, more: false });
            let replied = link.exchange(&message, descriptors, reborrow(&mut meanwhile));
            link.unwiped = length;
            self.unwiped.store(true, Relaxed);
            replied.map(|(reply, _)| reply)
        })
    }

    /// Carries out an exchange on the connection, and once more on a fresh one if it was lost.
    fn on_link<R>(&self, method: &str, mut carry_out: impl FnMut(&mut Link) -> Result<R, Trouble>) -> Result<R, Error> {
        let mut held = self.held();
        let mut epoch = None;
        if let Some(mut link) = held.take() {
            match carry_out(&mut link) {
                Ok(reply) => {
                    *held = Some(link);
                    return Ok(reply);
                }
                Err(Trouble::Refused(error)) => {
                    *held = Some(link);
                    return Err(error);
                }
                Err(Trouble::Lost(error)) if is_of_the_connection(&error) => epoch = Some(link.epoch),
                Err(Trouble::Lost(error)) => return Err(self.lost(&error)),
            }
        }
        let mut link = self.open_link(true)?;
        let result = if epoch.as_ref() == Some(&link.epoch) && !is_repeatable(method) {
            Err(self.lost(&"the connection was lost, and the call may have been carried out"))
        } else {
            carry_out(&mut link).map_err(|trouble| match trouble {
                Trouble::Refused(error) => error,
                Trouble::Lost(error) => self.lost(&error),
            })
        };
        *held = Some(link);
        result
    }

    /// Calls a method on a connection of its own; several replies may follow there.
    ///
    /// # Errors
    /// As [`Calls::call`].
    pub(super) fn call_on<P: Serialize, R: DeserializeOwned>(
        &self,
        wire: &mut Wire,
        method: &str,
        parameters: &P,
    ) -> Result<R, Error> {
        let message = write(&Call { method, parameters, more: true });
        exchange(wire, &message, &[], None).map(|(reply, _)| reply).map_err(|trouble| match trouble {
            Trouble::Refused(error) => error,
            Trouble::Lost(error) => self.lost(&error),
        })
    }

    fn held(&self) -> MutexGuard<'_, Option<Link>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lost(&self, why: &dyn std::fmt::Display) -> Error {
        let did = format!("called the manager at {}: {why}", self.connector.place.socket().display());
        Error(not_running(self.connector.place.scope).did(did))
    }
}

/// Sends a call, does something meanwhile and waits for the reply.
fn exchange<R: DeserializeOwned>(
    wire: &mut Wire,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
    meanwhile: Meanwhile<'_>,
) -> Result<(R, Vec<OwnedFd>), Trouble> {
    let sent = match wire.send(message, descriptors) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(Trouble::Refused(too_long(&error))),
        sent => sent,
    };
    if let Some(meanwhile) = meanwhile {
        meanwhile();
    }
    // A manager that turns us away says why and closes, perhaps before we have sent; what it said can still be read.
    match (sent, wire.receive(read_reply)) {
        (_, Ok(reply)) => reply.map(|reply| (reply, wire.take_descriptors())).map_err(Trouble::Refused),
        (Err(error), Err(_)) | (Ok(()), Err(error)) => Err(Trouble::Lost(error)),
    }
}

/// Lends it for one attempt; another may follow.
fn reborrow<'a>(meanwhile: &'a mut Meanwhile<'_>) -> Meanwhile<'a> {
    match meanwhile {
        Some(work) => Some(&mut **work),
        None => None,
    }
}

fn not_put(error: &io::Error) -> Error {
    Error::refused(Code::INVALID_PARAMETER, format!("put the password where the manager reads it: {error}"))
}

/// Nothing of it was sent.
fn too_long(error: &io::Error) -> Error {
    Error::refused(Code::INVALID_PARAMETER, format!("wrote a call to the manager: {error}"))
}

/// Reads a reply: what was asked for, or the refusal.
fn read_reply<R: DeserializeOwned>(message: &[u8]) -> io::Result<Result<R, Error>> {
    let replied: Replied<'_> = serde_json::from_slice(message)?;
    match &replied.error {
        None => Ok(Ok(replied.read()?)),
        Some(name) if name == "io.rasman.Manager.Refused" => {
            let refused: Refused = replied.read()?;
            Ok(Err(Error(refused.cause.into())))
        }
        Some(name) => Ok(Err(not_understood(name, &replied))),
    }
}

/// Makes an error of one that every Varlink service knows.
fn not_understood(name: &str, replied: &Replied<'_>) -> Error {
    let about: String = replied.parameters.map_or("", |raw| raw.get()).chars().take(200).collect();
    let code = match name.strip_prefix(SERVICE) {
        Some(".InvalidParameter") => Code::INVALID_PARAMETER,
        _ => Code::NOT_SUPPORTED,
    };
    let cause = Cause::new(code, LayerName::Manager).did(format!("called the manager, which answered {name} {about}"));
    Error(cause.advice("use a library and a manager of the same version"))
}

/// Whether a call may be carried out twice: all but those that start something or count, or find nothing to do then.
fn is_repeatable(method: &str) -> bool {
    let method = method.rsplit('.').next().unwrap_or_default();
    let once = ["Dial", "HangUp", "Answer", "RenameEntry", "DeleteEntry", "DeleteSubEntry"];
    !once.contains(&method)
}

/// Whether an error says that the other end is gone, and not that the call was wrong or that it takes too long.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
}

/// Longer than a manager takes that lives.
const REPLY_LIMIT: Duration = Duration::from_secs(20);

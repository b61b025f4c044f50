//! The manager as its clients see it.

use crate::{Backend, Connection, ConnectionInfo, Dialing, Error, Handle, Held, Watch};
use rasman_core::{Cause, Code, Credentials, DataPath, Device, Entry, Secret};
use std::path::PathBuf;
use std::sync::Arc;

/// A remote access connection manager.
///
/// Clones are the same manager. Get one from [`daemon::connect`](crate::daemon::connect), or from `rasmand::embedded`.
#[derive(Clone)]
pub struct Manager {
    pub(crate) backend: Arc<dyn Backend>,
}

impl Manager {
    /// Makes a manager of what carries out its calls.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend }
    }

    /// Gives what carries out the calls, to a front that keeps its dials itself, as the C library does: a dial that is
    /// started there is not hung up when something is dropped.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Starts a dial and returns at once.
    ///
    /// # Errors
    /// What can be told at once: 623 for an unknown entry, 621 or 622 for a phone book that cannot be read (clause
    /// A18), 756 for an entry that is being dialled, 87 for a setting that cannot work, 5 for an entry that is connected
    /// with other credentials. Everything later is a notification.
    pub fn dial(&self, dial: Dial) -> Result<Dialing, Error> {
        self.start(dial, false)
    }

    /// Starts a dial that is held at each notification until the handler has returned; returns at once.
    ///
    /// # Errors
    /// As [`Manager::dial`].
    pub fn dial_held(&self, dial: Dial) -> Result<Held, Error> {
        Ok(Held::new(self.start(dial, true)?))
    }

    /// Dials and blocks the thread until connected or failed. Not for use within an async runtime.
    ///
    /// # Errors
    /// As [`Manager::dial`], and what ended the dial.
    pub fn dial_sync(&self, dial: Dial) -> Result<Connection, Error> {
        self.start(dial, false)?.wait()
    }

    /// Takes a dial over from another process, with the token that [`Connection::transfer`] gave it: what it tells from now
    /// on, and an open question once more.
    ///
    /// # Errors
    /// 6 for an unknown token, 5 for a dial of another user, 50 for a manager in this process.
    pub fn take_over(&self, token: &str) -> Result<Dialing, Error> {
        let started = self.backend.take_over(token)?;
        Ok(Dialing::new(self.handle(started.handle), started.notifications))
    }

    /// Takes a held dial over: its handler from now on is the one that [`Held::run`] is given here. The notification that
    /// the dial stands still at is told to it once more.
    ///
    /// # Errors
    /// As [`Manager::take_over`].
    pub fn take_over_held(&self, token: &str) -> Result<Held, Error> {
        Ok(Held::new(self.take_over(token)?))
    }

    /// Lists the connections; dials in progress and failed dials not yet hung up are among them.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        self.backend.connections()
    }

    /// Lists the devices that can dial: what an entry may name as its device.
    ///
    /// # Errors
    /// 711 if the manager cannot be reached.
    pub fn devices(&self) -> Result<Vec<Device>, Error> {
        self.backend.devices()
    }

    /// Finds a connection by its handle, whoever dialled it.
    ///
    /// # Errors
    /// 6 if there is none.
    pub fn connection(&self, handle: Handle) -> Result<Connection, Error> {
        self.backend.status(handle)?;
        Ok(self.handle(handle))
    }

    /// Tells why a connection ended that is not listed any more.
    #[must_use]
    pub fn ended(&self, handle: Handle) -> Option<Cause> {
        self.backend.ended(handle)
    }

    /// Watches all connections: a snapshot first, then every change.
    ///
    /// A watcher that is too slow is told that it lagged, gets a fresh snapshot, and delays nobody.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::new(&self.backend)
    }

    /// Hangs up everything (reason 834) and waits until the manager's threads have ended.
    ///
    /// Of a manager in another process it only lets go: what this program has not finished is hung up, and the connections
    /// stay. [`Manager::stop`] stops that one.
    pub async fn shut_down(&self) {
        let mut done = self.backend.shut_down();
        while done.changed().await.is_ok() {}
        self.backend.join();
    }

    /// Hangs up everything (reason 834) and stops the manager, also one in another process that others use.
    ///
    /// # Errors
    /// 5 without the right to, 711 if it cannot be reached.
    pub async fn stop(&self) -> Result<(), Error> {
        let mut done = self.backend.stop()?;
        while done.changed().await.is_ok() {}
        self.backend.join();
        Ok(())
    }

    fn start(&self, dial: Dial, held: bool) -> Result<Dialing, Error> {
        let bound_to_thread = dial.bound_to_thread;
        let started = self.backend.dial(dial, held)?;
        let dialing = Dialing::new(self.handle(started.handle), started.notifications);
        Ok(if bound_to_thread { dialing.bind_to_thread() } else { dialing })
    }

    fn handle(&self, handle: Handle) -> Connection {
        Connection { backend: Arc::clone(&self.backend), handle }
    }
}

/// What to dial and as whom.
#[derive(Clone)]
#[non_exhaustive]
pub struct Dial {
    /// The entry.
    pub target: Target,
    /// Who dials.
    pub credentials: Credentials,
    /// Questions may pause the dial (RDEOPT_PausedStates); without, a question ends it (clauses P1, P2).
    pub paused_states: bool,
    /// The phone book in which the entry is; `None` for the usual ones (clause B1).
    pub phonebook: Option<PathBuf>,
    /// Another number than the entry's, for this dial alone: a VPN's server; empty for the entry's own (clause A12).
    pub number: String,
    /// The modem that dials without an entry, by its port or the name that the list of devices has; empty for the first free
    /// one. With an entry it does not count.
    pub device: String,
    /// Where a server that lets us choose is to call back: a number, `*` to be asked, or nothing, which leaves it to the
    /// entry (clause A63).
    pub callback_number: String,
    /// Store the credentials once they have led to a connection, if the entry allows it (clause K8).
    pub remember: bool,
    /// How programs reach the tunnel, in place of what the entry says.
    pub data_path: Option<DataPath>,
    /// What the method of EAP has for the user, in place of what is stored (clause A60): for EAP-TLS the password of the
    /// user's PKCS#12 file or encrypted key. The other methods need nothing but the credentials.
    pub eap_user_data: Secret,
    /// Whether the number goes out with the prefix and suffix that the entry has for its modem (clause A54).
    pub prefix_and_suffix: bool,
    /// Whether the modem's speaker is on until the carrier is there, in place of what the entry says (clause A55).
    pub speaker: Option<bool>,
    /// A program of ours logs in on the line where the entry says so (RASEO_CustomScript with RDEOPT_UseCustomScripting, clause
    /// A58): the dial then pauses in Interactive, also without paused states.
    pub custom_scripting: bool,
    /// Hang the dial up if the thread that dials ends before it is connected (clause A23).
    pub bound_to_thread: bool,
}

/// Which entry to dial.
#[derive(Clone, Debug)]
pub enum Target {
    /// An entry that the manager knows, by name.
    Name(String),
    /// These settings. With an empty name the connection is listed under its number with a period before it
    /// (clause B11).
    Entry(Box<Entry>),
}

impl Dial {
    /// Dials an entry that the manager knows.
    #[must_use]
    pub fn entry(name: impl Into<String>) -> Self {
        Self::to(Target::Name(name.into()))
    }

    /// Dials with these settings.
    #[must_use]
    pub fn settings(entry: Entry) -> Self {
        Self::to(Target::Entry(Box::new(entry)))
    }

    /// Sets who dials.
    ///
    /// Without user name and password those stored for the calling user are taken (clause A13), and for a password of
    /// sixteen asterisks the stored one (clause A15); an asterisk as domain is the stored domain (clause A14).
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Lets questions pause the dial.
    #[must_use]
    pub fn paused_states(mut self, on: bool) -> Self {
        self.paused_states = on;
        self
    }

    /// Looks for the entry in this phone book and in no other.
    #[must_use]
    pub fn phonebook(mut self, path: impl Into<PathBuf>) -> Self {
        self.phonebook = Some(path.into());
        self
    }

    /// Dials another number than the entry's (clause A12).
    #[must_use]
    pub fn number(mut self, number: impl Into<String>) -> Self {
        self.number = number.into();
        self
    }

    /// Dials without an entry by this modem: a path such as `/dev/ttyUSB0`, `tcp:HOST:PORT`, or a name of the list of devices.
    #[must_use]
    pub fn device(mut self, device: impl Into<String>) -> Self {
        self.device = device.into();
        self
    }

    /// Lets a server that lets us choose call back at this number, or with `*` asks for it (clauses A63, P6). Its own
    /// number, if it insists on one, goes before.
    #[must_use]
    pub fn callback_number(mut self, number: impl Into<String>) -> Self {
        self.callback_number = number.into();
        self
    }

    /// Stores the credentials once they have led to a connection.
    #[must_use]
    pub fn remember(mut self, on: bool) -> Self {
        self.remember = on;
        self
    }

    /// Opens other proxies and forwards than the entry's, for this dial alone.
    #[must_use]
    pub fn data_path(mut self, data_path: DataPath) -> Self {
        self.data_path = Some(data_path);
        self
    }

    /// Gives what the method of EAP has for the user (clause A60).
    #[must_use]
    pub fn eap_user_data(mut self, data: impl Into<Secret>) -> Self {
        self.eap_user_data = data.into();
        self
    }

    /// Has the number go out with the entry's prefix and suffix, as it does without a word, or as it stands (clause A54).
    #[must_use]
    pub fn prefix_and_suffix(mut self, on: bool) -> Self {
        self.prefix_and_suffix = on;
        self
    }

    /// Has the modem's speaker on until the carrier is there, or off, whatever the entry says (clause A55).
    #[must_use]
    pub fn speaker(mut self, on: bool) -> Self {
        self.speaker = Some(on);
        self
    }

    /// Has the dial pause in Interactive for a script of ours where the entry wants one (clause A58).
    #[must_use]
    pub fn custom_scripting(mut self, on: bool) -> Self {
        self.custom_scripting = on;
        self
    }

    /// Lets the dial end with the thread that dials, as long as it is not connected. Without, it ends with the
    /// [`Dialing`], or with the process.
    #[must_use]
    pub fn bound_to_thread(mut self, on: bool) -> Self {
        self.bound_to_thread = on;
        self
    }

    fn to(target: Target) -> Self {
        Self {
            target,
            credentials: Credentials::default(),
            paused_states: false,
            phonebook: None,
            number: String::new(),
            device: String::new(),
            callback_number: String::new(),
            remember: false,
            data_path: None,
            eap_user_data: Secret::default(),
            prefix_and_suffix: true,
            speaker: None,
            custom_scripting: false,
            bound_to_thread: false,
        }
    }
}

/// The refusal for an unknown handle (clause H3).
impl Error {
    /// Makes error 6.
    #[must_use]
    pub fn invalid_handle(handle: Handle) -> Self {
        Self::refused(Code::INVALID_HANDLE, format!("looked for the connection {handle}"))
    }
}

//! A manager in the same process.

use crate::config::{Configuration, ConfigurationError, CredentialSettings};
use crate::entries::{Caller, Entries, EntryClient, Resolved, Slow, is_asterisks};
use crate::helpers::Helpers;
use crate::journal::FileJournal;
use crate::observer::{Afterwards, TableObserver};
use crate::table::{Answering, Lookup, Table, Teller};
use crate::who::{Holder, Who};
use rasman::{
    Backend, Change, ConnectionInfo, Dial, Entry, Error, Handle, HangUp, Manager, Started, Statistics, Status,
};
use rasman_core::{Answer, Cause, CharacterFormat, Code, Device, LayerName, Notification};
use rasman_dial::{Config, DialPlan};
use rasman_net::session::{Counters, Session, Stopping, Workers};
use rasman_net::tls::eap::EapTunnels;
use rasman_net::tun::Journal;
use rasman_phonebook::store::Places;
use std::fmt;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// What an embedded manager starts with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The entries that can be dialled by name.
    pub entries: Vec<Entry>,
    /// How many session workers (threads) to run; 0 for one a core.
    pub workers: usize,
    /// Time limits of the dials.
    pub limits: Config,
    /// Where phone books are; `None` for none but those that are named.
    pub phonebooks: Option<Places>,
    /// How credentials are kept; by default nothing is stored.
    pub credentials: CredentialSettings,
    /// The folder of the journal of what would outlive this process if it were killed (see [`crate::journal`]); without
    /// one nobody would remove it.
    pub journal: Option<PathBuf>,
    /// Takes the place of a file in that folder.
    pub own_journal: Option<OwnJournal>,
    /// An entry of a phone book that has no doors and does not say how programs get in gets a network device.
    pub prefer_device: bool,
    /// The ports where a dial without an entry looks for a modem (clause A11), in this order; `None` for the serial ports
    /// of this machine.
    pub modems: Option<Vec<PathBuf>>,
}

/// A journal that a program brings along.
#[derive(Clone)]
pub struct OwnJournal(pub Arc<dyn Journal>);

impl fmt::Debug for OwnJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnJournal")
    }
}

impl Settings {
    /// Reads what a program of this user finds: the user's phone book and that of all users, and the configuration
    /// files, the system's and the user's.
    ///
    /// # Errors
    /// The first configuration file that cannot be used, in one line.
    pub fn from_environment() -> Result<Self, ConfigurationError> {
        let phonebooks = Places::from_env(|name| std::env::var_os(name));
        let configuration = Configuration::from_environment()?;
        let journal = crate::journal::folder();
        Ok(Self { phonebooks: Some(phonebooks), credentials: configuration.credentials, journal, ..Self::default() })
    }
}

/// Starts a manager in this process.
///
/// Its connections end with the last clone of the manager and of what it gave out.
///
/// # Errors
/// 87 for an entry with a setting that cannot work, 183 for two entries of one name, 711 if threads cannot be
/// started.
pub fn embedded(settings: Settings) -> Result<Manager, Error> {
    Ok(Manager::new(Arc::new(start(settings)?)))
}

/// Starts the manager itself.
pub(crate) fn start(settings: Settings) -> Result<Embedded, Error> {
    if let Some(folder) = &settings.journal
        && let Err(error) = crate::journal::clean(folder)
    {
        // It stays written down; a manager with more rights may come.
        tracing::warn!(%error, folder = %folder.display(), "what a manager left behind could not be removed");
    }
    let mut epoch = [0; 4];
    getrandom::fill(&mut epoch).map_err(|_| cannot_start("asked the system for randomness"))?;
    let table = Table::new(u32::from_be_bytes(epoch));
    let entries = Entries::new(settings.entries, settings.phonebooks, &settings.credentials, settings.prefer_device)?
        .with_modems(settings.modems);
    let count = match settings.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        count => count,
    };
    let workers = Workers::start(count).map_err(|error| cannot_start(&format!("started {count} threads: {error}")))?;
    Ok(Embedded {
        table: Arc::new(Mutex::new(table)),
        done: workers.done(),
        workers: Arc::new(RwLock::new(Some(workers))),
        entries: Arc::new(entries),
        writers: Helpers::default(),
        askers: Helpers::default(),
        stopping: Mutex::new(None),
        limits: settings.limits,
        journal: match (settings.own_journal, settings.journal) {
            (Some(OwnJournal(own)), _) => Some(own),
            (None, Some(folder)) => Some(Arc::new(FileJournal::new(folder))),
            (None, None) => None,
        },
    })
}

pub(crate) struct Embedded {
    table: Arc<Mutex<Table>>,
    /// Gone once the manager was shut down.
    workers: Arc<RwLock<Option<Workers>>>,
    pub(crate) entries: Arc<Entries>,
    /// Threads that write files after a dial; a manager that was shut down waits for them.
    writers: Helpers,
    /// Threads that ask a command for a password.
    askers: Helpers,
    /// Their threads, once it was.
    stopping: Mutex<Option<Stopping>>,
    /// Closes when the last worker has ended.
    done: watch::Receiver<()>,
    limits: Config,
    /// Where changes of the system are written down that would outlive us.
    journal: Option<Arc<dyn Journal>>,
}

/// What became of a dial.
pub(crate) enum Begun {
    /// It has its handle and stands in the table; the session is to be [launched](Embedded::launch).
    Dialled(Handle, Box<Ready>),
    /// The entry is connected; the caller has a reference more (clause A16).
    Referenced(Handle),
}

/// A dial that stands in the table and waits for its worker.
pub(crate) struct Ready {
    handle: Handle,
    /// Whose it is.
    uid: u32,
    session: Session,
    /// The password is still to be asked for.
    slow: Option<Slow>,
}

impl Embedded {
    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }

    /// Gives the entries as a user sees them, with that user's rights.
    pub(crate) fn entries_of(&self, caller: Caller) -> EntryClient<'_> {
        EntryClient { manager: self, caller }
    }

    /// Gives the entries of the user that this process runs as.
    pub(crate) fn own_entries(&self) -> EntryClient<'_> {
        self.entries_of(Caller::of(Who::embedded().owner.0))
    }

    /// Begins a dial for somebody; `teller` is who is told.
    pub(crate) fn begin(&self, who: Who, resolved: Resolved, held: bool, teller: Teller) -> Result<Begun, Error> {
        let mut table = self.table();
        match table.lookup(who, &resolved)? {
            Lookup::Free => {
                let ready = self.prepare(&mut table, who, resolved, teller, held);
                Ok(Begun::Dialled(ready.handle, Box::new(ready)))
            }
            Lookup::Referenced(handle) => Ok(Begun::Referenced(handle)),
        }
    }

    /// Lists a new connection and makes its session.
    fn prepare(&self, table: &mut Table, who: Who, dial: Resolved, teller: Teller, held: bool) -> Ready {
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let counters = Arc::new(Counters::default());
        let handle = table.next_handle();
        table.insert(who, handle, &dial, commands, teller, Arc::clone(&counters));
        let Resolved { entry, paused_states, credentials, slow, remember, promotion, reservation, .. } = dial;
        let afterwards = (remember.is_some() || promotion.is_some()).then(|| Afterwards {
            entries: Arc::clone(&self.entries),
            helpers: self.writers.clone(),
            uid: who.owner.0,
            remember,
            promotion,
        });
        let session = Session {
            plan: DialPlan {
                entry,
                credentials,
                handler: held,
                paused_states,
                config: self.limits.clone(),
                tunnels: Arc::new(EapTunnels),
            },
            commands: command_queue,
            observer: Box::new(TableObserver::new(Arc::clone(&self.table), handle, afterwards, reservation)),
            counters,
            journal: self.journal.clone(),
        };
        Ready { handle, uid: who.owner.0, session, slow }
    }

    /// Hands a session to a worker. The table must be unlocked: waking a worker takes longer than all else, and a
    /// session that no worker takes reports its end to the table as it is dropped.
    pub(crate) fn launch(&self, ready: Ready) -> Result<(), Error> {
        let Ready { handle, uid, mut session, slow } = ready;
        let Some(slow) = slow else { return launch(&self.workers, session) };
        let (entries, table) = (Arc::clone(&self.entries), Arc::clone(&self.table));
        let workers = Arc::clone(&self.workers);
        self.askers.run(uid, move || {
            session.plan.credentials = entries.ask(&slow, session.plan.credentials.clone());
            lock(&table).logs_in_as(handle, &session.plan.credentials);
            // A session that no worker takes tells so itself.
            let _ = launch(&workers, session);
        })
    }
}

fn launch(workers: &RwLock<Option<Workers>>, session: Session) -> Result<(), Error> {
    let workers = workers.read().unwrap_or_else(PoisonError::into_inner);
    let workers = workers.as_ref().ok_or_else(|| cannot_start("found the manager shut down"))?;
    workers
        .run(session)
        .map_err(|_session| Error::refused(Code::OUT_OF_BUFFERS, "queued the dial behind too many others"))
}

impl Backend for Embedded {
    fn dial(&self, dial: Dial, held: bool) -> Result<Started, Error> {
        let (sender, notifications) = mpsc::channel(NOTIFICATIONS_MAX);
        let who = Who::embedded();
        // Before the table is locked: reading and checking settings takes long.
        let resolved = self.entries.resolve(Caller::of(who.owner.0), dial)?;
        match self.begin(who, resolved, held, Teller::Queue(sender))? {
            Begun::Dialled(handle, session) => {
                self.launch(*session)?;
                Ok(Started { handle, notifications })
            }
            Begun::Referenced(handle) => {
                // Clause A16: success at once, and exactly one Connected notification.
                let (sender, notifications) = mpsc::channel(1);
                let _ = sender.try_send(Box::new(connected()));
                Ok(Started { handle, notifications })
            }
        }
    }

    fn handler_done(&self, handle: Handle, seq: u64, more: bool) {
        self.table().handler_done(handle, seq, more);
    }

    fn answer(&self, handle: Handle, question: u32, answer: Answer) -> Result<(), Error> {
        let mut answer = answer;
        if let Answer::Credentials(credentials) | Answer::LoggedIn(credentials) = &mut answer
            && is_asterisks(&credentials.password)
        {
            let login = self.table().login(handle)?;
            *credentials = self.entries.complete(login.as_ref(), credentials.clone())?;
        }
        match self.table().answer(handle, question, answer)? {
            Answering::Taken => Ok(()),
            Answering::NotOpen => {
                Err(Error::refused(Code::INVALID_AUTH_STATE, format!("looked for the open question {question}")))
            }
        }
    }

    fn line(&self, handle: Handle) -> Result<OwnedFd, Error> {
        self.table().line(handle)
    }

    fn set_line_format(&self, handle: Handle, format: CharacterFormat) -> Result<(), Error> {
        self.table().set_line_format(handle, format)
    }

    fn hang_up(&self, handle: Handle) -> Result<oneshot::Receiver<HangUp>, Error> {
        self.table().hang_up(handle, Holder::SELF, false)
    }

    fn force_hang_up(&self, handle: Handle) -> Result<oneshot::Receiver<HangUp>, Error> {
        self.table().hang_up(handle, Holder::SELF, true)
    }

    fn abandon(&self, handle: Handle) {
        self.table().abandon(handle);
    }

    fn may_enter_handler(&self, handle: Handle) -> bool {
        self.table().may_enter_handler(handle)
    }

    fn status(&self, handle: Handle) -> Result<Status, Error> {
        self.table().status(handle)
    }

    fn statistics(&self, handle: Handle) -> Result<Statistics, Error> {
        self.table().statistics(handle)
    }

    fn clear_statistics(&self, handle: Handle) -> Result<(), Error> {
        self.table().clear_statistics(handle)
    }

    fn closed(&self, handle: Handle) -> Result<oneshot::Receiver<Cause>, Error> {
        self.table().closed(handle)
    }

    fn connections(&self) -> Vec<ConnectionInfo> {
        self.table().connections()
    }

    fn devices(&self) -> Result<Vec<Device>, Error> {
        Ok(self.entries.devices())
    }

    fn subscribe(&self) -> (Vec<ConnectionInfo>, broadcast::Receiver<Change>) {
        self.table().subscribe()
    }

    fn ended(&self, handle: Handle) -> Option<Cause> {
        self.table().ended(handle)
    }

    fn shut_down(&self) -> watch::Receiver<()> {
        let workers = self.workers.write().unwrap_or_else(PoisonError::into_inner).take();
        self.table().shut_down(&stopped());
        if let Some(workers) = workers {
            *lock(&self.stopping) = Some(workers.stop());
        }
        self.done.clone()
    }

    fn join(&self) {
        let stopping = lock(&self.stopping).take();
        if let Some(stopping) = stopping {
            stopping.join();
        }
        self.writers.wait();
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.table().hang_up_all(&stopped());
    }
}

/// What the dial of a connected entry is told.
pub(crate) fn connected() -> Notification {
    Notification::new(0, rasman::ConnState::Connected, None, rasman::Detail::None)
}

/// Locks; a thread that panicked while it held the lock left nothing half done that could be worse than stopping.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// More than a client can cause: an acknowledgement a notification, an answer a question, one hang-up.
const COMMANDS_MAX: usize = 256;
/// More than one dial can tell: some twenty states for each of a few attempts.
pub(crate) const NOTIFICATIONS_MAX: usize = 256;

pub(crate) fn stopped() -> Cause {
    Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager)
        .did("stopped")
        .advice("dial again when the manager runs")
}

fn cannot_start(did: &str) -> Error {
    Error::refused(Code::RASMAN_CANNOT_INITIALIZE, did)
}

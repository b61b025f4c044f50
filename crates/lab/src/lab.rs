//! The lab itself: accepts clients, hands out faults and addresses, takes orders.

use crate::certificates::Certificates;
use crate::faults::Faults;
use crate::http::{Web, built_in_page};
use crate::inner::Inside;
use crate::modem::{self, Exchange, ModemConfig, PhoneLine};
use crate::pool::Leases;
use crate::running::Control;
use crate::session;
use crate::stats::{Counters, count};
use crate::users::Directory;
use crate::{Config, Facts, SessionEvent};
use rasman_net::port::pty::Pty;
use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;

/// What all sessions of a lab share; one thread owns it.
pub(crate) struct Lab {
    pub(crate) config: Config,
    pub(crate) certificates: Certificates,
    pub(crate) users: Directory,
    pub(crate) web: Rc<Web>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) events: broadcast::Sender<SessionEvent>,
    /// Who can be called by telephone.
    pub(crate) exchange: Exchange,
    /// Calls that the lab itself answers.
    pub(crate) calls: mpsc::UnboundedSender<PhoneLine>,
    leases: RefCell<Leases>,
    faults: Arc<PresentFaults>,
}

impl Lab {
    pub(crate) fn new(
        config: Config,
        certificates: Certificates,
        counters: Arc<Counters>,
        events: broadcast::Sender<SessionEvent>,
        faults: Arc<PresentFaults>,
        calls: mpsc::UnboundedSender<PhoneLine>,
    ) -> Self {
        let web = Rc::new(web(&config));
        let leases = RefCell::new(Leases::new(config.pool, config.gateway));
        let exchange = Exchange::default();
        let users = Directory::new(&config.users);
        Self { config, certificates, users, web, counters, events, exchange, calls, leases, faults }
    }

    /// Gives what connection `number` suffers.
    pub(crate) fn faults_of(&self, number: u64) -> Faults {
        self.faults.of_connection(number)
    }

    pub(crate) fn lease(&self) -> Option<Ipv4Addr> {
        let mut leases = self.leases.borrow_mut();
        let address = leases.take();
        self.counters.addresses_in_use.store(leases.in_use() as u64, Relaxed);
        address
    }

    pub(crate) fn give_back(&self, address: Ipv4Addr) {
        let mut leases = self.leases.borrow_mut();
        leases.give_back(address);
        self.counters.addresses_in_use.store(leases.in_use() as u64, Relaxed);
    }
}

/// What goes wrong at present; any thread may say so.
pub(crate) struct PresentFaults(Mutex<(Faults, u64)>);

impl PresentFaults {
    pub(crate) fn new(faults: Faults) -> Self {
        Self(Mutex::new((faults, 0)))
    }

    /// Sets what goes wrong for all but the first `before` connections.
    pub(crate) fn set(&self, faults: Faults, before: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (faults, before);
    }

    fn of_connection(&self, number: u64) -> Faults {
        let (faults, before) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.of_connection(number.saturating_sub(*before))
    }
}

/// Gives what a client has to know of a lab at `address`.
pub(crate) fn facts(config: &Config, certificates: &Certificates, address: SocketAddr) -> Facts {
    Facts {
        address,
        name: config.name.clone(),
        ca_pem: certificates.ca_pem.clone(),
        ca_der: certificates.ca_der.clone(),
        leaf_sha256: certificates.acceptor(None).leaf().sha256,
        gateway: config.gateway,
        gateway6: Inside::of(config).gateway6(),
        inner_name: INNER_NAME.to_owned(),
        user_pem: certificates.user_pem.clone(),
        page_sha256: web(config).page_sha256(),
        pid: std::process::id(),
        modems: Vec::new(),
    }
}

fn web(config: &Config) -> Web {
    let page = config.http_page.clone().unwrap_or_else(|| built_in_page(&config.name));
    Web::new(page, config.bulk_max, vec![INNER_NAME.to_owned(), config.name.clone()])
}

/// Serves clients until told to stop.
pub(crate) async fn serve(
    lab: Rc<Lab>,
    listener: TcpListener,
    modems: Vec<(ModemConfig, Pty)>,
    mut calls: mpsc::UnboundedReceiver<PhoneLine>,
    mut control: mpsc::UnboundedReceiver<Control>,
) {
    let mut sessions = JoinSet::new();
    let mut running = JoinSet::new();
    for (config, pty) in modems {
        running.spawn_local(modem::run(Rc::clone(&lab), config, pty));
    }
    let orders = watch::Sender::new(0_u64);
    loop {
        tokio::select! {
            order = control.recv() => match order {
                Some(Control::HangUp) => orders.send_modify(|count| *count += 1),
                Some(Control::Settle(done)) => drop(tokio::task::spawn_local(settle(done))),
                Some(Control::Stop) | None => break,
            },
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    if let Some(number) = admit(&lab, sessions.len()) {
                        sessions.spawn_local(session::run(Rc::clone(&lab), tcp, peer, number, orders.subscribe()));
                    }
                }
                Err(error) => accept_failed(&error).await,
            },
            Some(line) = calls.recv() => {
                if let Some(number) = admit(&lab, sessions.len()) {
                    sessions.spawn_local(session::run_line(Rc::clone(&lab), line, number, orders.subscribe()));
                }
            }
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
        }
    }
    drop(listener);
    orders.send_modify(|count| *count += 1);
    let all = async { while sessions.join_next().await.is_some() {} };
    // Whoever has not said goodbye by then is left without.
    let _ = tokio::time::timeout(STOP_LIMIT, all).await;
}

/// Counts a client, and gives its number unless there are too many.
fn admit(lab: &Lab, sessions: usize) -> Option<u64> {
    count(&lab.counters.accepted);
    if sessions >= lab.config.max_sessions {
        tracing::warn!(sessions, "a client is refused: too many sessions");
        return None;
    }
    Some(lab.counters.accepted.load(Relaxed))
}

/// Out of descriptors or the like: it passes, and until then nobody can be served.
async fn accept_failed(error: &io::Error) {
    tracing::warn!(%error, "a client could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Answers once everything that had reached us before the question was dealt with.
async fn settle(done: std::sync::mpsc::SyncSender<()>) {
    tokio::time::sleep(SETTLE_TIME).await;
    let _ = done.try_send(());
}

/// The gateway's name inside.
const INNER_NAME: &str = "web.lab.test";
/// How long clients may take to say goodbye when the lab stops.
const STOP_LIMIT: Duration = Duration::from_millis(500);
/// How long to wait when the system refuses another socket.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Sockets are looked at before timers, so any time will do.
const SETTLE_TIME: Duration = Duration::from_millis(2);

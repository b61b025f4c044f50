//! The threads that wait for changes, one a manager.

use super::Registration;
use super::known::Known;
use crate::abi::constants::RASCN_Disconnection;
use crate::call::Outcome;
use crate::process;
use rasman::{Change, Code, Handle, Manager};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Events to be signalled, and the managers that are being watched for them.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<State>);

#[derive(Default)]
struct State {
    registrations: Vec<Arc<Registration>>,
    watched: Vec<Arc<dyn rasman::Backend>>,
}

impl Watchers {
    /// Registers an event. Whatever happens after this has returned is signalled.
    ///
    /// # Errors
    /// 711 if a manager cannot be watched, 8 if the system has no thread left.
    pub(crate) fn add(&self, managers: &[Manager], registration: Registration) -> Outcome {
        let registration = Arc::new(registration);
        {
            let registrations = &mut self.lock().registrations;
            registrations.retain(|other| other.event.is_there());
            registrations.push(Arc::clone(&registration));
        }
        let watched = managers.iter().try_for_each(|manager| self.watch(manager));
        if watched.is_err() {
            self.lock().registrations.retain(|other| !Arc::ptr_eq(other, &registration));
        }
        watched
    }

    /// Watches a manager, unless that is done already.
    fn watch(&self, manager: &Manager) -> Outcome {
        let backend = manager.backend();
        // Held over the call, or two threads would watch the same manager; nobody who is waited for takes it.
        let mut state = self.lock();
        if state.watched.iter().any(|watched| Arc::ptr_eq(watched, backend)) {
            return Ok(());
        }
        let (snapshot, changes) = backend.subscribe();
        if changes.is_closed() {
            return Err(Code::RASMAN_CANNOT_INITIALIZE);
        }
        let (known, watched) = (Known::new(&snapshot), Arc::clone(backend));
        let thread = std::thread::Builder::new().name("rasman-watch".into());
        let started = thread.spawn(move || process::current().watchers.follow(&watched, known, changes));
        started.map_err(|_| Code(8))?;
        state.watched.push(Arc::clone(backend));
        Ok(())
    }

    /// Signals until the manager is gone. One that comes after it is watched again with the next registration.
    fn follow(&self, backend: &Arc<dyn rasman::Backend>, mut known: Known, mut changes: Receiver<Change>) {
        loop {
            let told = match changes.blocking_recv() {
                Ok(change) => {
                    self.take(&mut known, &change);
                    continue;
                }
                Err(RecvError::Closed) if !backend.may_watch_again() => break,
                Err(RecvError::Lagged(_) | RecvError::Closed) => {
                    let (snapshot, again) = backend.subscribe();
                    if again.is_closed() {
                        break;
                    }
                    changes = again;
                    known.replace(&snapshot)
                }
            };
            self.signal_all(told);
        }
        self.lock().watched.retain(|watched| !Arc::ptr_eq(watched, backend));
        self.signal_all(known.replace(&[]));
    }

    fn take(&self, known: &mut Known, change: &Change) {
        self.signal_all(known.change(change).into_iter().collect());
        if let Change::Gone { handle, .. } = change {
            self.forget(*handle); // Also that of a dial that came to nothing.
        }
    }

    fn signal_all(&self, told: Vec<(Handle, u32)>) {
        for (handle, flag) in told {
            self.signal(handle, flag);
            if flag == RASCN_Disconnection {
                self.forget(handle);
            }
        }
    }

    fn signal(&self, handle: Handle, flag: u32) {
        self.lock().registrations.retain(|registration| {
            let is_meant = registration.handle.is_none_or(|only| only == handle);
            let is_there = registration.event.is_there();
            if is_there && is_meant && registration.flags & flag != 0 {
                registration.event.signal();
            }
            is_there
        });
    }

    /// Ends what was registered for this connection alone: it is gone, and no other ever has its handle.
    fn forget(&self, handle: Handle) {
        self.lock().registrations.retain(|registration| registration.handle != Some(handle));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::constants::RASCN_Connection;
    use crate::fake::Fake;
    use crate::watch::Event;
    use rasman::Backend;
    use rustix::event::{EventfdFlags, eventfd};
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::time::{Duration, Instant};
    use tokio::sync::broadcast;

    fn program_event() -> OwnedFd {
        eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).unwrap()
    }

    fn register(watchers: &Watchers, event: &OwnedFd, handle: Option<Handle>) {
        let event = Event::of(event.as_raw_fd() as usize as *mut _).unwrap();
        watchers.add(&[], Registration { event, handle, flags: RASCN_Connection }).unwrap();
    }

    fn count(watchers: &Watchers) -> usize {
        watchers.lock().registrations.len()
    }

    fn is_signalled(event: &OwnedFd) -> bool {
        rustix::io::read(event, &mut [0; 8]).is_ok()
    }

    #[test]
    fn c8_closed_events_are_let_go_by_the_next_registration() {
        let watchers = Watchers::default();
        for _ in 0..100 {
            register(&watchers, &program_event(), None);
        }
        assert_eq!(count(&watchers), 1);
    }

    #[test]
    fn c8_closed_events_are_let_go_by_changes_that_they_are_not_for() {
        let (watchers, open, closed) = (Watchers::default(), program_event(), program_event());
        register(&watchers, &closed, Some(Handle(1)));
        register(&watchers, &open, Some(Handle(2)));
        drop(closed);
        watchers.signal(Handle(3), RASCN_Disconnection);
        assert_eq!(count(&watchers), 1);
        assert!(!is_signalled(&open));
        watchers.signal(Handle(2), RASCN_Connection);
        assert!(is_signalled(&open));
    }

    fn watch(watchers: &Watchers, fake: &Arc<Fake>, event: &OwnedFd) -> Outcome {
        let manager = Manager::new(Arc::clone(fake) as Arc<dyn Backend>);
        let event = Event::of(event.as_raw_fd() as usize as *mut _).unwrap();
        watchers.add(&[manager], Registration { event, handle: None, flags: RASCN_Connection })
    }

    #[test]
    fn c10_an_event_for_a_manager_that_cannot_be_watched_is_not_registered() {
        let (watchers, fake, event) = (Watchers::default(), Arc::<Fake>::default(), program_event());
        assert_eq!(watch(&watchers, &fake, &event), Err(Code::RASMAN_CANNOT_INITIALIZE));
        assert_eq!(count(&watchers), 0);
        assert!(watchers.lock().watched.is_empty() && !is_signalled(&event));
    }

    #[test]
    fn a_manager_that_cannot_be_watched_again_is_watched_with_the_next_registration() {
        let (watchers, fake, event) = (&process::current().watchers, Arc::<Fake>::default(), program_event());
        let (sender, changes) = broadcast::channel(1);
        fake.watching.lock().unwrap().push_back((Vec::new(), changes));
        watch(watchers, &fake, &event).unwrap();
        let backend = Arc::clone(&fake) as Arc<dyn Backend>;
        let is_watched = || watchers.lock().watched.iter().any(|watched| Arc::ptr_eq(watched, &backend));
        assert!(is_watched());
        drop(sender);
        let deadline = Instant::now() + Duration::from_secs(60);
        while is_watched() {
            assert!(Instant::now() < deadline, "its thread goes round and round");
            std::thread::yield_now();
        }
        let (_sender, changes) = broadcast::channel(1);
        fake.watching.lock().unwrap().push_back((Vec::new(), changes));
        watch(watchers, &fake, &event).unwrap();
        assert!(is_watched());
    }

    /// What Rust programs watch by, at a manager that says they may watch again and then refuses (711): told the end once,
    /// not the same thing for ever.
    #[test]
    fn a_watch_of_rust_ends_where_watching_again_is_refused() {
        use rasman::WatchEvent;
        use std::task::{Context, Poll, Waker};
        let fake = Arc::<Fake>::default();
        let (first, second) = (broadcast::channel(1), broadcast::channel(1));
        fake.watching.lock().unwrap().extend([(Vec::new(), first.1), (Vec::new(), second.1)]);
        let mut watch = Manager::new(Arc::clone(&fake) as Arc<dyn Backend>).watch();
        let mut next = || {
            let next = std::pin::pin!(watch.next());
            let Poll::Ready(event) = next.poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
            event
        };
        drop(first.0);
        assert_eq!(next(), Some(WatchEvent::Snapshot(Vec::new())));
        assert_eq!(next(), Some(WatchEvent::Lagged(0)));
        drop(second.0);
        assert_eq!(next(), Some(WatchEvent::Snapshot(Vec::new())));
        assert_eq!((next(), next()), (None, None));
    }

    #[test]
    fn a_connection_that_is_gone_takes_its_registrations_along() {
        let (watchers, event) = (Watchers::default(), program_event());
        register(&watchers, &event, Some(Handle(1)));
        register(&watchers, &event, Some(Handle(2)));
        register(&watchers, &event, None);
        watchers.signal_all(vec![(Handle(1), RASCN_Disconnection)]);
        assert_eq!(count(&watchers), 2);
    }
}

//! The threads that wait for changes, one a manager.

use super::Registration;
use super::known::Known;
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
    registrations: Vec<Registration>,
    watched: Vec<Arc<dyn rasman::Backend>>,
}

impl Watchers {
    /// Registers an event. Whatever happens after this has returned is signalled.
    ///
    /// # Errors
    /// 8 if the system has no thread left.
    pub(crate) fn add(&self, managers: &[Manager], registration: Registration) -> Outcome {
        self.lock().registrations.push(registration);
        managers.iter().try_for_each(|manager| self.watch(manager))
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
                Ok(change) => known.change(&change).into_iter().collect(),
                Err(RecvError::Closed) if !backend.may_watch_again() => break,
                Err(RecvError::Lagged(_) | RecvError::Closed) => {
                    let (snapshot, again) = backend.subscribe();
                    changes = again;
                    known.replace(&snapshot)
                }
            };
            told.into_iter().for_each(|(handle, flag)| self.signal(handle, flag));
        }
        self.lock().watched.retain(|watched| !Arc::ptr_eq(watched, backend));
        known.replace(&[]).into_iter().for_each(|(handle, flag)| self.signal(handle, flag));
    }

    fn signal(&self, handle: Handle, flag: u32) {
        self.lock().registrations.retain(|registration| {
            let is_meant = registration.handle.is_none_or(|only| only == handle);
            if registration.flags & flag == 0 || !is_meant {
                return true;
            }
            let is_there = registration.event.is_there();
            if is_there {
                registration.event.signal();
            }
            is_there
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Threads for what may take long: commands that are asked for a password, files that are written after a dial.
//!
//! A user's jobs may hang for as long as their command does; the bound for each user leaves the others their threads.

use crate::embedded::lock;
use rasman::Error;
use rasman_core::Code;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Runs jobs beside the workers, each on a thread of its own and no more than a few at a time.
#[derive(Clone, Default)]
pub(crate) struct Helpers {
    running: Arc<(Mutex<Running>, Condvar)>,
}

#[derive(Default)]
struct Running {
    all: usize,
    /// By the user's number.
    users: HashMap<u32, usize>,
}

impl Helpers {
    /// Starts a job of a user.
    ///
    /// # Errors
    /// 614 if too many are running, the user's or all together, or the system gives no thread; the job is dropped then.
    pub(crate) fn run(&self, uid: u32, job: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let busy = || Error::refused(Code::OUT_OF_BUFFERS, "looked for a thread for what may take long");
        let turn = Turn::take(&self.running, uid).ok_or_else(busy)?;
        let started = std::thread::Builder::new().name("rasman-helper".to_owned()).spawn(move || {
            // Given back when the job is over, or has panicked.
            let _turn = turn;
            job();
        });
        started.map(drop).map_err(|_| busy())
    }

    /// Waits until no job is running.
    pub(crate) fn wait(&self) {
        let (running, changed) = &*self.running;
        let none = changed.wait_while(lock(running), |running| running.all > 0);
        drop(none.unwrap_or_else(PoisonError::into_inner));
    }
}

/// The right of one job to run.
struct Turn {
    running: Arc<(Mutex<Running>, Condvar)>,
    uid: u32,
}

impl Turn {
    fn take(running: &Arc<(Mutex<Running>, Condvar)>, uid: u32) -> Option<Self> {
        let mut held = lock(&running.0);
        let of_user = held.users.get(&uid).copied().unwrap_or_default();
        if held.all >= JOBS_MAX || of_user >= JOBS_OF_USER {
            return None;
        }
        held.all += 1;
        held.users.insert(uid, of_user + 1);
        Some(Self { running: Arc::clone(running), uid })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut held = lock(&self.running.0);
        held.all -= 1;
        if let Some(of_user) = held.users.get_mut(&self.uid) {
            *of_user -= 1;
            if *of_user == 0 {
                held.users.remove(&self.uid);
            }
        }
        self.running.1.notify_all();
    }
}

/// As many dials of one user may wait for a command at a time.
const JOBS_OF_USER: usize = 64;
/// As many of all users may.
const JOBS_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn jobs_are_counted_whatever_becomes_of_them() {
        let helpers = Helpers::default();
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        for _ in 0..JOBS_OF_USER {
            let gate = Arc::clone(&gate);
            helpers.run(1, move || _ = lock(&gate).recv()).unwrap();
        }
        assert_eq!(helpers.run(1, || ()).unwrap_err().code(), Code::OUT_OF_BUFFERS);
        let (done, is_done) = mpsc::channel();
        helpers.run(2, move || done.send(()).unwrap()).expect("another user has threads of their own");
        is_done.recv().unwrap();
        drop(go);
        helpers.wait();
        helpers.run(1, || std::panic::resume_unwind(Box::new(()))).unwrap();
        helpers.wait();
        assert!(lock(&helpers.running.0).users.is_empty());
        helpers.run(1, || ()).unwrap();
        helpers.wait();
    }
}

//! Threads for what may take long: commands that are asked for a password, files that are written after a dial.

use crate::embedded::lock;
use rasman::Error;
use rasman_core::Code;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Runs jobs beside the workers, each on a thread of its own and no more than a few at a time.
#[derive(Clone, Default)]
pub(crate) struct Helpers {
    running: Arc<(Mutex<usize>, Condvar)>,
}

impl Helpers {
    /// Starts a job.
    ///
    /// # Errors
    /// 614 if too many are running, or the system gives no thread; the job is dropped then.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let busy = || Error::refused(Code::OUT_OF_BUFFERS, "looked for a thread for what may take long");
        let turn = Turn::take(&self.running).ok_or_else(busy)?;
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
        let none = changed.wait_while(lock(running), |running| *running > 0);
        drop(none.unwrap_or_else(PoisonError::into_inner));
    }
}

/// The right of one job to run.
struct Turn(Arc<(Mutex<usize>, Condvar)>);

impl Turn {
    fn take(running: &Arc<(Mutex<usize>, Condvar)>) -> Option<Self> {
        let mut count = lock(&running.0);
        if *count >= JOBS_MAX {
            return None;
        }
        *count += 1;
        Some(Self(Arc::clone(running)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *lock(&self.0.0) -= 1;
        self.0.1.notify_all();
    }
}

/// As many dials may wait for a command at a time.
const JOBS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn jobs_are_counted_whatever_becomes_of_them() {
        let helpers = Helpers::default();
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        for _ in 0..JOBS_MAX {
            let gate = Arc::clone(&gate);
            helpers.run(move || _ = lock(&gate).recv()).unwrap();
        }
        assert_eq!(helpers.run(|| ()).unwrap_err().code(), Code::OUT_OF_BUFFERS);
        drop(go);
        helpers.wait();
        helpers.run(|| std::panic::resume_unwind(Box::new(()))).unwrap();
        helpers.wait();
        helpers.run(|| ()).unwrap();
        helpers.wait();
    }
}

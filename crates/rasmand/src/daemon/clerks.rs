//! Threads for calls that read and write files, so that the thread that serves clients never waits for a disk.

use crate::embedded::lock;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Carries out jobs, a few of each user's at a time; the others wait in their user's own queue.
///
/// A job whose turn never comes, because there is no thread, is dropped. A queue is as long as its user has connections
/// at the most, as each has one call under way.
#[derive(Clone, Default)]
pub(super) struct Clerks {
    shared: Arc<(Mutex<Desk>, Condvar)>,
}

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Desk {
    threads: usize,
    users: BTreeMap<u32, Queue>,
    /// Whose job was begun last; the next one's user has the next turn.
    last: u32,
}

#[derive(Default)]
struct Queue {
    running: usize,
    waiting: VecDeque<Job>,
}

impl Clerks {
    /// Lets a job be carried out for a user.
    pub(super) fn run(&self, uid: u32, job: impl FnOnce() + Send + 'static) {
        let mut desk = lock(&self.shared.0);
        desk.users.entry(uid).or_default().waiting.push_back(Box::new(job));
        if desk.threads >= desk.wanted().min(THREADS_MAX) {
            return;
        }
        desk.threads += 1;
        drop(desk);
        let clerk = Clerk { clerks: self.clone(), ended: false };
        // A thread that is not started drops its clerk, and that the jobs if there is no other.
        let _ = std::thread::Builder::new().name("rasman-clerk".to_owned()).spawn(move || clerk.work());
    }

    /// Waits until no job is under way.
    pub(super) fn wait(&self) {
        let (desk, changed) = &*self.shared;
        drop(changed.wait_while(lock(desk), |desk| desk.threads > 0).unwrap_or_else(PoisonError::into_inner));
    }
}

impl Desk {
    /// How many threads have something to do, those that are about to take a job included.
    fn wanted(&self) -> usize {
        self.users.values().map(|queue| (queue.running + queue.waiting.len()).min(RUNNING_OF_USER)).sum()
    }

    /// Takes the next job, each user in turn.
    fn take(&mut self) -> Option<(u32, Job)> {
        let behind = (Bound::Excluded(self.last), Bound::Unbounded);
        let next = self.users.range(behind).chain(self.users.range(..=self.last)).find(|(_, queue)| queue.has_turn());
        let uid = *next?.0;
        let queue = self.users.get_mut(&uid)?;
        queue.running += 1;
        self.last = uid;
        queue.waiting.pop_front().map(|job| (uid, job))
    }

    fn done(&mut self, uid: u32) {
        if let Some(queue) = self.users.get_mut(&uid) {
            queue.running -= 1;
            if queue.running == 0 && queue.waiting.is_empty() {
                self.users.remove(&uid);
            }
        }
    }
}

impl Queue {
    fn has_turn(&self) -> bool {
        self.running < RUNNING_OF_USER && !self.waiting.is_empty()
    }
}

/// One thread.
struct Clerk {
    clerks: Clerks,
    /// It is not counted any more.
    ended: bool,
}

impl Clerk {
    fn work(mut self) {
        loop {
            let taken = {
                let mut desk = lock(&self.clerks.shared.0);
                let taken = desk.take();
                // In one step: who brings a job next must not count on a thread that is about to leave.
                desk.threads -= usize::from(taken.is_none());
                taken
            };
            let Some((uid, job)) = taken else {
                self.ended = true;
                self.clerks.shared.1.notify_all();
                return;
            };
            // Given back when the job is over, or has panicked.
            let _turn = Turn { clerks: &self.clerks, uid };
            job();
        }
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut left = Vec::new();
        {
            let mut desk = lock(&self.clerks.shared.0);
            desk.threads -= 1;
            // Nobody else would carry them out: this thread was not started, or its job has panicked.
            if desk.threads == 0 {
                left.extend(desk.users.values_mut().flat_map(|queue| std::mem::take(&mut queue.waiting)));
                desk.users.clear();
            }
        }
        drop(left);
        self.clerks.shared.1.notify_all();
    }
}

struct Turn<'a> {
    clerks: &'a Clerks,
    uid: u32,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.clerks.shared.0).done(self.uid);
    }
}

/// Calls of one user that are carried out at a time.
const RUNNING_OF_USER: usize = 4;
/// Threads: as many as sixteen users with a slow disk need.
const THREADS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_user_with_slow_jobs_keeps_nobody_else_waiting() {
        let clerks = Clerks::default();
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let (tell, told) = mpsc::channel();
        for number in 0..100 {
            let (gate, tell) = (Arc::clone(&gate), tell.clone());
            clerks.run(1, move || {
                let _ = lock(&gate).recv();
                tell.send(number).unwrap();
            });
        }
        assert!(lock(&clerks.shared.0).threads <= RUNNING_OF_USER);
        let (other, other_told) = mpsc::channel();
        clerks.run(2, move || other.send(()).unwrap());
        other_told.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        assert!(told.try_recv().is_err());
        drop(go);
        clerks.wait();
        let mut done: Vec<i32> = told.try_iter().collect();
        done.sort_unstable();
        assert_eq!(done, (0..100).collect::<Vec<_>>());
        assert!(lock(&clerks.shared.0).users.is_empty());
    }

    #[test]
    fn no_job_is_lost_between_two_threads() {
        let clerks = Clerks::default();
        for number in 0..2_000 {
            let (tell, told) = mpsc::channel();
            clerks.run(1, move || tell.send(number).unwrap());
            assert_eq!(told.recv(), Ok(number));
        }
    }

    #[test]
    fn a_job_that_panics_takes_nothing_along() {
        let clerks = Clerks::default();
        clerks.run(1, || std::panic::resume_unwind(Box::new(())));
        clerks.wait();
        let (tell, told) = mpsc::channel();
        clerks.run(1, move || tell.send(()).unwrap());
        told.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        clerks.wait();
    }
}

//! One writer at a time, between processes and between threads.
//!
//! The lock is a `flock` on a file of its own beside the phone book, `.NAME.rasman-lock`. Not on the phone book: who may
//! read that could lock it, and a rename would leave the lock on a file that is gone. The last to hold the lock removes
//! the file before it lets go; who then gets the lock of a removed file opens it anew. So the file outlives nobody but a
//! writer that was killed, whose lock the kernel has taken away already, and tells the next one to tidy up.
//!
//! Waiting neither polls nor lasts for ever. Threads of this process wait for their turn on a condition variable. The one
//! whose turn it is waits for other processes: a helper thread blocks in `flock` and sends what it got. When the time is
//! up the waiter leaves, and the helper, which nobody can wake, keeps the turn: there is never more than one helper for a
//! phone book, and when it gets the lock at last, it gives back lock and turn.

use super::folder::Target;
use super::{FileError, Problem};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// The right to write a phone book, until it is dropped.
pub(crate) struct Lock<'a> {
    target: &'a Target,
    name: OsString,
    /// Whether an earlier writer was killed before it could let go.
    pub(crate) inherited: bool,
    // Dropped in this order: threads wake when the file is free.
    _file: OwnedFd,
    _turn: Turn,
}

impl<'a> Lock<'a> {
    /// Waits for the lock, at most `wait`.
    pub(crate) fn acquire(target: &'a Target, wait: Duration) -> Result<Self, FileError> {
        let busy = || FileError::new(&target.file(), Problem::Busy(wait));
        let deadline = Instant::now() + wait;
        let name = lock_name(&target.name);
        let mut turn = Turn::wait(key(target, &name)?, deadline).ok_or_else(busy)?;
        loop {
            let Some((file, made)) = open(target, &name)? else {
                if Instant::now() >= deadline {
                    return Err(busy());
                }
                continue; // It was removed between two looks.
            };
            let (file, taken) = take(file, turn, deadline).map_err(|errno| match errno {
                Errno::TIMEDOUT => busy(),
                errno => FileError::writing(&target.beside(&name), "locking", errno),
            })?;
            if is_at(target, &name, &file)? {
                return Ok(Self { target, name, inherited: !made, _file: file, _turn: taken });
            }
            turn = taken; // Whoever held it has removed it.
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // While it is still locked, so that nobody else's is removed. A lock file that stays harms nobody.
        let _ = self.target.remove(&self.name);
    }
}

/// Opens or makes the lock file; tells whether it was made, and nothing if it vanished in between.
fn open(target: &Target, name: &OsStr) -> Result<Option<(OwnedFd, bool)>, FileError> {
    let failed = |errno| FileError::writing(&target.beside(name), "opening the lock", errno);
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    match rustix::fs::openat(&target.folder, name, flags | OFlags::CREATE | OFlags::EXCL, mode) {
        Ok(file) => {
            share(target, &file).map_err(failed)?;
            return Ok(Some((file, true)));
        }
        Err(Errno::EXIST) => {}
        Err(errno) => return Err(failed(errno)),
    }
    match rustix::fs::openat(&target.folder, name, flags, Mode::empty()) {
        Ok(file) => Ok(Some((file, false))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(failed(errno)),
    }
}

/// Lets those lock who may write the phone book, and nobody else: a reader must not keep writers out.
fn share(target: &Target, lock: &OwnedFd) -> Result<(), Errno> {
    let Ok(Some(book)) = target.look(&target.name) else { return Ok(()) };
    let writers = Mode::from_raw_mode(book.st_mode) & (Mode::WGRP | Mode::WOTH);
    if writers.is_empty() {
        return Ok(());
    }
    if rustix::fs::fchown(lock, None, Some(rustix::fs::Gid::from_raw(book.st_gid))).is_err() {
        return Ok(()); // Not a member: the lock stays our own.
    }
    let mut mode = Mode::RUSR | Mode::WUSR;
    mode.set(Mode::RGRP | Mode::WGRP, writers.contains(Mode::WGRP));
    mode.set(Mode::ROTH | Mode::WOTH, writers.contains(Mode::WOTH));
    rustix::fs::fchmod(lock, mode)
}

/// Takes the lock of an open file, waiting until `deadline`; [`Errno::TIMEDOUT`] when the time is up.
fn take(file: OwnedFd, turn: Turn, deadline: Instant) -> Result<(OwnedFd, Turn), Errno> {
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => return Ok((file, turn)),
        Err(Errno::WOULDBLOCK) => {}
        Err(errno) => return Err(errno),
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let helper = std::thread::Builder::new().name("phone book lock".to_owned()).spawn(move || {
        let result = rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockExclusive));
        // If the waiter has left, this drops file and turn.
        let _ = sender.send(result.map(|()| (file, turn)));
    });
    helper.map_err(|_| Errno::AGAIN)?;
    let left = deadline.saturating_duration_since(Instant::now());
    receiver.recv_timeout(left).unwrap_or(Err(Errno::TIMEDOUT))
}

/// Tells whether the file that we have open is still the one of that name.
fn is_at(target: &Target, name: &OsStr, file: &OwnedFd) -> Result<bool, FileError> {
    let ours = rustix::fs::fstat(file)
        .map_err(|errno| FileError::writing(&target.beside(name), "looking at the lock", errno))?;
    let named = target.look(name)?;
    Ok(named.is_some_and(|named| (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)))
}

/// A thread's turn with the lock of one phone book.
struct Turn(Key);

/// Device and inode of the folder, and the name in it.
type Key = (u64, u64, OsString);

impl Turn {
    /// Waits until no other thread has the turn; nothing when the time is up.
    fn wait(key: Key, deadline: Instant) -> Option<Self> {
        let mut taken = turns();
        while taken.contains(&key) {
            let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            taken = TURN_ENDED.wait_timeout(taken, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        taken.insert(key.clone());
        Some(Self(key))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        turns().remove(&self.0);
        TURN_ENDED.notify_all();
    }
}

fn turns() -> MutexGuard<'static, BTreeSet<Key>> {
    TURNS.lock().unwrap_or_else(PoisonError::into_inner)
}

static TURNS: Mutex<BTreeSet<Key>> = Mutex::new(BTreeSet::new());
static TURN_ENDED: Condvar = Condvar::new();

fn key(target: &Target, name: &OsStr) -> Result<Key, FileError> {
    let folder = rustix::fs::fstat(&target.folder)
        .map_err(|errno| FileError::writing(&target.path, "looking at the folder", errno))?;
    Ok((folder.st_dev, folder.st_ino, name.to_owned()))
}

fn lock_name(book: &OsStr) -> OsString {
    let mut name = OsString::from(".");
    name.push(book);
    name.push(".rasman-lock");
    name
}

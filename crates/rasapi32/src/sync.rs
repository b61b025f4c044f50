//! Locks, under one name: the models of `tests/models.rs` put theirs in this place.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

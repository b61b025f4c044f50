//! The remote access connection manager.
//!
//! [`embedded()`] gives a [`rasman::Manager`] on a manager in this process: a table of entries and connections, and a
//! fixed set of session workers, one thread each, that own the connections. Clients and workers meet only in the
//! table, under a lock that is held for a few instructions, and in bounded channels.
//!
//! ```text
//! client --dial--> table (623, 756, references) --session--> worker: Connection, port, stack
//! client <-notifications- channel <--------- observer --------- Effect::Notify
//! watchers <------------- broadcast <------- observer
//! ```
#![forbid(unsafe_code)]

pub mod activation;
pub mod config;
pub mod daemon;
pub mod devices;
mod embedded;
mod entries;
mod environment;
mod helpers;
mod hygiene;
pub mod journal;
mod observer;
mod ras_devices;
mod reserved;
pub mod sandbox;
#[cfg(test)]
mod scratch;
mod secrets;
pub mod starter;
mod table;
mod who;

pub use config::Configuration;
pub use embedded::{OwnJournal, Settings, embedded};
pub use hygiene::forbid_core_dumps;
pub use rasman_net::memory::give_back_early;

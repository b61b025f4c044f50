//! A manager in another process.
//!
//! [`connect`] gives a [`Manager`] on the daemon `rasmand`: the system's, or the user's own, which is started if it is
//! not there. Everything works as with an embedded manager, and connections outlive the program: a dial belongs to the
//! process that made it until Connected is published, and is hung up when that process ends before (clauses A44, A48).
//!
//! ```no_run
//! # async fn example() -> Result<(), rasman::Error> {
//! use rasman::daemon::{Scope, connect};
//!
//! let manager = connect(Scope::User)?;
//! let connection = manager.dial(rasman::Dial::entry("work"))?.finish().await?;
//! println!("{}", connection.handle()); // The program may end now; the connection stays.
//! # Ok(())
//! # }
//! ```

mod autodial;
mod calls;
mod entries;
mod events;
mod processors;
mod remote;
mod router;
mod start;

pub use crate::ipc::scope::Scope;

use crate::ipc::scope::Place;
use crate::ipc::wire::{Described, Nothing};
use crate::{Error, Handle, Manager};
use calls::Calls;
use remote::Remote;
use std::path::PathBuf;
use std::sync::Arc;

/// Connects to the manager of a scope; the user's own is started if it is not there.
///
/// # Errors
/// 711 if it cannot be reached, with how to start it; 5 if its socket belongs to somebody else.
pub fn connect(scope: Scope) -> Result<Manager, Error> {
    Connector::new(scope).connect()
}

/// Gives the managers that run now, the user's own first; none is started.
///
/// To list, watch or hang up everything there is, ask each of them. A handle names its manager, so it is known to one at
/// the most.
#[must_use]
pub fn running() -> Vec<(Scope, Manager)> {
    let scopes = [Scope::User, Scope::System].into_iter();
    scopes.filter_map(|scope| Some((scope, Connector::new(scope).start(false).connect().ok()?))).collect()
}

/// Finds the manager, of those that run now, that knows a connection.
///
/// # Errors
/// 6 if none does.
pub fn manager_of(handle: Handle) -> Result<Manager, Error> {
    let mut managers = running().into_iter().map(|(_, manager)| manager);
    managers
        .find(|manager| manager.connections().iter().any(|info| info.handle == handle))
        .ok_or_else(|| Error::invalid_handle(handle))
}

/// How to connect to a manager.
#[derive(Clone, Debug)]
pub struct Connector {
    place: Place,
    start: bool,
    program: Option<PathBuf>,
    arguments: Vec<String>,
}

impl Connector {
    /// Connects to this scope; the user's own manager is started if it is not there.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        let start = scope == Scope::User;
        Self { place: Place::of(scope), start, program: None, arguments: Vec::new() }
    }

    /// Looks for the socket in this folder.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.place.folder = folder.into();
        self
    }

    /// Lets the manager be started, or not.
    #[must_use]
    pub fn start(mut self, start: bool) -> Self {
        self.start = start;
        self
    }

    /// Starts this program in place of the `rasmand` that is found.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Gives the program an argument more when it is started, such as `--idle`.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// As [`connect`].
    pub fn connect(self) -> Result<Manager, Error> {
        Ok(Manager::new(Arc::new(Remote::new(Calls::connect(self)?))))
    }

    /// Tells which manager is there and what this program may do, without keeping a connection.
    ///
    /// # Errors
    /// As [`connect`].
    pub fn describe(self) -> Result<Described, Error> {
        Calls::connect(self)?.call("io.rasman.Manager.Describe", &Nothing {}, &[])
    }

    /// Stops the manager, which hangs up everything (reason 834); never starts one.
    ///
    /// # Errors
    /// As [`connect`]; 5 for those who may not.
    pub fn stop(self) -> Result<(), Error> {
        Calls::connect(self.start(false))?.call("io.rasman.Manager.Stop", &Nothing {}, &[]).map(|Nothing {}| ())
    }
}

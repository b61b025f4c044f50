//! The managers that a command talks to: the user's own, the machine's, or one in this process.

use crate::arguments::Scope;
use crate::exit::Exit;
use crate::failure::Failure;
use rasman::daemon::{self, Connector};
use rasman::{Connection, ConnectionInfo, Handle, Manager};

/// The managers to look at.
pub(crate) struct Managers(pub(crate) Vec<(daemon::Scope, Manager)>);

impl Managers {
    /// Gives the manager of the scope that is meant, or those that run. None is started.
    pub(crate) fn running(scope: Option<Scope>) -> Result<Self, Failure> {
        match chosen(scope)? {
            Some(scope) => Ok(Self(vec![(scope, Connector::new(scope).start(false).connect()?)])),
            None => Ok(Self(daemon::running())),
        }
    }

    /// The same, but that the user's own is started if it does not run.
    pub(crate) fn started(scope: Option<Scope>) -> Result<Self, Failure> {
        if let Some(scope) = chosen(scope)? {
            return Ok(Self(vec![(scope, daemon::connect(scope)?)]));
        }
        let user = (daemon::Scope::User, daemon::connect(daemon::Scope::User)?);
        Ok(Self(std::iter::once(user).chain(daemon::running().into_iter().filter(is_system)).collect()))
    }

    /// Lists the connections of all of them.
    pub(crate) fn connections(&self) -> Vec<ConnectionInfo> {
        self.0.iter().flat_map(|(_, manager)| manager.connections()).collect()
    }

    /// Finds a connection by its handle.
    pub(crate) fn connection(&self, handle: Handle) -> Result<Connection, Failure> {
        let found = self.0.iter().find_map(|(_, manager)| manager.connection(handle).ok());
        found.ok_or_else(|| rasman::Error::invalid_handle(handle).into())
    }
}

/// Connects to the manager that is to dial. Without a scope, an entry of all users is dialled at the machine's manager
/// if that runs, and everything else at the user's own, which is started if it does not run.
pub(crate) fn to_dial(scope: Option<Scope>, is_machines: bool) -> Result<Manager, Failure> {
    match chosen(scope)? {
        Some(scope) => Ok(daemon::connect(scope)?),
        None => {
            let system = if is_machines { daemon::running().into_iter().find(is_system) } else { None };
            system.map_or_else(|| Ok(daemon::connect(daemon::Scope::User)?), |(_, manager)| Ok(manager))
        }
    }
}

/// Tells whether the manager that is to dial is the machine's; it makes network devices.
pub(crate) fn is_machines(scope: Option<Scope>, is_machines_entry: bool) -> Result<bool, Failure> {
    Ok(match chosen(scope)? {
        Some(scope) => scope == daemon::Scope::System,
        None => is_machines_entry && daemon::running().iter().any(is_system),
    })
}

/// Starts a manager in this process, with the phone books and the configuration that a program of this user finds.
pub(crate) fn local() -> Result<Manager, Failure> {
    let settings = rasmand::Settings::from_environment()
        .map_err(|error| Failure::new(Exit::Settings, error.to_string(), "correct the configuration file"))?;
    Ok(rasmand::embedded(rasmand::Settings { workers: 1, ..settings })?)
}

/// Gives the scope of the command line, or else that of the environment.
fn chosen(scope: Option<Scope>) -> Result<Option<daemon::Scope>, Failure> {
    match scope {
        Some(Scope::User) => Ok(Some(daemon::Scope::User)),
        Some(Scope::System) => Ok(Some(daemon::Scope::System)),
        None => daemon::Scope::from_environment()
            .map_err(|wrong| Failure::usage(wrong, "unset it, or set it to user or system")),
    }
}

fn is_system((scope, _): &(daemon::Scope, Manager)) -> bool {
    *scope == daemon::Scope::System
}

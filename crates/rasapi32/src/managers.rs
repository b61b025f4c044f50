//! Which manager a call goes to: the user's own, the machine's, or both.

use crate::process;
use rasman::daemon::{Connector, Scope};
use rasman::{Code, EntryScope, Error, Handle, Manager, Status};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The managers that this process is connected to.
#[derive(Default)]
pub(crate) struct Managers {
    user: Mutex<Option<Manager>>,
    system: Mutex<Option<Manager>>,
}

/// Gives the manager that dials entries of a user or without a phone book, and keeps the user's phone books. It is the
/// user's own, or the one that `RASMAN_SCOPE` names; the user's own is started if it does not run.
///
/// # Errors
/// 711 if it cannot be reached (clause E9), 5 if its socket belongs to somebody else.
pub(crate) fn main() -> Result<Manager, Error> {
    connect(chosen()?.unwrap_or(Scope::User), true)
}

/// Gives the manager that dials an entry: the machine's for one of all users, if that manager runs.
///
/// # Errors
/// As [`main`].
pub(crate) fn to_dial(phonebook: Option<&Path>, entry: &str) -> Result<Manager, Error> {
    if chosen()?.is_some() {
        return main();
    }
    // It runs on few machines; where it does not, nobody has to look whose the entry is.
    let Ok(system) = connect(Scope::System, false) else { return main() };
    let main = main()?;
    let name = entry.to_lowercase();
    let entries = main.backend().entries(phonebook)?;
    let is_machines = entries.iter().find(|info| info.name.to_lowercase() == name);
    Ok(if is_machines.is_some_and(|info| info.scope == EntryScope::Machine) { system } else { main })
}

/// Gives the managers to look at, the user's own first. If none runs, the user's own is started, so that 711 means that
/// this is impossible (clause E9).
///
/// # Errors
/// As [`main`].
pub(crate) fn all() -> Result<Vec<Manager>, Error> {
    if let Some(scope) = chosen()? {
        return Ok(vec![connect(scope, true)?]);
    }
    let user = connect(Scope::User, true);
    let system = connect(Scope::System, false);
    match (user, system) {
        (Ok(user), Ok(system)) => Ok(vec![user, system]),
        (Ok(manager), Err(_)) | (Err(_), Ok(manager)) => Ok(vec![manager]),
        (Err(error), Err(_)) => Err(error),
    }
}

/// Finds the manager that knows a connection, and the connection's status. A handle names its manager, so at most one
/// does.
///
/// # Errors
/// 6 if none knows it (clauses H3, H4), 5 for somebody else's; as [`main`].
pub(crate) fn of(handle: Handle) -> Result<(Manager, Status), Error> {
    let mut refusal = Error::invalid_handle(handle);
    for manager in all()? {
        match manager.backend().status(handle) {
            Ok(status) => return Ok((manager, status)),
            Err(error) if error.code() == Code::INVALID_HANDLE => {}
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Has this manager in place of the user's own.
pub(crate) fn replace(manager: Manager) {
    *process::current().managers.user.lock().unwrap_or_else(PoisonError::into_inner) = Some(manager);
}

/// Gives the scope that the environment names.
fn chosen() -> Result<Option<Scope>, Error> {
    Scope::from_environment().map_err(|wrong| Error::refused(Code::INVALID_PARAMETER, wrong))
}

/// Gives the connection to a manager, which makes itself again if it is lost.
fn connect(scope: Scope, start: bool) -> Result<Manager, Error> {
    let Managers { user, system } = &process::current().managers;
    let slot = match scope {
        Scope::User => user,
        Scope::System => system,
    };
    let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(manager) = &*held {
        return Ok(manager.clone());
    }
    let manager = Connector::new(scope).start(start && scope == Scope::User).connect()?;
    Ok(held.insert(manager).clone())
}

//! Which connections there are, and what a change among them is to programs.

use crate::abi::constants::{RASCN_Connection, RASCN_Disconnection, RASCN_Dormant, RASCN_ReConnection};
use rasman::{Change, ConnState, ConnectionInfo, Handle, Substate};
use std::collections::HashSet;

/// The connections of one manager that are established.
#[derive(Default)]
pub(crate) struct Known(HashSet<Handle>);

impl Known {
    pub(crate) fn new(snapshot: &[ConnectionInfo]) -> Self {
        Self(established(snapshot))
    }

    /// Takes a change; gives the connection and the RASCN_* flag of it.
    pub(crate) fn change(&mut self, change: &Change) -> Option<(Handle, u32)> {
        match change {
            Change::Notified { handle, notification } => {
                let is_up = notification.state == ConnState::Connected && notification.error.is_none();
                (is_up && self.0.insert(*handle)).then_some((*handle, RASCN_Connection))
            }
            Change::Substate { handle, substate: Substate::Dormant, .. } => Some((*handle, RASCN_Dormant)),
            Change::Substate { handle, substate: Substate::Reconnected, .. } => Some((*handle, RASCN_ReConnection)),
            // A dial that came to nothing was no connection.
            Change::Gone { handle, .. } => self.0.remove(handle).then_some((*handle, RASCN_Disconnection)),
            _ => None,
        }
    }

    /// Takes a new snapshot after changes were lost; gives what must have happened.
    pub(crate) fn replace(&mut self, snapshot: &[ConnectionInfo]) -> Vec<(Handle, u32)> {
        let now = established(snapshot);
        let gone = self.0.difference(&now).map(|handle| (*handle, RASCN_Disconnection));
        let came = now.difference(&self.0).map(|handle| (*handle, RASCN_Connection));
        let changes = gone.chain(came).collect();
        self.0 = now;
        changes
    }
}

fn established(snapshot: &[ConnectionInfo]) -> HashSet<Handle> {
    let up = snapshot.iter().filter(|info| info.state == ConnState::Connected && info.error == 0);
    up.map(|info| info.handle).collect()
}

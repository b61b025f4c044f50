//! What a session reports goes into the table.

use crate::embedded::lock;
use crate::table::Table;
use rasman::{Doors, Handle};
use rasman_core::{Cause, Code, LayerName, Notification};
use rasman_dial::Status;
use rasman_net::session::{Observer, OpenDoors};
use std::sync::{Arc, Mutex};

/// Reports one session to the table.
pub(crate) struct TableObserver {
    table: Arc<Mutex<Table>>,
    handle: Handle,
    finished: bool,
}

impl TableObserver {
    pub(crate) fn new(table: Arc<Mutex<Table>>, handle: Handle) -> Self {
        Self { table, handle, finished: false }
    }
}

impl Observer for TableObserver {
    fn notified(&mut self, notification: Notification, status: Status) {
        lock(&self.table).notified(self.handle, notification, status);
    }

    fn doors_opened(&mut self, doors: OpenDoors) {
        let doors = Doors { socks: doors.socks, forwards: doors.forwards };
        lock(&self.table).doors_opened(self.handle, doors);
    }

    fn finished(&mut self, cause: Cause) {
        self.finished = true;
        lock(&self.table).finished(self.handle, &cause);
    }
}

impl Drop for TableObserver {
    fn drop(&mut self) {
        // A session that ends without a word (its worker was stopped) must not leave a connection behind.
        if !self.finished {
            self.finished(Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager));
        }
    }
}

//! `RasConnectionNotification`: events that are signalled when connections come and go.

mod event;
mod known;
mod watcher;

pub(crate) use watcher::Watchers;

use crate::abi::HRASCONN;
use crate::abi::constants::{
    RASCN_BandwidthAdded, RASCN_BandwidthRemoved, RASCN_Connection, RASCN_Disconnection, RASCN_Dormant,
    RASCN_EPDGPacketArrival, RASCN_ReConnection,
};
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::{managers, process};
pub(crate) use event::Event;
use rasman::{Code, Handle};
use std::ffi::c_void;

/// Has an event signalled when connections come and go (the C clauses). The event is an eventfd, as a pointer of its number;
/// a signal adds 1. It is registered until it is closed.
#[unsafe(no_mangle)]
pub extern "C" fn RasConnectionNotificationA(connection: HRASCONN, event: *mut c_void, flags: u32) -> u32 {
    answer(|| register(connection, event, flags))
}

/// As [`RasConnectionNotificationA`].
#[unsafe(no_mangle)]
pub extern "C" fn RasConnectionNotificationW(connection: HRASCONN, event: *mut c_void, flags: u32) -> u32 {
    answer(|| register(connection, event, flags))
}

/// What an event is to tell.
pub(crate) struct Registration {
    event: Event,
    /// The only connection that matters; none for all.
    handle: Option<Handle>,
    flags: u32,
}

fn register(connection: HRASCONN, event: *mut c_void, flags: u32) -> Outcome {
    if event.is_null() || flags == 0 || flags & !KNOWN != 0 {
        return Err(Code::INVALID_PARAMETER); // Clause C10.
    }
    let event = Event::of(event)?;
    let any = connection as isize == -1;
    let handle = (!any).then_some(Handle(connection as u64));
    undisturbed(|| {
        if let Some(handle) = handle {
            managers::of(handle).map_err(code_of)?;
        }
        let managers = managers::all().map_err(code_of)?;
        process::current().watchers.add(&managers, Registration { event, handle, flags })
    })
}

const KNOWN: u32 = RASCN_Connection
    | RASCN_Disconnection
    | RASCN_BandwidthAdded
    | RASCN_BandwidthRemoved
    | RASCN_Dormant
    | RASCN_ReConnection
    | RASCN_EPDGPacketArrival;

//! Counters of connections and links.

use crate::abi::{HRASCONN, Layout, RAS_STATS, read_size, write_versioned};
use crate::call::{Outcome, answer, code_of};
use crate::credentials::INVALID_ARGUMENT;
use crate::dial::context::undisturbed;
use crate::managers;
use core::time::Duration;
use rasman::{Code, Handle, Statistics};

/// Gives the counters of a connection (clauses T1, T2).
///
/// # Safety
/// Unless null, as many bytes as its dwSize says are readable and writable at `statistics`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetConnectionStatistics(connection: HRASCONN, statistics: *mut RAS_STATS) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| undisturbed(|| unsafe { get(connection, 1, statistics) }))
}

/// Gives the counters of one link, counted from one (clauses T1, T2).
///
/// # Safety
/// As [`RasGetConnectionStatistics`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetLinkStatistics(connection: HRASCONN, link: u32, statistics: *mut RAS_STATS) -> u32 {
    // SAFETY: the caller answers for it.
    answer(|| undisturbed(|| unsafe { get(connection, link, statistics) }))
}

/// Lets later readings count from now on (clause T3).
#[unsafe(no_mangle)]
pub extern "C" fn RasClearConnectionStatistics(connection: HRASCONN) -> u32 {
    answer(|| undisturbed(|| clear(connection)))
}

/// Lets later readings of one link count from now on; link 0 is 87 here (clause T2).
#[unsafe(no_mangle)]
pub extern "C" fn RasClearLinkStatistics(connection: HRASCONN, link: u32) -> u32 {
    answer(|| {
        undisturbed(|| match link {
            0 => Err(Code::INVALID_PARAMETER),
            ONLY_LINK => clear(connection),
            _ => managers::of(handle(connection)).map_err(code_of).and(Err(Code::NO_CONNECTION)),
        })
    })
}

/// # Safety
/// As [`RasGetConnectionStatistics`].
unsafe fn get(connection: HRASCONN, link: u32, statistics: *mut RAS_STATS) -> Outcome {
    if connection.is_null() || statistics.is_null() || link == 0 {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: it is not null, and the caller answers for it.
    let size = unsafe { read_size(statistics) };
    if !RAS_STATS::is_size(size) {
        return Err(INVALID_ARGUMENT);
    }
    let (manager, _) = managers::of(handle(connection)).map_err(code_of)?;
    if link != ONLY_LINK {
        return Err(Code::NO_CONNECTION);
    }
    let found = manager.backend().statistics(handle(connection)).map_err(code_of)?;
    // SAFETY: the caller answers for as many bytes.
    unsafe { write_versioned(statistics, &of(&found), size) };
    Ok(())
}

fn clear(connection: HRASCONN) -> Outcome {
    let (manager, _) = managers::of(handle(connection)).map_err(code_of)?;
    manager.backend().clear_statistics(handle(connection)).map_err(code_of)
}

fn handle(connection: HRASCONN) -> Handle {
    Handle(connection as u64)
}

/// Counters of 32 bits begin anew when they are full, as Windows' do.
fn of(found: &Statistics) -> RAS_STATS {
    RAS_STATS {
        dwBytesXmited: found.bytes_sent as u32,
        dwBytesRcved: found.bytes_received as u32,
        dwFramesXmited: found.packets_sent as u32,
        dwFramesRcved: found.packets_received as u32,
        dwBufferOverrunErr: found.send_drops as u32,
        dwFramingErr: found.receive_drops as u32,
        dwConnectDuration: milliseconds(found.connected),
        dwBps: found.bps,
        ..RAS_STATS::zeroed()
    }
}

/// A connection of more than 49 days stays at the most that can be told.
fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// There are no bundles of links.
const ONLY_LINK: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t1_durations_are_milliseconds_and_counters_wrap() {
        let mut found = Statistics::default();
        found.bytes_sent = (1 << 32) + 5;
        found.connected = Duration::from_millis(1500);
        found.bps = 33_600;
        let told = of(&found);
        assert_eq!(({ told.dwBytesXmited }, { told.dwConnectDuration }, { told.dwBps }), (5, 1500, 33_600));
        assert_eq!(milliseconds(Duration::from_secs(5_000_000)), u32::MAX);
    }

    #[test]
    fn t2_bad_arguments_are_e_invalidarg() {
        let mut stats = RAS_STATS { dwSize: RAS_STATS::size(), ..Layout::zeroed() };
        let some = 1 as HRASCONN;
        // SAFETY: the pointers are null or good.
        let mut get = |connection, link, size| unsafe {
            stats.dwSize = size;
            RasGetLinkStatistics(connection, link, &raw mut stats)
        };
        let answers = [get(core::ptr::null_mut(), 1, 60), get(some, 0, 60), get(some, 1, 59), get(some, 1, 64)];
        assert_eq!(answers, [INVALID_ARGUMENT.0; 4]);
        // SAFETY: null is never written.
        assert_eq!(unsafe { RasGetConnectionStatistics(some, core::ptr::null_mut()) }, INVALID_ARGUMENT.0);
        assert_eq!(RasClearLinkStatistics(some, 0), 87);
    }
}

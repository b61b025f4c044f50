//! Functions that exist, so that programs link, and answer that they are not supported: dialogs, the administration of
//! servers, access protection, and what is obsolete.

use crate::abi::{
    GUID, HRASCONN, Layout, RASDIALDLG, RASENTRYDLG, RASMONITORDLG, RASNAPSTATE, RASPBDLG, Sized32, read_size,
};
use crate::buffer::INVALID_SIZE;
use crate::call::answer;
use core::ffi::c_void;
use core::mem::offset_of;
use rasman::Code;

/// Makes functions that return one code, whatever they are given.
macro_rules! refused {
    ($code:expr; $($name:ident($($type:ty),*);)+) => {$(
        /// Is not supported.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($(_: $type),*) -> u32 {
            $code.0
        }
    )+};
}

type Narrow = *const u8;
type Wide = *const u16;
type Any = *mut c_void;

refused! {
    Code::NOT_SUPPORTED;
    RasCreatePhonebookEntryA(Any, Narrow);
    RasCreatePhonebookEntryW(Any, Wide);
    RasEditPhonebookEntryA(Any, Narrow, Narrow);
    RasEditPhonebookEntryW(Any, Wide, Wide);
    RasGetQuarantineConnectionId(HRASCONN, *mut GUID);
    RasGetPCscf(*mut u16);
    RasAdminServerGetInfo(Wide, Any);
    RasAdminGetUserAccountServer(Wide, Wide, *mut u16);
    RasAdminUserGetInfo(Wide, Wide, Any);
    RasAdminUserSetInfo(Wide, Wide, *const c_void);
    RasAdminPortEnum(Wide, *mut Any, *mut u16);
    RasAdminPortGetInfo(Wide, Wide, Any, Any, *mut Any);
    RasAdminPortClearStatistics(Wide, Wide);
    RasAdminPortDisconnect(Wide, Wide);
    RasAdminGetErrorString(u32, *mut u16, u32);
    RasAdminFreeBuffer(Any);
}

/// Says that the connection is not configured for access protection: 836.
///
/// # Safety
/// Unless null, four bytes are readable at `state`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetNapStatus(connection: HRASCONN, state: *mut RASNAPSTATE) -> u32 {
    answer(|| {
        if connection.is_null() {
            return Err(Code::INVALID_HANDLE);
        }
        // SAFETY: if it is not null the caller answers for it.
        if state.is_null() || !RASNAPSTATE::is_size(unsafe { read_size(state) }) {
            return Err(INVALID_SIZE);
        }
        Err(NOT_NAP_CAPABLE)
    })
}

/// Has no memory to give: the Connection Manager is not here.
#[unsafe(no_mangle)]
pub extern "C" fn CmMalloc(_: usize) -> *mut c_void {
    core::ptr::null_mut()
}

/// Frees nothing, as nothing was given.
#[unsafe(no_mangle)]
pub extern "C" fn CmFree(_: *mut c_void) {}

/// Makes dialogs: they return FALSE, and say why in dwError.
macro_rules! dialogs {
    ($($name:ident($($type:ty),*; $info:ty);)+) => {$(
        /// Is a dialog, and not supported.
        ///
        /// # Safety
        /// Unless null, as many bytes as its dwSize says are readable and writable at `info`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($(_: $type,)* info: *mut $info) -> i32 {
            // SAFETY: the caller answers for it.
            unsafe { refuse_dialog(info, offset_of!($info, dwError)) }
        }
    )+};
}

dialogs! {
    RasDialDlgA(Narrow, Narrow, Narrow; RASDIALDLG);
    RasDialDlgW(Wide, Wide, Wide; RASDIALDLG);
    RasEntryDlgA(Narrow, Narrow; RASENTRYDLG<u8>);
    RasEntryDlgW(Wide, Wide; RASENTRYDLG<u16>);
    RasPhonebookDlgA(Narrow, Narrow; RASPBDLG);
    RasPhonebookDlgW(Wide, Wide; RASPBDLG);
    RasMonitorDlgA(Narrow; RASMONITORDLG);
    RasMonitorDlgW(Wide; RASMONITORDLG);
}

/// Writes the error into a dialog's structure, if it is one, and gives FALSE.
///
/// # Safety
/// As the dialogs say; `error` is the offset of dwError.
unsafe fn refuse_dialog<T: Sized32>(info: *mut T, error: usize) -> i32 {
    answer(|| {
        // SAFETY: if it is not null the caller answers for four bytes, and for all if that is its size.
        unsafe {
            if !info.is_null() && T::is_size(read_size(info)) {
                info.cast::<u8>().add(error).cast::<u32>().write_unaligned(Code::NOT_SUPPORTED.0);
            }
        }
        Ok(())
    });
    0
}

/// ERROR_NOT_NAP_CAPABLE.
const NOT_NAP_CAPABLE: Code = Code(836);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialogs_return_false_and_say_why() {
        let mut info = RASENTRYDLG::<u8> { dwSize: RASENTRYDLG::<u8>::size(), ..Layout::zeroed() };
        // SAFETY: the structure is whole.
        let shown = unsafe { RasEntryDlgA(core::ptr::null(), core::ptr::null(), &raw mut info) };
        assert_eq!((shown, { info.dwError }), (0, 50));
        // SAFETY: null is not written.
        assert_eq!(unsafe { RasMonitorDlgW(core::ptr::null(), core::ptr::null_mut()) }, 0);
    }

    #[test]
    fn access_protection_is_never_configured() {
        let mut state = RASNAPSTATE { dwSize: 20, ..Layout::zeroed() };
        // SAFETY: the structure is whole, or null.
        let answers = unsafe {
            let some = 1 as HRASCONN;
            [
                RasGetNapStatus(core::ptr::null_mut(), &raw mut state),
                RasGetNapStatus(some, core::ptr::null_mut()),
                RasGetNapStatus(some, &raw mut state),
            ]
        };
        assert_eq!(answers, [6, 632, 836]);
    }
}

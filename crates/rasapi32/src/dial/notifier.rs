//! The four forms of a notification handler.

use super::queue::{self, Queue};
use rasman::{Code, Notification};
use std::ffi::c_void;
use std::mem::transmute;
use std::sync::Arc;

/// RasDialFunc: message, state, error.
pub(crate) type Func = unsafe extern "C-unwind" fn(u32, u32, u32);
/// RasDialFunc1: handle, message, state, error, extended error.
pub(crate) type Func1 = unsafe extern "C-unwind" fn(*mut c_void, u32, u32, u32, u32);
/// RasDialFunc2: callback id, link, handle, message, state, error, extended error; 0 ends the calls.
pub(crate) type Func2 = unsafe extern "C-unwind" fn(usize, u32, *mut c_void, u32, u32, u32, u32) -> u32;

/// Who is told of a dial (clauses A3, N1, N3).
#[derive(Clone)]
pub(crate) enum Notifier {
    /// Nobody: the dial is synchronous.
    None,
    Func(Func),
    Func1(Func1),
    Func2(Func2, usize),
    /// The counterpart of a window.
    Queue(Arc<Queue>),
}

impl Notifier {
    /// Reads the arguments of RasDial (clauses A1 to A4).
    ///
    /// # Errors
    /// 87 for a type that does not exist and for a queue that does not.
    ///
    /// # Safety
    /// A pointer that is not null and comes with type 0, 1 or 2 is a function of that type.
    pub(crate) unsafe fn read(kind: u32, notifier: *mut c_void, callback_id: usize) -> Result<Self, Code> {
        if notifier.is_null() {
            return Ok(Self::None);
        }
        // SAFETY: the caller answers for the type of the function.
        unsafe {
            match kind {
                0 => Ok(Self::Func(transmute::<*mut c_void, Func>(notifier))),
                1 => Ok(Self::Func1(transmute::<*mut c_void, Func1>(notifier))),
                2 => Ok(Self::Func2(transmute::<*mut c_void, Func2>(notifier), callback_id)),
                QUEUE => queue::find(notifier).map(Self::Queue),
                _ => Err(Code::INVALID_PARAMETER),
            }
        }
    }

    /// Tells whether a resume names the same one (clauses N1, P12).
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Func(one), Self::Func(other)) => *one as usize == *other as usize,
            (Self::Func1(one), Self::Func1(other)) => *one as usize == *other as usize,
            (Self::Func2(one, _), Self::Func2(other, _)) => *one as usize == *other as usize,
            (Self::Queue(one), Self::Queue(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Calls the handler; tells whether it wants to be called again (clauses A26 to A32).
    pub(crate) fn call(&self, handle: *mut c_void, told: &Told) -> bool {
        let Told { state, error, sub_entry, .. } = *told;
        // SAFETY: `read` was promised functions of these types. What they do is the program's business.
        unsafe {
            match self {
                Self::Func(func) => func(WM_RASDIALEVENT, state, error),
                Self::Func1(func) => func(handle, WM_RASDIALEVENT, state, error, EXTENDED),
                Self::Func2(func, id) => {
                    return func(*id, sub_entry, handle, WM_RASDIALEVENT, state, error, EXTENDED) != 0;
                }
                Self::None | Self::Queue(_) => {}
            }
        }
        true
    }
}

/// What a handler is told.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Told {
    /// The number to acknowledge; nothing for what the manager did not say.
    pub(crate) seq: Option<u64>,
    pub(crate) state: u32,
    pub(crate) error: u32,
    pub(crate) sub_entry: u32,
    pub(crate) is_last: bool,
    /// The question that a script of the program is to answer (clause A58).
    pub(crate) script: Option<u32>,
}

impl From<&Notification> for Told {
    fn from(notification: &Notification) -> Self {
        Self {
            seq: Some(notification.seq),
            state: notification.state.number(),
            error: notification.error_number(),
            sub_entry: notification.sub_entry,
            is_last: notification.is_last(),
            script: None,
        }
    }
}

/// The message number that handlers get (clause A26).
pub(crate) const WM_RASDIALEVENT: u32 = 0xCCCD;
/// The type of a notifier that is a window on Windows and a message queue here.
const QUEUE: u32 = 0xFFFF_FFFF;
/// Clause A28: none of the errors that bring a code of their own is ever told.
pub(crate) const EXTENDED: u32 = 0;

//! The AutoDial database.

use super::{layouts, text_layouts};
use core::ffi::c_void;

text_layouts! {
    /// One line of an AutoDial address.
    RASAUTODIALENTRY<C> { A 272; W 528 } {
        dwSize: u32 = 0, 0;
        dwFlags: u32 = 4, 4;
        dwDialingLocation: u32 = 8, 8;
        szEntry: [C; 257] = 12, 12;
    }
}

layouts! {
    /// What an AutoDial handler is given.
    RASADPARAMS { 24 } {
        dwSize: u32 = 0;
        hwndOwner: *mut c_void = 4;
        dwFlags: u32 = 12;
        xDlg: i32 = 16;
        yDlg: i32 = 20;
    }
}

//! Structures of dialogs and scripts: nothing reads them, programs that use them must compile.

use super::{layouts, text_layouts};
use core::ffi::c_void;

text_layouts! {
    /// Credentials asked for when nobody is logged on.
    RASNOUSER<C> { A 544; W 1072 } {
        dwSize: u32 = 0, 0;
        dwFlags: u32 = 4, 4;
        dwTimeoutMs: u32 = 8, 8;
        szUserName: [C; 257] = 12, 12;
        szPassword: [C; 257] = 269, 526;
        szDomain: [C; 16] = 526, 1040;
    }
}

layouts! {
    /// The phone book dialog.
    RASPBDLG { 60 } {
        dwSize: u32 = 0;
        hwndOwner: *mut c_void = 4;
        dwFlags: u32 = 12;
        xDlg: i32 = 16;
        yDlg: i32 = 20;
        dwCallbackId: usize = 24;
        pCallback: *mut c_void = 32;
        dwError: u32 = 40;
        reserved: usize = 44;
        reserved2: usize = 52;
    }
}

text_layouts! {
    /// The dialog of an entry.
    RASENTRYDLG<C> { A 304; W 560 } {
        dwSize: u32 = 0, 0;
        hwndOwner: *mut c_void = 4, 4;
        dwFlags: u32 = 12, 12;
        xDlg: i32 = 16, 16;
        yDlg: i32 = 20, 20;
        szEntry: [C; 257] = 24, 24;
        dwError: u32 = 284, 540;
        reserved: usize = 288, 544;
        reserved2: usize = 296, 552;
    }
}

layouts! {
    /// The dialog of a dial.
    RASDIALDLG { 48 } {
        dwSize: u32 = 0;
        hwndOwner: *mut c_void = 4;
        dwFlags: u32 = 12;
        xDlg: i32 = 16;
        yDlg: i32 = 20;
        dwSubEntry: u32 = 24;
        dwError: u32 = 28;
        reserved: usize = 32;
        reserved2: usize = 40;
    }

    /// The dialog of the monitor.
    RASMONITORDLG { 48 } {
        dwSize: u32 = 0;
        hwndOwner: *mut c_void = 4;
        dwFlags: u32 = 12;
        dwStartPage: u32 = 16;
        xDlg: i32 = 20;
        yDlg: i32 = 24;
        dwError: u32 = 28;
        reserved: usize = 32;
        reserved2: usize = 40;
    }

    /// Settings of a serial line for scripts.
    RASCOMMSETTINGS { 8 } {
        dwSize: u32 = 0;
        bParity: u8 = 4;
        bStop: u8 = 5;
        bByteSize: u8 = 6;
        bAlign: u8 = 7;
    }

    /// What a custom script is given.
    RASCUSTOMSCRIPTEXTENSIONS { 12 } {
        dwSize: u32 = 0;
        pfnRasSetCommSettings: *mut c_void = 4;
    }
}

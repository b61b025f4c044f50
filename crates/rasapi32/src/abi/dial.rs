//! What a dial is started with.

use super::{layouts, text_layouts};
use core::ffi::c_void;

text_layouts! {
    /// With what RasDial dials. It carries a password: copies are scrubbed.
    RASDIALPARAMS<C> { A 1052 1064 1068 1076; W 2096 2108 2112 2120 } {
        dwSize: u32 = 0, 0;
        szEntryName: [C; 257] = 4, 4;
        szPhoneNumber: [C; 129] = 261, 518;
        szCallbackNumber: [C; 129] = 390, 776;
        szUserName: [C; 257] = 519, 1034;
        szPassword: [C; 257] = 776, 1548;
        szDomain: [C; 16] = 1033, 2062;
        dwSubEntry: u32 = 1052, 2096;
        dwCallbackId: usize = 1056, 2100;
        dwIfIndex: u32 = 1064, 2108;
        szEncPassword: *mut C = 1068, 2112;
    }
}

layouts! {
    /// What an EAP method hands to the dial.
    RASEAPINFO { 12 } {
        dwSizeofEapInfo: u32 = 0;
        pbEapInfo: *mut u8 = 4;
    }

    /// What a device driver is given (clause A61).
    RASDEVSPECIFICINFO { 12 } {
        dwSize: u32 = 0;
        pbDevSpecificInfo: *mut u8 = 4;
    }

    /// Options of RasDial.
    RASDIALEXTENSIONS { 24 44 60 } {
        dwSize: u32 = 0;
        dwfOptions: u32 = 4;
        hwndParent: *mut c_void = 8;
        reserved: usize = 16;
        reserved1: usize = 24;
        RasEapInfo: RASEAPINFO = 32;
        fSkipPppAuth: i32 = 44;
        RasDevSpecificInfo: RASDEVSPECIFICINFO = 48;
    }
}

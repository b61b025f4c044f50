//! Connections and their state.

use super::{FILETIME, GUID, LUID, layouts, text_layouts};
use core::ffi::c_void;

layouts! {
    /// An end of a tunnel: `dwType` is RASTUNNELENDPOINT_*, the address in network order, for IPv4 in the first four bytes.
    RASTUNNELENDPOINT { 20 } {
        dwType: u32 = 0;
        address: [u8; 16] = 4;
    }
}

text_layouts! {
    /// One connection in the list of RasEnumConnections.
    RASCONN<C> { A 416 680 696 708 724; W 820 1344 1360 1372 1388 } {
        dwSize: u32 = 0, 0;
        hrasconn: *mut c_void = 4, 4;
        szEntryName: [C; 257] = 12, 12;
        szDeviceType: [C; 17] = 269, 526;
        szDeviceName: [C; 129] = 286, 560;
        szPhonebook: [C; 260] = 415, 818;
        dwSubEntry: u32 = 676, 1340;
        guidEntry: GUID = 680, 1344;
        dwFlags: u32 = 696, 1360;
        luid: LUID = 700, 1364;
        guidCorrelationId: GUID = 708, 1372;
    }

    /// What RasGetConnectStatus tells.
    RASCONNSTATUS<C> { A 160 288 332; W 304 564 608 } {
        dwSize: u32 = 0, 0;
        rasconnstate: u32 = 4, 4;
        dwError: u32 = 8, 8;
        szDeviceType: [C; 17] = 12, 12;
        szDeviceName: [C; 129] = 29, 46;
        szPhoneNumber: [C; 129] = 158, 304;
        localEndPoint: RASTUNNELENDPOINT = 288, 564;
        remoteEndPoint: RASTUNNELENDPOINT = 308, 584;
        rasconnsubstate: u32 = 328, 604;
    }
}

layouts! {
    /// New ends for an IKEv2 tunnel.
    RASUPDATECONN { 56 } {
        version: u32 = 0;
        dwSize: u32 = 4;
        dwFlags: u32 = 8;
        dwIfIndex: u32 = 12;
        localEndPoint: RASTUNNELENDPOINT = 16;
        remoteEndPoint: RASTUNNELENDPOINT = 36;
    }

    /// Counters of a connection or a link. Durations are in milliseconds.
    RAS_STATS { 60 } {
        dwSize: u32 = 0;
        dwBytesXmited: u32 = 4;
        dwBytesRcved: u32 = 8;
        dwFramesXmited: u32 = 12;
        dwFramesRcved: u32 = 16;
        dwCrcErr: u32 = 20;
        dwTimeoutErr: u32 = 24;
        dwAlignmentErr: u32 = 28;
        dwHardwareOverrunErr: u32 = 32;
        dwFramingErr: u32 = 36;
        dwBufferOverrunErr: u32 = 40;
        dwCompressionRatioIn: u32 = 44;
        dwCompressionRatioOut: u32 = 48;
        dwBps: u32 = 52;
        dwConnectDuration: u32 = 56;
    }

    /// The state of network access protection.
    RASNAPSTATE { 20 } {
        dwSize: u32 = 0;
        dwFlags: u32 = 4;
        isolationState: i32 = 8;
        probationTime: FILETIME = 12;
    }
}

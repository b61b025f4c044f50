//! Entries of phone books, their links, devices and countries.

use super::{GUID, layouts, text_layouts};

layouts! {
    /// An IPv4 address as four numbers, the first one first.
    RASIPADDR { 4 } {
        a: u8 = 0;
        b: u8 = 1;
        c: u8 = 2;
        d: u8 = 3;
    }
}

text_layouts! {
    /// One entry in the list of RasEnumEntries.
    RASENTRYNAME<C> { A 264 532; W 520 1048 } {
        dwSize: u32 = 0, 0;
        szEntryName: [C; 257] = 4, 4;
        dwFlags: u32 = 264, 520;
        szPhonebookPath: [C; 261] = 268, 524;
    }

    /// The properties of an entry; alternate numbers lie behind it.
    RASENTRY<C> { A 1768 1796 2088 2884 2924 2948 3480; W 3468 3496 4048 5616 5656 5680 6724 } {
        dwSize: u32 = 0, 0;
        dwfOptions: u32 = 4, 4;
        dwCountryID: u32 = 8, 8;
        dwCountryCode: u32 = 12, 12;
        szAreaCode: [C; 11] = 16, 16;
        szLocalPhoneNumber: [C; 129] = 27, 38;
        dwAlternateOffset: u32 = 156, 296;
        ipaddr: RASIPADDR = 160, 300;
        ipaddrDns: RASIPADDR = 164, 304;
        ipaddrDnsAlt: RASIPADDR = 168, 308;
        ipaddrWins: RASIPADDR = 172, 312;
        ipaddrWinsAlt: RASIPADDR = 176, 316;
        dwFrameSize: u32 = 180, 320;
        dwfNetProtocols: u32 = 184, 324;
        dwFramingProtocol: u32 = 188, 328;
        szScript: [C; 260] = 192, 332;
        szAutodialDll: [C; 260] = 452, 852;
        szAutodialFunc: [C; 260] = 712, 1372;
        szDeviceType: [C; 17] = 972, 1892;
        szDeviceName: [C; 129] = 989, 1926;
        szX25PadType: [C; 33] = 1118, 2184;
        szX25Address: [C; 201] = 1151, 2250;
        szX25Facilities: [C; 201] = 1352, 2652;
        szX25UserData: [C; 201] = 1553, 3054;
        dwChannels: u32 = 1756, 3456;
        dwReserved1: u32 = 1760, 3460;
        dwReserved2: u32 = 1764, 3464;
        dwSubEntries: u32 = 1768, 3468;
        dwDialMode: u32 = 1772, 3472;
        dwDialExtraPercent: u32 = 1776, 3476;
        dwDialExtraSampleSeconds: u32 = 1780, 3480;
        dwHangUpExtraPercent: u32 = 1784, 3484;
        dwHangUpExtraSampleSeconds: u32 = 1788, 3488;
        dwIdleDisconnectSeconds: u32 = 1792, 3492;
        dwType: u32 = 1796, 3496;
        dwEncryptionType: u32 = 1800, 3500;
        dwCustomAuthKey: u32 = 1804, 3504;
        guidId: GUID = 1808, 3508;
        szCustomDialDll: [C; 260] = 1824, 3524;
        dwVpnStrategy: u32 = 2084, 4044;
        dwfOptions2: u32 = 2088, 4048;
        dwfOptions3: u32 = 2092, 4052;
        szDnsSuffix: [C; 256] = 2096, 4056;
        dwTcpWindowSize: u32 = 2352, 4568;
        szPrerequisitePbk: [C; 260] = 2356, 4572;
        szPrerequisiteEntry: [C; 257] = 2616, 5092;
        dwRedialCount: u32 = 2876, 5608;
        dwRedialPause: u32 = 2880, 5612;
        ipv6addrDns: [u8; 16] = 2884, 5616;
        ipv6addrDnsAlt: [u8; 16] = 2900, 5632;
        dwIPv4InterfaceMetric: u32 = 2916, 5648;
        dwIPv6InterfaceMetric: u32 = 2920, 5652;
        ipv6addr: [u8; 16] = 2924, 5656;
        dwIPv6PrefixLength: u32 = 2940, 5672;
        dwNetworkOutageTime: u32 = 2944, 5676;
        szIDi: [C; 257] = 2948, 5680;
        szIDr: [C; 257] = 3205, 6194;
        fIsImsConfig: i32 = 3464, 6708;
        IdiType: i32 = 3468, 6712;
        IdrType: i32 = 3472, 6716;
        fDisableIKEv2Fragmentation: i32 = 3476, 6720;
    }

    /// One link of an entry; alternate numbers lie behind it.
    RASSUBENTRY<C> { A 288; W 564 } {
        dwSize: u32 = 0, 0;
        dwfFlags: u32 = 4, 4;
        szDeviceType: [C; 17] = 8, 8;
        szDeviceName: [C; 129] = 25, 42;
        szLocalPhoneNumber: [C; 129] = 154, 300;
        dwAlternateOffset: u32 = 284, 560;
    }

    /// One device in the list of RasEnumDevices.
    RASDEVINFO<C> { A 152; W 296 } {
        dwSize: u32 = 0, 0;
        szDeviceType: [C; 17] = 4, 4;
        szDeviceName: [C; 129] = 21, 38;
    }
}

layouts! {
    /// One country; its name lies behind the structure, at an offset in bytes.
    RASCTRYINFO { 20 } {
        dwSize: u32 = 0;
        dwCountryID: u32 = 4;
        dwNextCountryID: u32 = 8;
        dwCountryCode: u32 = 12;
        dwCountryNameOffset: u32 = 16;
    }
}

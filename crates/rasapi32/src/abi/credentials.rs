//! Credentials and EAP identities.

use super::text_layouts;

text_layouts! {
    /// Stored credentials. It carries a password: copies are scrubbed.
    RASCREDENTIALS<C> { A 540; W 1068 } {
        dwSize: u32 = 0, 0;
        dwMask: u32 = 4, 4;
        szUserName: [C; 257] = 8, 8;
        szPassword: [C; 257] = 265, 522;
        szDomain: [C; 16] = 522, 1036;
    }

    /// An EAP identity, as RasGetEapUserIdentity allocates it; the data lie behind it.
    RASEAPUSERIDENTITY<C> { A 268; W 524 } {
        szUserName: [C; 257] = 0, 0;
        dwSizeofEapInfo: u32 = 260, 516;
        pbEapInfo: u8 = 264, 520;
    }
}

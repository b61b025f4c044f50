//! What a connection was given.

use crate::abi::constants::*;
use crate::abi::{
    HRASCONN, Layout, RAS_PROJECTION_INFO, RAS_PROJECTION_UNION, RASAMB, RASPPP_PROJECTION_INFO, RASPPPCCP, RASPPPIP,
    RASPPPIPV6, RASPPPIPX, RASPPPLCP, RASPPPNBF, RASSLIP, Sized32, read_size, write_versioned,
};
use crate::buffer::{BUFFER_TOO_SMALL, INVALID_SIZE};
use crate::call::{Outcome, answer, code_of};
use crate::dial::context::undisturbed;
use crate::managers;
use crate::text::{self, Char};
use crate::variants::variants;
use core::ffi::c_void;
use rasman::{AuthMethod, Code, Encryption, Handle, Ipv6Link, MppeCipher, Projection, Status};

variants! {
    /// Gives what one protocol negotiated (clauses A53, J1, J2).
    RasGetProjectionInfoA RasGetProjectionInfoW = get(
        connection: HRASCONN, protocol: u32, projection: *mut c_void, size: *mut u32
    );
}

/// Gives all that was negotiated (clause J3).
///
/// # Safety
/// Unless null, `size` points at four bytes that can be read and written, and `projection` at as many as those say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetProjectionInfoEx(
    connection: HRASCONN,
    projection: *mut RAS_PROJECTION_INFO,
    size: *mut u32,
) -> u32 {
    // SAFETY: the caller answers for both.
    answer(|| undisturbed(|| unsafe { get_all(connection, projection, size) }))
}

/// # Safety
/// As the exported functions say.
unsafe fn get<C: Char>(connection: HRASCONN, protocol: u32, to: *mut c_void, size: *mut u32) -> Outcome {
    if size.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: the size is not null, and the caller answers for both.
    let mut slot = unsafe { Slot { to, room: size.read_unaligned(), size } };
    match protocol {
        RASP_PPP_IP => slot.fill(|| Ok(ip::<C>(&projected(connection)?.1))),
        RASP_PPP_LCP => slot.fill(|| Ok(lcp::<C>(&projected(connection)?.0))),
        RASP_PPP_IPV6 => slot.fill(|| ipv6(&projected(connection)?.0)),
        RASP_PPP_CCP => slot.fill(|| ccp(&projected(connection)?.1)),
        RASP_PPP_IPX => slot.fill::<RASPPPIPX<C>>(|| not_tried(connection)),
        RASP_PPP_NBF => slot.fill::<RASPPPNBF<C>>(|| not_tried(connection)),
        RASP_AMB => slot.fill::<RASAMB<C>>(|| not_tried(connection)),
        RASP_SLIP => slot.fill::<RASSLIP<C>>(|| not_tried(connection)),
        _ => Err(Code::INVALID_PARAMETER),
    }
}

/// Where a projection goes.
struct Slot {
    to: *mut c_void,
    size: *mut u32,
    room: u32,
}

impl Slot {
    /// Checks the arguments, and writes what the connection has (clause J1).
    fn fill<T: Sized32>(&mut self, value: impl FnOnce() -> Result<T, Code>) -> Outcome {
        let to = self.to.cast::<T>();
        let (version, room) = if to.is_null() || self.room < 4 {
            (T::size(), 0)
        } else {
            // SAFETY: there are at least four bytes, for which the caller answers.
            (unsafe { read_size(to) }, self.room)
        };
        if !T::is_size(version) {
            return Err(INVALID_SIZE);
        }
        let value = value()?;
        // SAFETY: it is not null, and the caller answers for it.
        unsafe { self.size.write_unaligned(version) };
        if room < version {
            return Err(BUFFER_TOO_SMALL);
        }
        // SAFETY: there is room for that version.
        unsafe { write_versioned(to, &value, version) };
        Ok(())
    }
}

/// # Safety
/// As [`RasGetProjectionInfoEx`].
unsafe fn get_all(connection: HRASCONN, to: *mut RAS_PROJECTION_INFO, size: *mut u32) -> Outcome {
    if size.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: it is not null, and the caller answers for it.
    let room = unsafe { size.read_unaligned() };
    let has_version = !to.is_null() && room >= 4;
    // SAFETY: the caller answers for the first four bytes, which are the version.
    let version = if has_version { unsafe { to.cast::<u32>().read_unaligned() } } else { RASAPIVERSION_601 };
    if !(RASAPIVERSION_500..=RASAPIVERSION_601).contains(&version) {
        return Err(INVALID_SIZE);
    }
    let (status, projection) = projected(connection)?;
    let info = RAS_PROJECTION_INFO {
        version,
        r#type: PROJECTION_INFO_TYPE_PPP,
        info: RAS_PROJECTION_UNION { ppp: ppp(&status, &projection) },
    };
    // SAFETY: it is not null, and the caller answers for it.
    unsafe { size.write_unaligned(RAS_PROJECTION_INFO::size()) };
    if to.is_null() || room < RAS_PROJECTION_INFO::size() {
        return Err(BUFFER_TOO_SMALL);
    }
    // SAFETY: there is room for it.
    unsafe { to.write_unaligned(info) };
    Ok(())
}

/// Gives the status of a connection that was projected.
///
/// # Errors
/// 6 for an unknown handle, 730 before it was (clause A53).
fn projected(connection: HRASCONN) -> Result<(Status, Projection), Code> {
    let (_, status) = managers::of(Handle(connection as u64)).map_err(code_of)?;
    let projection = status.projection.clone().ok_or(Code::PROJECTION_NOT_COMPLETE)?;
    Ok((status, projection))
}

/// Refuses a protocol that was not tried on a connection that was projected.
fn not_tried<T>(connection: HRASCONN) -> Result<T, Code> {
    projected(connection).and(Err(Code::PROTOCOL_NOT_CONFIGURED))
}

fn ip<C: Char>(projection: &Projection) -> RASPPPIP<C> {
    let peer = projection.peer.map(|peer| peer.to_string()).unwrap_or_default();
    RASPPPIP {
        szIpAddress: text::array(&projection.local.to_string()),
        szServerIpAddress: text::array(&peer),
        dwOptions: vj(projection.header_compression.sent),
        dwServerOptions: vj(projection.header_compression.received),
        ..RASPPPIP::zeroed()
    }
}

/// Gives what IPCP agreed on beside addresses.
fn vj(compressed: bool) -> u32 {
    if compressed { RASIPO_VJ } else { 0 }
}

/// Gives the interface identifiers, of which IPV6CP has agreed a while after Connected.
fn ipv6(status: &Status) -> Result<RASPPPIPV6, Code> {
    let link = ipv6_link(status).ok_or(Code::PROTOCOL_NOT_CONFIGURED)?;
    Ok(RASPPPIPV6 {
        bLocalInterfaceIdentifier: link.local,
        bPeerInterfaceIdentifier: link.peer,
        ..RASPPPIPV6::zeroed()
    })
}

fn ipv6_link(status: &Status) -> Option<Ipv6Link> {
    status.learned.ipv6.as_ref().map(|ipv6| ipv6.link)
}

/// Gives how PPP's packets are encrypted: MPPE is negotiated as an option of MPPC (RFC 3078 2), without its compression.
fn ccp(projection: &Projection) -> Result<RASPPPCCP, Code> {
    let Encryption { sent, received } = projection.encryption.ok_or(Code::PROTOCOL_NOT_CONFIGURED)?;
    Ok(RASPPPCCP {
        dwCompressionAlgorithm: RASCCPCA_MPPC,
        dwOptions: mppe(sent),
        dwServerCompressionAlgorithm: RASCCPCA_MPPC,
        dwServerOptions: mppe(received),
        ..RASPPPCCP::zeroed()
    })
}

fn mppe(cipher: MppeCipher) -> u32 {
    let strength = match cipher.bits {
        40 => RASCCPO_Encryption40bit,
        56 => RASCCPO_Encryption56bit,
        128 => RASCCPO_Encryption128bit,
        _ => 0,
    };
    strength | if cipher.stateless { RASCCPO_HistoryLess } else { 0 }
}

fn lcp<C: Char>(status: &Status) -> RASPPPLCP<C> {
    let (protocol, data, eap) = authentication(status.authentication);
    RASPPPLCP {
        dwAuthenticationProtocol: protocol,
        dwAuthenticationData: data,
        dwEapTypeId: eap,
        ..RASPPPLCP::zeroed()
    }
}

fn ppp(status: &Status, projection: &Projection) -> RASPPP_PROJECTION_INFO {
    let (protocol, data, eap) = authentication(status.authentication);
    let ipv6 = ipv6_link(status);
    let ccp = ccp(projection).unwrap_or_else(|code| RASPPPCCP { dwError: code.0, ..RASPPPCCP::zeroed() });
    RASPPP_PROJECTION_INFO {
        ipv4Address: projection.local.octets(),
        ipv4ServerAddress: projection.peer.map(|peer| peer.octets()).unwrap_or_default(),
        dwIPv4Options: vj(projection.header_compression.sent),
        dwIPv4ServerOptions: vj(projection.header_compression.received),
        // Clause J2: each has an error of its own.
        dwIPv6NegotiationError: if ipv6.is_some() { 0 } else { Code::PROTOCOL_NOT_CONFIGURED.0 },
        bInterfaceIdentifier: ipv6.map(|link| link.local).unwrap_or_default(),
        bServerInterfaceIdentifier: ipv6.map(|link| link.peer).unwrap_or_default(),
        dwCcpError: ccp.dwError,
        dwCcpCompressionAlgorithm: ccp.dwCompressionAlgorithm,
        dwCcpServerCompressionAlgorithm: ccp.dwServerCompressionAlgorithm,
        dwCcpOptions: ccp.dwOptions,
        dwCcpServerOptions: ccp.dwServerOptions,
        dwAuthenticationProtocol: protocol,
        dwAuthenticationData: data,
        dwEapTypeId: eap,
        ..RASPPP_PROJECTION_INFO::zeroed()
    }
}

/// Gives protocol, algorithm and EAP type of what the server authenticated the user with; zeroes for nothing.
fn authentication(method: Option<AuthMethod>) -> (u32, u32, u32) {
    let eap = |kind| (RASLCPAP_EAP, 0, kind);
    match method {
        Some(AuthMethod::Pap) => (RASLCPAP_PAP, 0, 0),
        Some(AuthMethod::Chap) => (RASLCPAP_CHAP, RASLCPAD_CHAP_MD5, 0),
        Some(AuthMethod::MsChapV2) => (RASLCPAP_CHAP, RASLCPAD_CHAP_MSV2, 0),
        // The numbers of EAP types at IANA.
        Some(AuthMethod::EapMd5) => eap(4),
        Some(AuthMethod::EapTls) => eap(13),
        Some(AuthMethod::TtlsMsChapV2 | AuthMethod::TtlsPap) => eap(21),
        Some(AuthMethod::PeapMsChapV2) => eap(25),
        Some(AuthMethod::EapMsChapV2) => eap(26),
        _ => (0, 0, 0),
    }
}

// The names in `ras.h` are no patterns that the compiler likes.
const RASP_PPP_IP: u32 = RASP_PppIp;
const RASP_PPP_LCP: u32 = RASP_PppLcp;
const RASP_PPP_IPV6: u32 = RASP_PppIpv6;
const RASP_PPP_CCP: u32 = RASP_PppCcp;
const RASP_PPP_IPX: u32 = RASP_PppIpx;
const RASP_PPP_NBF: u32 = RASP_PppNbf;
const RASP_AMB: u32 = RASP_Amb;
const RASP_SLIP: u32 = RASP_Slip;

#[cfg(test)]
mod tests {
    use super::*;
    use rasman::{ConnState, Device, Doors};

    #[test]
    fn j1_compression_of_headers_is_told_for_each_direction() {
        let mut projection = Projection::new([10, 0, 0, 2].into(), None, Vec::new(), 1500);
        let options = |projection: &Projection| {
            let device = Device { kind: "modem", name: "m".into() };
            let status = Status::new(ConnState::Connected, None, device, None, Doors::default());
            let (ip, all) = (ip::<u16>(projection), ppp(&status, projection));
            assert_eq!((ip.dwOptions, ip.dwServerOptions), (all.dwIPv4Options, all.dwIPv4ServerOptions));
            (ip.dwOptions, ip.dwServerOptions)
        };
        assert_eq!(options(&projection), (0, 0));
        projection.header_compression.received = true;
        assert_eq!(options(&projection), (0, RASIPO_VJ));
        projection.header_compression.sent = true;
        assert_eq!(options(&projection), (RASIPO_VJ, RASIPO_VJ));
    }

    #[test]
    fn j2_every_method_of_authentication_has_its_protocol() {
        for method in AuthMethod::ALL {
            let (protocol, data, eap) = authentication(Some(*method));
            assert_eq!(protocol == RASLCPAP_EAP, method.is_eap(), "{method}");
            assert_eq!(protocol == RASLCPAP_CHAP, data != 0, "{method}");
            assert_eq!(protocol == RASLCPAP_EAP, eap != 0, "{method}");
            assert_ne!(protocol, 0, "{method}");
        }
    }
}

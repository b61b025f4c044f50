//! Error codes: numbers, constants and sentences.

mod table;

use core::fmt;
use table::TABLE;

/// A code as programs see it: a RAS error (600 to 956), a Windows system error, or an HRESULT (clause A36).
///
/// Unknown numbers are ordinary values: they only have no name and no sentence.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u32);

macro_rules! codes {
    ($($name:ident = $number:literal;)*) => {
        /// The codes that rasman itself returns. Their meaning is in [`Code::sentence`].
        #[allow(missing_docs)] // The sentence of each is in the table, which a test compares with these names.
        impl Code {
            $(pub const $name: Self = Self($number);)*
        }

        #[cfg(test)]
        const NAMED: &[(&str, Code)] = &[$((stringify!($name), Code::$name),)*];
    };
}

codes! {
    ACCESS_DENIED = 5;
    INVALID_HANDLE = 6;
    NOT_SUPPORTED = 50;
    INVALID_PARAMETER = 87;
    INVALID_NAME = 123;
    ALREADY_EXISTS = 183;
    PORT_ALREADY_OPEN = 602;
    OUT_OF_BUFFERS = 614;
    PORT_NOT_FOUND = 615;
    CANNOT_FIND_PHONEBOOK_ENTRY = 623;
    DISCONNECTION = 628;
    REMOTE_DISCONNECTION = 629;
    HARDWARE_FAILURE = 630;
    USER_DISCONNECTION = 631;
    PORT_NOT_AVAILABLE = 633;
    REQUEST_TIMEOUT = 638;
    RESTRICTED_LOGON_HOURS = 646;
    ACCT_DISABLED = 647;
    PASSWD_EXPIRED = 648;
    NO_DIALIN_PERMISSION = 649;
    FROM_DEVICE = 651;
    DEVICE_NOT_READY = 666;
    NO_CONNECTION = 668;
    LINE_BUSY = 676;
    VOICE_ANSWER = 677;
    NO_ANSWER = 678;
    NO_CARRIER = 679;
    NO_DIALTONE = 680;
    AUTHENTICATION_FAILURE = 691;
    PORT_OR_DEVICE = 692;
    INTERACTIVE_MODE = 703;
    BAD_CALLBACK_NUMBER = 704;
    INVALID_AUTH_STATE = 705;
    ACCT_EXPIRED = 708;
    CHANGING_PASSWORD = 709;
    RASMAN_CANNOT_INITIALIZE = 711;
    PPP_TIMEOUT = 718;
    PPP_NO_PROTOCOLS_CONFIGURED = 720;
    PPP_NO_RESPONSE = 721;
    PPP_INVALID_PACKET = 722;
    PROJECTION_NOT_COMPLETE = 730;
    PROTOCOL_NOT_CONFIGURED = 731;
    PPP_NOT_CONVERGING = 732;
    PPP_CP_REJECTED = 733;
    PPP_LCP_TERMINATED = 734;
    PPP_REQUIRED_ADDRESS_REJECTED = 735;
    PPP_NCP_TERMINATED = 736;
    PPP_LOOPBACK_DETECTED = 737;
    PPP_NO_ADDRESS_ASSIGNED = 738;
    NO_REMOTE_ENCRYPTION = 742;
    REMOTE_REQUIRES_ENCRYPTION = 743;
    BAD_PHONE_NUMBER = 749;
    SCRIPT_SYNTAX = 752;
    DIAL_ALREADY_IN_PROGRESS = 756;
    UNABLE_TO_AUTHENTICATE_SERVER = 778;
    NO_EAPTLS_CERTIFICATE = 798;
    VPN_DISCONNECT = 807;
    VPN_REFUSED = 808;
    VPN_TIMEOUT = 809;
    VPN_BAD_CERT = 810;
    FEATURE_DEPRECATED = 816;
    IDLE_TIMEOUT = 828;
    LINK_FAILURE = 829;
    RASMAN_SERVICE_STOPPED = 834;
    DNSNAME_NOT_RESOLVABLE = 868;
    PEAP_CRYPTOBINDING_INVALID = 823;
    PEAP_CRYPTOBINDING_NOTRECEIVED = 824;
    EAP_USER_CERT_INVALID = 853;
    EAP_USER_CERT_OTHER_ERROR = 856;
    EAP_SERVER_CERT_INVALID = 857;
    EAP_SERVER_CERT_EXPIRED = 858;
    EAP_SERVER_CERT_REVOKED = 859;
    EAP_SERVER_CERT_OTHER_ERROR = 860;
    EAP_SERVER_ROOT_CERT_NOT_FOUND = 864;
    EAPTLS_PASSWD_INVALID = 869;
    PEER_REFUSED_AUTH = 919;
    PPP_SESSION_TIMEOUT = 932;
    CERT_EXPIRED = 0x800B_0101;
    CERT_UNTRUSTED_ROOT = 0x800B_0109;
    CERT_CN_NO_MATCH = 0x800B_010F;
    CRYPT_REVOCATION_OFFLINE = 0x8009_2013;
}

impl Code {
    /// The first code that belongs to RAS.
    pub const RAS_BASE: u32 = 600;
    /// The last code that belongs to RAS (RASBASEEND).
    pub const RAS_END: u32 = 956;

    /// Gives the constant's name, such as `ERROR_AUTHENTICATION_FAILURE`.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.1)
    }

    /// Gives the sentence for people.
    #[must_use]
    pub fn sentence(self) -> Option<&'static str> {
        self.row().map(|row| row.2)
    }

    /// Gives RasGetErrorString's answer: the sentence of a RAS code, nothing for others (clause E2).
    #[must_use]
    pub fn ras_error_string(self) -> Option<&'static str> {
        (Self::RAS_BASE..=Self::RAS_END).contains(&self.0).then(|| self.sentence()).flatten()
    }

    /// Lists all codes that have a name and a sentence, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| Self(row.0))
    }

    fn row(self) -> Option<&'static (u32, &'static str, &'static str)> {
        let index = TABLE.binary_search_by_key(&self.0, |row| row.0).ok()?;
        TABLE.get(index)
    }
}

/// The number, decimal for small ones and hexadecimal for HRESULTs; then name and sentence where they are known.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0x8000_0000 {
            write!(f, "{}", self.0)?
        } else {
            write!(f, "0x{:08X}", self.0)?
        }
        match self.row() {
            Some((_, name, sentence)) => write!(f, " {name}: {sentence}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name().unwrap_or("Code"), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_constant_is_in_it_under_its_name() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, code) in NAMED {
            let known = code.name().unwrap_or_else(|| panic!("{name} is not in the table"));
            let stripped = known.trim_start_matches("ERROR_");
            let plain = stripped == *name || known.replace("_E_", "_") == *name || known.ends_with("UNTRUSTEDROOT");
            assert!(plain, "{name} is {known} in the table");
        }
    }

    #[test]
    fn e2_strings_exist_for_ras_codes_only() {
        assert!(Code::AUTHENTICATION_FAILURE.ras_error_string().is_some());
        assert_eq!(Code::INVALID_PARAMETER.ras_error_string(), None);
        assert_eq!(Code(599).ras_error_string(), None);
        assert_eq!(Code(957).ras_error_string(), None);
    }

    #[test]
    fn a36_hresults_print_as_such() {
        assert!(Code::CERT_CN_NO_MATCH.to_string().starts_with("0x800B010F CERT_E_CN_NO_MATCH: "));
        assert_eq!(Code(0x8009_030D).to_string(), "0x8009030D");
    }
}

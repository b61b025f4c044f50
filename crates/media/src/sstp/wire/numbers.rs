//! Numbers that cross the wire; unknown values are ordinary values.

use core::fmt;

macro_rules! numbers {
    ($(#[$doc:meta])* $type:ident($int:ty), $unknown:literal { $($name:ident = $value:literal, $words:literal;)* }) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub $int);

        #[allow(missing_docs)] // Their words are beside them.
        impl $type {
            $(pub const $name: Self = Self($value);)*
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $(Self::$name => f.pad($words),)*
                    Self(number) => write!(f, concat!($unknown, " {:#x}"), number),
                }
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

numbers! {
    /// What a control packet is ([MS-SSTP] 2.2.2).
    MessageType(u16), "message type" {
        CALL_CONNECT_REQUEST = 0x0001, "Call Connect Request";
        CALL_CONNECT_ACK = 0x0002, "Call Connect Acknowledge";
        CALL_CONNECT_NAK = 0x0003, "Call Connect Negative Acknowledgment";
        CALL_CONNECTED = 0x0004, "Call Connected";
        CALL_ABORT = 0x0005, "Call Abort";
        CALL_DISCONNECT = 0x0006, "Call Disconnect";
        CALL_DISCONNECT_ACK = 0x0007, "Call Disconnect Acknowledge";
        ECHO_REQUEST = 0x0008, "Echo Request";
        ECHO_RESPONSE = 0x0009, "Echo Response";
    }
}

numbers! {
    /// What an attribute is ([MS-SSTP] 2.2.4, 2.2.8).
    AttributeId(u8), "attribute" {
        NO_ERROR = 0x00, "no attribute";
        ENCAPSULATED_PROTOCOL_ID = 0x01, "Encapsulated Protocol ID";
        STATUS_INFO = 0x02, "Status Info";
        CRYPTO_BINDING = 0x03, "Crypto Binding";
        CRYPTO_BINDING_REQUEST = 0x04, "Crypto Binding Request";
    }
}

numbers! {
    /// What was wrong ([MS-SSTP] 2.2.8).
    Status(u32), "status" {
        NO_ERROR = 0x00, "no error";
        DUPLICATE_ATTRIBUTE = 0x01, "an attribute came twice";
        UNRECOGNIZED_ATTRIBUTE = 0x02, "an attribute is not known";
        INVALID_ATTRIB_VALUE_LENGTH = 0x03, "an attribute has the wrong length";
        VALUE_NOT_SUPPORTED = 0x04, "a value is not supported";
        UNACCEPTED_FRAME_RECEIVED = 0x05, "a message came at the wrong time";
        RETRY_COUNT_EXCEEDED = 0x06, "too many attempts";
        INVALID_FRAME_RECEIVED = 0x07, "a message was invalid";
        NEGOTIATION_TIMEOUT = 0x08, "the negotiation took too long";
        ATTRIB_NOT_SUPPORTED_IN_MSG = 0x09, "an attribute does not belong in that message";
        REQUIRED_ATTRIBUTE_MISSING = 0x0a, "a required attribute is missing";
        STATUS_INFO_NOT_SUPPORTED_IN_MSG = 0x0b, "a status does not belong in that message";
    }
}

/// The protocol that data packets carry ([MS-SSTP] 2.2.5): PPP is the only one defined.
pub(in crate::sstp) const PROTOCOL_PPP: u16 = 0x0001;

/// A set of hash protocols ([MS-SSTP] 2.2.6, 2.2.7: one bit each).
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct HashProtocols(pub u8);

impl HashProtocols {
    /// CERT_HASH_PROTOCOL_SHA1.
    pub const SHA1: Self = Self(0x01);
    /// CERT_HASH_PROTOCOL_SHA256.
    pub const SHA256: Self = Self(0x02);

    /// Tells whether all of `other` are in this set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

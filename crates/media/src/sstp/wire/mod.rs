//! Packets, messages and attributes ([MS-SSTP] 2.2).
//!
//! ```text
//!  0                   1                   2                   3
//! +---------------+-------------+-+-------+-----------------------+
//! | Version 0x10  |  Reserved   |C|   R   |  Length (4 to 4095)   |   2.2.1
//! +---------------+-------------+-+-------+-----------------------+
//! | C = 0: one PPP frame                                          |   2.2.3
//! | C = 1: Message Type, Num Attributes, attributes               |   2.2.2
//! +---------------------------------------------------------------+
//! ```
//!
//! Parsing is strict where the bytes decide what a message means, and ignores the fields that [MS-SSTP] reserves.

mod attribute;
mod message;
mod numbers;
mod packet;

pub use attribute::{Binding, BindingRequest, StatusInfo};
pub use message::{Invalid, Message};
pub(super) use numbers::PROTOCOL_PPP;
pub use numbers::{AttributeId, HashProtocols, MessageType, Status};
pub(super) use packet::VERSION;
pub use packet::{Broken, HEADER_LEN, PACKET_MAX, Packet, split};

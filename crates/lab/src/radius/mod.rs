//! EAP judged by a RADIUS server (RFC 2865, RFC 3579): the lab hands on what its clients say, as access servers do.
//!
//! ```text
//! client --EAP in PPP--> lab --EAP-Message in Access-Request--> RADIUS server
//!        <--------------     <-- Access-Challenge, -Accept, -Reject; with Accept the keys (RFC 2548)
//! ```

mod exchange;
mod keys;
mod packet;
mod weak;

pub use exchange::Conversation;
pub use packet::{
    ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST, EAP_MESSAGE, FRAMED_MTU, FRAMED_PROTOCOL,
    MESSAGE_AUTHENTICATOR, NAS_IDENTIFIER, NAS_PORT_TYPE, Packet, REPLY_MESSAGE, SERVICE_TYPE, STATE, USER_NAME,
    VENDOR_SPECIFIC,
};

use rasman_core::Secret;
use std::net::SocketAddr;

/// Who judges.
#[derive(Clone)]
pub struct RadiusServer {
    /// Where it listens, mostly on port 1812.
    pub address: SocketAddr,
    /// What it and the lab both know.
    pub secret: Secret,
}

//! What the fuzz targets of `fuzz/` need beside the API; no part of it, and free to change.

pub use crate::doors::fuzzing::{connect_request, socks_answer, socks_datagram};
pub use crate::stack::classify::{Class, FlowKey, classify};
pub use crate::tls::fuzzing::{names_whom_to_ask, revoked_by};
pub use crate::tun::fuzzing::{merge, split};

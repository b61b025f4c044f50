//! What carries PPP, without I/O.
//!
//! A medium is a folder here with a type that implements [`rasman_core::Link`]: it is handed bytes, time and
//! randomness, and gives back bytes, commands for its ports and one `Up` and one `Down`. PPP frames are opaque to it.
//! Today there are [`sstp`] and [`modem`]; the next medium is a folder beside them. [`telnet`] is no medium: it leads to
//! serial ports of other machines.
#![forbid(unsafe_code)]

pub mod modem;
pub mod sstp;
pub mod telnet;

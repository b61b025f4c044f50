//! The Linux edge of rasman: TCP, TLS and serial ports, a user-space IP stack and its doors.
//!
//! Everything here is owned by one task of a session worker (a current-thread runtime), so nothing is locked and
//! little is `Send`.

#[doc(hidden)]
pub mod accounting;
pub mod activation;
mod buffers;
pub mod clock;
pub mod connect;
pub mod doors;
#[doc(hidden)]
pub mod fuzzing;
pub mod memory;
pub mod peer;
pub mod port;
mod proxy;
pub mod pump;
pub mod random;
pub mod session;
pub mod stack;
pub mod tls;
pub mod tun;

//! The remote access API for C, source-compatible with `ras.h`.
//!
//! ```text
//! C program -> exported function -> call::answer -> rasman::Manager -> daemon
//!           <- handler <- notification thread <- events of the socket
//! ```
//!
//! An exported function reads what its pointers lead to, once and unaligned, into values of our own; what it does with
//! those is safe code, and what it gives back is written in one place. Unsafe code is where C's memory is read or written
//! and where C's functions are called, and each block says why it may.
//!
//! No async runtime runs in the program's process: calls are made on a Unix socket by the thread that calls, one thread
//! reads events, and each asynchronous dial has a notification thread for as long as it lasts.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("handles are pointers of 64 bits, and the library is for Linux");

pub mod abi;
pub mod autodial;
mod buffer;
mod call;
pub mod connections;
pub mod country;
pub mod credentials;
pub mod devices;
pub mod dial;
pub mod entries;
pub mod errors;
#[cfg(test)]
mod fake;
#[doc(hidden)]
pub mod fuzzing;
pub mod hang_up;
pub mod links;
pub mod linux;
mod managers;
mod process;
pub mod projection;
pub mod script;
pub mod statistics;
pub mod status;
mod sync;
pub mod text;
pub mod unsupported;
mod variants;
pub mod watch;

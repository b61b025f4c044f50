//! A whole link against scripts and against its other end, in virtual time.

mod common;
mod pair;

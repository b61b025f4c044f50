//! What a hostile peer can send: every message of the tables, in every wrong form.
//!
//! [`tables`] lists the messages of SSTP and PPP with the shape of their contents; [`variants`] bends each field. Nothing
//! is written by hand, so that a message or an option that is added to a table is attacked in all ways at once.

pub mod tables;
pub mod variants;

pub use tables::{Body, PPP_MESSAGES, PppMessage, SSTP_MESSAGES, SstpMessage};
pub use variants::{Variant, ppp, sstp};

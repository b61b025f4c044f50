//! A whole link against scripts and against its other end, in virtual time.

mod authentication;
mod callback;
mod ccp;
mod common;
mod end;
mod host;
mod hostile;
mod ipcp;
mod ipv6cp;
mod lcp;
mod lcp_line;
mod methods;
mod pair;
mod peers;
mod relay;
mod server;
mod vj;

#[path = "../../../auth/tests/eap/plain.rs"]
mod plain;

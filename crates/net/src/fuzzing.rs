//! What the fuzz targets of `fuzz/` need beside the API; no part of it, and free to change.

pub use crate::stack::classify::{Class, FlowKey, classify};

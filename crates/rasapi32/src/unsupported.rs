//! Functions that exist and answer that they are not supported.

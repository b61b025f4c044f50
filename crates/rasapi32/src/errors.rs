//! The sentences of codes.

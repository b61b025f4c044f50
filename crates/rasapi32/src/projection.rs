//! What a connection was given.

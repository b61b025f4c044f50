//! What a connection has carried.

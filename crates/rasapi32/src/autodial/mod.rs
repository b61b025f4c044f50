//! The database of automatic dialling.

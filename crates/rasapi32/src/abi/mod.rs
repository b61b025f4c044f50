//! The structures, constants and sizes of the header, for all its versions.

//! Countries and their dialling codes.

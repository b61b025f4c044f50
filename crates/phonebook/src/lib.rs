//! Phone books: `rasphone.pbk`, read and written without loss.
#![forbid(unsafe_code)]

//! Lines that carry octets: modems, null modems and other serial lines.

pub mod hdlc;

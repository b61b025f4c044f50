//! The HTTPS handshake ([MS-SSTP] 3.2.4.1, 4.1): one HTTP/1.1 request and one answer, whose endless bodies are the
//! two directions of the call.

mod answer;
mod request;

pub use answer::{Answer, parse_answer, write_answer};
pub use request::{Request, parse_request, write_request};

/// The resource that every SSTP server listens at ([MS-SSTP] 4.1).
pub const PATH: &str = "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/";

/// The method ([MS-SSTP] 4.1).
pub const METHOD: &str = "SSTP_DUPLEX_POST";

/// The length of a body without end: 2^64 - 1 ([MS-SSTP] 4.1).
pub const ENDLESS: &str = "18446744073709551615";

/// The longest head of a request or an answer, in bytes.
pub const HEAD_MAX: usize = 8 * 1024;

/// The most header fields in a head.
const FIELDS_MAX: usize = 64;

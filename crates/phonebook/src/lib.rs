//! Phone books: `rasphone.pbk`, read and written without loss.
//!
//! [`Book`] is the file as text: sections, groups, keys, each line as it was written.
#![forbid(unsafe_code)]

mod book;
mod draft;
mod encoding;
mod error;
mod line;
mod name;
mod section;

pub use book::Book;
pub use encoding::Encoding;
pub use error::EditError;
pub use line::{Line, LineKind, Lines, Scope};
pub use name::{fold_name, validate_name, validate_new_name_for_rename};
pub use section::Section;

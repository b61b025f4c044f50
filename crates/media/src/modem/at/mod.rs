//! The dialogue with a modem (V.250): commands, result codes, profiles.

mod causes;
pub(super) mod dialogue;
mod profile;
mod reply;
#[cfg(test)]
mod tests;

pub use dialogue::{Dialogue, Outcome};
pub use profile::{Expect, Step};
pub use reply::{Reply, ReplyReader};

//! Questions that pause a dial, and their answers.

use crate::{Code, Credentials};

/// A question put to the user; the dial waits until it is answered, hung up, or out of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Names the question within its dial; an answer must carry it.
    pub id: u32,
    /// What is asked.
    pub kind: QuestionKind,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum QuestionKind {
    /// The server refused the credentials (RASCS_RetryAuthentication): others may be tried.
    RetryAuthentication {
        /// Why they were refused, such as 691.
        refused: Code,
        /// How many answers were refused so far, this one included.
        attempts: u32,
    },
}

/// An answer to a [`Question`].
#[derive(Clone)]
#[non_exhaustive]
pub enum Answer {
    /// Other credentials.
    Credentials(Credentials),
}

//! The rows of `tests/errors.toml`. `cargo xtask errors`, which makes `docs/errors.md` of them, includes this file too.

use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub(crate) struct Table {
    pub(crate) cause: Vec<Row>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) elsewhere: Vec<Elsewhere>,
}

/// One failure.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) lab: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) setup: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) limit: String,
    #[serde(default)]
    pub(crate) told: Told,
    /// What is told as well, where two things happen at one moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) or: Vec<Told>,
}

/// What the user is told of it, without what differs from run to run.
#[derive(Clone, Default, Deserialize, Serialize, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    /// The state in which it is told; empty after Connected.
    pub(crate) state: String,
    pub(crate) code: String,
    pub(crate) layer: String,
    pub(crate) did: String,
    pub(crate) said: String,
    pub(crate) advice: String,
}

/// A kind of cause that no dial of ours is told.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Elsewhere {
    pub(crate) code: String,
    pub(crate) layer: String,
    pub(crate) why: String,
}

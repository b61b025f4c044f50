//! The envelopes of Varlink: calls and replies.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A call as a client sends it.
#[derive(Serialize)]
pub struct Call<'a, P> {
    /// Interface and method.
    pub method: &'a str,
    /// Its parameters.
    pub parameters: &'a P,
    /// Several replies may come.
    #[serde(skip_serializing_if = "is_false")]
    pub more: bool,
}

/// A call as the manager receives it.
#[derive(Deserialize)]
pub struct Called<'a> {
    /// Interface and method.
    #[serde(borrow)]
    pub method: Cow<'a, str>,
    /// Its parameters.
    #[serde(borrow, default)]
    pub parameters: Option<&'a RawValue>,
    /// Several replies may come.
    #[serde(default)]
    pub more: bool,
    /// No reply is wanted.
    #[serde(default)]
    pub oneway: bool,
    /// The connection is wanted for another protocol afterwards.
    #[serde(default)]
    pub upgrade: bool,
}

impl Called<'_> {
    /// Reads the parameters.
    ///
    /// # Errors
    /// They are not what the method takes.
    pub fn read<P: DeserializeOwned>(&self) -> Result<P, serde_json::Error> {
        serde_json::from_str(self.parameters.map_or("{}", RawValue::get))
    }
}

/// A reply as the manager sends it.
#[derive(Serialize)]
pub struct Reply<'a, P> {
    /// The error's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    /// What the method, or the error, tells.
    pub parameters: P,
    /// Another reply follows.
    #[serde(skip_serializing_if = "is_false")]
    pub continues: bool,
}

/// A reply as a client receives it.
#[derive(Deserialize)]
pub struct Replied<'a> {
    /// The error's name.
    #[serde(borrow, default)]
    pub error: Option<Cow<'a, str>>,
    /// What the method, or the error, tells.
    #[serde(borrow, default)]
    pub parameters: Option<&'a RawValue>,
    /// Another reply follows.
    #[serde(default)]
    pub continues: bool,
}

impl Replied<'_> {
    /// Reads the parameters.
    ///
    /// # Errors
    /// They are not what was expected.
    pub fn read<P: DeserializeOwned>(&self) -> Result<P, serde_json::Error> {
        serde_json::from_str(self.parameters.map_or("{}", RawValue::get))
    }
}

/// Writes a message with its NUL.
#[must_use]
pub fn write(message: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    // A vector takes everything, and the types have neither maps with odd keys nor fallible parts.
    let written = serde_json::to_writer(&mut bytes, message);
    debug_assert!(written.is_ok(), "a message is JSON");
    bytes.push(0);
    bytes
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde wants it so.
fn is_false(value: &bool) -> bool {
    !value
}

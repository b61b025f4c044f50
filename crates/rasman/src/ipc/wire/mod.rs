//! The interface as types.
//!
//! What a client sends may have no member that is not in the interface: an option that the manager does not know must
//! not be ignored. What the manager sends may have more than a client knows.

mod autodial;
mod cause;
mod data_path;
mod entries;
mod entry;
mod line_format;
mod methods;
mod notification;
mod serial;
mod status;
mod text;

pub use autodial::*;
pub use cause::{CauseWire, Refused};
pub use data_path::{DataPathWire, ForwardWire, LoginWire, RootlessWire, TunWire};
pub use entries::*;
pub use entry::{
    CredentialsWire, EapWire, EntryWire, MediumWire, NetworkWire, RedialWire, SecretAt, SstpWire, TrustWire,
};
pub use line_format::LineFormatCall;
pub use methods::*;
pub use notification::{
    DetailWire, DeviceWire, NotificationWire, ProjectionWire, QuestionWire, ReachedWire, RetryAuthenticationWire,
    ServerCertificateWire, TryingWire, WaitingWire,
};
pub use serial::{LineLoginWire, ModemWire, SerialWire, ToldLines};
pub use status::{ConnectionWire, Ipv6Wire, LearnedWire, RetryingWire, StatisticsWire, StatusWire};

use crate::Handle;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A handle as 16 hexadecimal digits.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct HandleWire(pub Handle);

impl Serialize for HandleWire {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for HandleWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        parse_handle(&text).map(Self).ok_or_else(|| de::Error::custom("a handle has 16 hexadecimal digits"))
    }
}

/// Reads a handle as it is shown: 16 hexadecimal digits.
#[must_use]
pub fn parse_handle(text: &str) -> Option<Handle> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(text, 16).ok()).flatten().map(Handle)
}

/// A duration in whole milliseconds, as the wire has it.
fn millis(duration: rasman_core::Duration) -> u64 {
    // What JSON's readers take without loss.
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(1 << 53)
}

//! What the methods take and give.

use super::status::substate;
use super::{
    CauseWire, ConnectionWire, CredentialsWire, DataPathWire, DeviceWire, EntryWire, HandleWire, NotificationWire,
    StatisticsWire, StatusWire,
};
use crate::Change;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            #[allow(missing_docs)] // The interface says it.
            pub struct $name {
                $(pub $field: $type,)*
            }
        )*
    };
}

macro_rules! replies {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[allow(missing_docs)] // The interface says it.
            pub struct $name {
                $(pub $field: $type,)*
            }
        )*
    };
}

parameters! {
    /// No parameters.
    Nothing {}
    /// A handle alone.
    OfHandle { handle: HandleText, }
}

/// A handle as it comes from a client: any text, so that a wrong one is an unknown handle and not a wrong type.
pub type HandleText = String;

/// Parameters of `Dial`.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)] // The interface says it.
pub struct DialCall {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Box<EntryWire>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialsWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_states: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phonebook: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remember: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_path: Option<DataPathWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eap_user_data: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_and_suffix: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_scripting: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// Parameters of `Attach`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct AttachCall {
    pub token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// Parameters and reply of `Transfer`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Token {
    pub token: String,
}

/// Parameters of `HandlerDone`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct HandlerDoneCall {
    pub handle: HandleText,
    pub seq: u64,
    pub more: bool,
}

/// Parameters of `Answer`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct AnswerCall {
    pub handle: HandleText,
    pub question: u32,
    pub credentials: CredentialsWire,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
}

/// What the credentials of an answer are.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AnswerKind {
    #[default]
    Credentials,
    NewPassword,
    CertificatePassword,
    Accept,
    CallbackNumber,
    Continue,
    LoggedIn,
    GiveUp,
}

/// Parameters of `HangUp`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct HangUpCall {
    pub handle: HandleText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// Parameters of `Wait`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct WaitCall {
    pub handle: HandleText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// Parameters of `Watch`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct WatchCall {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

replies! {
    /// Reply of `Describe`.
    Described { version: String, scope: String, epoch: String, uid: u32, sees_all: bool, }
    /// Reply of `MayEnterHandler`.
    May { may: bool, }
    /// Reply of `Status`.
    StatusReply { status: StatusWire, }
    /// Reply of `Statistics`.
    StatisticsReply { statistics: StatisticsWire, }
    /// Reply of `Line`.
    LineReply { line: usize, }
    /// Reply of `Devices`.
    DevicesReply { devices: Vec<DeviceWire>, }
    /// Reply of `List`.
    Listed { connections: Vec<ConnectionWire>, }
}

/// Reply of `Dial` and `Attach`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DialReply {
    pub handle: HandleWire,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<NotificationWire>,
}

/// Reply of `HangUp`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct HangUpReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone: Option<CauseWire>,
}

/// Reply of `Wait`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct WaitReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone: Option<CauseWire>,
}

/// Reply of `Ended`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct EndedReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseWire>,
}

/// Reply of `Watch`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct WatchReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<Vec<ConnectionWire>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lagged: Option<u64>,
}

/// Reply of `Events`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct EventsReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventWire>,
}

/// What a channel tells.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct EventWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<HandleWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<NotificationWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transferred: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone: Option<CauseWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lagged: Option<u64>,
}

/// A [`Change`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ChangeWire {
    pub serial: u64,
    pub handle: HandleWire,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<NotificationWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substate: Option<SubstateWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<CauseWire>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SubstateWire {
    pub substate: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseWire>,
}

impl ChangeWire {
    /// Makes the change with this number.
    #[must_use]
    pub fn new(serial: u64, change: &Change) -> Self {
        let none = |handle: &crate::Handle| Self {
            serial,
            handle: HandleWire(*handle),
            notification: None,
            substate: None,
            gone: None,
        };
        match change {
            Change::Notified { handle, notification } => {
                Self { notification: Some((&**notification).into()), ..none(handle) }
            }
            Change::Substate { handle, substate, cause } => {
                let cause = cause.as_deref().map(Into::into);
                Self { substate: Some(SubstateWire { substate: substate.number(), cause }), ..none(handle) }
            }
            Change::Gone { handle, cause } => Self { gone: Some((&**cause).into()), ..none(handle) },
        }
    }

    /// Gives the change; nothing for one that this program does not know.
    #[must_use]
    pub fn read(self) -> Option<Change> {
        let handle = self.handle.0;
        if let Some(notification) = self.notification {
            return Some(Change::Notified { handle, notification: Arc::new(notification.read()?) });
        }
        if let Some(SubstateWire { substate: number, cause }) = self.substate {
            let cause = cause.map(|cause| Arc::new(cause.into()));
            return Some(Change::Substate { handle, substate: substate(number), cause });
        }
        self.gone.map(|cause| Change::Gone { handle, cause: Arc::new(cause.into()) })
    }
}

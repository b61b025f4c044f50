//! The vocabulary of rasman.
//!
//! Everything that two crates have to agree on lives here: what a protocol [`Layer`] is, how time, bytes and
//! randomness reach it, what a dial publishes ([`ConnState`], [`Notification`]), why it ended ([`Cause`]), and what
//! it was asked to do ([`Entry`]). The crate performs no I/O and depends on `zeroize` alone.
#![forbid(unsafe_code)]

mod authentication;
mod batch;
mod callback;
mod cause;
mod code;
mod entry;
pub mod hex;
mod host_and_port;
mod interaction;
mod ip_net;
mod ipv4_net;
mod keys;
mod layer;
mod learned;
mod line_login;
mod link;
mod notification;
mod projection;
mod question;
mod rng;
mod secret;
mod serial;
mod state;
mod substate;
mod time;
mod timers;
mod wire;

pub use authentication::{AuthMethod, ClientCertificate, EapSettings};
pub use batch::{Batch, Frame};
pub use callback::{Callback, is_callback_number};
pub use cause::{Cause, LayerName};
pub use code::Code;
pub use entry::{
    Credentials, DataPath, Entry, Forward, HttpProxy, InvalidSetting, Medium, MppeConsent, NAME_MAX, Network,
    ProxyLogin, Redial, Revocation, Rootless, SstpSettings, Trust, TunSettings, validate_name,
};
pub use host_and_port::host_and_port;
pub use interaction::Interaction;
pub use ip_net::{IpNet, NotANetwork};
pub use ipv4_net::Ipv4Net;
pub use keys::SessionKeys;
pub use layer::{DropReason, Input, Layer};
pub use learned::{Ipv6Link, Ipv6Setup, Learned, with_interface_id};
pub use line_login::{LineLogin, LoginScript};
pub use link::{
    CharacterFormat, Leaf, LineCommand, LineFraming, Link, LinkEvent, LinkParams, Parity, PortClosed, PortCommand,
    PortFacts, PortId, PortSpec, StopBits, TlsSpec,
};
pub use notification::{CodeNumber, Detail, Device, Notification};
pub use projection::{Encryption, HeaderCompression, MppeCipher, Projection, Statistics};
pub use question::{Answer, EapDialog, Question, QuestionKind};
pub use rng::Rng;
pub use secret::Secret;
pub use serial::{
    FlowControl, LineDevice, LineSettings, ModemProfile, ModemSettings, SerialPort, SerialSettings, line_time,
};
pub use state::{ConnState, StateClass};
pub use substate::{Retrying, Substate};
pub use time::{Instant, Timeout};
pub use timers::Timers;
pub use wire::{Malformed, Reader};

/// The time span used with [`Instant`].
pub use core::time::Duration;

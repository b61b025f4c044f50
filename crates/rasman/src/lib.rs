//! Asynchronous remote access dialling.
//!
//! A [`Manager`] owns connections. [`Manager::dial`] returns at once; what happens is told as
//! [notifications](Notification) in the context of whoever polls the [`Dialing`]. Once Connected was read the
//! `Dialing` may be dropped and the connection stays; a `Dialing` that is dropped before that is hung up.
//!
//! ```no_run
//! # async fn example(manager: rasman::Manager) -> Result<(), rasman::Error> {
//! use rasman::{Credentials, Dial};
//!
//! let credentials = Credentials { user: "alice".into(), password: "wonderland".into(), ..Default::default() };
//! let mut dialing = manager.dial(Dial::entry("work").credentials(credentials))?;
//! while let Some(notification) = dialing.next().await {
//!     println!("{} {}", notification.state, notification.detail);
//! }
//! let connection = dialing.finish().await?;
//! println!("SOCKS5 at {:?}", connection.status()?.doors.socks);
//! connection.hang_up()?.await;
//! # Ok(())
//! # }
//! ```
//!
//! Three forms of a dial differ in who waits for whom:
//!
//! | form | the dial while a notification is handled |
//! | --- | --- |
//! | [`Manager::dial`] | goes on; notifications queue up |
//! | [`Manager::dial_held`] | is held until the handler returns, however long that takes (clauses A24, A25) |
//! | [`Manager::dial_sync`] | tells nothing; the calling thread waits for the result (clauses S1, S2) |
#![forbid(unsafe_code)]

mod autodial;
mod backend;
mod connection;
mod credentials;
pub mod daemon;
mod dialing;
mod entries;
mod entry_backend;
pub mod ipc;
mod manager;
mod thread;
mod watch;

pub use autodial::{AutodialBackend, AutodialSetting};
pub use backend::{Backend, Started};
pub use connection::{Connection, ConnectionInfo, Doors, Handle, HangUp, HangingUp, Status};
pub use credentials::{
    CredentialMask, DialParams, NewCredentials, NewDialParams, STORED_PASSWORD, StillStored, StoredCredentials,
};
pub use dialing::{Dialing, Flow, Held};
pub use entries::{EntryInfo, EntryRef, EntryScope};
pub use entry_backend::EntryBackend;
pub use manager::{Dial, Manager, Target};
pub use watch::{Change, Watch, WatchEvent};

pub use rasman_phonebook::{AutodialEntry, Properties, Subentry};

pub use rasman_core::{
    Answer, AuthMethod, Cause, CharacterFormat, ClientCertificate, Code, ConnState, Credentials, DataPath, Detail,
    Device, EapDialog, EapSettings, Encryption, Entry, Forward, HeaderCompression, HttpProxy, Interaction,
    InvalidSetting, IpNet, Ipv4Net, Ipv6Link, Ipv6Setup, LayerName, Learned, Medium, MppeCipher, MppeConsent, Network,
    Notification, Parity, Projection, ProxyLogin, Question, QuestionKind, Redial, Retrying, Revocation, Rootless,
    Secret, SstpSettings, StateClass, Statistics, StopBits, Substate, Trust, TunSettings,
};

/// Why a call failed or a dial ended: a [`Cause`] as an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error(pub Cause);

impl Error {
    /// Makes the error of a call that the manager refuses.
    #[must_use]
    pub fn refused(code: Code, did: impl Into<String>) -> Self {
        Self(Cause::new(code, LayerName::Manager).did(did))
    }

    /// Gives the number that programs see.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Gives the whole cause.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.0
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self(cause)
    }
}

impl From<InvalidSetting> for Error {
    fn from(invalid: InvalidSetting) -> Self {
        let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings);
        Self(
            cause
                .did(format!("checked the setting {} and it {}", invalid.field, invalid.problem))
                .advice(invalid.advice),
        )
    }
}

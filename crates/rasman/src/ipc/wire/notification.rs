//! Notifications on the wire.

use super::{CauseWire, millis};
use rasman_core::{
    AuthMethod, Code, ConnState, Detail, Device, Duration, EapDialog, Encryption, HeaderCompression, Interaction,
    MppeCipher, Notification, Projection, Question, QuestionKind,
};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};

/// A [`Notification`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)] // The interface says it.
pub struct NotificationWire {
    pub seq: u64,
    pub state: u32,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CauseWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<DetailWire>,
    pub sub_entry: u32,
    pub last: bool,
}

/// A [`Detail`]: at most one member is there.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // The interface says it.
pub struct DetailWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<ReachedWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projection: Option<ProjectionWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trying: Option<TryingWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<WaitingWire>,
}

/// A [`Device`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DeviceWire {
    pub kind: String,
    pub name: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReachedWire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<SocketAddr>,
    pub protection: String,
}

/// A [`Projection`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProjectionWire {
    pub local: Ipv4Addr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Ipv4Addr>,
    pub dns: Vec<Ipv4Addr>,
    pub mtu: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<EncryptionWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_compression: Option<HeaderCompressionWire>,
}

/// A [`HeaderCompression`], where there is any.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HeaderCompressionWire {
    pub sent: bool,
    pub received: bool,
}

/// An [`Encryption`].
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EncryptionWire {
    pub sent: MppeWire,
    pub received: MppeWire,
}

/// An [`MppeCipher`].
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MppeWire {
    pub bits: u8,
    pub stateless: bool,
}

/// A [`Question`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuestionWire {
    pub id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_authentication: Option<RetryAuthenticationWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_expired: Option<RetryAuthenticationWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_certificate: Option<ServerCertificateWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_password: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_number: Option<CallbackNumberWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactive: Option<InteractiveWire>,
}

/// An [`Interaction`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct InteractiveWire {
    pub why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl InteractiveWire {
    fn new(what: &Interaction) -> Option<Self> {
        let (why, script, line) = match what {
            Interaction::TerminalBeforeDial => ("terminal_before_dial", None, None),
            Interaction::TerminalAfterDial => ("terminal_after_dial", None, None),
            Interaction::HaltedScript { script, line } => ("halted_script", Some(script.clone()), Some(*line)),
            Interaction::CustomScript => ("custom_script", None, None),
            _ => return None,
        };
        Some(Self { why: why.to_owned(), script, line })
    }

    fn read(self) -> Option<Interaction> {
        Some(match self.why.as_str() {
            "terminal_before_dial" => Interaction::TerminalBeforeDial,
            "terminal_after_dial" => Interaction::TerminalAfterDial,
            "halted_script" => Interaction::HaltedScript { script: self.script?, line: self.line? },
            "custom_script" => Interaction::CustomScript,
            _ => return None,
        })
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CallbackNumberWire {
    pub numbers: Vec<String>,
    pub may_decline: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ServerCertificateWire {
    pub sha256: String,
    pub refused: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RetryAuthenticationWire {
    pub refused: u32,
    pub attempts: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TryingWire {
    pub server: String,
    pub medium: u32,
    pub of: u32,
    pub last: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WaitingWire {
    pub attempt: u32,
    pub of: u32,
    pub pause_ms: u64,
    pub last: u32,
}

impl From<&Notification> for NotificationWire {
    fn from(notification: &Notification) -> Self {
        let detail = DetailWire::from(&notification.detail);
        Self {
            seq: notification.seq,
            state: notification.state.number(),
            name: notification.state.name().to_owned(),
            error: notification.error.as_ref().map(CauseWire::from),
            detail: (detail != DetailWire::default()).then_some(detail),
            sub_entry: notification.sub_entry,
            last: notification.is_last(),
        }
    }
}

impl NotificationWire {
    /// Gives the notification; nothing for a state that this program does not know (clause A34: it promises nothing).
    #[must_use]
    pub fn read(self) -> Option<Notification> {
        let state = ConnState::from_number(self.state)?;
        let detail = self.detail.map_or(Detail::None, Detail::from);
        let mut notification = Notification::new(self.seq, state, self.error.map(Into::into), detail);
        notification.sub_entry = self.sub_entry;
        Some(notification)
    }
}

impl From<&Detail> for DetailWire {
    fn from(detail: &Detail) -> Self {
        let mut wire = Self::default();
        match detail {
            Detail::Device(device) => wire.device = Some(device.into()),
            Detail::Reached { peer, protection } => {
                wire.reached = Some(ReachedWire { peer: *peer, protection: protection.clone() });
            }
            Detail::Authentication(method) => wire.authentication = Some(method.to_string()),
            Detail::Projection(projection) => wire.projection = Some(projection.into()),
            Detail::Question(question) => wire.question = Some(question.into()),
            Detail::Trying { server, medium, of, last } => {
                let server = server.clone();
                wire.trying = Some(TryingWire { server, medium: *medium, of: *of, last: last.0 });
            }
            Detail::Waiting { attempt, of, pause, last } => {
                let pause_ms = millis(*pause);
                wire.waiting = Some(WaitingWire { attempt: *attempt, of: *of, pause_ms, last: last.0 });
            }
            // A detail is an extra; one without a place on the wire is left out.
            _ => {}
        }
        wire
    }
}

impl From<DetailWire> for Detail {
    fn from(wire: DetailWire) -> Self {
        let DetailWire { device, reached, authentication, projection, question, trying, waiting } = wire;
        if let Some(device) = device {
            Self::Device(device.into())
        } else if let Some(ReachedWire { peer, protection }) = reached {
            Self::Reached { peer, protection }
        } else if let Some(method) = authentication.and_then(|name| method_of(&name)) {
            Self::Authentication(method)
        } else if let Some(projection) = projection {
            Self::Projection(projection.into())
        } else if let Some(question) = question.and_then(QuestionWire::read) {
            Self::Question(question)
        } else if let Some(TryingWire { server, medium, of, last }) = trying {
            Self::Trying { server, medium, of, last: Code(last) }
        } else if let Some(WaitingWire { attempt, of, pause_ms, last }) = waiting {
            Self::Waiting { attempt, of, pause: Duration::from_millis(pause_ms), last: Code(last) }
        } else {
            Self::None
        }
    }
}

/// Finds an authentication method by the name that it is shown with.
pub(super) fn method_of(name: &str) -> Option<AuthMethod> {
    AuthMethod::ALL.iter().copied().find(|method| method.to_string() == name)
}

impl From<&Device> for DeviceWire {
    fn from(device: &Device) -> Self {
        Self { kind: device.kind.to_owned(), name: device.name.to_string() }
    }
}

impl From<DeviceWire> for Device {
    fn from(wire: DeviceWire) -> Self {
        let kind = Device::KINDS.iter().copied().find(|kind| *kind == wire.kind).unwrap_or("unknown");
        Self { kind, name: wire.name.into() }
    }
}

impl From<&Projection> for ProjectionWire {
    fn from(projection: &Projection) -> Self {
        let Projection { local, peer, dns, mtu, encryption, header_compression, .. } = projection;
        let encryption = encryption
            .map(|Encryption { sent, received }| EncryptionWire { sent: sent.into(), received: received.into() });
        let HeaderCompression { sent, received } = *header_compression;
        let header_compression = (sent || received).then_some(HeaderCompressionWire { sent, received });
        Self { local: *local, peer: *peer, dns: dns.clone(), mtu: *mtu, encryption, header_compression }
    }
}

impl From<MppeCipher> for MppeWire {
    fn from(MppeCipher { bits, stateless }: MppeCipher) -> Self {
        Self { bits, stateless }
    }
}

impl From<MppeWire> for MppeCipher {
    fn from(MppeWire { bits, stateless }: MppeWire) -> Self {
        Self { bits, stateless }
    }
}

impl From<ProjectionWire> for Projection {
    fn from(wire: ProjectionWire) -> Self {
        let mut projection = Projection::new(wire.local, wire.peer, wire.dns, wire.mtu);
        projection.encryption = wire
            .encryption
            .map(|EncryptionWire { sent, received }| Encryption { sent: sent.into(), received: received.into() });
        if let Some(HeaderCompressionWire { sent, received }) = wire.header_compression {
            projection.header_compression = HeaderCompression { sent, received };
        }
        projection
    }
}

impl From<&Question> for QuestionWire {
    fn from(question: &Question) -> Self {
        let mut wire = Self {
            id: question.id,
            retry_authentication: None,
            password_expired: None,
            server_certificate: None,
            certificate_password: None,
            callback_number: None,
            interactive: None,
        };
        let refusal = |refused: Code, attempts| Some(RetryAuthenticationWire { refused: refused.0, attempts });
        match &question.kind {
            QuestionKind::RetryAuthentication { refused, attempts } => {
                wire.retry_authentication = refusal(*refused, *attempts);
            }
            QuestionKind::PasswordExpired { refused, attempts } => wire.password_expired = refusal(*refused, *attempts),
            QuestionKind::EapDialog(EapDialog::ServerCertificate { sha256, refused }) => {
                let sha256 = rasman_core::hex::encode(sha256);
                wire.server_certificate = Some(ServerCertificateWire { sha256, refused: refused.0 });
            }
            QuestionKind::EapDialog(EapDialog::CertificatePassword) => wire.certificate_password = Some(true),
            QuestionKind::CallbackNumber { numbers, may_decline } => {
                wire.callback_number = Some(CallbackNumberWire { numbers: numbers.clone(), may_decline: *may_decline });
            }
            QuestionKind::Interactive(what) => wire.interactive = InteractiveWire::new(what),
            _ => {}
        }
        wire
    }
}

impl QuestionWire {
    fn read(self) -> Option<Question> {
        let kind = if let Some(RetryAuthenticationWire { refused, attempts }) = self.retry_authentication {
            QuestionKind::RetryAuthentication { refused: Code(refused), attempts }
        } else if let Some(RetryAuthenticationWire { refused, attempts }) = self.password_expired {
            QuestionKind::PasswordExpired { refused: Code(refused), attempts }
        } else if let Some(ServerCertificateWire { sha256, refused }) = self.server_certificate {
            let sha256 = rasman_core::hex::decode_array(&sha256)?;
            QuestionKind::EapDialog(EapDialog::ServerCertificate { sha256, refused: Code(refused) })
        } else if let Some(CallbackNumberWire { numbers, may_decline }) = self.callback_number {
            QuestionKind::CallbackNumber { numbers, may_decline }
        } else if let Some(what) = self.interactive {
            QuestionKind::Interactive(what.read()?)
        } else {
            self.certificate_password.filter(|asked| *asked)?;
            QuestionKind::EapDialog(EapDialog::CertificatePassword)
        };
        Some(Question { id: self.id, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_core::{Cause, LayerName};

    #[test]
    fn every_detail_comes_back_as_it_was() {
        let projection =
            Projection::new([10, 0, 0, 2].into(), Some([10, 0, 0, 1].into()), vec![[9, 9, 9, 9].into()], 1400);
        let kind = QuestionKind::RetryAuthentication { refused: Code(691), attempts: 2 };
        let details = [
            Detail::None,
            Detail::Device(Device::SSTP),
            Detail::Device(Device { kind: "modem", name: "Standard 56000 bps Modem".into() }),
            Detail::Reached { peer: Some(([127, 0, 0, 1], 443).into()), protection: "TLS 1.3".into() },
            Detail::Reached { peer: None, protection: String::new() },
            Detail::Authentication(AuthMethod::MsChapV2),
            Detail::Projection(projection),
            Detail::Question(Question { id: 7, kind }),
            Detail::Question(Question {
                id: 8,
                kind: QuestionKind::PasswordExpired { refused: Code(648), attempts: 1 },
            }),
            Detail::Question(Question {
                id: 9,
                kind: QuestionKind::EapDialog(EapDialog::ServerCertificate { sha256: [7; 32], refused: Code(864) }),
            }),
            Detail::Question(Question { id: 10, kind: QuestionKind::EapDialog(EapDialog::CertificatePassword) }),
            Detail::Question(Question {
                id: 11,
                kind: QuestionKind::CallbackNumber { numbers: vec!["555".into()], may_decline: true },
            }),
            Detail::Question(Question { id: 12, kind: QuestionKind::Interactive(Interaction::TerminalBeforeDial) }),
            Detail::Question(Question { id: 13, kind: QuestionKind::Interactive(Interaction::TerminalAfterDial) }),
            Detail::Question(Question { id: 14, kind: QuestionKind::Interactive(Interaction::CustomScript) }),
            Detail::Question(Question {
                id: 15,
                kind: QuestionKind::Interactive(Interaction::HaltedScript { script: "isp.scp".into(), line: 7 }),
            }),
            Detail::Trying { server: "b".into(), medium: 2, of: 3, last: Code(868) },
            Detail::Waiting { attempt: 1, of: 5, pause: Duration::from_millis(1500), last: Code(809) },
        ];
        for detail in details {
            let error = Some(Cause::new(Code(0x800B_010F), LayerName::Tls).said("no"));
            let mut notification = Notification::new(3, ConnState::ConnectDevice, error, detail);
            notification.sub_entry = 2;
            let text = serde_json::to_string(&NotificationWire::from(&notification)).unwrap();
            let wire: NotificationWire = serde_json::from_str(&text).unwrap();
            assert_eq!(wire.read(), Some(notification), "{text}");
        }
    }

    #[test]
    fn a_state_of_a_newer_manager_is_passed_over() {
        let notification = Notification::new(0, ConnState::OpenPort, None, Detail::None);
        let wire = NotificationWire { state: 0x999, ..NotificationWire::from(&notification) };
        assert_eq!(wire.read(), None);
    }
}

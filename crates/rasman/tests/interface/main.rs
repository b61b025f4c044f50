//! The interface in Varlink's language and the types that speak it are the same: each method, error and field is
//! exercised in both directions.

mod autodial;
mod entries;
mod idl;

use idl::{Fields, Interface};
use rasman::ipc::wire::*;
use rasman::ipc::{DESCRIPTION, INTERFACE};
use rasman::{
    Cause, Change, Code, ConnState, ConnectionInfo, Credentials, DataPath, Detail, Device, Doors, EapDialog,
    EapSettings, Encryption, Entry, Forward, Handle, HttpProxy, Interaction, Ipv6Link, Ipv6Setup, LayerName, Learned,
    Medium, MppeCipher, MppeConsent, Network, Notification, Projection, ProxyLogin, Question, QuestionKind, Redial,
    Retrying, Revocation, Rootless, Statistics, Status, Substate, Trust, TunSettings,
};
use rasman_core::{
    Callback, LineDevice, LineLogin, LineSettings, LoginScript, ModemSettings, SerialPort, SerialSettings,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn cause() -> Cause {
    Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth).did("did").said("said").advice("advice")
}

fn asked(kind: QuestionKind) -> Detail {
    Detail::Question(Question { id: 1, kind })
}

fn details() -> Vec<Detail> {
    let kind = QuestionKind::RetryAuthentication { refused: Code(691), attempts: 1 };
    vec![
        Detail::Device(Device::SSTP),
        Detail::Reached { peer: Some(([192, 0, 2, 1], 443).into()), protection: "TLS".into() },
        Detail::Authentication(rasman::AuthMethod::MsChapV2),
        Detail::Projection(projection()),
        Detail::Question(Question { id: 1, kind }),
        asked(QuestionKind::PasswordExpired { refused: Code(648), attempts: 1 }),
        asked(QuestionKind::CallbackNumber { numbers: vec!["555".into()], may_decline: true }),
        asked(QuestionKind::EapDialog(EapDialog::ServerCertificate { sha256: [7; 32], refused: Code(864) })),
        asked(QuestionKind::EapDialog(EapDialog::CertificatePassword)),
        asked(QuestionKind::Interactive(Interaction::HaltedScript { script: "isp.scp".into(), line: 7 })),
        Detail::Trying { server: "b".into(), medium: 2, of: 2, last: Code(868) },
        Detail::Waiting { attempt: 1, of: 2, pause: Duration::from_secs(1), last: Code(868) },
    ]
}

fn projection() -> Projection {
    let mut projection =
        Projection::new([10, 0, 0, 2].into(), Some([10, 0, 0, 1].into()), vec![[9, 9, 9, 9].into()], 1400);
    let cipher = MppeCipher { bits: 128, stateless: true };
    projection.encryption = Some(Encryption { sent: cipher, received: MppeCipher { stateless: false, ..cipher } });
    projection.header_compression.received = true;
    projection
}

fn learned() -> Learned {
    let mut ipv6 = Ipv6Setup::new(Ipv6Link { local: [1; 8], peer: [2; 8] });
    ipv6.addresses = vec![("2001:db8::1".parse().unwrap(), 64)];
    ipv6.routes = vec![("::".parse().unwrap(), 0)];
    ipv6.dns = vec!["2001:db8::53".parse().unwrap()];
    ipv6.mtu = Some(1400);
    let mut learned = Learned::default();
    learned.routes = vec!["10.0.0.0/8".parse().unwrap()];
    learned.dns = vec![[9, 9, 9, 9].into()];
    learned.domain = "corp.example".into();
    learned.search = vec!["corp.example".into()];
    learned.ipv6 = Some(ipv6);
    learned
}

fn notifications() -> Vec<NotificationWire> {
    let of = |detail| (&Notification::new(1, ConnState::ConnectDevice, Some(cause()), detail)).into();
    details().into_iter().map(of).collect()
}

fn entry() -> Entry {
    let mut entry = Entry::sstp("work", "vpn.example.com");
    let Medium::Sstp(sstp) = &mut entry.medium else { unreachable!("made one line above") };
    sstp.trust = Trust {
        system_roots: true,
        added_roots: vec![vec![0x30]],
        pinned_leaf_sha256: Some([1; 32]),
        revocation: Revocation::Required,
    };
    sstp.proxy = Some(HttpProxy { host: "proxy".into(), port: 8080, login: None });
    let trust = Trust { added_roots: vec![vec![0x30]], pinned_leaf_sha256: Some([2; 32]), ..sstp.trust.clone() };
    entry.eap = EapSettings {
        trust,
        server_names: vec!["radius.example.com".into()],
        root_sha1: vec![[3; 20]],
        require_crypto_binding: true,
        outer_identity: "anonymous".into(),
        certificate: None,
    };
    entry.alternates = vec![entry.medium.clone(), line()];
    entry.callback = Callback::Number("5550199".into());
    entry.redial = Redial { attempts: 1, pause: Duration::from_secs(1), on_link_failure: true };
    entry.idle_disconnect = Some(Duration::from_secs(1));
    entry.session_limit = Some(Duration::from_secs(2));
    entry.network =
        Network { address: Some([10, 0, 0, 9].into()), mppe: Some(MppeConsent::Strong), ..Network::default() };
    let forward = Forward { listen: ([127, 0, 0, 1], 1).into(), host: "intra".into(), port: 80 };
    entry.data_path = DataPath::Rootless(Rootless {
        socks: Some(([127, 0, 0, 1], 2).into()),
        forwards: vec![forward],
        public: true,
        login: Some(ProxyLogin { user: "bob".into(), password: "builder".into() }),
    });
    entry
}

fn line() -> Medium {
    let modem = ModemSettings {
        number: "5550100".into(),
        init: vec!["+CPIN=1234".into()],
        apn: Some("internet".into()),
        without_compression: true,
        ..ModemSettings::default()
    };
    let script = LoginScript { name: "isp.scp".into(), text: "proc main\nendproc".into() };
    Medium::Serial(SerialSettings {
        port: SerialPort::Device("/dev/ttyUSB0".into()),
        line: LineSettings::default(),
        device: LineDevice::Modem(modem),
        accm: 0x000a_0000,
        fcs32: true,
        login: LineLogin { script: Some(script), terminal_after_dial: true, ..LineLogin::default() },
    })
}

#[test]
fn an_entry_of_serial_lines_is_carried_and_what_they_are_told_stands_in_no_message() {
    let mut sent = entry();
    (sent.medium, sent.callback) = (line(), Callback::Ask);
    let Medium::Serial(mut other) = line() else { unreachable!("made as one") };
    if let LineDevice::Modem(modem) = &mut other.device {
        modem.number = "5550101".into();
    }
    let mut cable = other.clone();
    (cable.device, cable.login) = (LineDevice::NullModem, LineLogin::default());
    sent.alternates = vec![Medium::Serial(other), Medium::Serial(cable), entry().medium];
    let (wire, lines) = EntryWire::new(&sent, 0).unwrap();
    let lines = lines.expect("there is something to hide");
    assert_eq!(lines.expose_str().unwrap().matches("1234").count(), 1, "both numbers are told the same");
    let message = serde_json::to_string(&wire).unwrap();
    assert!(!message.contains("1234") && !message.contains("endproc"), "{message}");
    let open = |index: usize| Ok(if index == 1 { lines.clone() } else { "builder".into() });
    let wire: EntryWire = serde_json::from_str(&message).unwrap();
    assert_eq!(wire.read(open).unwrap(), sent);
    // Without anything to hide there is no descriptor.
    let mut plain = entry();
    plain.alternates.clear();
    let (wire, lines) = EntryWire::new(&plain, 0).unwrap();
    assert!(wire.lines.is_none() && lines.is_none());
}

#[test]
fn what_is_no_serial_line_is_refused_with_its_member() {
    let (wire, lines) = EntryWire::new(&entry(), 0).unwrap();
    let whole = serde_json::to_value(&wire).unwrap();
    let lines = lines.unwrap();
    for (member, value, said) in [
        ("port", json!("ttyUSB0"), "serial.port"),
        ("flow", json!("rts"), "serial.flow"),
        ("device", json!("fax"), "serial.device"),
        ("told", json!(1), "serial.told"),
        ("modem", Value::Null, "serial.device"),
    ] {
        let mut bent = whole.clone();
        bent["alternates"][1]["serial"][member] = value;
        let wire: EntryWire = serde_json::from_value(bent).unwrap();
        let error = wire.read(|_| Ok(lines.clone())).unwrap_err();
        assert!(error.code() == Code::INVALID_PARAMETER && error.0.did.contains(said), "{member}: {error}");
    }
    let error = wire.read(|_| Ok("nonsense".into())).unwrap_err();
    assert_eq!(error.code(), Code::INVALID_PARAMETER);
}

fn device() -> TunSettings {
    TunSettings {
        name: Some("vpn0".into()),
        routes: vec!["10.0.0.0/8".parse().unwrap()],
        exclude: vec!["10.1.0.0/16".parse().unwrap()],
        mtu: Some(1400),
        ..TunSettings::default()
    }
}

fn status() -> StatusWire {
    let mut retrying = Retrying::new(1, Some(2), cause());
    retrying.pause = Some(Duration::from_secs(1));
    retrying.loss = Some(cause());
    let device = Device::SSTP;
    let doors = Doors {
        socks: Some(([127, 0, 0, 1], 2).into()),
        forwards: vec![([127, 0, 0, 1], 3).into()],
        interface: Some("ras0".into()),
    };
    let mut status = Status::new(ConnState::Connected, Some(cause()), device, Some(projection()), doors);
    status.retrying = Some(retrying);
    status.number = "vpn.example.com".into();
    status.peer = Some(([192, 0, 2, 1], 443).into());
    status.authentication = Some(rasman::AuthMethod::MsChapV2);
    status.learned = learned();
    (&status).into()
}

fn changes() -> Vec<ChangeWire> {
    let handle = Handle(1);
    let notification = Arc::new(Notification::new(0, ConnState::OpenPort, None, Detail::None));
    let lost = Change::Substate { handle, substate: Substate::Dormant, cause: Some(Arc::new(cause())) };
    let gone = Change::Gone { handle, cause: Arc::new(cause()) };
    let all = [Change::Notified { handle, notification }, lost, gone];
    all.iter().map(|change| ChangeWire::new(7, change)).collect()
}

fn connection() -> ConnectionWire {
    let device = Device::SSTP;
    let mut info = ConnectionInfo::new(Handle(1), "work".into(), device, ConnState::Connected, 0, 1);
    info.phonebook = Some("/book.pbk".into());
    info.all_users = true;
    info.guid = Some([0xA5; 16]);
    let wire = ConnectionWire::new(&info, 1000);
    assert_eq!(wire.clone().read(), info);
    wire
}

/// What a client sends: it is written, judged, and read again.
fn parameters<T: Serialize + DeserializeOwned>(interface: &mut Interface, method: &str, value: &T) {
    let value = serde_json::to_value(value).unwrap();
    let (fields, _) = interface.methods[method].clone();
    interface.judge(&format!("{method}()"), &fields, &value);
    accepts::<T>(&fields, &value);
}

/// The type takes what the interface allows and nothing else.
fn accepts<T: DeserializeOwned>(fields: &Fields, value: &Value) {
    serde_json::from_value::<T>(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
    let mut more = value.clone();
    more["frobnicate"] = json!(1);
    assert!(serde_json::from_value::<T>(more).is_err(), "a member that is not in the interface is taken: {value}");
    let mandatory = |kind: &idl::Type| !matches!(kind, idl::Type::Option(_));
    for (name, _) in fields.iter().filter(|(_, kind)| mandatory(kind)) {
        let mut less = value.clone();
        less.as_object_mut().unwrap().remove(name);
        assert!(serde_json::from_value::<T>(less).is_err(), "{name} may be left out of {value}");
    }
}

/// What the manager sends.
fn reply<T: Serialize + DeserializeOwned>(interface: &mut Interface, method: &str, value: &T) {
    let value = serde_json::to_value(value).unwrap();
    let (_, fields) = interface.methods[method].clone();
    interface.judge(&format!("{method}->"), &fields, &value);
    serde_json::from_value::<T>(value).unwrap();
}

#[test]
fn the_types_are_those_of_the_interface() {
    let mut interface = Interface::parse(DESCRIPTION);
    let i = &mut interface;
    let handle = || "0000000000000001".to_owned();
    let channel = || Some("channel".to_owned());
    let secret = Credentials { user: "alice".into(), domain: "d".into(), ..Credentials::default() };
    let credentials = || CredentialsWire::new(&secret, Some(SecretAt::Shared(10)));
    let (settings, _) = EntryWire::new(&entry(), 1).unwrap();

    for method in ["Describe", "Events", "ShareSecrets", "List", "Devices", "Stop"] {
        parameters(i, method, &Nothing {});
    }
    for method in ["MayEnterHandler", "Line", "Abandon", "Status", "Statistics", "ClearStatistics", "Ended"] {
        parameters(i, method, &OfHandle { handle: handle() });
    }
    parameters(i, "SetLineFormat", &LineFormatCall::new(handle(), rasman::CharacterFormat::default()));
    let dial = DialCall {
        entry: Some("work".into()),
        data_path: Some(DataPathWire::new(&DataPath::Tun(device()), 1).unwrap()),
        settings: Some(Box::new(settings)),
        credentials: Some(credentials()),
        held: Some(true),
        paused_states: Some(true),
        phonebook: Some("/book".into()),
        number: Some("n".into()),
        device: Some("/dev/ttyUSB0".into()),
        callback_number: Some("*".into()),
        remember: Some(true),
        eap_user_data: Some(1),
        prefix_and_suffix: Some(false),
        speaker: Some(true),
        custom_scripting: Some(true),
        channel: channel(),
    };
    parameters(i, "Dial", &dial);
    parameters(i, "Attach", &AttachCall { token: "t".into(), after: Some(1), channel: channel() });
    parameters(i, "Transfer", &Token { token: "t".into() });
    parameters(i, "HandlerDone", &HandlerDoneCall { handle: handle(), seq: 1, more: true });
    parameters(
        i,
        "Answer",
        &AnswerCall {
            handle: handle(),
            question: 1,
            credentials: credentials(),
            answer: Some(AnswerKind::NewPassword),
            callback_number: Some("555".into()),
            code: Some(703),
        },
    );
    let hang_up = HangUpCall { handle: handle(), force: Some(true), wait: Some(true), channel: channel() };
    parameters(i, "HangUp", &hang_up);
    parameters(i, "Wait", &WaitCall { handle: handle(), channel: channel() });
    parameters(i, "Watch", &WatchCall { channel: channel() });

    let described =
        Described { version: "1".into(), scope: "user".into(), epoch: "00000001".into(), uid: 1000, sees_all: true };
    reply(i, "Describe", &described);
    for method in ["Dial", "Attach"] {
        for notification in notifications() {
            let handle = HandleWire(Handle(1));
            reply(i, method, &DialReply { handle, token: Some("t".into()), notification: Some(notification) });
        }
    }
    reply(i, "Line", &LineReply { line: 0 });
    reply(i, "SetLineFormat", &Nothing {});
    reply(i, "Transfer", &Token { token: "t".into() });
    for method in ["ShareSecrets", "HandlerDone", "Answer", "Abandon", "ClearStatistics", "Stop"] {
        reply(i, method, &Nothing {});
    }
    reply(i, "MayEnterHandler", &May { may: true });
    reply(i, "HangUp", &HangUpReply { remaining: Some(1), gone: Some((&cause()).into()) });
    reply(i, "Wait", &WaitReply { gone: Some((&cause()).into()) });
    reply(i, "Status", &StatusReply { status: status() });
    reply(i, "Statistics", &StatisticsReply { statistics: (&Statistics::default()).into() });
    reply(i, "Ended", &EndedReply { cause: Some((&cause()).into()) });
    reply(i, "Devices", &DevicesReply { devices: Device::ALL.iter().map(Into::into).collect() });
    reply(i, "List", &Listed { connections: vec![connection()] });
    for change in changes() {
        let connections = Some(vec![connection()]);
        let watched = WatchReply { serial: Some(1), connections, change: Some(change.clone()), lagged: Some(1) };
        reply(i, "Watch", &watched);
        let event = EventWire {
            handle: Some(HandleWire(Handle(1))),
            notification: notifications().pop(),
            transferred: Some(true),
            gone: Some((&cause()).into()),
            change: Some(change),
            lagged: Some(1),
        };
        reply(i, "Events", &EventsReply { channel: channel(), event: Some(event) });
    }
    autodial::exercise(i);
    entries::exercise(i);
    let refused = serde_json::to_value(Refused { cause: (&cause()).into() }).unwrap();
    let fields = i.errors["Refused"].clone();
    i.judge("Refused", &fields, &refused);

    // Nothing in the interface was left out. A password is never written; the tests of the type read it.
    let mut all: Vec<String> = Vec::new();
    for (name, fields) in interface.types.iter().chain(&interface.errors) {
        all.extend(fields.iter().map(|(field, _)| format!("{name}.{field}")));
    }
    for (name, (parameters, replies)) in &interface.methods {
        all.extend(parameters.iter().map(|(field, _)| format!("{name}().{field}")));
        all.extend(replies.iter().map(|(field, _)| format!("{name}->.{field}")));
    }
    let unseen: Vec<_> = all.iter().filter(|field| !interface.seen.contains(*field)).collect();
    assert_eq!(unseen, ["Credentials.password"]);
    assert!(all.len() > 120, "{}", all.len());
    // Types, methods and errors share one space of names.
    for name in interface.methods.keys().chain(interface.errors.keys()) {
        assert!(!interface.types.contains_key(name), "{name} is a type and something else");
    }
}

#[test]
fn the_interface_is_named_and_documented() {
    assert!(DESCRIPTION.contains(&format!("\ninterface {INTERFACE}\n")));
    let lines: Vec<&str> = DESCRIPTION.lines().collect();
    for (before, line) in lines.iter().zip(&lines[1..]) {
        let plain = ["Status(", "Statistics("].iter().any(|name| line.contains(name));
        if line.starts_with("method ") && !plain {
            assert!(before.starts_with("# "), "no word about {line}");
        }
    }
}

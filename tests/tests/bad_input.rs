//! Bad input and hostile circumstances, over real sockets: each ends in its code, explained, and leaves nothing.

use rasman::{Code, ConnState, Dial, Entry, Error, LayerName, Manager, Trust};
use rasman_dial::Config;
use rasman_lab::Running;
use rasman_tests::harness::{self, dial, lab, manager_with, sstp_of};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

/// Limits short enough for a test that really waits for them.
fn short() -> Config {
    let mut limits = Config::default();
    let quick = Duration::from_millis(400);
    for limit in [
        &mut limits.name,
        &mut limits.tcp,
        &mut limits.tls,
        &mut limits.link,
        &mut limits.lcp,
        &mut limits.authentication,
        &mut limits.projection,
        &mut limits.disconnect,
    ] {
        *limit = quick;
    }
    limits
}

async fn fails(manager: &Manager, dial: Dial) -> (ConnState, Error) {
    let mut dialing = manager.dial(dial).expect("the dial starts");
    let mut last = None;
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("told in time") {
        last = Some(notification);
    }
    let last = last.expect("something was told");
    let state = last.state;
    let error = dialing.finish().await.expect_err("it fails");
    assert_eq!(Some(error.cause()), last.error.as_ref());
    (state, error)
}

/// Dials a lab with faults and checks state, code and layer; then that nothing is left on either side.
async fn fault(faults: &str, state: ConnState, code: u32, layer: LayerName) -> Error {
    let lab = lab(faults);
    let error = dialled(&lab, harness::entry(&lab), state, code, layer).await;
    nothing_left(&lab).await;
    error
}

async fn dialled(_lab: &Running, entry: Entry, state: ConnState, code: u32, layer: LayerName) -> Error {
    let manager = manager_with(vec![entry], short());
    let (failed_in, error) = fails(&manager, dial()).await;
    assert_eq!((failed_in, error.code().0, error.cause().layer), (state, code, layer), "{error}");
    assert!(!error.cause().did.is_empty() || !error.cause().said.is_empty(), "explained: {error}");
    timeout(LONG, manager.shut_down()).await.expect("everything ends");
    assert!(manager.connections().is_empty());
    error
}

async fn nothing_left(lab: &Running) {
    timeout(LONG, async {
        while lab.stats().sessions > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .expect("the lab has no session left");
}

fn elsewhere(change: impl FnOnce(&mut Entry)) -> Entry {
    let mut entry = Entry::sstp(harness::ENTRY, "127.0.0.1");
    sstp_of(&mut entry).trust = Trust::system();
    change(&mut entry);
    entry
}

#[tokio::test]
async fn e11_an_unknown_host_is_868() {
    let manager =
        manager_with(vec![elsewhere(|e| sstp_of(e).server = "no-such-host.invalid".into())], Config::default());
    let (state, error) = fails(&manager, dial()).await;
    assert_eq!((state, error.code()), (ConnState::ConnectDevice, Code::DNSNAME_NOT_RESOLVABLE), "{error}");
    assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
}

#[tokio::test]
async fn e11_a_port_on_which_nothing_listens_is_809_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let manager = manager_with(vec![elsewhere(|e| sstp_of(e).port = free)], Config::default());
    let (state, error) = fails(&manager, dial()).await;
    assert_eq!((state, error.code()), (ConnState::ConnectDevice, Code::VPN_TIMEOUT), "{error}");
    assert!(error.to_string().to_lowercase().contains("refused"), "it says what happened: {error}");
}

#[tokio::test]
async fn e11_a_black_hole_is_809_at_our_limit_and_not_at_the_kernels() {
    let (_keep, address) = black_hole();
    let entry = elsewhere(|e| sstp_of(e).port = address.port());
    let manager = manager_with(vec![entry], short());
    let (state, error) = fails(&manager, dial()).await;
    assert_eq!(
        (state, error.code(), error.cause().layer),
        (ConnState::ConnectDevice, Code::VPN_TIMEOUT, LayerName::Tcp)
    );
}

/// A listener whose queue is full: the kernel drops further SYNs, as a firewall would.
fn black_hole() -> (Vec<TcpStream>, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut keep = vec![TcpStream::from(socket)];
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        keep.push(stream);
    }
    (keep, address)
}

#[tokio::test]
async fn a36_certificates_that_cannot_be_trusted_have_their_hresults() {
    let tls = LayerName::Tls;
    fault("certificate=other-name", ConnState::ConnectDevice, 0x800B_010F, tls).await;
    fault("certificate=unknown-ca", ConnState::ConnectDevice, 0x800B_0109, tls).await;
    fault("certificate=expired", ConnState::ConnectDevice, 0x800B_0101, tls).await;
    fault("certificate=self-signed", ConnState::ConnectDevice, 0x800B_0109, tls).await;
}

#[tokio::test]
async fn a_pinned_certificate_is_accepted_alone() {
    // Its authority is not trusted, its name is right, and neither matters.
    let lab = lab("");
    let mut entry = harness::entry(&lab);
    let pinned = lab.facts().leaf_sha256;
    sstp_of(&mut entry).trust = Trust { pinned_leaf_sha256: Some(pinned), ..Trust::default() };
    let manager = manager_with(vec![entry.clone()], Config::default());
    let connection = timeout(LONG, manager.dial(dial()).unwrap().finish()).await.unwrap().expect("the pin is right");
    timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
    sstp_of(&mut entry).trust = Trust { pinned_leaf_sha256: Some([7; 32]), ..Trust::default() };
    dialled(&lab, entry, ConnState::ConnectDevice, 810, LayerName::Tls).await;
}

#[tokio::test]
async fn e11_servers_without_sstp_are_told_from_each_other() {
    let error = fault("no-sstp", ConnState::ConnectDevice, 808, LayerName::Http).await;
    assert!(error.cause().said.contains("404"), "{error}");
    let error = fault("http=503", ConnState::ConnectDevice, 808, LayerName::Http).await;
    assert!(error.cause().said.contains("503"), "{error}");
    fault("not-tls=http", ConnState::ConnectDevice, 808, LayerName::Tls).await;
    fault("not-tls=noise", ConnState::ConnectDevice, 808, LayerName::Tls).await;
}

#[tokio::test]
async fn e11_refused_accounts_and_methods() {
    let auth = LayerName::Auth;
    fault("account=disabled", ConnState::AuthNotify, 647, auth).await;
    fault("account=password-expired", ConnState::AuthNotify, 648, auth).await;
    fault("account=no-dial-in", ConnState::AuthNotify, 649, auth).await;
    fault("account=restricted-hours", ConnState::AuthNotify, 646, auth).await;
    let lab = lab("");
    let manager = manager_with(vec![harness::entry(&lab)], short());
    let (state, error) = fails(&manager, harness::dial_as("looking-glass")).await;
    assert_eq!((state, error.code().0), (ConnState::AuthNotify, 691));
    let error = fault("no-common-auth", ConnState::AllDevicesConnected, 919, LayerName::Lcp).await;
    assert!(!error.cause().advice.is_empty(), "{error}");
}

#[tokio::test]
async fn e11_a_silent_server_ends_the_dial_in_each_stage() {
    use ConnState::{AllDevicesConnected, AuthProject, Authenticate, ConnectDevice};
    fault("silent=tcp", ConnectDevice, 809, LayerName::Tls).await;
    fault("silent=tls", ConnectDevice, 809, LayerName::Tls).await;
    fault("silent=http", ConnectDevice, 809, LayerName::Sstp).await;
    fault("silent=call", ConnectDevice, 809, LayerName::Sstp).await;
    fault("silent=lcp", AllDevicesConnected, 718, LayerName::Lcp).await;
    fault("silent=auth", Authenticate, 718, LayerName::Auth).await;
    fault("silent=ipcp", AuthProject, 718, LayerName::Ipcp).await;
}

#[tokio::test]
async fn e11_a_server_that_drops_the_connection_ends_the_dial_in_each_stage() {
    use ConnState::{AllDevicesConnected, AuthProject, Authenticate, ConnectDevice};
    for (stage, state) in [
        ("tcp", ConnectDevice),
        ("tls", ConnectDevice),
        ("http", ConnectDevice),
        ("call", ConnectDevice),
        ("lcp", AllDevicesConnected),
        ("auth", Authenticate),
        ("ipcp", AuthProject),
    ] {
        let lab = lab(&format!("drop={stage}"));
        let manager = manager_with(vec![harness::entry(&lab)], short());
        let (failed_in, error) = fails(&manager, dial()).await;
        assert_eq!(failed_in, state, "{stage}: {error}");
        nothing_left(&lab).await;
    }
}

#[tokio::test]
async fn e11_a_wrong_binding_no_address_and_a_refused_call() {
    let lab = lab("wrong-binding");
    // The server's Call Abort is told after its linger of a second, so the usual limits.
    let manager = manager_with(vec![harness::entry(&lab)], Config::default());
    let mut dialing = manager.dial(dial()).unwrap();
    while timeout(LONG, dialing.next()).await.unwrap().is_some() {}
    let connection = dialing.connection();
    drop(dialing);
    // The server aborts when it has checked the binding: during the dial, or just after it.
    let cause = timeout(LONG, connection.closed()).await.unwrap();
    assert_eq!((cause.layer, cause.code.0), (LayerName::Sstp, 808), "{cause}");
    nothing_left(&lab).await;
    fault("no-address", ConnState::AuthProject, 738, LayerName::Ipcp).await;
    // The client waits for the server's own goodbye before it tells, so the usual limits here too.
    let lab = harness::lab("nak=7");
    let manager = manager_with(vec![harness::entry(&lab)], Config::default());
    let (state, error) = fails(&manager, dial()).await;
    assert_eq!(
        (state, error.code().0, error.cause().layer),
        (ConnState::ConnectDevice, 770, LayerName::Sstp),
        "{error}"
    );
    nothing_left(&lab).await;
}

#[tokio::test]
async fn a_door_that_is_taken_fails_in_apply_settings() {
    let lab = lab("");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut entry = harness::entry(&lab);
    let rasman::DataPath::Rootless(rootless) = &mut entry.data_path else { unreachable!("the harness makes it") };
    rootless.socks = taken.local_addr().ok();
    dialled(&lab, entry, ConnState::ApplySettings, 602, LayerName::Network).await;
    nothing_left(&lab).await;
}

#[tokio::test]
async fn malformed_settings_are_named_before_anything_is_opened() {
    let lab = lab("");
    let manager = harness::manager(&lab);
    let mut entry = harness::entry(&lab);
    entry.name = "Other".to_owned();
    sstp_of(&mut entry).server = "https://vpn.example.com/".to_owned();
    let error = manager.dial(Dial::settings(entry)).err().expect("refused at once");
    assert_eq!((error.code(), error.cause().layer), (Code::INVALID_PARAMETER, LayerName::Settings));
    assert!(error.to_string().contains("sstp.server"), "{error}");
    assert!(manager.connections().is_empty());
    assert_eq!(lab.stats().accepted, 0);
}

#[tokio::test]
async fn h1_a_hang_up_at_any_moment_leaves_nothing_behind() {
    let lab = lab("delay=tls:5ms delay=http:5ms delay=call:5ms delay=lcp:5ms delay=auth:5ms delay=ipcp:5ms");
    let manager = manager_with(vec![harness::entry(&lab)], Config::default());
    for tenths in 0..60 {
        let dialing = manager.dial(dial()).unwrap();
        let connection = dialing.connection();
        tokio::time::sleep(Duration::from_micros(tenths * 700)).await;
        timeout(LONG, connection.hang_up().unwrap()).await.expect("gone in time");
        drop(dialing);
        assert!(manager.connections().is_empty());
    }
    nothing_left(&lab).await;
    assert_eq!(lab.stats().addresses_in_use, 0);
}

#[tokio::test]
async fn garbage_in_any_stage_ends_the_dial_and_not_the_manager() {
    for stage in ["http", "call", "lcp", "auth", "ipcp"] {
        let lab = lab(&format!("garbage={stage}"));
        let manager = manager_with(vec![harness::entry(&lab)], short());
        let mut dialing = manager.dial(dial()).unwrap();
        let mut last = 0;
        let ends = async {
            while let Some(notification) = dialing.next().await {
                last = notification.error_number();
            }
        };
        timeout(LONG, ends).await.expect("it ends");
        assert_ne!(last, 0, "garbage in {stage} is an error");
        drop(dialing);
        timeout(LONG, manager.shut_down()).await.expect("the manager is well");
        nothing_left(&lab).await;
    }
}

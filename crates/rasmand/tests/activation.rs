//! A process that the service manager started: with a socket, with a place to tell how it is, and in its sandbox.

mod child;

use child::Folder;
use rasmand::activation::{Activated, ServiceManager, listeners};
use rasmand::sandbox::{Plan, Scope, apply};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);
const INSIDE: &str = "RASMAN_TEST_INSIDE";

/// Starts this binary again, as a service manager would: `passed` becomes descriptor 3.
fn start(test: &str, passed: OwnedFd, variables: &[(&str, &str)]) -> Child {
    let script = "exec 3<&0 0</dev/null; export LISTEN_PID=${LISTEN_PID:-$$}; exec \"$0\" \"$@\"";
    let binary = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(binary).args(["--exact", test, "--nocapture"]);
    command.envs(variables.iter().copied()).env("LISTEN_FDS", "1").env(INSIDE, "1");
    command.stdin(passed).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn finish(child: Child) {
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}\n{errors}");
}

fn inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn told(manager: &UnixDatagram) -> String {
    let mut buffer = [0; 256];
    let length = manager.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

#[test]
fn service_serves_the_socket_it_was_started_for_and_tells_how_it_is() {
    if inside() {
        return service(|| {});
    }
    let folder = Folder::new("activation");
    let address = folder.path().join("notify");
    let manager = UnixDatagram::bind(&address).unwrap();
    let test = "service_serves_the_socket_it_was_started_for_and_tells_how_it_is";
    serves_and_tells(&folder, &manager, address.to_str().unwrap(), test);
}

#[test]
fn service_in_its_sandbox_still_reaches_the_service_manager() {
    if inside() {
        // An abstract socket, which the sandbox puts out of reach for whoever is not connected yet.
        return service(|| _ = apply(&Plan::new(Scope::User, &rasmand::Configuration::default())));
    }
    let folder = Folder::new("activation-sandbox");
    let name = format!("rasman-test-{}", std::process::id());
    let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let test = "service_in_its_sandbox_still_reaches_the_service_manager";
    serves_and_tells(&folder, &manager, &format!("@{name}"), test);
}

fn service(confine: impl FnOnce()) {
    let manager = ServiceManager::from_environment();
    let mut sockets = listeners().unwrap();
    assert!(listeners().unwrap().is_empty(), "nobody gets them twice");
    let Activated { name, listener, .. } = sockets.remove(0);
    assert_eq!((name.as_str(), sockets.len()), ("rasman", 0));
    confine();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::UnixListener::from_std(listener).unwrap();
        manager.ready("waits for clients");
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"served").await.unwrap();
            // Until the client has seen us alive.
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        };
        tokio::select! { () = serve => {}, () = manager.keep_alive() => {} }
        manager.stopping("no clients");
    });
}

fn serves_and_tells(folder: &Folder, manager: &UnixDatagram, address: &str, test: &str) {
    manager.set_read_timeout(Some(LONG)).unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    // The client comes first, as it does when it is the reason for the start.
    let mut client = UnixStream::connect(&path).unwrap();
    client.set_read_timeout(Some(LONG)).unwrap();
    let variables = [("LISTEN_FDNAMES", "rasman"), ("NOTIFY_SOCKET", address), ("WATCHDOG_USEC", "20000")];
    let child = start(test, listener.into(), &variables);
    assert_eq!(told(manager), "READY=1\nSTATUS=waits for clients\n");
    let mut answer = [0; 6];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"served");
    for _ in 0..3 {
        assert_eq!(told(manager), "WATCHDOG=1\n");
    }
    client.flush().unwrap();
    drop(client);
    let last = std::iter::repeat_with(|| told(manager)).find(|message| message != "WATCHDOG=1\n");
    assert_eq!(last.unwrap(), "STOPPING=1\nSTATUS=no clients\n");
    finish(child);
}

#[test]
fn sockets_of_another_process_are_left_alone() {
    if inside() {
        return assert!(listeners().unwrap().is_empty());
    }
    let folder = Folder::new("activation-other");
    let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
    finish(start("sockets_of_another_process_are_left_alone", listener.into(), &[("LISTEN_PID", "1")]));
}

#[test]
fn a_unit_that_is_wrong_is_told_in_one_line() {
    if inside() {
        let told = listeners().unwrap_err().to_string();
        return assert!(told.starts_with("socket activation: ") && told.contains("rasman.socket"), "{told}");
    }
    let (stream, other) = UnixStream::pair().unwrap();
    finish(start("a_unit_that_is_wrong_is_told_in_one_line", stream.into(), &[]));
    let names = [("LISTEN_FDNAMES", "one:two")];
    finish(start("a_unit_that_is_wrong_is_told_in_one_line", other.into(), &names));
}

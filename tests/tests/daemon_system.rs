//! The manager of all users as a machine runs it: with a service's rights, in a network of the test's own.

use rasman::{ConnState, DataPath, Dial, Entry, EntryRef, HangUp, TunSettings};
use rasman_lab::Running;
use rasman_phonebook::{Guid, Identity, Properties};
use rasman_tests::harness::{credentials, entry, sstp_of};
use rasman_tests::ipc::{Client, Daemon};
use rasman_tests::world::{GATEWAY, inside, inside_with_users, ip, system, way_to};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::time::timeout;

const HELPER: &str = env!("CARGO_BIN_EXE_rasman-ipc-helper");
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);
/// Users and a group that no machine has.
const ALICE: u32 = 60_001;
const BOB: u32 = 60_002;
const ADMINS: u32 = 60_100;
const SERVICE: u32 = 60_200;

fn client(daemon: &Daemon, lab: &Running, uid: u32, group: u32) -> Client {
    let mut client = daemon.client_as(uid, &[group], &[&serde_json::to_string(lab.facts()).unwrap(), "system"]);
    client.until("ready");
    client
}

/// A dial that changes all it can.
fn everything(lab: &Running) -> Dial {
    let mut entry = entry(lab);
    sstp_of(&mut entry).server_name = lab.facts().name.clone();
    let exclude = vec!["198.51.100.0/24".parse().unwrap()];
    entry.data_path = DataPath::Tun(TunSettings { default_route: true, exclude, ..TunSettings::default() });
    Dial::settings(entry).credentials(credentials(rasman_lab::DEFAULT_PASSWORD))
}

#[test]
fn a_daemon_that_is_killed_at_any_change_leaves_nothing_to_the_next() {
    inside("a_daemon_that_is_killed_at_any_change_leaves_nothing_to_the_next", async |world| {
        ip("rule add priority 22000 to 203.0.113.0/24 lookup main");
        let before = system();
        let rules = ip("rule").lines().count();
        let lab = world.lab();
        let mut daemon = Daemon::absent(HELPER);
        // One rule inside, two for the server, two for what is excluded, one for what is near; and all of them there.
        for change in 1..=7 {
            let mut said = daemon.stopping(change);
            let manager = daemon.system_connector().connect().unwrap();
            let dialing = manager.dial(everything(&lab)).unwrap();
            if change < 7 {
                assert_eq!(said.next().as_deref(), Some("now"), "it got there");
                drop(dialing);
            } else {
                timeout(LONG, dialing.finish()).await.unwrap().unwrap();
            }
            assert!(ip("-br link").contains("ras0"));
            daemon.kill();
            // The change itself was not made yet.
            assert_eq!(ip("rule").lines().count() - rules, change - 1);
            daemon.run("system", &[]);
            assert_eq!(system(), before, "after {change}");
            assert_eq!(std::fs::read_dir(daemon.folder.join("journal")).unwrap().count(), 0);
            daemon.system_connector().stop().unwrap();
            assert!(daemon.wait());
        }
    });
}

#[test]
fn h12_ending_the_inner_of_two_connections_leaves_the_outer() {
    inside("h12_ending_the_inner_of_two_connections_leaves_the_outer", async |world| {
        let lab = world.lab_with(|config| config.device = true);
        let inner_lab = world.lab_with(|config| config.listen = SocketAddr::from(([0, 0, 0, 0], 8443)));
        let mut daemon = Daemon::absent(HELPER);
        daemon.run("system", &[]);
        let manager = daemon.system_connector().connect().unwrap();
        let dialled = async |mut entry: Entry, lab: &Running| {
            sstp_of(&mut entry).server_name = lab.facts().name.clone();
            let dial = Dial::settings(entry).credentials(credentials(rasman_lab::DEFAULT_PASSWORD));
            timeout(LONG, manager.dial(dial).unwrap().finish()).await.unwrap().unwrap()
        };
        let mut entry_outside = entry(&lab);
        entry_outside.data_path = DataPath::Tun(TunSettings { class_route: true, ..TunSettings::default() });
        let outer = dialled(entry_outside, &lab).await;
        assert_eq!(way_to(&GATEWAY.to_string()).as_deref(), Some("ras0"));
        // The other server is reached at the address that the first has inside.
        let mut entry_inside = entry(&inner_lab);
        entry_inside.name = "Inner".to_owned();
        sstp_of(&mut entry_inside).server = GATEWAY.to_string();
        let inner = dialled(entry_inside, &inner_lab).await;
        assert!(matches!(timeout(LONG, inner.hang_up().unwrap()).await.unwrap(), HangUp::Gone(_)));
        assert_eq!(outer.status().unwrap().state, ConnState::Connected);
        // It carries as before.
        let again = timeout(LONG, tokio::net::TcpStream::connect((GATEWAY, 8443))).await.unwrap();
        assert!(again.is_ok(), "{again:?}");
        assert!(matches!(timeout(LONG, outer.hang_up().unwrap()).await.unwrap(), HangUp::Gone(_)));
        daemon.system_connector().stop().unwrap();
        assert!(daemon.wait());
    });
}

/// Properties of an entry that leads to the lab and trusts its authority.
fn office(daemon: &Daemon, lab: &Running) -> Properties {
    let authority = daemon.machine().join("ca.pem");
    std::fs::write(&authority, &lab.facts().ca_pem).unwrap();
    let identity = Identity { guid: Guid::default(), dial_params_uid: 0 };
    let mut properties = Properties::sstp("", lab.facts().address.to_string(), identity);
    properties.server_name = lab.facts().name.clone();
    properties.system_roots = false;
    properties.ca = vec![authority.display().to_string()];
    properties.redial_attempts = 0;
    properties
}

/// Makes /dev/net/tun what udev makes of it; its rights are those of its opener's in the end. Seen in this namespace alone.
fn device_for_everybody(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let node = folder.join("tun").display().to_string();
    for command in [format!("mknod -m 666 {node} c 10 200"), format!("mount --bind {node} /dev/net/tun")] {
        let words: Vec<&str> = command.split(' ').collect();
        assert!(Command::new(words[0]).args(&words[1..]).status().unwrap().success(), "{command}");
    }
}

#[test]
fn the_service_has_two_capabilities_and_serves_all_users() {
    inside_with_users("the_service_has_two_capabilities_and_serves_all_users", async |world| {
        let lab = world.lab();
        device_for_everybody(&world.folder);
        let daemon = Daemon::service(HELPER, SERVICE, &["--admins", &ADMINS.to_string()]);
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        for line in ["CapPrm:\t0000000000003000", "CapEff:\t0000000000003000", "CapAmb:\t0000000000000000"] {
            assert!(status.contains(line), "{line}: {status}");
        }
        assert!(status.contains(&format!("Uid:\t{SERVICE}\t{SERVICE}")), "{status}");
        // Clause E10: an administrator makes an entry of all users, which the service writes as far as it may.
        let root = daemon.system_connector().connect().unwrap();
        let book = daemon.machine().join("rasphone.pbk");
        root.set_entry_properties(EntryRef::new("Office").in_book(&book), &office(&daemon, &lab)).unwrap();

        let (mut alice, mut bob) = (client(&daemon, &lab, ALICE, ALICE), client(&daemon, &lab, BOB, BOB));
        alice.tell("entry office");
        let hers = alice.until("handle");
        alice.until("state Connected");
        bob.tell("entry office");
        let his = bob.until("handle");
        bob.until("state Connected");
        assert_ne!(hers, his, "each has a connection of their own");
        bob.tell("list");
        assert_eq!(bob.until("list"), his);
        bob.tell(&format!("hangup {hers}"));
        bob.until("refused 5 ");
        alice.tell("remove office");
        alice.until("refused 5 ");
        // A network device would have everybody's traffic.
        alice.tell("device mine");
        alice.until("refused 5 ");
        let mut member = client(&daemon, &lab, BOB, ADMINS);
        member.tell("device ours");
        let device = member.until("handle");
        member.until("state Connected");
        assert!(ip("-br link").contains("ras0"), "the service may make devices");
        for handle in [&hers, &his, &device] {
            let connection = root.connection(rasman::ipc::wire::parse_handle(handle).unwrap()).unwrap();
            assert!(matches!(timeout(LONG, connection.force_hang_up().unwrap()).await.unwrap(), HangUp::Gone(_)));
        }
        assert!(!ip("-br link").contains("ras0"));
        root.delete_entry("office").unwrap();
        root.stop().await.unwrap();
    });
}

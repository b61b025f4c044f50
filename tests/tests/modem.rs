//! Modems end to end: an embedded manager, pseudo-terminals, the lab's modems and the server behind them.

use rasman::{Code, Connection, Dial, Entry, Manager, Medium, Redial};
use rasman_core::{LayerName, LineDevice, LoginScript, ModemSettings, SerialPort, SerialSettings};
use rasman_dial::Config;
use rasman_lab::{DEFAULT_PASSWORD, Event, Running};
use rasman_tests::com_port;
use rasman_tests::harness::{self, credentials, get, lab_with_modems, manager_with, sha256};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const LONG: Duration = Duration::from_secs(60);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

/// Gives a medium that dials a number by the first modem of the lab.
fn modem(lab: &Running, number: &str) -> Medium {
    let modem = ModemSettings { name: "Lab modem".into(), number: number.into(), ..ModemSettings::default() };
    serial(lab, LineDevice::Modem(modem))
}

fn serial(lab: &Running, device: LineDevice) -> Medium {
    let port = SerialPort::Device(lab.facts().modems[0].display().to_string());
    Medium::Serial(SerialSettings::new(port, device))
}

fn entry(lab: &Running, media: Vec<Medium>) -> Entry {
    let mut entry = harness::entry(lab);
    let mut media = media.into_iter();
    entry.medium = media.next().expect("one at least");
    entry.alternates = media.collect();
    entry
}

fn manager(lab: &Running, numbers: &[&str]) -> Manager {
    let media = numbers.iter().map(|number| modem(lab, number)).collect();
    manager_with(vec![entry(lab, media)], Config::default())
}

async fn dialled(manager: &Manager, password: &str) -> Result<Connection, rasman::Error> {
    let dial = Dial::entry(harness::ENTRY).credentials(credentials(password));
    timeout(LONG, manager.dial(dial)?.finish()).await.expect("in time")
}

async fn failed(manager: &Manager) -> rasman::Cause {
    let error = dialled(manager, DEFAULT_PASSWORD).await.expect_err("it fails");
    error.0
}

fn proxy(connection: &Connection) -> SocketAddr {
    connection.status().expect("known").doors.socks.expect("open")
}

async fn hang_up(connection: &Connection) {
    timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
}

#[tokio::test]
async fn a_dial_over_a_modem_carries_a_page_and_bulk_data() {
    let lab = lab_with_modems(&["speed=0,garbage"]);
    let manager = manager(&lab, &["555-1234"]);
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    let status = connection.status().expect("known");
    assert_eq!((status.device.kind, &*status.device.name), ("modem", "Lab modem"));
    let compressed = status.projection.expect("projected").header_compression;
    assert!(compressed.sent && compressed.received, "both ends compress TCP headers on a line");
    let page = timeout(LONG, get(proxy(&connection), GATEWAY, "/")).await.expect("in time").expect("a page");
    assert_eq!(sha256(&page), lab.facts().page_sha256);
    let bulk = timeout(LONG, get(proxy(&connection), GATEWAY, "/bulk/300000")).await.expect("in time").expect("data");
    assert_eq!(bulk.len(), 300_000);
    hang_up(&connection).await;
    // The modem is free: the next dial finds it where the first one did.
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected again");
    hang_up(&connection).await;
    manager.shut_down().await;
}

#[tokio::test]
async fn what_a_dial_says_of_its_modem_makes_no_other_entry_of_one_that_is_connected() {
    let lab = lab_with_modems(&["speed=0"]);
    let manager = manager(&lab, &["5"]);
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    let dial = || Dial::entry(harness::ENTRY).credentials(credentials(DEFAULT_PASSWORD));
    for dial in [dial().speaker(true), dial().prefix_and_suffix(false), dial().callback_number("5550100")] {
        let again = timeout(LONG, manager.dial(dial).expect("it is that entry").finish()).await.expect("in time");
        let again = again.expect("connected already");
        assert_eq!(again.handle(), connection.handle());
        hang_up(&again).await;
    }
    hang_up(&connection).await;
    manager.shut_down().await;
}

#[tokio::test]
async fn what_the_modem_says_has_its_code() {
    let lab = lab_with_modems(&["busy=1,no-answer=2,no-carrier=3,no-dialtone=4"]);
    for (number, code) in [("1", 676), ("2", 678), ("3", 679), ("4", 680)] {
        let manager = manager(&lab, &[number]);
        let cause = failed(&manager).await;
        assert_eq!((cause.code.0, cause.layer), (code, LayerName::Modem), "{cause}");
        manager.shut_down().await;
    }
}

#[tokio::test]
async fn alternates_are_dialled_on_the_same_modem_and_a_wrong_password_is_dialled_once() {
    let lab = lab_with_modems(&["busy=1,no-answer=2"]);
    let manager = manager(&lab, &["1", "2", "3"]);
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    assert_eq!(connection.status().expect("known").medium, 2);
    hang_up(&connection).await;
    manager.shut_down().await;

    let mut entry = entry(&lab, vec![modem(&lab, "3"), modem(&lab, "4")]);
    entry.redial = Redial { attempts: 3, pause: Duration::from_secs(1), on_link_failure: false };
    let manager = manager_with(vec![entry], Config::default());
    let before = lab.settled_stats().accepted;
    let error = dialled(&manager, "looking-glass").await.expect_err("refused");
    assert_eq!(error.0.code, Code::AUTHENTICATION_FAILURE);
    assert_eq!(lab.settled_stats().accepted, before + 1);
    manager.shut_down().await;
}

#[tokio::test]
async fn quirks_of_modems_do_not_matter() {
    for words in ["echo", "numeric", "twice", "late=200ms", "garbage,echo,twice"] {
        let lab = lab_with_modems(&[words]);
        let manager = manager(&lab, &["5"]);
        let connection = dialled(&manager, DEFAULT_PASSWORD).await.unwrap_or_else(|error| panic!("{words}: {error}"));
        hang_up(&connection).await;
        manager.shut_down().await;
    }
}

#[tokio::test]
async fn a_modem_of_another_machine_is_dialled_by_rfc_2217() {
    let lab = lab_with_modems(&["speed=0"]);
    let Medium::Serial(mut settings) = modem(&lab, "5") else { unreachable!("made as one") };
    let server = com_port::serve(&lab.facts().modems[0]);
    settings.port = SerialPort::Rfc2217 { host: server.ip().to_string(), port: server.port() };
    let manager = manager_with(vec![entry(&lab, vec![Medium::Serial(settings)])], Config::default());
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    let bulk = timeout(LONG, get(proxy(&connection), GATEWAY, "/bulk/200000")).await.expect("in time").expect("data");
    assert_eq!(bulk.len(), 200_000);
    hang_up(&connection).await;
    manager.shut_down().await;
}

#[tokio::test]
async fn a_mute_modem_is_692_and_a_missing_one_615() {
    let lab = lab_with_modems(&["mute"]);
    let mute = manager(&lab, &["5"]);
    let cause = failed(&mute).await;
    assert_eq!(cause.code.0, 692, "{cause}");
    mute.shut_down().await;
    let Medium::Serial(mut settings) = modem(&lab, "5") else { unreachable!("made as one") };
    settings.port = SerialPort::Device("/dev/ttyUSB250".into());
    let manager = manager_with(vec![entry(&lab, vec![Medium::Serial(settings)])], Config::default());
    let cause = failed(&manager).await;
    assert_eq!((cause.code.0, cause.layer), (615, LayerName::Port), "{cause}");
    manager.shut_down().await;
}

#[tokio::test]
async fn a_port_that_another_connection_has_is_633() {
    let lab = lab_with_modems(&[""]);
    let manager = manager(&lab, &["5"]);
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    let other = self::manager(&lab, &["6"]);
    let cause = failed(&other).await;
    assert_eq!(cause.code, Code::PORT_NOT_AVAILABLE, "{cause}");
    assert!(cause.said.contains("another connection") || cause.said.contains("process"), "{cause}");
    hang_up(&connection).await;
    let connection = dialled(&other, DEFAULT_PASSWORD).await.expect("free now");
    hang_up(&connection).await;
    manager.shut_down().await;
    other.shut_down().await;
}

#[tokio::test]
async fn a_lost_carrier_is_made_again_where_the_entry_wants_that() {
    let lab = lab_with_modems(&["carrier=1s"]);
    let mut ends = entry(&lab, vec![modem(&lab, "5")]);
    let manager = manager_with(vec![ends.clone()], Config::default());
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    let cause = timeout(LONG, connection.closed()).await.expect("in time");
    assert_eq!(cause.code, Code::REMOTE_DISCONNECTION, "{cause}");
    manager.shut_down().await;

    ends.redial.on_link_failure = true;
    let mut limits = Config::default();
    limits.reconnect_first = Duration::from_millis(100);
    let manager = manager_with(vec![ends], limits);
    let mut events = lab.events();
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    let again = async {
        let mut projected = 0;
        while projected < 2 {
            let event = events.recv().await.expect("the lab lives").event;
            projected += u32::from(matches!(event, Event::Projected { .. }));
        }
    };
    timeout(LONG, again).await.expect("the link comes back");
    hang_up(&connection).await;
    manager.shut_down().await;
}

#[tokio::test]
async fn a_noisy_line_loses_frames_and_no_data() {
    let lab = lab_with_modems(&["speed=0,noise=20000"]);
    let manager = manager(&lab, &["5"]);
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    let bulk = timeout(LONG, get(proxy(&connection), GATEWAY, "/bulk/200000")).await.expect("in time").expect("data");
    assert_eq!(bulk.len(), 200_000);
    hang_up(&connection).await;
    manager.shut_down().await;
}

#[tokio::test]
async fn a_slow_line_connects_and_its_speed_is_told() {
    let lab = lab_with_modems(&["speed=9600"]);
    let manager = manager(&lab, &["5"]);
    let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
    assert_eq!(connection.statistics().expect("known").bps, 9600);
    hang_up(&connection).await;
    manager.shut_down().await;
}

/// Gives a manager that dials by a modem and runs a script then.
fn with_script(lab: &Running, text: &str) -> Manager {
    let Medium::Serial(mut settings) = modem(lab, "5") else { unreachable!("made as one") };
    settings.login.script = Some(LoginScript { name: "isp.scp".into(), text: text.into() });
    manager_with(vec![entry(lab, vec![Medium::Serial(settings)])], Config::default())
}

const LOGIN: &str = "proc main
    integer tries = 3
    boolean in = FALSE
    while tries > 0 and !in do
        waitfor \"login:\" until 20
        transmit $USERID + \"<cr>\"
        waitfor \"assword:\" until 20
        transmit $PASSWORD, raw
        transmit \"^M\"
        waitfor \"PPP begins\" then Through, \"incorrect\" then Again until 20
        halt
        Again:
        tries = tries - 1
        if tries == 1 then halt endif
    endwhile
    halt
    Through:
endproc
";

#[tokio::test]
async fn a_script_answers_the_host_before_ppp_begins() {
    let lab = lab_with_modems(&["login=alice:wonderland,echo,garbage"]);
    let manager = with_script(&lab, LOGIN);
    for _ in 0..2 {
        let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
        let status = connection.status().expect("known");
        assert_eq!((status.device.kind, &*status.device.name), ("modem", "Lab modem"));
        let page = timeout(LONG, get(proxy(&connection), GATEWAY, "/")).await.expect("in time").expect("a page");
        assert_eq!(sha256(&page), lab.facts().page_sha256);
        hang_up(&connection).await;
    }
    manager.shut_down().await;
}

#[tokio::test]
async fn a_script_that_is_refused_says_what_the_host_said_and_frees_the_modem() {
    let lab = lab_with_modems(&["login=alice:looking-glass"]);
    let manager = with_script(&lab, LOGIN);
    for _ in 0..2 {
        let cause = failed(&manager).await;
        assert_eq!((cause.code.0, cause.layer), (703, LayerName::Modem), "{cause}");
        assert!(cause.did.contains("line 14") && !cause.to_string().contains(DEFAULT_PASSWORD), "{cause}");
    }
    manager.shut_down().await;
}

#[tokio::test]
async fn a_script_need_not_wait_for_what_the_host_says_last() {
    let lab = lab_with_modems(&["login=alice:wonderland,speed=0"]);
    let text = "proc main waitfor \"login:\" transmit $USERID + \"^M\" waitfor \"word:\" transmit $PASSWORD, raw
        transmit \"^M\" endproc";
    let manager = with_script(&lab, text);
    for _ in 0..3 {
        let connection = dialled(&manager, DEFAULT_PASSWORD).await.expect("connected");
        hang_up(&connection).await;
    }
    manager.shut_down().await;
}

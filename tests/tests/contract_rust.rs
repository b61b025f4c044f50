//! The contract at the Rust front: an embedded manager and a lab, over real sockets.

use rasman::{
    Answer, Change, Code, ConnState, Connection, Detail, Dial, Dialing, Flow, Handle, HangUp, Manager, Notification,
    WatchEvent,
};
use rasman_tests::harness::{self, dial, dial_as, lab, manager};
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const LONG: Duration = Duration::from_secs(30);

async fn all(dialing: &mut Dialing) -> Vec<Notification> {
    let mut told = Vec::new();
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("it is told in time") {
        told.push(notification);
    }
    told
}

async fn connected(manager: &Manager) -> Connection {
    let dialing = manager.dial(dial()).expect("the dial starts");
    timeout(LONG, dialing.finish()).await.expect("in time").expect("connected")
}

async fn gone(connection: &Connection) -> HangUp {
    timeout(LONG, connection.hang_up().expect("known")).await.expect("in time")
}

fn refusal<T>(result: Result<T, rasman::Error>) -> Code {
    result.err().expect("refused").code()
}

#[tokio::test]
async fn a1_a5_a8_a21_dial_returns_at_once_with_the_handle_and_tells_the_rest_later() {
    let lab = lab("delay=tls:300ms");
    let manager = manager(&lab);
    let mut dialing = manager.dial(dial()).unwrap();
    // The server has not even answered the TLS handshake.
    assert_eq!(lab.stats().tls_up, 0);
    let status = dialing.connection().status().unwrap();
    assert!(!status.state.is_terminal());
    let told = all(&mut dialing).await;
    assert_eq!(told.first().map(|n| n.state), Some(ConnState::OpenPort));
    assert_eq!(told.last().map(|n| (n.state, n.error_number())), Some((ConnState::Connected, 0)));
}

#[tokio::test]
async fn a16_s9_h9_a_connected_entry_gives_references_and_only_the_last_hang_up_disconnects() {
    let lab = lab("");
    let manager = manager(&lab);
    let first = connected(&manager).await;
    let mut second = manager.dial(dial()).unwrap();
    assert_eq!(second.handle(), first.handle());
    let told = all(&mut second).await;
    let told: Vec<_> = told.iter().map(|n| (n.state, n.error_number())).collect();
    assert_eq!(told, [(ConnState::Connected, 0)], "exactly one notification");
    drop(second);
    assert_eq!(manager.connections()[0].references, 2);
    assert_eq!(gone(&first).await, HangUp::Released { remaining: 1 });
    assert_eq!(first.status().unwrap().state, ConnState::Connected);
    assert!(matches!(gone(&first).await, HangUp::Gone(_)));
    assert_eq!(refusal(first.status()), Code::INVALID_HANDLE);
    assert_eq!(lab.stats().accepted, 1, "one connection carried both");
}

#[tokio::test]
async fn a16_other_credentials_get_no_reference() {
    let lab = lab("");
    let manager = manager(&lab);
    let connection = connected(&manager).await;
    assert_eq!(refusal(manager.dial(dial_as("looking-glass"))), Code::ACCESS_DENIED);
    assert_eq!(manager.connections()[0].references, 1);
    gone(&connection).await;
}

#[tokio::test]
async fn a17_a50_an_entry_that_is_being_dialled_is_refused_whatever_its_case() {
    let lab = lab("silent=http");
    let manager = manager(&lab);
    let dialing = manager.dial(dial()).unwrap();
    let again = Dial::entry(harness::ENTRY.to_uppercase()).credentials(harness::credentials("wonderland"));
    assert_eq!(refusal(manager.dial(again)), Code::DIAL_ALREADY_IN_PROGRESS);
    assert_eq!(manager.connections().len(), 1);
    drop(dialing);
}

#[tokio::test]
async fn a18_e1_an_unknown_entry_is_refused_at_once() {
    let lab = lab("");
    let manager = manager(&lab);
    let error = manager.dial(Dial::entry("nowhere")).err().unwrap();
    assert_eq!(error.code(), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
    assert!(error.to_string().contains("\"nowhere\""), "{error}");
    assert!(manager.connections().is_empty());
}

#[tokio::test]
async fn a22_notifications_come_in_the_task_that_dialled_and_name_its_handle() {
    let lab = lab("");
    let manager = manager(&lab);
    let held = manager.dial_held(dial()).unwrap();
    let here = std::thread::current().id();
    let threads = RefCell::new(Vec::new());
    let connection = held
        .run(async |_| {
            threads.borrow_mut().push(std::thread::current().id());
            Flow::More
        })
        .await
        .unwrap();
    assert!(threads.borrow().len() > 5 && threads.borrow().iter().all(|thread| *thread == here));
    gone(&connection).await;
}

#[tokio::test]
async fn a23_h7_a_dial_whose_owner_ends_is_hung_up_and_leaves_nothing() {
    let lab = lab("silent=auth");
    let manager = manager(&lab);
    let owner = tokio::spawn({
        let dialing = manager.dial(dial()).unwrap();
        async move {
            let mut dialing = dialing;
            while dialing.next().await.is_some() {}
        }
    });
    let handle = manager.connections()[0].handle;
    let connection = manager.connection(handle).unwrap();
    owner.abort();
    let cause = timeout(LONG, connection.closed()).await.unwrap();
    assert_eq!(cause.code, Code::USER_DISCONNECTION);
    assert!(manager.connections().is_empty());
}

#[tokio::test]
async fn a24_n1_n6_the_dial_stands_still_while_the_handler_runs() {
    let lab = lab("");
    let manager = manager(&lab);
    let held = manager.dial_held(dial()).unwrap();
    let connection = held.connection();
    let last = RefCell::new(None::<u64>);
    let result = held
        .run(async |notification: Notification| {
            assert_eq!(notification.seq, last.borrow().map_or(0, |seq| seq + 1), "none is skipped");
            *last.borrow_mut() = Some(notification.seq);
            // Other tasks and the worker run meanwhile; were the dial not held, it would be far ahead.
            tokio::time::sleep(Duration::from_millis(3)).await;
            assert_eq!(connection.status().unwrap().state, notification.state);
            Flow::More
        })
        .await;
    gone(&result.unwrap()).await;
}

#[tokio::test]
async fn a27_a33_one_handler_serves_two_dials_by_their_handles() {
    let (one, two) = (lab(""), lab("account=disabled"));
    let mut entries = vec![harness::entry(&one), harness::entry(&two)];
    entries[1].name = "Other".to_owned();
    let manager = harness::manager_with(entries, rasman_dial::Config::default());
    let log = RefCell::new(Vec::new());
    let first = manager.dial_held(dial()).unwrap();
    let other = Dial::entry("other").credentials(harness::credentials("wonderland"));
    let second = manager.dial_held(other).unwrap();
    let (a, b) = (first.handle(), second.handle());
    assert_ne!(a, b);
    let handler = async |handle: Handle, notification: Notification| {
        log.borrow_mut().push((handle, notification.state, notification.error_number()));
        Flow::More
    };
    let (first, second) =
        tokio::join!(first.run(async |n| handler(a, n).await), second.run(async |n| handler(b, n).await));
    assert_eq!(refusal(second), Code::ACCT_DISABLED);
    let last = |handle| log.borrow().iter().rev().find(|(h, ..)| *h == handle).map(|(_, s, e)| (*s, *e));
    assert_eq!(last(a), Some((ConnState::Connected, 0)));
    assert_eq!(last(b), Some((ConnState::AuthNotify, 647)));
    gone(&first.unwrap()).await;
}

#[tokio::test]
async fn a31_silence_ends_the_calls_and_not_the_dial() {
    let lab = lab("");
    let manager = manager(&lab);
    let calls = RefCell::new(0);
    let held = manager.dial_held(dial()).unwrap();
    let connection = held.connection();
    let run = held.run(async |_| {
        *calls.borrow_mut() += 1;
        Flow::Silence
    });
    timeout(LONG, run).await.unwrap().expect("it connects silently");
    assert_eq!(*calls.borrow(), 1);
    assert_eq!(connection.status().unwrap().state, ConnState::Connected);
    gone(&connection).await;
}

#[tokio::test]
async fn a35_n5_auth_notify_is_followed_by_a_finer_state_or_is_the_failure() {
    let (good, bad) = (lab(""), lab("account=password-expired"));
    for (lab, code) in [(&good, 0), (&bad, 648)] {
        let manager = manager(lab);
        let mut dialing = manager.dial(dial()).unwrap();
        let told = all(&mut dialing).await;
        let at = told.iter().position(|n| n.state == ConnState::AuthNotify).unwrap();
        assert_eq!(told[at].error_number(), 0);
        let next = &told[at + 1];
        match code {
            0 => assert_eq!((next.state, next.error_number()), (ConnState::AuthAck, 0)),
            _ => assert_eq!((next.state, next.error_number()), (ConnState::AuthNotify, code)),
        }
    }
}

#[tokio::test]
async fn a36_a_certificate_failure_is_an_hresult() {
    let lab = lab("certificate=other-name");
    let manager = manager(&lab);
    let error = timeout(LONG, manager.dial(dial()).unwrap().finish()).await.unwrap().err().unwrap();
    assert_eq!(error.code().0, 0x800B_010F);
}

#[tokio::test]
async fn a39_a41_h16_after_connected_the_stream_has_ended_and_only_watchers_learn_of_the_loss() {
    let lab = lab("hang-up=100ms");
    let manager = manager(&lab);
    let mut watch = manager.watch();
    let mut dialing = manager.dial(dial()).unwrap();
    let told = all(&mut dialing).await;
    assert_eq!(told.last().map(|n| n.state), Some(ConnState::Connected));
    let connection = dialing.connection();
    let cause = timeout(LONG, connection.closed()).await.unwrap();
    assert_eq!(cause.code, Code::REMOTE_DISCONNECTION);
    assert_eq!(timeout(LONG, dialing.next()).await.unwrap(), None);
    let reason = loop {
        match timeout(LONG, watch.next()).await.unwrap().unwrap() {
            WatchEvent::Change(Change::Gone { cause, .. }) => break cause,
            _ => continue,
        }
    };
    assert_eq!(reason.code, Code::REMOTE_DISCONNECTION);
    assert_eq!(manager.ended(connection.handle()).map(|c| c.code), Some(Code::REMOTE_DISCONNECTION));
}

#[tokio::test]
async fn a42_h2_h4_the_stream_ends_with_disconnected_and_the_handle_becomes_invalid() {
    let lab = lab("silent=auth");
    let manager = manager(&lab);
    let mut dialing = manager.dial(dial()).unwrap();
    let connection = dialing.connection();
    let hanging_up = connection.hang_up().unwrap();
    let told = all(&mut dialing).await;
    assert_eq!(told.last().map(|n| (n.state, n.error_number())), Some((ConnState::Disconnected, 0)));
    let HangUp::Gone(cause) = timeout(LONG, hanging_up).await.unwrap() else { panic!("not gone") };
    assert_eq!(cause.code, Code::USER_DISCONNECTION);
    assert_eq!(refusal(connection.status()), Code::INVALID_HANDLE);
    assert_eq!(refusal(connection.hang_up()), Code::INVALID_HANDLE);
    assert_eq!(manager.ended(connection.handle()).map(|c| c.code), Some(Code::USER_DISCONNECTION));
}

#[tokio::test]
async fn a42_the_handler_of_a_held_dial_is_not_entered_once_somebody_has_hung_up() {
    let lab = lab("");
    let manager = manager(&lab);
    let held = manager.dial_held(dial()).unwrap();
    let connection = held.connection();
    let calls = RefCell::new(0);
    let hang_up = RefCell::new(None);
    let result = held
        .run(async |_| {
            *calls.borrow_mut() += 1;
            *hang_up.borrow_mut() = Some(connection.hang_up().unwrap());
            Flow::More
        })
        .await;
    assert_eq!(refusal(result), Code::USER_DISCONNECTION);
    assert_eq!(*calls.borrow(), 1);
    let hanging_up = hang_up.into_inner().unwrap();
    assert!(matches!(timeout(LONG, hanging_up).await.unwrap(), HangUp::Gone(_)));
}

#[tokio::test]
async fn a16_a_reference_that_was_not_taken_goes_back() {
    let lab = lab("");
    let manager = manager(&lab);
    let connection = connected(&manager).await;
    drop(manager.dial(dial()).unwrap());
    assert_eq!(manager.connections()[0].references, 1);
    assert!(matches!(gone(&connection).await, HangUp::Gone(_)));
}

#[tokio::test]
async fn a16_another_entry_of_the_same_name_gets_no_reference() {
    let lab = lab("");
    let manager = manager(&lab);
    let connection = connected(&manager).await;
    let mut other = harness::entry(&lab);
    harness::sstp_of(&mut other).server = "192.0.2.1".to_owned();
    let dial = Dial::settings(other).credentials(harness::credentials("wonderland"));
    assert_eq!(refusal(manager.dial(dial)), Code::ALREADY_EXISTS);
    gone(&connection).await;
}

#[tokio::test]
async fn a16_h15_a_connection_that_is_ending_gives_no_reference() {
    let lab = lab("");
    let manager = manager(&lab);
    let old = connected(&manager).await;
    lab.hang_up_all();
    // The server's goodbye lingers for a second, in which the old one is no use to anybody.
    let new = timeout(LONG, async {
        loop {
            match manager.dial(dial()).unwrap().finish().await {
                Ok(connection) if connection.handle() != old.handle() => break connection,
                // It may be gone by now.
                Ok(same) => drop(same.hang_up()),
                Err(error) => panic!("{error}"),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    let new = new.await.expect("a fresh connection");
    assert_ne!(new.handle(), old.handle());
    gone(&new).await;
}

#[tokio::test]
async fn a45_a46_e4_status_keeps_state_and_error_of_a_failed_dial_until_it_is_hung_up() {
    let lab = lab("");
    let manager = manager(&lab);
    let mut dialing = manager.dial(dial_as("looking-glass")).unwrap();
    all(&mut dialing).await;
    let connection = dialing.connection();
    let status = connection.status().expect("the call itself succeeds");
    assert_eq!((status.state, status.error.map(|c| c.code.0)), (ConnState::AuthNotify, Some(691)));
    assert_eq!((manager.connections()[0].error, manager.connections().len()), (691, 1));
    gone(&connection).await;
    assert_eq!(refusal(connection.status()), Code::INVALID_HANDLE);
    assert!(manager.connections().is_empty());
}

#[tokio::test]
async fn a47_c6_at_connected_the_connection_is_listed_under_its_handle() {
    let lab = lab("");
    let manager = manager(&lab);
    let held = manager.dial_held(dial()).unwrap();
    let handle = held.handle();
    let seen = RefCell::new(None);
    let connection = held
        .run(async |notification: Notification| {
            if notification.state == ConnState::Connected {
                let list = manager.connections();
                *seen.borrow_mut() = list.iter().find(|info| info.handle == handle).map(|info| info.state);
            }
            Flow::More
        })
        .await
        .unwrap();
    assert_eq!(*seen.borrow(), Some(ConnState::Connected));
    gone(&connection).await;
}

#[tokio::test]
async fn a49_a50_a51_h8_calls_inside_a_handler_do_not_deadlock() {
    let lab = lab("");
    let manager = manager(&lab);
    let held = manager.dial_held(dial()).unwrap();
    let connection = held.connection();
    let hang_up = RefCell::new(None);
    let result = held
        .run(async |notification: Notification| {
            assert_ne!(notification.state, ConnState::Disconnected, "clause A42: not entered after the hang-up");
            assert_eq!(connection.status().unwrap().state, notification.state);
            assert_eq!(manager.connections().len(), 1);
            assert!(Code::AUTHENTICATION_FAILURE.ras_error_string().is_some());
            assert_eq!(refusal(manager.dial(dial())), Code::DIAL_ALREADY_IN_PROGRESS);
            if notification.state == ConnState::Authenticate {
                *hang_up.borrow_mut() = Some(connection.hang_up().unwrap());
            }
            Flow::More
        })
        .await;
    assert_eq!(refusal(result), Code::USER_DISCONNECTION);
    let hang_up = hang_up.into_inner().expect("hung up inside the handler");
    assert!(matches!(timeout(LONG, hang_up).await.unwrap(), HangUp::Gone(_)));
}

#[tokio::test]
async fn a52_a53_t1_j1_device_projection_and_statistics_can_be_read() {
    let lab = lab("");
    let manager = manager(&lab);
    let held = manager.dial_held(dial()).unwrap();
    let early = held.connection();
    let connection = held
        .run(async |notification: Notification| {
            let status = early.status().unwrap();
            match notification.state {
                ConnState::ConnectDevice => {
                    assert_eq!((status.device.kind, &*status.device.name), ("vpn", "WAN Miniport (SSTP)"));
                    assert_eq!(refusal(early.projection()), Code::PROJECTION_NOT_COMPLETE);
                }
                ConnState::Projected => assert!(early.projection().is_ok()),
                _ => {}
            }
            Flow::More
        })
        .await
        .unwrap();
    let proxy = connection.status().unwrap().doors.socks.expect("a proxy");
    let gateway = lab.facts().gateway;
    let page = harness::get(proxy, gateway, "/").await.unwrap();
    assert_eq!(harness::sha256(&page), lab.facts().page_sha256);
    let statistics = connection.statistics().unwrap();
    assert!(statistics.bytes_received > page.len() as u64 && statistics.packets_sent >= 2, "{statistics:?}");
    // A socket tells whole milliseconds, and all of the above may fit into the first.
    let counts = async {
        while connection.statistics().unwrap().connected == Duration::ZERO {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, counts).await.unwrap();
    gone(&connection).await;
    assert_eq!(refusal(connection.statistics()), Code::INVALID_HANDLE);
}

#[test]
fn s1_s2_s5_a_synchronous_dial_returns_when_it_is_over_with_its_error() {
    let lab = lab("");
    let manager = manager(&lab);
    let connection = manager.dial_sync(dial()).unwrap();
    assert_eq!(connection.status().unwrap().state, ConnState::Connected);
    assert!(matches!(connection.hang_up().unwrap().wait(), HangUp::Gone(_)));
    assert_eq!(refusal(manager.dial_sync(dial_as("looking-glass"))), Code::AUTHENTICATION_FAILURE);
}

#[test]
fn s3_s8_another_thread_sees_and_ends_a_synchronous_dial() {
    let lab = lab("silent=auth");
    let manager = manager(&lab);
    std::thread::scope(|scope| {
        let dialling = scope.spawn(|| manager.dial_sync(dial()).map(|_| ()));
        let mut watch = manager.watch();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.block_on(async {
            loop {
                match timeout(LONG, watch.next()).await.unwrap().unwrap() {
                    WatchEvent::Snapshot(list) if list.is_empty() => continue,
                    WatchEvent::Snapshot(list) => break list[0].handle,
                    WatchEvent::Change(Change::Notified { handle, .. }) => break handle,
                    _ => continue,
                }
            }
        });
        let connection = manager.connection(handle).unwrap();
        assert!(!connection.status().unwrap().state.is_terminal());
        connection.hang_up().unwrap().wait();
        assert_eq!(refusal(dialling.join().unwrap()), Code::USER_DISCONNECTION);
    });
}

#[tokio::test]
async fn h3_p12_unknown_handles_are_invalid() {
    let lab = lab("");
    let manager = manager(&lab);
    assert_eq!(refusal(manager.connection(Handle(0))), Code::INVALID_HANDLE);
    let connection = connected(&manager).await;
    let answer = Answer::Credentials(harness::credentials("x"));
    assert_eq!(refusal(connection.answer(1, answer.clone())), Code::INVALID_AUTH_STATE);
    gone(&connection).await;
    assert_eq!(refusal(connection.hang_up()), Code::INVALID_HANDLE);
    assert_eq!(refusal(connection.answer(1, answer)), Code::INVALID_HANDLE);
}

#[tokio::test]
async fn h5_h15_a_redial_works_right_after_the_hang_up_and_has_another_handle() {
    let lab = lab("");
    let manager = manager(&lab);
    let mut handles = Vec::new();
    for _ in 0..5 {
        let connection = connected(&manager).await;
        let (first, second) = (connection.hang_up().unwrap(), connection.hang_up());
        assert!(matches!(timeout(LONG, first).await.unwrap(), HangUp::Gone(_)));
        // A second one during the teardown joins it, or comes too late; it never ends another connection.
        if let Ok(second) = second {
            assert!(matches!(timeout(LONG, second).await.unwrap(), HangUp::Gone(_)));
        }
        assert!(!handles.contains(&connection.handle()));
        handles.push(connection.handle());
    }
}

#[tokio::test]
async fn h1_h7_dropping_a_dial_at_any_notification_leaves_nothing() {
    let lab = lab("");
    let manager = manager(&lab);
    for stop_after in 0..13 {
        let mut dialing = manager.dial(dial()).unwrap();
        let connection = dialing.connection();
        let mut last = None;
        for _ in 0..stop_after {
            last = timeout(LONG, dialing.next()).await.unwrap();
        }
        drop(dialing);
        // Connected was not read, so it goes, even if it was published a moment before.
        timeout(LONG, connection.closed()).await.unwrap();
        assert!(manager.connections().is_empty(), "after {last:?}");
    }
    timeout(LONG, async {
        while lab.stats().sessions > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .expect("the lab has nobody left");
}

#[tokio::test]
async fn n2_n10_handlers_of_different_dials_run_at_the_same_time() {
    let (one, two) = (lab(""), lab(""));
    let mut entries = vec![harness::entry(&one), harness::entry(&two)];
    entries[1].name = "Other".to_owned();
    let manager = harness::manager_with(entries, rasman_dial::Config::default());
    let barrier = tokio::sync::Barrier::new(2);
    // Each handler waits for the other one: only if both run at once does either return.
    let handler = async |notification: Notification| {
        if notification.state == ConnState::Authenticate {
            barrier.wait().await;
        }
        Flow::More
    };
    let first = manager.dial_held(dial()).unwrap();
    let other = Dial::entry("Other").credentials(harness::credentials("wonderland"));
    let second = manager.dial_held(other).unwrap();
    let both = async { tokio::join!(first.run(handler), second.run(handler)) };
    let (first, second) = timeout(LONG, both).await.expect("they run at the same time");
    gone(&first.unwrap()).await;
    gone(&second.unwrap()).await;
}

#[tokio::test]
async fn n9_a_handler_that_panics_hangs_its_dial_up_and_harms_nobody() {
    let lab = lab("");
    let manager = manager(&lab);
    let held = manager.dial_held(dial()).unwrap();
    let connection = held.connection();
    let owner = tokio::task::LocalSet::new();
    let result = owner
        .run_until(async {
            tokio::task::spawn_local(held.run(async |notification: Notification| {
                assert!(notification.state != ConnState::Authenticate, "the handler fails on purpose");
                Flow::More
            }))
            .await
        })
        .await;
    assert!(result.is_err(), "it panicked");
    timeout(LONG, connection.closed()).await.unwrap();
    assert!(manager.connections().is_empty());
    gone(&connected(&manager).await).await;
}

#[tokio::test]
async fn p1_p2_p4_p7_p13_a_question_is_answered_and_the_dial_goes_on() {
    let lab = lab("");
    let manager = manager(&lab);
    let mut dialing = manager.dial(dial_as("looking-glass").paused_states(true)).unwrap();
    let mut asked = 0;
    let mut last = None;
    while let Some(notification) = timeout(LONG, dialing.next()).await.unwrap() {
        if let Detail::Question(question) = &notification.detail {
            asked += 1;
            let status = dialing.connection().status().unwrap();
            assert_eq!(status.state, ConnState::RetryAuthentication);
            assert_eq!(status.error.map(|c| c.code.0), Some(691));
            dialing.answer(question.id, Answer::Credentials(harness::credentials("wonderland"))).unwrap();
        }
        last = Some(notification.state);
    }
    assert_eq!((asked, last), (1, Some(ConnState::Connected)));
    let connection = dialing.connection();
    // The credentials that were accepted are those of the connection now.
    assert!(manager.dial(dial()).unwrap().finish().await.is_ok());
    assert_eq!(gone(&connection).await, HangUp::Released { remaining: 1 });
    gone(&connection).await;
}

#[tokio::test]
async fn p10_a_question_may_be_hung_up_instead() {
    let lab = lab("");
    let manager = manager(&lab);
    let mut dialing = manager.dial(dial_as("looking-glass").paused_states(true)).unwrap();
    while let Some(notification) = timeout(LONG, dialing.next()).await.unwrap() {
        if matches!(notification.detail, Detail::Question(_)) {
            break;
        }
    }
    assert!(matches!(gone(&dialing.connection()).await, HangUp::Gone(_)));
}

#[tokio::test]
async fn c1_c2_c3_c7_c9_watchers_get_a_snapshot_and_then_every_change() {
    let lab = lab("");
    let manager = manager(&lab);
    let (mut first, mut second) = (manager.watch(), manager.watch());
    let connection = connected(&manager).await;
    let mut late = manager.watch();
    let Some(WatchEvent::Snapshot(list)) = late.next().await else { panic!("no snapshot") };
    assert_eq!((list.len(), list[0].state), (1, ConnState::Connected));
    gone(&connection).await;
    for watch in [&mut first, &mut second] {
        assert_eq!(watch.next().await, Some(WatchEvent::Snapshot(Vec::new())));
        let mut states = Vec::new();
        loop {
            match timeout(LONG, watch.next()).await.unwrap().unwrap() {
                WatchEvent::Change(Change::Notified { notification, .. }) => states.push(notification.state),
                WatchEvent::Change(Change::Gone { handle, cause }) => {
                    assert_eq!((handle, cause.code), (connection.handle(), Code::USER_DISCONNECTION));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(states.first(), Some(&ConnState::OpenPort));
        assert!(states.contains(&ConnState::Connected) && states.last() == Some(&ConnState::Disconnected));
    }
    // They last: another dial is told too.
    gone(&connected(&manager).await).await;
    assert!(matches!(timeout(LONG, first.next()).await.unwrap(), Some(WatchEvent::Change(_))));
}

#[tokio::test]
async fn c8_a_watcher_that_is_slow_or_gone_delays_nobody_and_is_told_that_it_lagged() {
    let lab = lab("");
    let manager = manager(&lab);
    drop(manager.watch());
    let mut slow = manager.watch();
    assert!(matches!(slow.next().await, Some(WatchEvent::Snapshot(_))));
    // More changes than are kept for a watcher.
    for _ in 0..80 {
        gone(&connected(&manager).await).await;
    }
    let Some(WatchEvent::Lagged(lost)) = slow.next().await else { panic!("it did not lag") };
    assert!(lost > 0);
    assert_eq!(slow.next().await, Some(WatchEvent::Snapshot(Vec::new())));
}

#[tokio::test]
async fn h16_a_manager_that_shuts_down_ends_dials_with_834_and_frees_its_threads() {
    let lab = lab("silent=auth");
    let manager = manager(&lab);
    let mut watch = manager.watch();
    let mut dialing = manager.dial(dial()).unwrap();
    let shut_down = manager.clone();
    let (told, ()) = tokio::join!(all(&mut dialing), async {
        timeout(LONG, shut_down.stop()).await.unwrap().unwrap();
    });
    assert_eq!(told.last().map(Notification::error_number), Some(Code::RASMAN_SERVICE_STOPPED.0));
    assert!(matches!(watch.next().await, Some(WatchEvent::Snapshot(_))));
    let rest = async { while watch.next().await.is_some() {} };
    timeout(LONG, rest).await.expect("there is nothing to watch any more");
    timeout(LONG, manager.shut_down()).await.expect("a second time is harmless");
    assert_eq!(refusal(manager.dial(dial())), Code::RASMAN_CANNOT_INITIALIZE);
}

#[test]
fn e12_codes_that_newer_headers_lost_are_still_known() {
    for number in [730, 650, 719, 634] {
        assert!(Code(number).ras_error_string().is_some(), "{number}");
    }
}

#[tokio::test]
async fn t3_clearing_the_statistics_lets_later_readings_count_from_there() {
    let lab = lab("");
    let manager = harness::manager(&lab);
    let connection = manager.dial(harness::dial()).unwrap().finish().await.unwrap();
    let socks = connection.status().unwrap().doors.socks.unwrap();
    harness::get(socks, lab.facts().gateway, "/").await.unwrap();
    let before = connection.statistics().unwrap();
    assert!(before.bytes_received > 0 && before.bytes_sent > 0);
    // What is still on its way may be counted behind the clearing.
    connection.clear_statistics().unwrap();
    let after = connection.statistics().unwrap();
    assert!(after.bytes_received < before.bytes_received && after.bytes_sent < before.bytes_sent);
    assert!(after.connected >= before.connected, "the time of the connection goes on");
    harness::get(socks, lab.facts().gateway, "/").await.unwrap();
    assert!(connection.statistics().unwrap().bytes_received > after.bytes_received);
    connection.hang_up().unwrap().await;
}

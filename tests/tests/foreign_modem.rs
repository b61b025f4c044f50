//! Serial lines with software of others: spandsp's modem, lwIP's PPP behind it, and Linux's pppd at the end of a cable and
//! of a telephone line.

use rasman::{AuthMethod, Code, HeaderCompression, Medium};
use rasman_lab::modem::{ModemConfig, Personality};
use rasman_lab::{CallbackPolicy, Config};
use rasman_tests::harness;
use rasman_tests::peers::atmodem::{AtModem, NUMBER, cable};
use rasman_tests::peers::caller::{CONNECTED, Caller, calling, hang_up, move_data, projection, states};
use rasman_tests::peers::{Auth, DATA_PORT, Interop, USER, Uml, isolated, pattern};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(40);
/// Each way.
const BULK: usize = 256 * 1024;
/// Van Jacobson's compression of TCP headers is agreed on.
const BOTH_WAYS: HeaderCompression = HeaderCompression { sent: true, received: true };
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);

#[test]
fn lwip_answers_a_call_of_spandsps_modem() {
    isolated("lwip_answers_a_call_of_spandsps_modem", || {
        let modem = AtModem::with_lwip(Auth::MsChapV2)?;
        let interop = Interop::begin("spandsp's modem with lwIP", modem.version(), "modem", "MS-CHAPv2");
        calling(async || {
            let caller = Caller::new(modem.entry(&["1", "2", NUMBER]));
            for _ in 0..2 {
                let (told, connection) = caller.connected().await;
                assert_eq!(states(&told[told.len() - CONNECTED.len()..]), CONNECTED);
                let projection = projection(&told).expect("told at Projected");
                assert_eq!((projection.local, projection.header_compression), (Ipv4Addr::new(10, 66, 0, 2), BOTH_WAYS));
                assert_eq!(connection.status().expect("known").medium, 2, "1 is busy and 2 does not answer");
                move_data(&connection, (SERVER, DATA_PORT).into(), BULK).await;
                assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            }
            caller.is_refused("looking-glass").await;
            caller.shut_down().await;
        });
        interop.ok();
        modem.stop();
        Ok(())
    });
}

#[test]
fn slirp_answers_a_call_of_spandsps_modem() {
    isolated("slirp_answers_a_call_of_spandsps_modem", || {
        let modem = AtModem::with_slirp("-P +chap")?;
        let interop = Interop::begin("spandsp's modem with slirp", modem.version(), "modem", "CHAP-MD5");
        calling(async || {
            // By its manual, 10.0.2.2 is the loopback of the machine that slirp runs on: this test's own.
            let loopback =
                std::net::TcpListener::bind(("127.0.0.1", DATA_PORT)).expect("an isolated test has it to itself");
            let server = std::thread::spawn(move || {
                let (mut stream, _) = loopback.accept().expect("slirp connects");
                let mut bytes = vec![0; BULK];
                stream.read_exact(&mut bytes).expect("all that was sent");
                stream.write_all(&bytes).expect("and all of it back");
            });
            let mut entry = modem.entry(&[NUMBER]);
            entry.authentication = vec![AuthMethod::Chap];
            let caller = Caller::new(entry);
            let (told, connection) = caller.connected().await;
            let projection = projection(&told).expect("told at Projected");
            assert_eq!((projection.local, projection.header_compression), (Ipv4Addr::new(10, 0, 2, 15), BOTH_WAYS));
            let proxy = connection.status().expect("known").doors.socks.expect("asked for");
            let mut stream =
                harness::socks(proxy, Ipv4Addr::new(10, 0, 2, 2), DATA_PORT).await.expect("the proxy connects");
            let sent = pattern(BULK);
            stream.write_all(&sent).await.expect("sent");
            let mut back = vec![0; BULK];
            timeout(LONG, stream.read_exact(&mut back)).await.expect("in time").expect("come back");
            assert!(back == sent, "what came back is what was sent");
            assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            caller.shut_down().await;
            server.join().expect("it has served");
        });
        interop.ok();
        modem.stop();
        Ok(())
    });
}

#[test]
fn spandsps_modem_says_what_there_is_to_say() {
    isolated("spandsps_modem_says_what_there_is_to_say", || {
        let modem = AtModem::start("exec sleep 1000")?;
        calling(async || {
            for (number, code) in [("1", 676), ("2", 678), ("3", 680), ("4", 679)] {
                let caller = Caller::new(modem.entry(&[number]));
                let (_, result) = caller.dial("any").await;
                assert_eq!(result.expect_err("refused").cause().code.0, code);
                caller.shut_down().await;
            }
        });
        modem.stop();
        Ok(())
    });
}

#[test]
fn pppd_answers_at_the_end_of_a_cable() {
    isolated("pppd_answers_at_the_end_of_a_cable", || {
        let mut uml = Uml::start()?;
        uml.pppd_on_line(0, PPPD);
        let port = uml.line(0);
        // A cable stays in when a program is done with it: without this the line would hang up right behind our goodbye,
        // which pppd may then not read any more.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let plugged_in = rustix::fs::open(&port, flags, Mode::empty()).expect("a line of this test");
        let interop = Interop::begin("pppd", uml.version(), "serial cable", "MS-CHAPv2");
        calling(async || {
            let mut entry = cable(&port);
            // It knows no checksums of 32 bits, and asking costs one request.
            let Medium::Serial(line) = &mut entry.medium else { panic!("a cable is a line") };
            line.fcs32 = true;
            let caller = Caller::new(entry);
            let (told, connection) = caller.connected().await;
            assert_eq!(states(&told), CONNECTED);
            let projection = projection(&told).expect("told at Projected");
            assert_eq!((projection.peer, projection.header_compression), (Some(SERVER), BOTH_WAYS));
            uml.serve_data();
            move_data(&connection, (SERVER, DATA_PORT).into(), BULK).await;
            assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            caller.shut_down().await;
        });
        for words in ["sent [LCP ConfRej", "rcvd [LCP TermReq"] {
            assert!(uml.says("pppd0.log", words), "{words}: {}", uml.log("pppd0.log"));
        }
        drop(plugged_in);
        interop.ok();
        uml.stop();
        Ok(())
    });
}

#[test]
fn pppd_answers_a_call_of_spandsps_modem() {
    isolated("pppd_answers_a_call_of_spandsps_modem", || {
        let mut uml = Uml::start()?;
        uml.pppd_on_line(0, PPPD);
        let far = uml.line(0).display().to_string();
        // The line of the call goes on to the kernel's serial port.
        let modem = AtModem::start(&format!("stty raw -echo <{far}; cat <{far} & exec cat >{far}"))?;
        let version = format!("{} with {}", modem.version(), uml.version());
        let interop = Interop::begin("spandsp's modem with pppd", &version, "modem", "MS-CHAPv2");
        calling(async || {
            let caller = Caller::new(modem.entry(&[NUMBER]));
            let (told, connection) = caller.connected().await;
            assert_eq!(states(&told), CONNECTED);
            uml.serve_data();
            move_data(&connection, (SERVER, DATA_PORT).into(), BULK).await;
            assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            caller.shut_down().await;
        });
        interop.ok();
        modem.stop();
        uml.stop();
        Ok(())
    });
}

/// pppd calls the lab, agrees on a callback by CBCP, and hangs up; then the lab rings at the number that it named.
#[test]
fn pppd_calls_our_lab_and_is_called_back() {
    isolated("pppd_calls_our_lab_and_is_called_back", || {
        let mut uml = Uml::start()?;
        let interop = Interop::begin("pppd, calling", uml.version(), "the lab's modem", "MS-CHAPv2, callback (CBCP)");
        let mut config = Config::default();
        config.callback = Some(CallbackPolicy { none: true, by_caller: true, ..CallbackPolicy::default() });
        let modem = |number: &str| {
            let personality = Personality { number: number.into(), ..Personality::default() };
            ModemConfig { link: None, personality }
        };
        config.modems = vec![modem(""), modem(CALLED)];
        let lab = rasman_lab::spawn(config).expect("the lab starts");
        let [calls, called] = [0, 1].map(|at| lab.facts().modems[at].clone());
        // Whoever waits for the call has its port open, and its modem is told what to do with a ring.
        let mut called = open(&called);
        says(&mut called, b"ATE0\r", "OK");

        let options = format!("user {USER}\nnoauth\nnoccp\nnoipdefault\ncallback {CALLED}\n");
        uml.pppd_on_line(0, &options);
        let (mut line, far) = (open(&calls), open(&uml.line(0)));
        says(&mut line, b"ATE0\r", "OK");
        says(&mut line, b"ATD5550100\r", "CONNECT");
        let ways = [(line.try_clone().expect("ours"), far.try_clone().expect("ours")), (far, line)];
        for (mut from, mut to) in ways {
            // It ends with the process, which is this test's alone.
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        }
        for words in ["rcvd [CBCP Request", "sent [CBCP Response", "rcvd [CBCP Ack", "Call me back, please"] {
            assert!(uml.says("pppd0.log", words), "{words}: {}", uml.log("pppd0.log"));
        }
        says(&mut called, b"", "RING");
        interop.ok();
        lab.stop();
        uml.stop();
        Ok(())
    });
}

fn open(port: &Path) -> File {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open(port, flags, Mode::empty()).expect("a port of this test").into()
}

/// Says something to a modem, and waits until it has said these words; the test's own limit ends that otherwise.
fn says(modem: &mut File, what: &[u8], words: &str) {
    modem.write_all(what).expect("a modem takes it");
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains(words) {
        let mut piece = [0; 64];
        let length = modem.read(&mut piece).expect("a modem answers");
        said.extend_from_slice(&piece[..length]);
    }
}

/// Where the lab calls back.
const CALLED: &str = "5550199";
/// pppd waits for us, and gives us an address.
const PPPD: &str = "auth\nrequire-mschap-v2\nname server\npersist\nsilent\nnoccp\n10.66.0.1:10.66.0.2\n";

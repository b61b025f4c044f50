//! Ways to an SSTP server: through HTTP proxies, over IPv6, and again with a session that is resumed.

use rasman::{Code, Detail, Entry, HttpProxy, LayerName, Manager, ProxyLogin};
use rasman_dial::Config;
use rasman_lab::Running;
use rasman_tests::harness::{self, dial, lab, manager_with, sstp_of};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(30);

/// An HTTP proxy that gives this answer, and connects if it is a 200; tells each request's head.
async fn proxy(answer: &'static str) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, heads) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                let head = String::from_utf8(head).expect("a head in ASCII");
                let target = head.split(' ').nth(1).expect("a target").to_owned();
                let _ = told.send(head);
                client.write_all(answer.as_bytes()).await?;
                if answer.starts_with("HTTP/1.1 200") {
                    let mut server = TcpStream::connect(target).await?;
                    copy_bidirectional(&mut client, &mut server).await?;
                }
                std::io::Result::Ok(())
            });
        }
    });
    (address, heads)
}

fn through(lab: &Running, proxy: SocketAddr, login: Option<ProxyLogin>) -> Entry {
    let mut entry = harness::entry(lab);
    sstp_of(&mut entry).proxy = Some(HttpProxy { host: proxy.ip().to_string(), port: proxy.port(), login });
    entry
}

/// Dials, fetches a page through the tunnel, hangs up; gives how the port was protected.
async fn whole_dial(manager: &Manager, lab: &Running) -> String {
    let mut dialing = manager.dial(dial()).unwrap();
    let mut protected = String::new();
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("told in time") {
        if let Detail::Reached { protection, .. } = notification.detail {
            protected = protection;
        }
    }
    let connection = dialing.finish().await.expect("it connects");
    let socks = connection.status().unwrap().doors.socks.expect("a proxy");
    let page = timeout(LONG, harness::get(socks, lab.facts().gateway, "/")).await.unwrap().unwrap();
    assert!(!page.is_empty());
    timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
    protected
}

async fn fails(entry: Entry) -> rasman::Cause {
    let manager = manager_with(vec![entry], Config::default());
    let mut dialing = manager.dial(dial()).unwrap();
    while timeout(LONG, dialing.next()).await.expect("told in time").is_some() {}
    let error = dialing.finish().await.expect_err("it fails");
    timeout(LONG, manager.shut_down()).await.unwrap();
    error.cause().clone()
}

#[tokio::test]
async fn a_proxy_connects_us_with_a_login_and_without() {
    let lab = lab("");
    let login = ProxyLogin { user: "carol".into(), password: "secret".into() };
    for (login, expected) in [(None, None), (Some(login), Some("Proxy-Authorization: Basic Y2Fyb2w6c2VjcmV0\r\n"))] {
        let (address, mut heads) = proxy("HTTP/1.1 200 Connection established\r\n\r\n").await;
        let manager = manager_with(vec![through(&lab, address, login)], Config::default());
        whole_dial(&manager, &lab).await;
        timeout(LONG, manager.shut_down()).await.unwrap();
        let head = heads.recv().await.unwrap();
        assert!(head.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", lab.facts().address)), "{head}");
        match expected {
            Some(line) => assert!(head.contains(line), "{head}"),
            None => assert!(!head.contains("Authorization"), "{head}"),
        }
    }
}

#[tokio::test]
async fn proxies_that_refuse_are_explained() {
    let lab = lab("");
    let cases = [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\n\r\n",
            "answered 407 Proxy Authentication Required, and offers NTLM",
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "answered 403 Forbidden"),
        ("SSH-2.0-OpenSSH\r\n", "answered SSH-2.0-OpenSSH"),
    ];
    for (answer, said) in cases {
        let (address, _heads) = proxy(answer).await;
        let cause = fails(through(&lab, address, None)).await;
        assert_eq!((cause.code, cause.layer, &cause.said[..]), (Code::VPN_REFUSED, LayerName::Proxy, said));
        assert!(!cause.did.is_empty() && !cause.advice.is_empty(), "{cause}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let cause = fails(through(&lab, nobody, None)).await;
    assert_eq!((cause.code, cause.layer), (Code::VPN_TIMEOUT, LayerName::Tcp));
    assert!(cause.did.contains(&nobody.to_string()), "{cause}");
}

#[tokio::test]
async fn a_server_is_reached_over_ipv6() {
    let mut config = rasman_lab::Config::default();
    config.listen = "[::1]:0".parse().unwrap();
    let Ok(lab) = rasman_lab::spawn(config) else {
        eprintln!("SKIPPED a_server_is_reached_over_ipv6: this machine has no IPv6");
        return;
    };
    let manager = manager_with(vec![harness::entry(&lab)], Config::default());
    whole_dial(&manager, &lab).await;
    timeout(LONG, manager.shut_down()).await.unwrap();
}

#[tokio::test]
async fn the_next_dial_resumes_the_session_and_is_bound_to_the_same_leaf() {
    let lab = lab("");
    let manager = manager_with(vec![harness::entry(&lab)], Config::default());
    let first = whole_dial(&manager, &lab).await;
    assert!(!first.ends_with("resumed"), "{first}");
    let second = whole_dial(&manager, &lab).await;
    assert!(second.ends_with(", resumed"), "{second}");
    timeout(LONG, manager.shut_down()).await.unwrap();
}

//! Servers that are something else than they should be.

use crate::faults::NotTls;
use rasman_core::{Cause, Code, LayerName};
use rasman_net::tls::{Received, TlsStream};
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Waits until the client has said something or left; takes nothing of it.
pub(crate) async fn wait_for_client(tcp: &TcpStream) {
    // Whatever is wrong with the socket is told by whoever reads it.
    let _ = tcp.readable().await;
}

/// Reads until the client leaves.
pub(crate) async fn listen_only(tcp: &TcpStream) {
    let mut ignored = [0; 4096];
    while tcp.readable().await.is_ok() {
        match tcp.try_read(&mut ignored) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
}

/// Answers with something else than TLS.
pub(crate) async fn not_tls(mut tcp: TcpStream, what: NotTls) -> Cause {
    let said: &[u8] = match what {
        NotTls::Http => {
            wait_for_client(&tcp).await;
            b"HTTP/1.1 400 Bad Request\r\nServer: lab\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        }
        NotTls::Ssh => b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
        NotTls::Noise => {
            wait_for_client(&tcp).await;
            &crate::bulk::at(0)[..256]
        }
    };
    if tcp.write_all(said).await.is_ok() {
        let _ = tcp.shutdown().await;
        // Closed with the client's bytes unread, TCP would be reset and our answer lost.
        let _ = tokio::time::timeout(LINGER, listen_only(&tcp)).await;
    }
    Cause::new(Code::DISCONNECTION, LayerName::Tls).did("answered with something else than TLS, as the fault asks")
}

/// Answers the first request as a web server that has never heard of SSTP.
pub(crate) async fn web_server(mut tls: TlsStream) -> Cause {
    let mut heard = Vec::new();
    while heard.is_empty() {
        if tls.readable().await.is_err() {
            break;
        }
        match tls.try_read(&mut heard) {
            Ok(Received::Bytes(_)) => {}
            Ok(Received::End(_)) => break,
            Err(cause) => return cause,
        }
    }
    let body = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>\n";
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 404 Not Found\r\nServer: lab\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: \
         close\r\n\r\n{body}"
    );
    let said = tls.queue(answer.as_bytes());
    if said.is_ok() {
        let _ = tokio::time::timeout(LINGER, tls.close()).await;
    }
    Cause::new(Code::DISCONNECTION, LayerName::Http).did("answered as a web server, as the fault asks")
}

/// How long a client may take to leave after it was answered.
const LINGER: Duration = Duration::from_secs(2);

//! Real traffic through the tunnel: HTTP by way of our own SOCKS5 proxy.

use super::socks;
use rasman_core::hex;
use sha2::{Digest, Sha256};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A page that was fetched.
pub(super) struct Page {
    pub(super) title: String,
    pub(super) length: usize,
    pub(super) sha256: [u8; 32],
}

/// Bulk data that was carried, with the hash of each end.
pub(super) struct Transfer {
    pub(super) length: u64,
    pub(super) elapsed: Duration,
    pub(super) sha256: [u8; 32],
    pub(super) peer_sha256: [u8; 32],
}

/// Fetches the page.
pub(super) async fn page(proxy: SocketAddr, gateway: Ipv4Addr) -> io::Result<Page> {
    let mut stream = socks::connect(proxy, gateway, 80).await?;
    stream.write_all(format!("GET / HTTP/1.1\r\nHost: {gateway}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let (_, mut body) = head(&mut stream).await?;
    stream.read_to_end(&mut body).await?;
    let text = String::from_utf8_lossy(&body);
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map_or("", |(t, _)| t);
    Ok(Page { title: title.to_owned(), length: body.len(), sha256: Sha256::digest(&body).into() })
}

/// Downloads `length` bytes.
pub(super) async fn download(proxy: SocketAddr, gateway: Ipv4Addr, length: u64) -> io::Result<Transfer> {
    let mut stream = socks::connect(proxy, gateway, 80).await?;
    let start = Instant::now();
    let request = format!("GET /bulk/{length} HTTP/1.1\r\nHost: {gateway}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let (head, first) = head(&mut stream).await?;
    let peer_sha256 =
        header(&head, "x-sha256").and_then(hex::decode_array).ok_or_else(|| io::Error::other("no X-Sha256"))?;
    let mut hash = Sha256::new_with_prefix(&first);
    let mut received = first.len() as u64;
    let mut buffer = vec![0; BUFFER];
    while received < length {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(&buffer[..read]);
        received += read as u64;
    }
    Ok(Transfer { length: received, elapsed: start.elapsed(), sha256: hash.finalize().into(), peer_sha256 })
}

/// Uploads `length` bytes.
pub(super) async fn upload(proxy: SocketAddr, gateway: Ipv4Addr, length: u64) -> io::Result<Transfer> {
    let mut stream = socks::connect(proxy, gateway, 80).await?;
    let start = Instant::now();
    let request =
        format!("POST /sink HTTP/1.1\r\nHost: {gateway}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut hash = Sha256::new();
    let mut sent = 0;
    let mut block = vec![0; BUFFER];
    while sent < length {
        // Every block differs, so that a block lost or doubled changes the hash.
        block[..8].copy_from_slice(&sent.to_be_bytes());
        let part = &block[..BUFFER.min(usize::try_from(length - sent).unwrap_or(BUFFER))];
        stream.write_all(part).await?;
        hash.update(part);
        sent += part.len() as u64;
    }
    let (_, mut body) = head(&mut stream).await?;
    stream.read_to_end(&mut body).await?;
    let elapsed = start.elapsed();
    let answer: serde_json::Value = serde_json::from_slice(&body).map_err(io::Error::other)?;
    let peer_sha256 =
        answer["sha256"].as_str().and_then(hex::decode_array).ok_or_else(|| io::Error::other("no hash came back"))?;
    Ok(Transfer { length: sent, elapsed, sha256: hash.finalize().into(), peer_sha256 })
}

/// Reads a response's head; gives it and what came behind it.
async fn head(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > HEAD_MAX || stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::Error::other("no HTTP response"));
        }
    };
    let rest = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    match head.split(' ').nth(1) {
        Some("200") => Ok((head, rest)),
        _ => Err(io::Error::other(format!("HTTP status: {}", head.lines().next().unwrap_or_default()))),
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

const BUFFER: usize = 256 * 1024;
const HEAD_MAX: usize = 16 * 1024;

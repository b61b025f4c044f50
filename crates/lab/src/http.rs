//! The small web server inside: one request a stream.

use crate::bulk;
use crate::facts::hex;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What all streams of one lab serve.
pub(crate) struct Web {
    page: String,
    bulk_max: u64,
    /// Names that the name server inside knows as the gateway's.
    pub(crate) names: Vec<String>,
    /// Digests of bulk bodies by their length.
    digests: RefCell<BTreeMap<u64, [u8; 32]>>,
}

impl Web {
    pub(crate) fn new(page: String, bulk_max: u64, names: Vec<String>) -> Self {
        Self { page, bulk_max, names, digests: RefCell::default() }
    }

    pub(crate) fn page_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.page.as_bytes()).into()
    }

    /// Gives the digest of a bulk body; other streams run meanwhile.
    async fn digest(&self, length: u64) -> [u8; 32] {
        if let Some(digest) = self.digests.borrow().get(&length) {
            return *digest;
        }
        let mut hash = Sha256::new();
        let mut offset = 0;
        while offset < length {
            let piece = piece(offset, length);
            hash.update(piece);
            offset += piece.len() as u64;
            tokio::task::yield_now().await;
        }
        let digest = hash.finalize().into();
        let mut digests = self.digests.borrow_mut();
        if digests.len() >= DIGESTS_MAX {
            digests.clear();
        }
        digests.insert(length, digest);
        digest
    }
}

/// Serves one request.
///
/// # Errors
/// Those of the stream, and a client that takes too long for its request.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, web: &Web) -> io::Result<()> {
    let (head, body) = tokio::time::timeout(HEAD_LIMIT, read_head(stream)).await??;
    let request = match Request::parse(&head) {
        Ok(request) => request,
        Err(status) => return answer(stream, status, "", b"").await,
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => answer(stream, OK, "Content-Type: text/html; charset=utf-8\r\n", web.page.as_bytes()).await,
        ("GET", path) => match path.strip_prefix("/bulk/") {
            None => answer(stream, "404 Not Found", "", b"There is nothing here.\n").await,
            Some(length) => match length.parse().ok().filter(|length| *length <= web.bulk_max) {
                None => answer(stream, BAD_REQUEST, "", b"Expected /bulk/ and a number of bytes.\n").await,
                Some(length) => send_bulk(stream, web, length).await,
            },
        },
        ("POST", "/sink") => match request.length {
            None => answer(stream, "411 Length Required", "", b"").await,
            Some(length) if length > web.bulk_max => answer(stream, "413 Content Too Large", "", b"").await,
            Some(length) => {
                if request.expects_continue {
                    stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
                }
                sink(stream, &body, length).await
            }
        },
        _ => answer(stream, "405 Method Not Allowed", "Allow: GET, POST\r\n", b"").await,
    }
}

async fn send_bulk<S: AsyncWrite + Unpin>(stream: &mut S, web: &Web, length: u64) -> io::Result<()> {
    let digest = hex::encode(&web.digest(length).await);
    let head = format!(
        "HTTP/1.1 {OK}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nX-Sha256: \
         {digest}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut offset = 0;
    while offset < length {
        let piece = piece(offset, length);
        stream.write_all(piece).await?;
        offset += piece.len() as u64;
    }
    stream.flush().await
}

async fn sink<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, start: &[u8], length: u64) -> io::Result<()> {
    let wanted = |left: u64| usize::try_from(left).unwrap_or(usize::MAX);
    let start = &start[..start.len().min(wanted(length))];
    let mut hash = Sha256::new_with_prefix(start);
    let mut left = length - start.len() as u64;
    let mut buffer = vec![0; BODY_BUFFER];
    while left > 0 {
        let room = buffer.len().min(wanted(left));
        let read = stream.read(&mut buffer[..room]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(&buffer[..read]);
        left -= read as u64;
    }
    let json = format!("{{\"sha256\":\"{}\",\"length\":{length}}}\n", hex::encode(&hash.finalize()));
    answer(stream, OK, "Content-Type: application/json\r\n", json.as_bytes()).await
}

async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, status: &str, header: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.flush().await
}

/// Reads to the end of the header; gives it and what came behind it.
async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = head.split_off(end + 4);
            return Ok((head, body));
        }
        if head.len() >= HEAD_MAX {
            return Ok((Vec::new(), Vec::new()));
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// What a header asks for.
pub struct Request {
    /// The method, as it came.
    pub method: String,
    /// The path, as it came.
    pub path: String,
    /// Content-Length, if there is one.
    pub length: Option<u64>,
    /// The client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
}

impl Request {
    /// Reads a whole header.
    ///
    /// # Errors
    /// Gives the status to answer.
    pub fn parse(head: &[u8]) -> Result<Self, &'static str> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut headers);
        if !parsed.parse(head).is_ok_and(|status| status.is_complete()) {
            return Err(BAD_REQUEST);
        }
        let header = |name: &str| {
            let header = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            header.map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
        };
        let length = header("Content-Length").map(|text| text.parse()).transpose().map_err(|_| BAD_REQUEST)?;
        let expects_continue = header("Expect").is_some_and(|text| text.eq_ignore_ascii_case("100-continue"));
        let (Some(method), Some(path)) = (parsed.method, parsed.path) else { return Err(BAD_REQUEST) };
        Ok(Self { method: method.to_owned(), path: path.to_owned(), length, expects_continue })
    }
}

/// Gives the next piece of a bulk body.
fn piece(offset: u64, length: u64) -> &'static [u8] {
    let piece = bulk::at(offset);
    let left = usize::try_from(length - offset).unwrap_or(usize::MAX);
    &piece[..piece.len().min(left).min(PIECE_MAX)]
}

/// The page of a lab that was given none.
pub(crate) fn built_in_page(name: &str) -> String {
    let name = name.replace('&', "&amp;").replace('<', "&lt;");
    include_str!("page.html").replace("{name}", &name)
}

const OK: &str = "200 OK";
const BAD_REQUEST: &str = "400 Bad Request";
/// How long a client may take for the header of its request.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// The largest header of a request.
const HEAD_MAX: usize = 8 * 1024;
const BODY_BUFFER: usize = 256 * 1024;
/// How much is hashed or written before others have their turn.
const PIECE_MAX: usize = 256 * 1024;
/// How many digests are kept.
const DIGESTS_MAX: usize = 64;

#[cfg(test)]
mod tests;

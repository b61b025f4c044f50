//! Bulk data through a tunnel, checked at both ends.
//!
//! The service (`tests/peers/data_server.py`, and the same in `lwip-peer`) takes one request a
//! connection. `SEND n` and n bytes are answered by their SHA-256; `RECV n` by n bytes of the
//! pattern and their SHA-256.

use std::io::{self, Error, Read, Write};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The port of the service.
pub const DATA_PORT: u16 = 9000;

/// The data of every transfer: SHA-256 of "rasman" and a block number (8 bytes, big-endian), block
/// after block.
#[must_use]
pub fn pattern(size: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(size + 32);
    for number in 0_u64.. {
        if data.len() >= size {
            break;
        }
        let block = Sha256::new().chain_update(b"rasman").chain_update(number.to_be_bytes());
        data.extend_from_slice(&block.finalize());
    }
    data.truncate(size);
    data
}

/// The SHA-256 of `data` in lower-case hex.
#[must_use]
pub fn sha256_hex(data: &[u8]) -> String {
    rasman_core::hex::encode(&Sha256::digest(data))
}

/// Sends `size` bytes and has the service say what arrived; `stream` is a fresh connection to it.
///
/// # Errors
/// Of the stream, and `InvalidData` when the hashes differ.
pub fn push(stream: &mut (impl Read + Write), size: usize) -> io::Result<()> {
    let data = pattern(size);
    stream.write_all(format!("SEND {size}\n").as_bytes())?;
    stream.write_all(&data)?;
    stream.flush()?;
    compare("sent", &data, &line(stream)?)
}

/// Has the service send `size` bytes and checks them; `stream` is a fresh connection to it.
///
/// # Errors
/// Of the stream, and `InvalidData` when bytes or hashes differ.
pub fn fetch(stream: &mut (impl Read + Write), size: usize) -> io::Result<()> {
    stream.write_all(format!("RECV {size}\n").as_bytes())?;
    stream.flush()?;
    let mut data = vec![0; size];
    stream.read_exact(&mut data)?;
    compare("fetched", &data, &line(stream)?)?;
    is_pattern(&data)
}

/// [`push`] over an asynchronous stream, such as one of the user-space stack.
///
/// # Errors
/// As [`push`].
pub async fn push_async(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), size: usize) -> io::Result<()> {
    let data = pattern(size);
    stream.write_all(format!("SEND {size}\n").as_bytes()).await?;
    stream.write_all(&data).await?;
    stream.flush().await?;
    compare("sent", &data, &line_async(stream).await?)
}

/// [`fetch`] over an asynchronous stream.
///
/// # Errors
/// As [`fetch`].
pub async fn fetch_async(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), size: usize) -> io::Result<()> {
    stream.write_all(format!("RECV {size}\n").as_bytes()).await?;
    stream.flush().await?;
    let mut data = vec![0; size];
    stream.read_exact(&mut data).await?;
    compare("fetched", &data, &line_async(stream).await?)?;
    is_pattern(&data)
}

async fn line_async(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut line = [0; 65];
    stream.read_exact(&mut line).await?;
    Ok(String::from_utf8_lossy(&line[..64]).into_owned())
}

fn is_pattern(data: &[u8]) -> io::Result<()> {
    if data == pattern(data.len()) {
        return Ok(());
    }
    Err(Error::new(io::ErrorKind::InvalidData, "the service sent other data than the pattern"))
}

fn line(stream: &mut impl Read) -> io::Result<String> {
    let mut line = [0; 65];
    stream.read_exact(&mut line)?;
    Ok(String::from_utf8_lossy(&line[..64]).into_owned())
}

fn compare(verb: &str, data: &[u8], said: &str) -> io::Result<()> {
    let hash = sha256_hex(data);
    if hash == said {
        return Ok(());
    }
    Err(Error::new(io::ErrorKind::InvalidData, format!("{verb} {} bytes {hash}, the service has {said}", data.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_the_one_that_the_peers_make() {
        let data = pattern(10 * 1024 * 1024);
        assert_eq!(sha256_hex(&data), "b3ee4fa4f88b9deed54f21dd0c60127d79fe9ed9055845414c3f9011c1b63e4c");
        assert_eq!(pattern(45), data[..45]);
    }
}

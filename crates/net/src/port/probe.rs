//! Asking whatever is at a port what it is.

use super::{PortStream, serial};
use crate::tls::Received;
use rasman_core::{Cause, LineSettings};
use rasman_media::modem::at::{Reply, ReplyReader};
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// Opens a port, and asks for a modem by `AT` and for its name by `ATI`; gives what it said, or nothing if no modem
/// answers.
///
/// # Errors
/// Those of [`serial::open`], and of a device that goes meanwhile.
pub async fn probe(path: &Path, line: LineSettings) -> Result<Option<String>, Cause> {
    let mut port = PortStream::from(serial::open_again(None, path.to_owned(), line).await?);
    for _ in 0..TRIES {
        if ask(&mut port, "AT").await?.is_some() {
            let said = ask(&mut port, "ATI").await?.unwrap_or_default();
            return Ok(Some(said.into_iter().take(LINES).collect::<Vec<_>>().join(", ")));
        }
    }
    Ok(None)
}

/// Sends a command; gives the lines before its result, or nothing if none comes in time.
async fn ask(port: &mut PortStream, command: &str) -> Result<Option<Vec<String>>, Cause> {
    port.queue(format!("{command}\r").as_bytes())?;
    port.try_write()?;
    match timeout(PATIENCE, answer(port)).await {
        Ok(lines) => lines.map(Some),
        Err(_) => Ok(None),
    }
}

async fn answer(port: &mut PortStream) -> Result<Vec<String>, Cause> {
    let (mut reader, mut octets, mut lines) = (ReplyReader::default(), Vec::new(), Vec::new());
    loop {
        // The error of the port comes again when it is read.
        let _ = port.readable().await;
        if let Received::End(_) = port.try_read(&mut octets)? {
            return std::future::pending().await;
        }
        let mut rest = octets.as_slice();
        while !rest.is_empty() {
            let (used, line) = reader.take(rest);
            rest = &rest[used..];
            match line.as_deref().map(Reply::parse) {
                Some(Reply::Ok | Reply::Error(_)) => return Ok(lines),
                Some(Reply::Info(said)) if !said.starts_with("AT") && lines.len() < LINES => lines.push(said),
                _ => {}
            }
        }
        octets.clear();
    }
}

/// A modem finds the speed of its port by the first command.
const TRIES: u32 = 2;
/// How long a modem may take to answer.
const PATIENCE: Duration = Duration::from_millis(700);
/// How many lines of a modem's name are kept.
const LINES: usize = 4;

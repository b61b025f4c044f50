//! The line as the client has it in Interactive: a descriptor, of which this is the other end.

use super::Driver;
use super::port::Port;
use rasman_core::{Detail, Instant, Notification, Question, QuestionKind};
use rasman_dial::Command;
use rustix::net::SendFlags;
use rustix::net::sockopt::set_socket_send_buffer_size;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::os::fd::OwnedFd;
use tokio::net::UnixStream;

/// Our end of the descriptor.
pub(super) struct LineEnd {
    stream: UnixStream,
    /// What the client has not read and the socket does not take.
    waiting: VecDeque<u8>,
    /// Octets that nobody read in time.
    lost: u64,
    /// The client says nothing more.
    ended: bool,
}

impl LineEnd {
    /// Makes the two ends; the second is the client's.
    fn open() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        for end in [&ours, &theirs] {
            // What waits in it is late, and at the end the line has to take all of it.
            set_socket_send_buffer_size(end, BUFFER)?;
            end.set_nonblocking(true)?;
        }
        let stream = UnixStream::from_std(ours)?;
        Ok((Self { stream, waiting: VecDeque::new(), lost: 0, ended: false }, theirs.into()))
    }

    /// Waits until something can be written that waits, or read, if there is room for it. Cancel-safe.
    async fn ready(&self, has_room: bool) {
        // The errors of both come again from reading and writing.
        tokio::select! {
            _ = self.stream.readable(), if has_room && !self.ended => {}
            _ = self.stream.writable(), if !self.waiting.is_empty() => {}
            else => pending().await,
        }
    }

    /// Gives the client what the line says. One that does not read loses the oldest of it: what it finds when it comes back is
    /// what the other end waits with.
    fn give(&mut self, octets: &[u8]) {
        self.waiting.extend(octets);
        self.flush();
        let excess = self.waiting.len().saturating_sub(WAITING_MAX);
        self.waiting.drain(..excess);
        self.lost += excess as u64;
    }

    fn flush(&mut self) {
        while !self.waiting.is_empty() {
            match self.stream.try_write(self.waiting.as_slices().0) {
                Ok(written) => drop(self.waiting.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Nobody has the other end any more.
                Err(_) => return self.waiting.clear(),
            }
        }
    }

    /// Takes a piece of what the client has written, if the runtime knows of it.
    fn take(&mut self) -> Option<Vec<u8>> {
        let mut octets = vec![0; PIECE];
        let read = self.stream.try_read(&mut octets);
        self.taken(read, octets)
    }

    /// Takes a piece of what the client has written, also if that was a moment ago and the runtime has not looked yet.
    fn take_now(&mut self) -> Option<Vec<u8>> {
        let mut octets = vec![0; PIECE];
        let read = rustix::io::retry_on_intr(|| rustix::io::read(&self.stream, &mut octets[..]));
        self.taken(read.map_err(io::Error::from), octets)
    }

    fn taken(&mut self, read: io::Result<usize>, mut octets: Vec<u8>) -> Option<Vec<u8>> {
        match read {
            Ok(0) => self.ended = true,
            Ok(read) => {
                octets.truncate(read);
                return Some(octets);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
        None
    }
}

impl Drop for LineEnd {
    fn drop(&mut self) {
        // What the other end said last.
        let _ = rustix::net::send(&self.stream, self.waiting.make_contiguous(), SendFlags::NOSIGNAL);
        if self.lost > 0 {
            tracing::warn!(octets = self.lost, "what the line said in the terminal was not read, and is lost");
        }
    }
}

impl Driver {
    /// Opens the line for the client before it is told that it has it, and closes it before it is told what follows.
    pub(super) fn hand_line(&mut self, notification: &Notification) {
        let is_interactive =
            matches!(&notification.detail, Detail::Question(Question { kind: QuestionKind::Interactive(_), .. }));
        self.line = None;
        if !is_interactive {
            return;
        }
        match LineEnd::open() {
            Ok((ours, theirs)) => {
                self.line = Some(ours);
                self.observer.line(theirs);
            }
            // Whoever asks for it is told that there is none.
            Err(error) => tracing::warn!(%error, "no descriptor for the terminal"),
        }
    }

    pub(super) fn give_line(&mut self, octets: &[u8]) {
        if let Some(line) = &mut self.line {
            line.give(octets);
        }
    }

    /// Moves a piece of what the client has written, if the port has room for it.
    pub(super) fn exchange_line(&mut self, now: Instant) {
        let has_room = self.has_room_for_line();
        let Some(line) = &mut self.line else { return };
        line.flush();
        if has_room && let Some(octets) = line.take() {
            self.connection.handle_command(now, Command::LineOctets(octets));
            self.transmit(now);
        }
    }

    /// Takes all that the client wrote before it gave the line back: no more than the socket holds, and what is written
    /// meanwhile.
    pub(super) fn drain_line(&mut self, now: Instant) {
        let Some(line) = &mut self.line else { return };
        for _ in 0..DRAINED_MAX {
            let Some(octets) = line.take_now() else { return };
            self.connection.handle_command(now, Command::LineOctets(octets));
        }
    }

    pub(super) fn has_room_for_line(&self) -> bool {
        matches!(&self.port, Port::Open { pump, .. } if pump.port().send_room() > 0)
    }
}

/// Waits until there is something to [exchange](Driver::exchange_line).
pub(super) async fn line_ready(line: &Option<LineEnd>, has_room: bool) {
    match line {
        Some(line) => line.ready(has_room).await,
        None => pending().await,
    }
}

/// What waits in the socket in either direction: some screens of text.
const BUFFER: usize = 16 * 1024;
/// What waits besides for a client that does not read.
const WAITING_MAX: usize = 64 * 1024;
/// What is taken at once: what a line queues.
const PIECE: usize = 4096;
/// How many pieces a socket holds: the kernel doubles its buffer, and small writes need more of it than they carry.
const DRAINED_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[tokio::test]
    async fn a_client_that_does_not_read_loses_the_oldest_and_what_is_lost_is_counted() {
        let (mut ours, theirs) = LineEnd::open().expect("a pair");
        let said: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        said.chunks(1000).for_each(|octets| ours.give(octets));
        assert!(ours.waiting.len() <= WAITING_MAX && ours.lost > 0);
        let mut theirs = std::os::unix::net::UnixStream::from(theirs);
        let mut read = Vec::new();
        loop {
            let error = theirs.read_to_end(&mut read).expect_err("the line is open");
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            if ours.waiting.is_empty() {
                break;
            }
            ours.ready(false).await;
            ours.flush();
        }
        assert_eq!(read.len() as u64 + ours.lost, said.len() as u64);
        assert!(said.ends_with(&read[read.len() - WAITING_MAX..]), "what came last is whole");
        ours.lost = 0;
    }
}

//! Bytes and descriptors over a Unix socket.

use super::{CALL_MAX, DESCRIPTORS_MAX, Frames, REPLY_MAX};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// A blocking connection: one message at a time.
pub struct Wire {
    stream: UnixStream,
    frames: Frames,
    /// Those that came with the message that was received last.
    descriptors: Vec<OwnedFd>,
}

impl Wire {
    /// Takes a connected socket over.
    #[must_use]
    pub fn new(stream: UnixStream) -> Self {
        Self { stream, frames: Frames::new(REPLY_MAX), descriptors: Vec::new() }
    }

    /// Gives the socket.
    #[must_use]
    pub fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Sends a message, which ends with its NUL, and descriptors with it.
    ///
    /// # Errors
    /// Those of the socket; `InvalidInput` for a message that the manager would refuse to read.
    pub fn send(&self, message: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        if message.len() > CALL_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the call has more than 1 MiB"));
        }
        send_all(&self.stream, message, descriptors)
    }

    /// Waits for a message and gives it to `read`.
    ///
    /// # Errors
    /// Those of the socket, `UnexpectedEof` at the end, `InvalidData` for a message beyond all measure.
    pub fn receive<T>(&mut self, read: impl FnOnce(&[u8]) -> io::Result<T>) -> io::Result<T> {
        self.descriptors.clear();
        loop {
            // Asked twice, because a borrow that is returned from within a loop lasts for all of it.
            if self.frames.next().map_err(invalid)?.is_some() {
                break;
            }
            if receive_into(&self.stream, &mut self.frames, &mut self.descriptors)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        read(self.frames.last())
    }

    /// Takes the descriptors that came with the last message.
    pub fn take_descriptors(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.descriptors)
    }
}

/// Sends everything, waiting as long as it takes; the descriptors go with the first byte.
///
/// # Errors
/// Those of the socket.
pub fn send_all(socket: impl AsFd, mut bytes: &[u8], mut descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    while !bytes.is_empty() {
        let sent = send(&socket, bytes, descriptors, SendFlags::NOSIGNAL)?;
        bytes = &bytes[sent..];
        descriptors = &[];
    }
    Ok(())
}

/// Sends what the socket takes at once; gives how many bytes that were, 0 if there is no room.
///
/// # Errors
/// Those of the socket.
pub fn send_some(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    send_some_with(socket, bytes, &[])
}

/// The same with descriptors, which go with the first byte.
///
/// # Errors
/// Those of the socket.
pub fn send_some_with(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    match send(&socket, bytes, descriptors, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}

fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>], flags: SendFlags) -> io::Result<usize> {
    if descriptors.is_empty() {
        return Ok(rustix::io::retry_on_intr(|| rustix::net::send(&socket, bytes, flags))?);
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too many descriptors for one message"));
    }
    Ok(rustix::io::retry_on_intr(|| rustix::net::sendmsg(&socket, &[IoSlice::new(bytes)], &mut control, flags))?)
}

/// Reads what there is into `frames`, and keeps at most [`DESCRIPTORS_MAX`] descriptors that came with it; the others
/// are closed. Gives how many bytes came: 0 at the end.
///
/// # Errors
/// Those of the socket; `InvalidData` for a message that is too long.
pub fn receive_into(socket: impl AsFd, frames: &mut Frames, descriptors: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = {
        let space = frames.space().map_err(invalid)?;
        let mut slices = [IoSliceMut::new(space)];
        rustix::io::retry_on_intr(|| rustix::net::recvmsg(&socket, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC))?
    };
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            let room = DESCRIPTORS_MAX.saturating_sub(descriptors.len());
            descriptors.extend(received.take(room));
        }
    }
    frames.filled(received.bytes);
    Ok(received.bytes)
}

fn invalid(error: super::TooLong) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

//! A port whose octets are the line's.

use super::lock::Lock;
use super::reformat::Reformat;
use crate::tls::{Counters, End, Received, SendBuffer};
use rasman_core::{Cause, CharacterFormat, Code, LayerName, LineCommand, PortFacts};
use rasman_media::telnet::{self, ComPort, Refused};
use serial2::SerialPort;
use std::collections::VecDeque;
use std::io;
use tokio::io::AsyncWriteExt;
use tokio::io::unix::AsyncFd;
use tokio::net::{TcpStream, UnixStream};

/// A port whose octets are the line's; see [`PortStream`](super::PortStream).
pub struct RawStream {
    io: Io,
    /// How people call it.
    name: String,
    facts: PortFacts,
    wire: SendBuffer,
    /// What a device is told between octets of it.
    formats: VecDeque<Reformat>,
    counters: Counters,
    end: bool,
    /// Telnet's commands among the octets, with where its answers and escaped octets are made.
    telnet: Option<Box<Telnet>>,
    /// Keeps other programs away; gone with the port.
    _lock: Option<Lock>,
}

/// A port that speaks RFC 2217.
struct Telnet {
    port: ComPort,
    wire: Vec<u8>,
    out: Vec<u8>,
}

enum Io {
    Device(AsyncFd<SerialPort>),
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl RawStream {
    /// Takes over a terminal device that is set up.
    ///
    /// # Errors
    /// The runtime cannot wait for it.
    pub(super) fn device(port: SerialPort, name: String, lock: Option<Lock>) -> io::Result<Self> {
        let has_lines = port.read_cd().is_ok();
        // SAFETY: the port owns its descriptor, which stays open and the same for as long as the `AsyncFd` has it.
        let port = unsafe { AsyncFd::register(port) }?;
        let mut stream = Self::new(Io::Device(port), name, lock);
        stream.facts.has_lines = has_lines;
        Ok(stream)
    }

    /// Takes over a TCP connection, such as to a port of a terminal server.
    #[must_use]
    pub fn tcp(tcp: TcpStream, name: String) -> Self {
        let (local, peer) = (tcp.local_addr().ok(), tcp.peer_addr().ok());
        let mut stream = Self::new(Io::Tcp(tcp), name, None);
        (stream.facts.local, stream.facts.peer) = (local, peer);
        stream
    }

    /// Takes over a local socket: the line between two ends of this machine.
    #[must_use]
    pub fn unix(unix: UnixStream, name: String) -> Self {
        Self::new(Io::Unix(unix), name, None)
    }

    /// Takes over a TCP connection to a port that speaks RFC 2217, whose settings are still to be agreed on.
    pub(super) fn telnet(tcp: TcpStream, name: String, port: ComPort) -> Self {
        let mut stream = Self::tcp(tcp, name);
        stream.facts.has_lines = true;
        stream.telnet = Some(Box::new(Telnet { port, wire: Vec::new(), out: Vec::new() }));
        stream
    }

    fn new(io: Io, name: String, lock: Option<Lock>) -> Self {
        let mut facts = PortFacts::default();
        facts.protection = name.clone();
        let (wire, counters) = (SendBuffer::default(), Counters::default());
        let formats = VecDeque::new();
        Self { io, name, facts, wire, formats, counters, end: false, telnet: None, _lock: lock }
    }

    pub(super) fn facts(&self) -> &PortFacts {
        &self.facts
    }

    pub(super) fn counters(&self) -> Counters {
        self.counters
    }

    pub(super) fn is_exclusive(&self) -> bool {
        // A server gives its port to one client at a time.
        matches!(self.io, Io::Device(_)) || self.telnet.is_some()
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        if self.end {
            return Ok(());
        }
        match &self.io {
            // The readiness stays until a read says that there is nothing.
            Io::Device(device) => device.readable().await.map(drop),
            Io::Tcp(tcp) => tcp.readable().await,
            Io::Unix(unix) => unix.readable().await,
        }
    }

    pub(super) fn try_read(&mut self, plain: &mut Vec<u8>) -> Result<Received, Cause> {
        if self.end {
            return self.ended();
        }
        let before = plain.len();
        plain.resize(before + READ_MAX, 0);
        let space = &mut plain[before..];
        let read = match &self.io {
            Io::Device(device) => device.try_io_read(space),
            Io::Tcp(tcp) => tcp.try_read(space),
            Io::Unix(unix) => unix.try_read(space),
        };
        let count = *read.as_ref().unwrap_or(&0);
        plain.truncate(before + count);
        self.counters.received += count as u64;
        match read {
            Ok(0) => self.ended(),
            Ok(_) if self.telnet.is_some() => self.read_telnet(plain, before),
            Ok(count) => Ok(Received::Bytes(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::Bytes(0)),
            // A terminal whose other end is gone, or whose carrier has dropped.
            Err(error) if error.raw_os_error() == Some(EIO) => self.ended(),
            Err(error) => Err(self.broken(&error)),
        }
    }

    /// Takes Telnet's commands out of what was read, and answers them.
    fn read_telnet(&mut self, plain: &mut Vec<u8>, before: usize) -> Result<Received, Cause> {
        let Some(telnet) = &mut self.telnet else { return Ok(Received::Bytes(0)) };
        telnet.wire.clear();
        telnet.wire.extend_from_slice(&plain[before..]);
        plain.truncate(before);
        let taken = telnet.port.receive(&telnet.wire, plain, &mut telnet.out);
        let dropped = telnet.port.has_dropped();
        taken.map_err(|refused| self.refused(refused))?;
        self.say_telnet()?;
        // What came before the carrier dropped is read first, as the line had it.
        if dropped && plain.len() == before {
            return self.ended();
        }
        self.end |= dropped;
        Ok(Received::Bytes(plain.len() - before))
    }

    /// Queues what Telnet has to say, and writes what goes now: nobody else may have a reason to.
    fn say_telnet(&mut self) -> Result<(), Cause> {
        let Some(telnet) = &mut self.telnet else { return Ok(()) };
        if telnet.out.is_empty() {
            return Ok(());
        }
        let said = std::mem::take(&mut telnet.out);
        self.append(&said)?;
        if let Some(telnet) = &mut self.telnet {
            telnet.out = said;
            telnet.out.clear();
        }
        self.try_write().map(drop)
    }

    /// Begins to agree on the port's settings.
    pub(super) fn begin_telnet(&mut self) -> Result<(), Cause> {
        if let Some(telnet) = &mut self.telnet {
            telnet.port.begin(&mut telnet.out);
        }
        self.say_telnet()
    }

    /// Tells whether the port is set up, as far as it has to be.
    pub(super) fn is_ready(&self) -> bool {
        self.telnet.as_ref().is_none_or(|telnet| telnet.port.is_ready())
    }

    pub(super) fn refused(&self, refused: Refused) -> Cause {
        Cause::new(Code::PORT_OR_DEVICE, LayerName::Port)
            .did(format!("set up the port {}", self.name))
            .said(refused.to_string())
            .advice("check the server of the port: it has to speak RFC 2217, and its device to take these settings")
    }

    fn ended(&mut self) -> Result<Received, Cause> {
        self.end = true;
        Ok(Received::End(End::Eof))
    }

    /// Little: what waits here is late by as much as the line is slow.
    pub(super) fn send_room(&self) -> usize {
        if self.wire.len() < SEND_LOW { SEND_ROOM } else { 0 }
    }

    pub(super) fn queue(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        let Some(telnet) = &mut self.telnet else { return self.append(bytes) };
        let mut escaped = std::mem::take(&mut telnet.wire);
        escaped.clear();
        telnet::escape(bytes, &mut escaped);
        let queued = self.append(&escaped);
        if let Some(telnet) = &mut self.telnet {
            telnet.wire = escaped;
        }
        queued
    }

    /// Queues what goes onto the wire as it is.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        if self.wire.len() + bytes.len() > QUEUE_MAX {
            return Err(queued_too_much());
        }
        self.wire.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.wire.filled(bytes.len());
        Ok(())
    }

    /// Tells how many octets wait, or something else to be done behind them.
    pub(super) fn pending(&self) -> usize {
        self.wire.len().max(self.formats.len())
    }

    pub(super) async fn writable(&self) -> io::Result<()> {
        if let Some(next) = self.formats.front().filter(|next| next.is_draining()) {
            next.drained().await;
            return Ok(());
        }
        match &self.io {
            Io::Device(device) => device.writable().await.map(drop),
            Io::Tcp(tcp) => tcp.writable().await,
            Io::Unix(unix) => unix.writable().await,
        }
    }

    pub(super) fn try_write(&mut self) -> Result<usize, Cause> {
        loop {
            self.reformat()?;
            let waiting = self.wire.waiting();
            let before_format = self.formats.front().map_or(waiting.len(), |next| next.behind.min(waiting.len()));
            let waiting = &waiting[..before_format];
            if waiting.is_empty() {
                break;
            }
            let written = match &self.io {
                Io::Device(device) => device.try_io_write(waiting),
                Io::Tcp(tcp) => tcp.try_write(waiting),
                Io::Unix(unix) => unix.try_write(waiting),
            };
            match written {
                Ok(count) => {
                    self.counters.sent += count as u64;
                    self.wire.sent(count);
                    self.formats.iter_mut().for_each(|next| next.behind -= count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The end is told by reading, after what came before it.
                Err(error) if error.raw_os_error() == Some(EIO) => {
                    self.wire.sent(usize::MAX);
                    self.formats.clear();
                }
                Err(error) => return Err(self.broken(&error)),
            }
        }
        Ok(self.pending())
    }

    /// Gives a device the formats that are due.
    fn reformat(&mut self) -> Result<(), Cause> {
        let Io::Device(device) = &mut self.io else { return Ok(()) };
        while let Some(next) = self.formats.front_mut() {
            if !next.is_due(device.get_ref()) {
                break;
            }
            let done = super::serial::set_format(device.get_ref(), next.format);
            self.formats.pop_front();
            if let Err(error) = done {
                return Err(self.broken(&error));
            }
        }
        Ok(())
    }

    /// Has characters look otherwise behind all that is queued.
    fn queue_format(&mut self, format: CharacterFormat) -> Result<(), Cause> {
        let behind = self.wire.len();
        let is_full = self.formats.len() == FORMATS_MAX;
        match self.formats.back_mut() {
            Some(last) if last.behind == behind => last.format = format,
            _ if is_full => return Err(queued_too_much()),
            _ => self.formats.push_back(Reformat::new(format, behind)),
        }
        self.try_write().map(drop)
    }

    pub(super) async fn close(&mut self) -> Result<(), Cause> {
        while self.try_write()? > 0 {
            self.writable().await.map_err(|error| self.broken(&error))?;
        }
        let ended = match &mut self.io {
            Io::Device(_) => Ok(()),
            Io::Tcp(tcp) => tcp.shutdown().await,
            Io::Unix(unix) => unix.shutdown().await,
        };
        ended.map_err(|error| self.broken(&error))
    }

    pub(super) fn line(&mut self, command: LineCommand) -> Result<(), Cause> {
        if let Some(telnet) = &mut self.telnet {
            match command {
                LineCommand::Dtr(raise) => telnet.port.dtr(raise, &mut telnet.out),
                LineCommand::WatchCarrier(watch) => telnet.port.watch_carrier(watch),
                LineCommand::Format(format) => telnet.port.set_format(format, &mut telnet.out),
                _ => {}
            }
            return self.say_telnet();
        }
        let Io::Device(device) = &self.io else { return Ok(()) };
        let done = match command {
            LineCommand::Format(format) => return self.queue_format(format),
            // A pseudo-terminal has no lines.
            LineCommand::Dtr(raise) if self.facts.has_lines => device.get_ref().set_dtr(raise),
            LineCommand::WatchCarrier(watch) if self.facts.has_lines => {
                super::serial::watch_carrier(device.get_ref(), watch)
            }
            _ => Ok(()),
        };
        done.map_err(|error| self.broken(&error))
    }

    fn broken(&self, error: &io::Error) -> Cause {
        let gone = matches!(error.raw_os_error(), Some(EIO | ENXIO | ENODEV));
        let said = if gone { "the device is gone".to_owned() } else { error.to_string() };
        Cause::new(Code::HARDWARE_FAILURE, LayerName::Port)
            .did(format!("used the port {}", self.name))
            .said(said)
            .advice("check the cable and the adapter")
    }
}

impl Drop for RawStream {
    fn drop(&mut self) {
        if let Io::Device(device) = &self.io {
            // A thread may wait for what will not leave any more.
            if self.formats.front().is_some_and(Reformat::is_draining) {
                let _ = rustix::termios::tcflush(device.get_ref(), rustix::termios::QueueSelector::OFlush);
            }
            // Somebody else may have the device open as well, and the mark would stay.
            let _ = rustix::termios::ioctl_tiocnxcl(device.get_ref());
        }
    }
}

/// Reading and writing a descriptor without waiting.
trait TryIo {
    fn try_io_read(&self, space: &mut [u8]) -> io::Result<usize>;
    fn try_io_write(&self, bytes: &[u8]) -> io::Result<usize>;
}

impl TryIo for AsyncFd<SerialPort> {
    fn try_io_read(&self, space: &mut [u8]) -> io::Result<usize> {
        self.try_io(tokio::io::Interest::READABLE, |port| Ok(rustix::io::read(port, &mut *space)?))
    }

    fn try_io_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_io(tokio::io::Interest::WRITABLE, |port| Ok(rustix::io::write(port, bytes)?))
    }
}

fn queued_too_much() -> Cause {
    Cause::new(Code::OUT_OF_BUFFERS, LayerName::Port).did("queued more than the line takes")
}

/// As much as a terminal device holds.
const READ_MAX: usize = 4096;
/// What may be queued at once: two packets of the usual size.
const SEND_ROOM: usize = 4096;
/// From here on the line has enough to send.
const SEND_LOW: usize = 2048;
/// What control messages and whole reads of a network device may make of it.
const QUEUE_MAX: usize = 256 * 1024;
/// How many changes of format may stand among that.
const FORMATS_MAX: usize = 16;
const EIO: i32 = rustix::io::Errno::IO.raw_os_error();
const ENXIO: i32 = rustix::io::Errno::NXIO.raw_os_error();
const ENODEV: i32 = rustix::io::Errno::NODEV.raw_os_error();

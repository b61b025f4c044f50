//! A serial line on the user's terminal (Interactive).

use crate::exit::Exit;
use crate::failure::Failure;
use rasman::{Code, Connection, Interaction};
use rustix::fs::{Mode, OFlags, open};
use rustix::stdio;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Lets the user and the other end of the line talk, until the user is done with it.
pub(super) async fn converse(dialled: &Connection, what: &Interaction) -> Result<(), Failure> {
    let broken = |error: io::Error| Failure::system("the terminal", &error);
    let mut line = match dialled.line() {
        Ok(line) => UnixStream::from_std(line).map_err(broken)?,
        // The question is withdrawn, and what has become of the dial is told in a moment.
        Err(error) if error.code() == Code::INVALID_AUTH_STATE => std::future::pending().await,
        Err(error) => return Err(error.into()),
    };
    if let Some(why) = dialled.status()?.error {
        eprintln!("{why}");
    }
    eprintln!("The line is yours: {what}. Ctrl-] goes on with the dial, Ctrl-\\ hangs up.");
    let screen = Screen::start().map_err(broken)?;
    let done = talk(&screen, &mut line).await;
    drop(screen);
    eprintln!();
    match done.map_err(broken)? {
        Done::GoesOn => Ok(()),
        Done::HangsUp => Err(Failure::new(Exit::HungUp, "hung up at the terminal", "")),
    }
}

/// What the user wants next.
enum Done {
    GoesOn,
    HangsUp,
}

async fn talk(screen: &Screen, line: &mut UnixStream) -> io::Result<Done> {
    let (mut said, mut typed) = ([0; PIECE], [0; PIECE]);
    let mut ended = false;
    loop {
        tokio::select! {
            read = line.read(&mut said), if !ended => match read {
                // What has become of the dial is told in a moment.
                Ok(0) | Err(_) => ended = true,
                Ok(read) => screen.show(&said[..read]).await?,
            },
            read = screen.read(&mut typed) => {
                let read = read?;
                let end = typed[..read].iter().position(|key| [GOES_ON, HANGS_UP].contains(key));
                ended |= line.write_all(&typed[..end.unwrap_or(read)]).await.is_err();
                match end.map(|at| typed[at]) {
                    Some(GOES_ON) => return Ok(Done::GoesOn),
                    Some(_) => return Ok(Done::HangsUp),
                    None if read == 0 => return Ok(Done::HangsUp),
                    None => {}
                }
            }
        }
    }
}

/// The terminal, which hands every key on and shows octets as they are while this lives.
struct Screen {
    /// Opened anew: others have the terminal too, and theirs is to go on blocking.
    terminal: AsyncFd<OwnedFd>,
    before: Termios,
}

impl Screen {
    fn start() -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        // Deprecated because it also takes types that do not own their descriptor; this one does.
        #[allow(deprecated)]
        let terminal = AsyncFd::new(open("/proc/self/fd/0", flags, Mode::empty())?)?;
        let before = tcgetattr(stdio::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdio::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self { terminal, before })
    }

    async fn read(&self, keys: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut guard = self.terminal.readable().await?;
            if let Ok(read) = guard.try_io(|terminal| Ok(rustix::io::read(terminal.as_fd(), &mut *keys)?)) {
                return read;
            }
        }
    }

    async fn show(&self, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            let mut guard = self.terminal.writable().await?;
            match guard.try_io(|terminal| Ok(rustix::io::write(terminal.as_fd(), octets)?)) {
                Ok(Ok(written)) => octets = &octets[written..],
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error),
                Err(_would_block) => {}
            }
        }
        Ok(())
    }
}

/// Whatever ends it, a panic too, the terminal is as it was.
impl Drop for Screen {
    fn drop(&mut self) {
        let _ = tcsetattr(stdio::stdin(), OptionalActions::Drain, &self.before);
    }
}

/// Ctrl-], as in telnet.
const GOES_ON: u8 = 0x1d;
/// Ctrl-\, which ends programs elsewhere.
const HANGS_UP: u8 = 0x1c;
const PIECE: usize = 1024;

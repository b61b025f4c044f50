//! A pseudo-terminal whose other end somebody else opens as a serial port.

use super::{PortStream, RawStream};
use rustix::fs::inotify;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serial2::SerialPort;
use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use tokio::io::unix::AsyncFd;

/// The near end of a pseudo-terminal; the far end has a path. It has no control lines, but it is told when the far end is
/// opened and when the last who had it open closes it, which is what DTR tells a modem.
pub struct Pty {
    master: OwnedFd,
    /// Keeps the far end from ending for good when whoever has it open closes it.
    keep: SerialPort,
    watch: OwnedFd,
    path: PathBuf,
    link: Option<PathBuf>,
}

/// A [`Pty`] that a task drives.
pub struct RunningPty {
    /// The near end.
    pub port: PortStream,
    watch: AsyncFd<OwnedFd>,
    opened: Cell<usize>,
    link: Option<PathBuf>,
    keep: SerialPort,
}

impl Pty {
    /// Makes one; `link` is made to lead to the far end for as long as it lives, in the place of a link that stands there.
    ///
    /// # Errors
    /// The system has no more, or the link cannot be made.
    pub fn open(link: Option<&Path>) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        let path = PathBuf::from(ptsname(&master, Vec::new())?.into_string().map_err(io::Error::other)?);
        // Raw from the beginning: nothing that is said before somebody opens it comes back.
        let mut keep = SerialPort::from(rustix::fs::open(
            &path,
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        )?);
        let mut settings = keep.get_configuration()?;
        settings.set_raw();
        keep.set_configuration(&settings)?;
        let watch = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        inotify::add_watch(&watch, &path, inotify::WatchFlags::OPEN | inotify::WatchFlags::CLOSE)?;
        if let Some(link) = link {
            if link.is_symlink() {
                std::fs::remove_file(link)?;
            }
            std::os::unix::fs::symlink(&path, link)?;
        }
        Ok(Self { master, keep, watch, path, link: link.map(Path::to_owned) })
    }

    /// Gives the path of the far end: the link, if there is one.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.path)
    }

    /// Starts it within a runtime.
    ///
    /// # Errors
    /// The runtime cannot wait for it.
    pub fn start(self) -> io::Result<RunningPty> {
        let name = self.path.display().to_string();
        let port = RawStream::device(SerialPort::from(self.master), name, None)?.into();
        // SAFETY: it owns the descriptor, which stays open and the same for as long as the `AsyncFd` has it.
        let watch = unsafe { AsyncFd::register(self.watch) }?;
        Ok(RunningPty { port, watch, opened: Cell::new(0), link: self.link, keep: self.keep })
    }
}

impl RunningPty {
    /// Waits until the far end is opened (true), or is closed by the last who had it open (false). Cancel-safe.
    pub async fn opened_or_closed(&self) -> bool {
        loop {
            let Ok(mut ready) = self.watch.readable().await else { return std::future::pending().await };
            let mut buffer = [MaybeUninit::uninit(); 512];
            let mut reader = inotify::Reader::new(self.watch.get_ref(), &mut buffer);
            let before = self.opened.get();
            let mut opened = before;
            loop {
                match reader.next() {
                    Ok(event) if event.events().contains(inotify::ReadFlags::OPEN) => opened += 1,
                    Ok(_) => opened = opened.saturating_sub(1),
                    Err(_) => break,
                }
            }
            ready.clear_ready();
            self.opened.set(opened);
            match (before, opened) {
                (0, 1..) => return true,
                (1.., 0) => {
                    // Whoever was killed has left its mark.
                    let _ = rustix::termios::ioctl_tiocnxcl(&self.keep);
                    return false;
                }
                _ => {}
            }
        }
    }
}

impl Drop for RunningPty {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            let _ = std::fs::remove_file(link);
        }
    }
}

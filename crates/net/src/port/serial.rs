//! Opening a terminal device.

use super::lock::{Lock, Taken};
use super::{RawStream, holder, names};
use rasman_core::{Cause, CharacterFormat, Code, FlowControl, LayerName, LineSettings, Parity, StopBits};
use rustix::fs::OFlags;
use rustix::termios::{ControlModes, OptionalActions, tcgetattr, tcsetattr};
use serial2::SerialPort;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Opens a terminal device for this program alone and sets it up: eight bits, no parity, raw.
///
/// # Errors
/// 615 if there is none, 633 if somebody else has it (by name, where the system lets us see it), 5 if we may not,
/// 692 if it cannot be set up.
pub fn open(path: &Path, line: LineSettings) -> Result<RawStream, Cause> {
    let name = path.display().to_string();
    let fail = |code, said: &str, advice: &str| {
        Err(Cause::new(code, LayerName::Port).did(format!("opened {name}")).said(said).advice(advice))
    };
    let real = match std::fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let advice = "plug the device in, or choose another port: rasctl devices lists them";
            return fail(Code::PORT_NOT_FOUND, "there is no such device", advice);
        }
        Err(error) => return fail(Code::PORT_NOT_AVAILABLE, &error.to_string(), "check the path"),
    };
    let lock = match Lock::take(&real) {
        Ok(lock) => lock,
        Err(Taken { by }) => return taken(&name, &by),
    };
    // O_NONBLOCK: without it the call waits for a carrier.
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let device = match rustix::fs::open(&real, flags, rustix::fs::Mode::empty()) {
        Ok(device) => device,
        Err(rustix::io::Errno::BUSY) => return taken(&name, &holder::of(&real).unwrap_or_default()),
        Err(error @ (rustix::io::Errno::ACCESS | rustix::io::Errno::PERM)) => {
            let advice = "add your user to the group of the device, often dialout";
            return fail(Code::ACCESS_DENIED, &error.to_string(), advice);
        }
        Err(error) => return fail(Code::PORT_NOT_AVAILABLE, &error.to_string(), "check the adapter and its driver"),
    };
    if !rustix::termios::isatty(&device) {
        return fail(Code::PORT_NOT_FOUND, "it is no terminal device", "give the path of a serial port");
    }
    if let Err(by) = lock.hold(&device, &real) {
        return taken(&name, &by);
    }
    let mut port = SerialPort::from(device);
    if let Err(error) = set_up(&mut port, line) {
        let advice = format!("check that the port can make {} bit/s and this flow control", line.speed);
        return fail(Code::PORT_OR_DEVICE, &error.to_string(), &advice);
    }
    RawStream::device(port, name.clone(), Some(lock))
        .or_else(|error| fail(Code::PORT_NOT_AVAILABLE, &error.to_string(), "check the limit of open files"))
}

fn taken<T>(name: &str, by: &str) -> Result<T, Cause> {
    let said = if by.is_empty() { "another program has it".to_owned() } else { format!("{by} has it") };
    Err(Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Port)
        .did(format!("opened {name}"))
        .said(said)
        .advice("end that program, or choose another port"))
}

/// Opens it by its stable name if it has one, so that an adapter that comes back under another number is found.
/// Away from this thread, since files are read for it and a driver may take its time.
///
/// # Errors
/// As [`open`].
pub async fn open_again(stable: Option<PathBuf>, path: PathBuf, line: LineSettings) -> Result<RawStream, Cause> {
    let open = move || open(&stable.filter(|stable| stable.exists()).unwrap_or(path), line);
    let opened = tokio::task::spawn_blocking(open).await;
    opened.unwrap_or_else(|_| Err(Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Port)))
}

/// Gives the name that a device keeps when it is plugged in again.
#[must_use]
pub fn stable_name(path: &Path) -> Option<std::path::PathBuf> {
    names::stable_in(Path::new(names::BY_ID), path)
}

fn set_up(port: &mut SerialPort, line: LineSettings) -> io::Result<()> {
    let mut settings = port.get_configuration()?;
    settings.set_raw();
    settings.set_baud_rate(line.speed)?;
    settings.set_flow_control(match line.flow {
        FlowControl::Hardware => serial2::FlowControl::RtsCts,
        FlowControl::Software => serial2::FlowControl::XonXoff,
        _ => serial2::FlowControl::None,
    });
    // HUPCL: DTR drops when the port is closed, whatever becomes of us.
    settings.as_termios_mut().c_cflag |= libc::CLOCAL | libc::CREAD | libc::HUPCL;
    port.set_configuration(&settings)?;
    if port.set_dtr(true).is_ok() {
        // What the modem said before was to somebody else.
        let _ = port.discard_buffers();
    }
    Ok(())
}

/// Has characters look like this from now on, also those that the device still holds.
pub(super) fn set_format(port: impl AsFd, format: CharacterFormat) -> io::Result<()> {
    let size = match format.data_bits {
        5 => ControlModes::CS5,
        6 => ControlModes::CS6,
        7 => ControlModes::CS7,
        _ => ControlModes::CS8,
    };
    // termios(3): with CMSPAR the bit is always 1 (odd) or always 0 (even).
    let parity = match format.parity {
        Parity::None => ControlModes::empty(),
        Parity::Even => ControlModes::PARENB,
        Parity::Odd => ControlModes::PARENB | ControlModes::PARODD,
        Parity::Space => ControlModes::PARENB | ControlModes::CMSPAR,
        Parity::Mark => ControlModes::PARENB | ControlModes::PARODD | ControlModes::CMSPAR,
    };
    let stop = match format.stop_bits {
        StopBits::One => ControlModes::empty(),
        StopBits::Two => ControlModes::CSTOPB,
    };
    let all =
        ControlModes::CSIZE | ControlModes::PARENB | ControlModes::PARODD | ControlModes::CMSPAR | ControlModes::CSTOPB;
    set_modes(port, all, size | parity | stop)
}

/// Has the kernel end the port when the carrier drops, or not.
pub(super) fn watch_carrier(port: impl AsFd, watch: bool) -> io::Result<()> {
    let local = if watch { ControlModes::empty() } else { ControlModes::CLOCAL };
    set_modes(port, ControlModes::CLOCAL, local)
}

/// Sets `modes` of `all`. At once: to wait for what the device holds would hold up the whole thread.
fn set_modes(port: impl AsFd, all: ControlModes, modes: ControlModes) -> io::Result<()> {
    let mut settings = tcgetattr(&port)?;
    settings.control_modes = settings.control_modes & !all | modes;
    Ok(tcsetattr(&port, OptionalActions::Now, &settings)?)
}

//! The devices that can dial (RasEnumDevices).

use crate::reserved::{Reservation, Reserved};
use rasman_core::{Cause, Code, Device, LayerName, LineDevice, ModemSettings, SerialPort, SerialSettings};
use rasman_net::port::names::{self, PortName};
use std::path::PathBuf;

/// Lists what is always there, and the ports: a modem may be at each.
pub(crate) fn list(ports: &[PortName]) -> Vec<Device> {
    Device::ALL.iter().cloned().chain(ports.iter().filter_map(modem)).collect()
}

/// Gives the ports where a modem may be: these, or the serial ports of this machine.
pub(crate) fn ports(own: Option<&[PathBuf]>) -> Vec<PortName> {
    own.map_or_else(names::list, |paths| paths.iter().map(|path| names::named(path)).collect())
}

/// Reserves the first port that nobody has, and gives it with its settings but for the number (clause A11).
///
/// # Errors
/// 633 if none is free.
pub(crate) fn first_free_modem(
    ports: &[PortName],
    reserved: &Reserved,
) -> Result<(SerialSettings, Reservation), Cause> {
    let refused = |code, did: &str, advice: &str| Err(Cause::new(code, LayerName::Port).did(did).advice(advice));
    if ports.is_empty() {
        return refused(
            Code::PORT_NOT_AVAILABLE,
            "looked for a modem at this machine's serial ports, and there is none",
            "plug one in, or dial an entry",
        );
    }
    // Reserved before it is looked at: another dial may do the same at this moment.
    let reserve = |port: &'_ PortName| Some((port.clone(), reserved.reserve(&port.path)?));
    let mut free = ports.iter().filter_map(reserve).filter(|(port, _)| names::is_free(&port.path));
    let Some((port, reservation)) = free.next() else {
        return refused(
            Code::PORT_NOT_AVAILABLE,
            "looked for a modem that nobody has",
            "hang up what has it, or dial an entry of another",
        );
    };
    let name = modem(&port).map_or_else(String::new, |device| device.name.into_owned());
    Ok((at(SerialPort::Device(port.path.to_string_lossy().into_owned()), name), reservation))
}

/// Gives the settings of the modem with this name (szDeviceName) but for the number: its port in any way that an entry may
/// write it, or what the list of devices calls one of `ports`, in full or in part.
///
/// # Errors
/// 615 if that is none of them, or several.
pub(crate) fn modem_named(device: &str, ports: &[PortName]) -> Result<SerialSettings, Cause> {
    let device = device.trim();
    if let Some(port) = SerialPort::parse(device) {
        return Ok(at(port, device.to_owned()));
    }
    let named: Vec<_> = ports.iter().filter_map(|port| Some((modem(port)?.name.into_owned(), port))).collect();
    let wanted = folded(device);
    let is_whole = |name: &str| folded(name) == wanted || folded(name.rsplit('/').next().unwrap_or(name)) == wanted;
    let whole = named.iter().filter(|(name, port)| is_whole(name) || is_whole(&port.path.to_string_lossy()));
    let mut found: Vec<_> = whole.collect();
    if found.is_empty() && wanted.len() >= PART_MIN {
        found = named.iter().filter(|(name, _)| folded(name).contains(&wanted)).collect();
    }
    match found[..] {
        [(name, port)] => Ok(at(SerialPort::Device(port.path.to_string_lossy().into_owned()), name.clone())),
        [] => Err(not_found(device, "no port has this name", named.iter().map(|(name, _)| name))),
        _ => Err(not_found(device, "several ports have it in their names", found.iter().map(|(name, _)| name))),
    }
}

fn not_found<'a>(device: &str, said: &str, names: impl Iterator<Item = &'a String>) -> Cause {
    let names: Vec<&str> = names.take(NAMES_MAX).map(String::as_str).collect();
    let advice = match &names[..] {
        [] => "this machine has no serial port; give tcp:HOST:PORT for one of another".to_owned(),
        names => format!("give one of {}", names.join(", ")),
    };
    Cause::new(Code::PORT_NOT_FOUND, LayerName::Settings)
        .did(format!("looked for the modem {device:?}: {said}"))
        .advice(advice)
}

/// As people write names: without case, and with blanks for what stands for them in links.
fn folded(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

fn at(port: SerialPort, name: String) -> SerialSettings {
    let modem = ModemSettings { name, ..ModemSettings::default() };
    SerialSettings::new(port, LineDevice::Modem(modem))
}

/// Names a port by what it keeps when it is plugged in again, if RAS has room for that. Entries take the name for the port.
fn modem(port: &PortName) -> Option<Device> {
    let names = [port.stable.as_deref(), Some(port.path.as_path())];
    let name = names.into_iter().flatten().filter_map(|path| path.to_str()).find(|name| name.len() <= NAME_MAX)?;
    Some(Device { kind: "modem", name: name.to_owned().into() })
}

/// From so many characters on a part of a name is looked for.
const PART_MIN: usize = 3;
/// So many names are listed for people.
const NAMES_MAX: usize = 8;
/// RAS_MaxDeviceName.
const NAME_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_net::port::pty::Pty;

    #[test]
    fn a11_the_first_free_port_is_taken() {
        let ptys = [Pty::open(None).unwrap(), Pty::open(None).unwrap()];
        let paths = ptys.each_ref().map(|pty| pty.path().to_owned());
        let files = paths.clone().map(|path| std::fs::File::open(path).unwrap());
        let reserved = Reserved::default();
        let port = |ports: &[PortName]| first_free_modem(ports, &reserved).map(|(found, _)| found.port.to_string());
        let ports = ports(Some(&paths));
        assert_eq!(port(&ports), Ok(paths[0].display().to_string()));
        files[0].lock().unwrap();
        assert_eq!(port(&ports), Ok(paths[1].display().to_string()));
        files[1].lock().unwrap();
        assert_eq!(port(&ports).map_err(|cause| cause.code), Err(Code::PORT_NOT_AVAILABLE));
        assert_eq!(port(&[]).map_err(|cause| cause.code), Err(Code::PORT_NOT_AVAILABLE));
    }

    #[test]
    fn a11_dials_at_the_same_time_choose_different_ports() {
        let ptys = [Pty::open(None).unwrap(), Pty::open(None).unwrap()];
        let paths = ptys.each_ref().map(|pty| pty.path().to_owned());
        let (ports, reserved) = (ports(Some(&paths)), Reserved::default());
        let choose = || first_free_modem(&ports, &reserved).map_err(|cause| cause.code);
        let [first, second] = std::thread::scope(|scope| {
            [scope.spawn(choose), scope.spawn(choose)].map(|chooser| chooser.join().unwrap().unwrap())
        });
        assert_ne!(first.0.port, second.0.port);
        assert_eq!(choose().err(), Some(Code::PORT_NOT_AVAILABLE));
        // What a dial gives back is there for the next.
        let port = first.0.port.clone();
        drop(first);
        assert_eq!(choose().map(|(found, _)| found.port), Ok(port));
    }

    #[test]
    fn a_modem_is_found_by_its_port_its_name_or_a_part_of_it() {
        let usb = |name: &str, path: &str| {
            let stable = Some(format!("/dev/serial/by-id/usb-{name}-if00").into());
            PortName { path: path.into(), stable }
        };
        let ports = [
            PortName { path: "/dev/ttyS0".into(), stable: None },
            usb("U.S._Robotics_USB_Modem_123", "/dev/ttyACM0"),
            usb("FTDI_FT232R_USB_UART_A1", "/dev/ttyUSB0"),
            usb("FTDI_FT232R_USB_UART_B2", "/dev/ttyUSB1"),
        ];
        let found = |device: &str| modem_named(device, &ports).map(|modem| modem.port.to_string());
        for (device, port) in [
            ("COM3", "/dev/ttyS2"),
            ("/dev/ttyUSB7", "/dev/ttyUSB7"),
            ("tcp:host:1", "tcp:host:1"),
            ("ttyS0", "/dev/ttyS0"),
            ("TTYACM0", "/dev/ttyACM0"),
            ("usb-FTDI_FT232R_USB_UART_A1-if00", "/dev/ttyUSB0"),
            (
                "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A1-if00",
                "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A1-if00",
            ),
            (" U.S. Robotics USB modem ", "/dev/ttyACM0"),
            ("UART B2", "/dev/ttyUSB1"),
        ] {
            assert_eq!(found(device).as_deref(), Ok(port), "{device}");
        }
        for (device, advice) in [
            ("ttyS2", "give one of /dev/ttyS0, /dev/serial/by-id/usb-U.S."),
            ("FT232R", "give one of /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A1-if00, /dev"),
            ("", "give one of /dev/ttyS0"),
            ("A1", "give one of /dev/ttyS0"),
        ] {
            let refused = modem_named(device, &ports).unwrap_err();
            assert_eq!(refused.code, Code::PORT_NOT_FOUND, "{device}");
            assert!(refused.advice.starts_with(advice), "{device}: {}", refused.advice);
        }
        assert!(modem_named("modem", &[]).unwrap_err().advice.contains("no serial port"));
    }

    #[test]
    fn a_port_has_its_stable_name_unless_that_is_too_long() {
        let port = |stable: &str| PortName { path: "/dev/ttyUSB0".into(), stable: Some(stable.into()) };
        let named = |stable: &str| modem(&port(stable)).map(|device| (device.kind, device.name.into_owned()));
        assert_eq!(named("/dev/serial/by-id/usb-a"), Some(("modem", "/dev/serial/by-id/usb-a".to_owned())));
        assert_eq!(named(&"/long".repeat(40)), Some(("modem", "/dev/ttyUSB0".to_owned())));
        assert!(list(&ports(None)).starts_with(Device::ALL));
    }
}

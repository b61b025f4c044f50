//! The devices that can dial (RasEnumDevices).

use crate::reserved::{Reservation, Reserved};
use rasman_core::{
    Cause, Code, Device, LayerName, LineDevice, LineLogin, LineSettings, ModemSettings, SerialPort, SerialSettings,
};
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

/// Gives the settings of the modem with this name, which is its port, but for the number.
///
/// # Errors
/// 615 if it is none.
pub(crate) fn modem_at(device: &str) -> Result<SerialSettings, Cause> {
    let port = SerialPort::parse(device).ok_or_else(|| {
        Cause::new(Code::PORT_NOT_FOUND, LayerName::Settings)
            .did(format!("looked for the modem {device:?}"))
            .advice("give a path such as /dev/ttyUSB0, COM3, tcp:HOST:PORT or rfc2217:HOST:PORT")
    })?;
    Ok(at(port, device.to_owned()))
}

fn at(port: SerialPort, name: String) -> SerialSettings {
    let modem = ModemSettings { name, ..ModemSettings::default() };
    let (line, login) = (LineSettings::default(), LineLogin::default());
    SerialSettings { port, line, device: LineDevice::Modem(modem), accm: 0, fcs32: false, login }
}

/// Names a port by what it keeps when it is plugged in again, if RAS has room for that. Entries take the name for the port.
fn modem(port: &PortName) -> Option<Device> {
    let names = [port.stable.as_deref(), Some(port.path.as_path())];
    let name = names.into_iter().flatten().filter_map(|path| path.to_str()).find(|name| name.len() <= NAME_MAX)?;
    Some(Device { kind: "modem", name: name.to_owned().into() })
}

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
        assert_eq!(modem_at("COM3").unwrap().port.to_string(), "/dev/ttyS2");
        assert_eq!(modem_at("ttyS2").unwrap_err().code, Code::PORT_NOT_FOUND);
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
    fn a_port_has_its_stable_name_unless_that_is_too_long() {
        let port = |stable: &str| PortName { path: "/dev/ttyUSB0".into(), stable: Some(stable.into()) };
        let named = |stable: &str| modem(&port(stable)).map(|device| (device.kind, device.name.into_owned()));
        assert_eq!(named("/dev/serial/by-id/usb-a"), Some(("modem", "/dev/serial/by-id/usb-a".to_owned())));
        assert_eq!(named(&"/long".repeat(40)), Some(("modem", "/dev/ttyUSB0".to_owned())));
        assert!(list(&ports(None)).starts_with(Device::ALL));
    }
}

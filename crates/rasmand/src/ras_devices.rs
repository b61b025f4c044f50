//! The devices that can dial (RasEnumDevices).

use rasman_core::Device;
use rasman_net::port::names::{self, PortName};

/// Lists what is always there, and the serial ports of this machine: a modem may be at each.
pub(crate) fn list() -> Vec<Device> {
    Device::ALL.iter().cloned().chain(names::list().iter().filter_map(modem)).collect()
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

    #[test]
    fn a_port_has_its_stable_name_unless_that_is_too_long() {
        let port = |stable: &str| PortName { path: "/dev/ttyUSB0".into(), stable: Some(stable.into()) };
        let named = |stable: &str| modem(&port(stable)).map(|device| (device.kind, device.name.into_owned()));
        assert_eq!(named("/dev/serial/by-id/usb-a"), Some(("modem", "/dev/serial/by-id/usb-a".to_owned())));
        assert_eq!(named(&"/long".repeat(40)), Some(("modem", "/dev/ttyUSB0".to_owned())));
        assert!(list().starts_with(Device::ALL));
    }
}

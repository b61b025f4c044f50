//! Which serial ports there are, and which names they keep.

use std::fs;
use std::path::{Path, PathBuf};

/// A serial port of this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortName {
    /// The path of the device, such as `/dev/ttyUSB0`.
    pub path: PathBuf,
    /// The name that it keeps when it is plugged in again.
    pub stable: Option<PathBuf>,
}

/// Lists the serial ports of this machine, in the order of their names. Numbers that the kernel keeps ready without a
/// port behind them are left out.
#[must_use]
pub fn list() -> Vec<PortName> {
    list_in(Path::new("/sys/class/tty"), Path::new("/dev"), Path::new(BY_ID))
}

/// Describes a port that is not in the list, such as a pseudo-terminal.
#[must_use]
pub fn named(path: &Path) -> PortName {
    PortName { path: path.to_owned(), stable: stable_in(Path::new(BY_ID), path) }
}

/// Tells whether nobody has the port: this process or another by a lock, or another that has it open, as far as the system
/// lets us see that.
#[must_use]
pub fn is_free(path: &Path) -> bool {
    let device = fs::canonicalize(path);
    !super::lock::is_taken(device.as_deref().unwrap_or(path))
}

fn list_in(class: &Path, devices: &Path, by_id: &Path) -> Vec<PortName> {
    let Ok(entries) = fs::read_dir(class) else { return Vec::new() };
    let mut ports: Vec<PortName> = entries
        .flatten()
        .filter(|entry| is_port(&entry.path()))
        .map(|entry| devices.join(entry.file_name()))
        .map(|path| PortName { stable: stable_in(by_id, &path), path })
        .collect();
    ports.sort_by_key(|port| natural(&port.path));
    ports
}

/// Tells whether hardware stands behind a terminal device. Virtual consoles have none; the ports that the kernel keeps
/// ready have the platform's driver and the type 0.
fn is_port(entry: &Path) -> bool {
    if !entry.join("device").exists() {
        return false;
    }
    fs::read_to_string(entry.join("type")).map_or(true, |kind| kind.trim() != "0")
}

/// Gives the link in `by_id` that leads to the device.
pub(super) fn stable_in(by_id: &Path, device: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(device).ok()?;
    if device.starts_with(by_id) {
        return Some(device.to_owned());
    }
    let mut links: Vec<PathBuf> = fs::read_dir(by_id).ok()?.flatten().map(|entry| entry.path()).collect();
    links.sort();
    links.into_iter().find(|link| fs::canonicalize(link).is_ok_and(|target| target == real))
}

/// Sorts 10 behind 9.
fn natural(path: &Path) -> (String, u32) {
    let name = path.to_string_lossy();
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (word.to_owned(), name[word.len()..].parse().unwrap_or(0))
}

/// Where the names stand that devices keep.
pub(super) const BY_ID: &str = "/dev/serial/by-id";

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// An adapter that is plugged out and in again gets another number, and keeps its name.
    #[test]
    fn ports_are_listed_and_followed_by_their_stable_names() {
        let root = std::env::temp_dir().join(format!("rasman-names-{}", std::process::id()));
        let (class, devices, by_id) = (root.join("class"), root.join("dev"), root.join("by-id"));
        for folder in [
            "class/tty0",
            "class/ttyS0/device",
            "class/ttyS1/device",
            "class/ttyUSB10/device",
            "class/ttyUSB9/device",
            "dev",
            "by-id",
        ] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(class.join("ttyS0/type"), "4\n").unwrap();
        fs::write(class.join("ttyS1/type"), "0\n").unwrap();
        for name in ["ttyS0", "ttyUSB9", "ttyUSB10"] {
            fs::write(devices.join(name), "").unwrap();
        }
        let link = by_id.join("usb-Maker_Modem_1234-if00-port0");
        symlink(devices.join("ttyUSB9"), &link).unwrap();
        let ports = list_in(&class, &devices, &by_id);
        let names: Vec<_> = ports.iter().map(|port| port.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["ttyS0", "ttyUSB9", "ttyUSB10"]);
        assert_eq!(ports[1].stable.as_deref(), Some(link.as_path()));
        assert_eq!((&ports[0].stable, &ports[2].stable), (&None, &None));
        fs::remove_file(&link).unwrap();
        symlink(devices.join("ttyUSB10"), &link).unwrap();
        assert_eq!(stable_in(&by_id, &devices.join("ttyUSB10")), Some(link.clone()));
        assert_eq!(stable_in(&by_id, &link), Some(link));
        assert_eq!(stable_in(&by_id, &devices.join("nothing")), None);
        fs::remove_dir_all(root).unwrap();
    }
}

use super::*;
use rasman_core::{CharacterFormat, Code, LineCommand, LineSettings};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A pseudo-terminal: its other end, and its path.
fn pty() -> (File, PathBuf) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    (File::from(master), path.into())
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn open(path: &std::path::Path) -> Result<PortStream, Cause> {
    serial::open(path, LineSettings::default()).map(PortStream::from)
}

async fn read(port: &mut PortStream, count: usize) -> Vec<u8> {
    let mut plain = Vec::new();
    while plain.len() < count {
        port.readable().await.unwrap();
        assert!(matches!(port.try_read(&mut plain).unwrap(), Received::Bytes(_)));
    }
    plain
}

#[test]
fn octets_pass_as_they_are_in_both_directions() {
    run(async {
        let (mut modem, path) = pty();
        let mut port = open(&path).unwrap();
        assert!(!port.facts().has_lines, "a pseudo-terminal has none");
        assert_eq!(port.facts().protection, path.display().to_string());
        let all: Vec<u8> = (0..=255).collect();
        modem.write_all(&all).unwrap();
        assert_eq!(read(&mut port, 256).await, all);
        port.queue(&all).unwrap();
        assert_eq!(port.try_write().unwrap(), 0);
        let mut echo = [0; 256];
        modem.read_exact(&mut echo).unwrap();
        assert_eq!(echo[..], all);
        port.line(LineCommand::Dtr(false)).unwrap();
        port.line(LineCommand::WatchCarrier(true)).unwrap();
    });
}

#[test]
fn a_device_that_goes_is_an_end_behind_what_it_said() {
    run(async {
        let (mut modem, path) = pty();
        let mut port = open(&path).unwrap();
        modem.write_all(b"NO CARRIER").unwrap();
        assert_eq!(read(&mut port, 10).await, b"NO CARRIER");
        drop(modem);
        let mut plain = Vec::new();
        loop {
            port.readable().await.unwrap();
            if let Received::End(_) = port.try_read(&mut plain).unwrap() {
                break;
            }
        }
        assert!(plain.is_empty());
        port.queue(b"AT").unwrap();
        assert_eq!(port.try_write().unwrap(), 0, "nobody hears it, and nothing waits for ever");
        assert_eq!(open(&path).err().unwrap().code, Code::PORT_NOT_FOUND);
    });
}

#[test]
fn a_slow_line_holds_little_back_and_says_when_it_has_room() {
    run(async {
        let (mut modem, path) = pty();
        let mut port = open(&path).unwrap();
        assert!(port.send_room() > 0 && port.has_room_for(1 << 20));
        // Nobody reads: the terminal fills, then the port.
        let mut queued = 0;
        while port.send_room() > 0 {
            port.queue(&[0x55; 1500]).unwrap();
            queued += 1500;
            port.try_write().unwrap();
        }
        assert!(port.pending() < 8 * 1024 && !port.has_room_for(1));
        while port.queue(&[0; 64 << 10]).is_ok() {
            queued += 64 << 10;
        }
        let reader = std::thread::spawn(move || {
            let mut buffer = vec![0; queued];
            modem.read_exact(&mut buffer).unwrap();
        });
        port.close().await.unwrap();
        assert_eq!(port.pending(), 0);
        reader.join().unwrap();
    });
}

/// Of a format a pseudo-terminal has the stop bits alone.
#[test]
fn a_format_waits_for_what_was_queued_before_it() {
    run(async {
        let (mut modem, path) = pty();
        let mut port = open(&path).unwrap();
        let device = File::open(&path).unwrap();
        let has_two = || {
            let modes = rustix::termios::tcgetattr(&device).unwrap().control_modes;
            modes.contains(rustix::termios::ControlModes::CSTOPB)
        };
        let two = CharacterFormat { stop_bits: rasman_core::StopBits::Two, ..CharacterFormat::default() };
        // More than a terminal holds, which nobody reads yet.
        port.queue(&[b'a'; 32 << 10]).unwrap();
        port.line(LineCommand::Format(two)).unwrap();
        port.queue(b"b").unwrap();
        assert!(port.try_write().unwrap() > 0 && !has_two());
        // As often as it is said; not as often as one likes between octets.
        (0..100).for_each(|_| port.line(LineCommand::Format(two)).unwrap());
        port.line(LineCommand::Format(CharacterFormat::default())).unwrap();
        port.line(LineCommand::Format(two)).unwrap();
        let reader = std::thread::spawn(move || {
            let mut said = vec![0; (32 << 10) + 1];
            modem.read_exact(&mut said).unwrap();
            (modem, said)
        });
        while port.try_write().unwrap() > 0 {
            port.writable().await.unwrap();
        }
        let (_modem, said) = reader.join().unwrap();
        assert!(has_two() && said.ends_with(b"ab"));
        let refused = (0..).find_map(|_| {
            port.queue(&[0; 1 << 10]).unwrap();
            port.line(LineCommand::Format(two)).err()
        });
        assert_eq!(refused.unwrap().code, Code::OUT_OF_BUFFERS);
    });
}

#[test]
fn a_port_that_is_taken_is_633_with_its_holders_name() {
    run(async {
        let (_modem, path) = pty();
        let port = open(&path).unwrap();
        let cause = open(&path).err().unwrap();
        assert_eq!(cause.code, Code::PORT_NOT_AVAILABLE);
        assert!(cause.said.contains("another connection of this manager"), "{cause}");
        drop(port);
        let mut holder = Command::new("flock")
            .args(["-x", "--no-fork"])
            .arg(&path)
            .args(["sh", "-c", "echo ready; read end"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let cause = open(&path).err().unwrap();
        assert_eq!(cause.code, Code::PORT_NOT_AVAILABLE);
        assert!(cause.said.contains(&format!("process {}", holder.id())), "{cause}");
        drop(holder.stdin.take());
        holder.wait().unwrap();
        open(&path).unwrap();
    });
}

/// Such as a program that has it by TIOCEXCL alone, or by nothing at all.
#[test]
fn a_port_that_another_program_has_open_is_not_free_and_with_its_mark_it_is_633() {
    run(async {
        let (_modem, path) = pty();
        let mark = serial2::SerialPort::open(&path, serial2::KeepSettings).unwrap();
        assert!(names::is_free(&path), "this process has it open, and no lock on it");
        let mut holder = Command::new("sh")
            .args(["-c", "exec 3<>$0; echo ready; read end"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        assert!(!names::is_free(&path));
        drop(open(&path).unwrap());
        rustix::termios::ioctl_tiocexcl(&mark).unwrap();
        let cause = open(&path).err().unwrap();
        assert_eq!(cause.code, Code::PORT_NOT_AVAILABLE);
        assert!(cause.said.contains(&format!("process {}", holder.id())), "{cause}");
        drop(holder.stdin.take());
        holder.wait().unwrap();
        // The mark is left from somebody who is gone.
        assert!(names::is_free(&path));
        if is_root() {
            open(&path).unwrap();
        }
    });
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

#[test]
fn what_is_no_serial_port_is_told_apart() {
    let code = |path: &str| open(std::path::Path::new(path)).err().unwrap().code;
    assert_eq!(code("/dev/ttyUSB250"), Code::PORT_NOT_FOUND);
    assert_eq!(code("/dev/null"), Code::PORT_NOT_FOUND);
    assert_eq!(code("/dev"), Code::PORT_NOT_AVAILABLE);
}

mod rfc2217 {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    /// What a server says that agrees with everything, and has a carrier.
    const AGREES: &[u8] = &[
        255, 253, 44, 255, 253, 0, 255, 251, 0, 255, 253, 3, 255, 251, 3, // DO 44, DO and WILL 0, DO and WILL 3
        255, 250, 44, 101, 0, 1, 0xc2, 0, 255, 240, 255, 250, 44, 102, 8, 255, 240, 255, 250, 44, 103, 1, 255,
        240, //
        255, 250, 44, 104, 1, 255, 240, 255, 250, 44, 105, 3, 255, 240, 255, 250, 44, 107, 0x80, 255, 240,
    ];

    /// Opens a port whose server says this first; gives the port and the server's end.
    async fn opened(says: &'static [u8]) -> (Result<PortStream, Cause>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut tcp, _) = listener.accept().unwrap();
            let mut asks = [0; 15];
            tcp.read_exact(&mut asks).unwrap();
            assert_eq!(asks[..3], [255, 251, 44], "WILL COM-PORT");
            tcp.write_all(says).unwrap();
            tcp
        });
        let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
        let port = super::super::rfc2217::open(tcp, "rfc2217:here:1".into(), LineSettings::default()).await;
        (port.map(PortStream::from), server.join().unwrap())
    }

    /// Reads until what was read ends like this.
    fn until(tcp: &mut TcpStream, end: &[u8]) {
        let mut read = Vec::new();
        while !read.ends_with(end) {
            let mut octet = [0];
            tcp.read_exact(&mut octet).unwrap();
            read.push(octet[0]);
        }
    }

    #[test]
    fn octets_and_lines_pass() {
        run(async {
            let (port, mut server) = opened(AGREES).await;
            let mut port = port.unwrap();
            assert!(port.facts().has_lines && port.is_exclusive() && port.facts().peer.is_some());
            // The line's settings end with the purge of what was there before.
            until(&mut server, &[255, 250, 44, 12, 3, 255, 240]);
            let all: Vec<u8> = (0..=255).collect();
            port.queue(&all).unwrap();
            assert_eq!(port.try_write().unwrap(), 0);
            until(&mut server, &[254, 255, 255]);
            server.write_all(&[&all[..], &[255]].concat()).unwrap();
            assert_eq!(read(&mut port, 256).await, all);
            port.line(LineCommand::Dtr(false)).unwrap();
            until(&mut server, &[255, 250, 44, 5, 9, 255, 240]);
            port.line(LineCommand::WatchCarrier(true)).unwrap();
            server.write_all(b"NO CARRIER\xff\xfa\x2c\x6b\x00\xff\xf0").unwrap();
            let mut plain = read(&mut port, 10).await;
            assert_eq!(plain, b"NO CARRIER");
            while !matches!(port.try_read(&mut plain).unwrap(), Received::End(_)) {
                port.readable().await.unwrap();
            }
            port.close().await.unwrap();
        });
    }

    #[test]
    fn a_port_that_cannot_be_set_up_is_692_and_says_why() {
        run(async {
            for (says, why) in [
                (&[255, 254, 44][..], "refuses Telnet's Com Port Control"),
                (&[255, 253, 44, 255, 250, 44, 101, 0, 0, 0x25, 0x80, 255, 240], "set the speed to 9600 bit/s"),
            ] {
                let (port, _server) = opened(says).await;
                let cause = port.err().unwrap();
                assert_eq!(cause.code, Code::PORT_OR_DEVICE);
                assert!(cause.said.contains(why), "{cause}");
            }
        });
    }
}

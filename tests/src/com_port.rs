//! A server of RFC 2217 before a terminal device: takes every setting, answers each, and passes octets.

use rasman_media::telnet;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

/// Serves one client; gives where. It ends with the client's connection.
///
/// # Panics
/// If it cannot listen or has no such device.
#[must_use]
pub fn serve(device: &Path) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let device = File::options().read(true).write(true).open(device).expect("there is such a device");
    std::thread::spawn(move || {
        if let Ok((client, _)) = listener.accept() {
            pass(&client, &device);
        }
    });
    address
}

fn pass(client: &TcpStream, device: &File) {
    let (Ok(mut out), Ok(mut line)) = (client.try_clone(), device.try_clone()) else { return };
    std::thread::spawn(move || {
        let (mut octets, mut escaped) = ([0; 4096], Vec::new());
        while let Ok(count @ 1..) = line.read(&mut octets) {
            escaped.clear();
            telnet::escape(&octets[..count], &mut escaped);
            if out.write_all(&escaped).is_err() {
                break;
            }
        }
    });
    let (mut server, mut octets) = (Server::default(), [0; 4096]);
    let (mut client, mut device) = (client, device);
    while let Ok(count @ 1..) = client.read(&mut octets) {
        let (plain, answers) = server.take(&octets[..count]);
        if device.write_all(&plain).is_err() || client.write_all(&answers).is_err() {
            break;
        }
    }
}

/// What the client has said of a command that is not over.
#[derive(Default)]
struct Server {
    command: Vec<u8>,
}

impl Server {
    /// Gives what the line is to carry, and what is answered.
    fn take(&mut self, octets: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut plain, mut answers) = (Vec::new(), Vec::new());
        for octet in octets {
            self.command.push(*octet);
            match self.command[..] {
                [IAC] | [IAC, SB | 251..=254] => continue,
                [IAC, SB, ..] if !self.command.ends_with(&[IAC, SE]) => continue,
                [IAC, IAC] => plain.push(IAC),
                [IAC, WILL, option] => answers.extend([IAC, DO, option]),
                [IAC, DO, option] => answers.extend([IAC, WILL, option]),
                // A setting is answered with its code + 100 and its value.
                [IAC, SB, COM_PORT, ref setting @ .., _, _] => {
                    answers.extend([IAC, SB, COM_PORT, setting[0] + 100]);
                    answers.extend(&setting[1..]);
                    answers.extend([IAC, SE]);
                }
                [octet] => plain.push(octet),
                _ => {}
            }
            self.command.clear();
        }
        (plain, answers)
    }
}

const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const DO: u8 = 253;
const IAC: u8 = 255;
const COM_PORT: u8 = 44;

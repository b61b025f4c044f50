//! A modem that never gets through, and that keeps what it is told.

use rasman::{Code, Dial, Entry, Manager};
use rasman_core::{LineDevice, Medium, ModemSettings, SerialPort, SerialSettings};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// A modem behind a TCP port at which every number is busy.
pub struct BusyModem {
    address: SocketAddr,
    commands: Receiver<String>,
}

impl BusyModem {
    /// Starts one; it ends with the test.
    ///
    /// # Panics
    /// If there is no port for it.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("it has an address");
        let (sender, commands) = channel();
        std::thread::spawn(move || serve(&listener, &sender));
        Self { address, commands }
    }

    /// Gives an entry that dials 555-1234 by it (a modem is told no hyphens), with `9,` before and `@` behind, and with the speaker on.
    #[must_use]
    pub fn entry(&self, name: &str) -> Entry {
        let mut entry = Entry::sstp(name, "");
        let mut modem = ModemSettings::default();
        (modem.number, modem.prefix, modem.suffix) = ("555-1234".into(), "9,".into(), "@".into());
        modem.speaker = true;
        let (host, port) = (self.address.ip().to_string(), self.address.port());
        entry.medium = Medium::Serial(SerialSettings::new(SerialPort::Tcp { host, port }, LineDevice::Modem(modem)));
        entry
    }

    /// Makes dials one after another, each of which finds the number busy; gives what was dialled, and whether the speaker
    /// was on.
    ///
    /// # Panics
    /// If one ends in another way.
    pub async fn calls_of<const N: usize>(&self, manager: &Manager, dials: [Dial; N]) -> [(String, bool); N] {
        let mut calls = Vec::new();
        for dial in dials {
            let error = manager.dial(dial).expect("it starts").finish().await.expect_err("it is busy");
            assert_eq!(error.code(), Code::LINE_BUSY);
            calls.push(self.next_call());
        }
        calls.try_into().expect("a call for each dial")
    }

    /// Gives what was dialled next, and whether the speaker was on.
    ///
    /// # Panics
    /// If nothing is dialled.
    #[must_use]
    pub fn next_call(&self) -> (String, bool) {
        let mut speaker = false;
        loop {
            let command = self.commands.recv_timeout(Duration::from_secs(60)).expect("it is told something");
            match command.strip_prefix("ATD") {
                Some(number) => return (number.to_owned(), speaker),
                None => speaker = command == "ATM1" || speaker && command != "ATM0",
            }
        }
    }
}

fn serve(listener: &TcpListener, commands: &Sender<String>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let Ok(mut answers) = stream.try_clone() else { return };
        for command in BufReader::new(stream).split(b'\r').map_while(Result::ok) {
            let command = String::from_utf8_lossy(&command).trim().to_ascii_uppercase();
            let answer = if command.starts_with("ATD") { "BUSY" } else { "OK" };
            let _ = commands.send(command);
            if write!(answers, "\r\n{answer}\r\n").is_err() {
                break;
            }
        }
    }
}

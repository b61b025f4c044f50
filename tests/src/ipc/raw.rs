//! Varlink by hand: what a foreign client sends, and what a hostile one does.

use rasman::ipc::{Frames, receive_into, send_all};
use serde_json::Value;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A connection that sends and reads whatever it is told.
pub struct Raw {
    /// The socket.
    pub stream: UnixStream,
    frames: Frames,
}

impl Raw {
    /// Connects to the daemon in this folder.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn connect(folder: &Path) -> Self {
        let stream = UnixStream::connect(folder.join("socket")).expect("the daemon listens");
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).expect("a limit");
        Self { stream, frames: Frames::new(64 << 20) }
    }

    /// Sends a call.
    ///
    /// # Panics
    /// If that fails.
    pub fn send(&mut self, method: &str, parameters: Value, more: bool, descriptors: &[BorrowedFd<'_>]) {
        let call = serde_json::json!({
            "method": format!("io.rasman.Manager.{method}"), "parameters": parameters, "more": more
        });
        self.send_value(&call, descriptors).expect("the daemon reads");
    }

    /// Sends this as a message.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn send_value(&mut self, value: &Value, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut bytes = value.to_string().into_bytes();
        bytes.push(0);
        send_all(&self.stream, &bytes, descriptors)
    }

    /// Reads the next reply.
    ///
    /// # Errors
    /// Those of the socket, and `UnexpectedEof`.
    pub fn receive(&mut self) -> io::Result<Value> {
        loop {
            if let Some(message) = self.frames.next().map_err(io::Error::other)? {
                return Ok(serde_json::from_slice(message)?);
            }
            let mut none = Vec::new();
            if receive_into(&self.stream, &mut self.frames, &mut none)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Calls and gives the reply's parameters.
    ///
    /// # Panics
    /// If there is no reply, or an error.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.send(method, parameters, false, &[]);
        let reply = self.receive().expect("a reply");
        assert!(reply.get("error").is_none(), "{reply}");
        reply["parameters"].clone()
    }

    /// Calls and gives the error's name and number.
    ///
    /// # Panics
    /// If there is no error.
    pub fn refused(&mut self, method: &str, parameters: Value) -> (String, u64) {
        self.send(method, parameters, false, &[]);
        let reply = self.receive().expect("a reply");
        let name = reply["error"].as_str().unwrap_or_else(|| panic!("no error: {reply}"));
        (name.to_owned(), reply["parameters"]["cause"]["code"].as_u64().unwrap_or(0))
    }
}

/// A socket between a client and the daemon, which can be cut.
pub struct Between {
    /// Where the client finds it.
    pub folder: PathBuf,
    connections: Arc<Mutex<Vec<UnixStream>>>,
}

impl Between {
    /// Listens in a folder of its own.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn listen(daemon: &Path) -> Self {
        let folder = super::fresh_folder();
        std::fs::create_dir(&folder).expect("a folder");
        let listener = UnixListener::bind(folder.join("socket")).expect("a socket");
        let connections: Arc<Mutex<Vec<UnixStream>>> = Arc::default();
        let (kept, daemon) = (Arc::clone(&connections), daemon.join("socket"));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = UnixStream::connect(&daemon) else { continue };
                let again = |stream: &UnixStream| stream.try_clone().expect("a descriptor");
                kept.lock().expect("unharmed").extend([again(&client), again(&server)]);
                let (from, to) = (again(&client), again(&server));
                std::thread::spawn(move || pass(&from, &to));
                std::thread::spawn(move || pass(&server, &client));
            }
        });
        Self { folder, connections }
    }

    /// Cuts every connection; new ones can be made.
    ///
    /// # Panics
    /// If a thread of this has panicked.
    pub fn cut(&self) {
        for stream in self.connections.lock().expect("unharmed").drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// Passes bytes and descriptors on until either end closes.
fn pass(from: &UnixStream, to: &UnixStream) {
    let mut frames = Frames::new(64 << 20);
    let mut descriptors: Vec<OwnedFd> = Vec::new();
    while receive_into(from, &mut frames, &mut descriptors).is_ok_and(|count| count > 0) {
        while let Ok(Some(message)) = frames.next() {
            let mut bytes = message.to_vec();
            bytes.push(0);
            let passed: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
            if send_all(to, &bytes, &passed).is_err() {
                return;
            }
            descriptors.clear();
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

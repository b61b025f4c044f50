//! A user with a home of their own, and a lab to dial.

use rasman_lab::modem::ModemConfig;
use rasman_lab::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Faults, Running};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A home, a runtime directory and a lab. Whatever daemon was started ends with it.
pub(crate) struct Scene {
    folder: PathBuf,
    pub(crate) lab: Running,
}

impl Scene {
    /// Starts a lab with faults, or with none.
    pub(crate) fn new(faults: &str) -> Self {
        Self::with_modems(faults, &[])
    }

    /// Starts a lab with modems, at the ports `modem0` and so on of the folder.
    pub(crate) fn with_modems(faults: &str, modems: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("rasctl-{}-{number}", std::process::id()));
        for part in ["home", "run", "bin"] {
            fs::create_dir_all(folder.join(part)).unwrap();
            fs::set_permissions(folder.join(part), fs::Permissions::from_mode(0o700)).unwrap();
        }
        let mut config = Config::default();
        config.faults = faults.parse::<Faults>().unwrap();
        for (at, words) in modems.iter().enumerate() {
            let link = Some(folder.join(format!("modem{at}")));
            config.modems.push(ModemConfig { link, personality: words.parse().unwrap() });
        }
        let lab = rasman_lab::spawn(config).unwrap();
        let scene = Self { folder, lab };
        symlink(RASCTL, scene.path("bin/rasmand")).unwrap();
        fs::write(scene.path("ca.pem"), &scene.lab.facts().ca_pem).unwrap();
        scene.secret("password", DEFAULT_PASSWORD);
        scene.secret("wrong", "looking-glass");
        scene
    }

    /// A scene with the entry "Office" that dials the lab, and credentials stored for it.
    pub(crate) fn with_entry(faults: &str) -> Self {
        let scene = Self::new(faults);
        let (server, ca) = (scene.server(), format!("ca={}", scene.text("ca.pem")));
        scene.run(&["entry", "add", "Office", "--medium", "sstp", "--server", &server, "--set", &ca]).expect(0);
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The same as text, for arguments.
    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn server(&self) -> String {
        self.lab.facts().address.to_string()
    }

    pub(crate) fn port(&self) -> String {
        self.lab.facts().address.port().to_string()
    }

    /// A file that only its owner can read.
    pub(crate) fn secret(&self, name: &str, text: &str) {
        fs::write(self.path(name), format!("{text}\n")).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The arguments that dial the lab without an entry, as its user.
    pub(crate) fn by_server(&self) -> Vec<String> {
        let (port, ca, password) = (self.port(), self.text("ca.pem"), self.text("password"));
        [
            "dial",
            "--server",
            "127.0.0.1",
            "--port",
            &port,
            "--ca",
            &ca,
            "-u",
            DEFAULT_USER,
            "--password-file",
            &password,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// A command in this user's environment, and in no other.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("RASMAN_DAEMON", self.path("bin/rasmand"))
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Runs `rasctl` to its end.
    pub(crate) fn run<T: AsRef<str>>(&self, arguments: &[T]) -> Ran {
        Ran::of(self.command(RASCTL).args(arguments.iter().map(AsRef::as_ref)))
    }

    /// Runs `rasctl` with a text at its standard input.
    pub(crate) fn run_with<T: AsRef<str>>(&self, arguments: &[T], input: &str) -> Ran {
        let mut command = self.command(RASCTL);
        command.args(arguments.iter().map(AsRef::as_ref)).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Who ends without reading it all is not what is tested here.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Runs `rasdial` to its end.
    pub(crate) fn rasdial<T: AsRef<str>>(&self, arguments: &[T]) -> Ran {
        Ran::of(self.command(RASDIAL).args(arguments.iter().map(AsRef::as_ref)))
    }

    /// Starts `rasctl` and reads it line by line.
    pub(crate) fn start<T: AsRef<str>>(&self, arguments: &[T]) -> Live {
        Live::of(self.command(RASCTL).args(arguments.iter().map(AsRef::as_ref)))
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // The daemon, if one was started; it hangs up what is left.
        let _ = self.command(RASCTL).args(["stop", "--scope", "user"]).stderr(Stdio::null()).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<std::process::Output> for Ran {
    fn from(output: std::process::Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// Demands an exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Demands that both are said: the first on standard output, the second on standard error.
    #[track_caller]
    pub(crate) fn says(self, out: &str, err: &str) -> Self {
        assert!(self.out.contains(out), "no {out:?} in {self:#?}");
        assert!(self.err.contains(err), "no {err:?} in {self:#?}");
        self
    }

    /// Reads the one JSON document of standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Reads a stream of JSON objects, one a line.
    #[track_caller]
    pub(crate) fn stream(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }
}

/// A program that runs.
pub(crate) struct Live {
    pub(crate) child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    pub(crate) seen: Vec<String>,
}

impl Live {
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, seen: Vec::new() }
    }

    /// Reads lines until one has `wanted` in it.
    #[track_caller]
    pub(crate) fn until(&mut self, wanted: &str) -> String {
        while let Some(Ok(line)) = self.lines.next() {
            self.seen.push(line.clone());
            if line.contains(wanted) {
                return line;
            }
        }
        let mut err = String::new();
        let _ = std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut err);
        panic!("no {wanted:?} in {:#?}, {err}", self.seen);
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end, and gives the rest of the output.
    pub(crate) fn end(mut self) -> Ran {
        let rest: Vec<_> = self.lines.by_ref().map_while(Result::ok).collect();
        let status = self.child.wait().unwrap();
        let mut err = String::new();
        let _ = std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut err);
        Ran { code: status.code(), out: rest.join("\n"), err }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fetches the lab's page through a proxy, by a SOCKS5 connect of our own.
pub(crate) fn fetch(scene: &Scene, proxy: &str) -> String {
    use std::io::Read;
    let mut stream = std::net::TcpStream::connect(proxy.trim().trim_start_matches("socks5h://")).unwrap();
    stream.write_all(&[5, 1, 0]).unwrap();
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).unwrap();
    let mut request = vec![5, 1, 0, 1];
    request.extend_from_slice(&scene.lab.facts().gateway.octets());
    request.extend_from_slice(&80_u16.to_be_bytes());
    stream.write_all(&request).unwrap();
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).unwrap();
    page(stream)
}

/// Fetches the lab's page over a stream to it.
pub(crate) fn page(mut stream: std::net::TcpStream) -> String {
    use std::io::Read;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

/// Tells whether a file has a text anywhere in it.
pub(crate) fn has(path: &Path, text: &str) -> bool {
    String::from_utf8_lossy(&fs::read(path).unwrap()).contains(text)
}

pub(crate) const RASCTL: &str = env!("CARGO_BIN_EXE_rasctl");
pub(crate) const RASDIAL: &str = env!("CARGO_BIN_EXE_rasdial");

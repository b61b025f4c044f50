//! Two ends of a cable, and processes at each.

use rasman_lab::Facts;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Where the other end of the cable is.
pub(super) const SERVER: &str = "192.0.2.1";
/// Where kernel TCP is reached there.
pub(super) const PORT: u16 = 9000;

/// The other end of the cable, and this one.
pub(super) struct World {
    far: Child,
    /// Kernel TCP at the other end.
    _traffic: Process,
}

impl World {
    pub(super) fn make() -> io::Result<Self> {
        let mut far = Command::new("unshare")
            .args(["-n", "sh", "-c", "echo there; exec sleep 100000"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        read_line(far.stdout.as_mut())?;
        let pid = far.id();
        run("ip", &["link", "set", "lo", "up"])?;
        run("ip", &["link", "add", "near", "type", "veth", "peer", "name", "far", "netns", &pid.to_string()])?;
        run("ip", &["addr", "add", "192.0.2.2/24", "dev", "near"])?;
        run("ip", &["link", "set", "near", "up"])?;
        at(pid, &["ip", "link", "set", "lo", "up"])?;
        at(pid, &["ip", "addr", "add", "192.0.2.1/24", "dev", "far"])?;
        at(pid, &["ip", "link", "set", "far", "up"])?;
        let traffic = Process::start(Some(pid), &["traffic-server".to_owned(), PORT.to_string()])?;
        Ok(Self { far, _traffic: traffic })
    }

    /// Runs a command of the system at the other end.
    pub(super) fn far(&self, arguments: &[&str]) -> io::Result<()> {
        at(self.far.id(), arguments)
    }

    /// Gives the process whose namespace is the other end.
    pub(super) fn far_pid(&self) -> u32 {
        self.far.id()
    }

    /// Starts a lab at the other end.
    pub(super) fn lab(&self, flags: &[&str]) -> io::Result<Lab> {
        let mut words = vec!["lab".to_owned(), "--listen".to_owned(), format!("{SERVER}:0")];
        words.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let process = Process::start(Some(self.far.id()), &words)?;
        let facts = serde_json::from_str(&process.said).map_err(io::Error::other)?;
        Ok(Lab { _process: process, facts })
    }

    /// Starts this program at the other end, with what it is to be.
    pub(super) fn start(&self, words: &[String]) -> io::Result<Process> {
        Process::start(Some(self.far.id()), words)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.far.kill();
        let _ = self.far.wait();
    }
}

/// A lab at the other end.
pub(super) struct Lab {
    _process: Process,
    pub(super) facts: Facts,
}

/// This program, running as something else. Dropped, it ends.
pub(super) struct Process {
    child: Child,
    /// The first line that it wrote.
    pub(super) said: String,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it here or at the other end, and waits for its first line.
    pub(super) fn start(far: Option<u32>, words: &[String]) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = match far {
            Some(pid) => {
                let mut command = Command::new("nsenter");
                command.args(["-t", &pid.to_string(), "-n"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let mut child = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or_else(|| io::Error::other("no output"))?);
        let mut said = String::new();
        output.read_line(&mut said)?;
        Ok(Self { child, said, output })
    }

    /// Waits for its end and gives what else it wrote.
    pub(super) fn rest(mut self) -> io::Result<String> {
        let mut rest = std::mem::take(&mut self.said);
        self.output.read_to_string(&mut rest)?;
        if self.child.wait()?.success() { Ok(rest) } else { Err(io::Error::other("a process of the benchmark failed")) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Each of them ends with its standard input, or is in the midst of something that nobody wants any more.
        drop(self.child.stdin.take().map(|mut stdin| stdin.write_all(b"stop\n")));
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Runs a command of the system.
pub(super) fn run(program: &str, arguments: &[&str]) -> io::Result<()> {
    let status = Command::new(program).args(arguments).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{program} {arguments:?} failed"))) }
}

fn at(pid: u32, arguments: &[&str]) -> io::Result<()> {
    let pid = pid.to_string();
    run("nsenter", &[&["-t", &pid, "-n"], arguments].concat())
}

fn read_line(from: Option<&mut ChildStdout>) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(from.ok_or_else(|| io::Error::other("no output"))?).read_line(&mut line)?;
    Ok(line)
}

/// Gives the resident memory of this process, in bytes.
pub(super) fn resident() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    Ok(pages.ok_or_else(|| io::Error::other("no statm"))? * 4096)
}

/// Gives the time that this process has used, its threads together, in seconds.
pub(super) fn cpu() -> io::Result<f64> {
    let mut text = String::new();
    File::open("/proc/self/schedstat")?.read_to_string(&mut text)?;
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        total += text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0);
    }
    Ok(total / 1e9)
}

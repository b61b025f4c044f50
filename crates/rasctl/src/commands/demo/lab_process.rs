//! The lab as a child process.

use rasman_lab::{Facts, Stats};
use std::io;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A lab in a process of its own. It ends with its standard input, so it cannot outlive us.
pub(super) struct LabProcess {
    pub(super) facts: Facts,
    child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl LabProcess {
    /// Starts this program again as a lab and waits until it listens.
    pub(super) async fn start() -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("lab")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (commands, answers) = pipes.ok_or_else(|| io::Error::other("the lab has no pipes"))?;
        let mut answers = BufReader::new(answers).lines();
        let facts = answer(&mut answers).await?;
        let facts = serde_json::from_str(&facts).map_err(io::Error::other)?;
        Ok(Self { facts, child, commands, answers })
    }

    /// Asks what it has counted.
    pub(super) async fn stats(&mut self) -> io::Result<Stats> {
        self.commands.write_all(b"stats\n").await?;
        let stats = answer(&mut self.answers).await?;
        serde_json::from_str(&stats).map_err(io::Error::other)
    }

    /// Ends it and tells whether it ended cleanly.
    pub(super) async fn stop(mut self) -> io::Result<bool> {
        drop(self.commands);
        Ok(self.child.wait().await?.success())
    }
}

async fn answer(answers: &mut Lines<BufReader<ChildStdout>>) -> io::Result<String> {
    answers.next_line().await?.ok_or_else(|| io::Error::other("the lab ended"))
}

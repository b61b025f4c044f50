//! A lab as a process of its own.

use crate::{Config, Faults, Running, spawn};
use serde::Serialize;
use std::io::{self, BufRead, Write};

/// Runs a lab until `input` ends: the whole of `rasctl lab`.
///
/// ```text
/// output: {"address":"127.0.0.1:4433",...}      the facts, one line, when it can be dialled
/// input:  stats                                 output: {"accepted":1,...}
/// input:  faults silent=auth                    from the next connection on; "faults" alone ends them
/// input:  hang-up                               every client is sent away
/// input:  stop, or the end of the input         everything ends in good order
/// ```
///
/// Each command but `stop` is answered with one line of JSON: `stats` with the statistics, others with
/// `{"ok":true}` or `{"error":"..."}`.
///
/// # Errors
/// Those of [`spawn`], and of the output.
pub fn run(config: Config, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let ca_file = config.ca_file.clone();
    let running = spawn(config)?;
    if let Some(path) = ca_file {
        // Before the facts are told: who has read them finds the file.
        std::fs::write(&path, &running.facts().ca_pem)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    }
    tell(&mut output, running.facts())?;
    for line in input.lines() {
        // Input that is no text is as good as its end.
        let Ok(line) = line else { break };
        match obey(&running, line.trim()) {
            Answer::None => {}
            Answer::Stats => tell(&mut output, &running.settled_stats())?,
            Answer::Ok => tell(&mut output, &serde_json::json!({ "ok": true }))?,
            Answer::Error(error) => tell(&mut output, &serde_json::json!({ "error": error }))?,
            Answer::Stop => break,
        }
    }
    running.stop();
    Ok(())
}

enum Answer {
    None,
    Stats,
    Ok,
    Error(String),
    Stop,
}

fn obey(running: &Running, line: &str) -> Answer {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    match command {
        "" => Answer::None,
        "stats" => Answer::Stats,
        "stop" => Answer::Stop,
        "hang-up" => {
            running.hang_up_all();
            Answer::Ok
        }
        "faults" => match rest.parse::<Faults>() {
            Ok(faults) => {
                running.set_faults(faults);
                Answer::Ok
            }
            Err(error) => Answer::Error(error.to_string()),
        },
        _ => Answer::Error("expected stats, faults, hang-up or stop".to_owned()),
    }
}

fn tell(output: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let line = serde_json::to_string(value)?;
    writeln!(output, "{line}")?;
    output.flush()
}

//! `rasctl devices`: the serial ports of this machine, and which modems answer at them.

use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint};
use crate::runtime::block_on;
use rasmand::devices::{self, PortName};
use serde_json::json;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct DevicesArguments {
    /// Ports to look at besides those that are found, such as a pseudo-terminal
    #[arg(value_name = "PORT")]
    ports: Vec<PathBuf>,
    /// Do not open the ports: list them only
    #[arg(long)]
    no_probe: bool,
}

/// What is known of a port.
struct Seen {
    port: PortName,
    /// What the modem said, why the port cannot be opened, or that nobody answers.
    state: State,
}

enum State {
    NotAsked,
    Modem(String),
    Silent,
    Closed(String),
}

/// Lists ports, and asks each for a modem unless told not to.
pub(crate) fn run(arguments: &DevicesArguments, context: &Context) -> Result<Exit, Failure> {
    let mut ports = devices::list();
    for path in &arguments.ports {
        if !ports.iter().any(|port| port.path == *path || port.stable.as_ref() == Some(path)) {
            ports.push(devices::named(path));
        }
    }
    let seen = match arguments.no_probe {
        true => ports.into_iter().map(|port| Seen { port, state: State::NotAsked }).collect(),
        false => block_on(ask(ports))?,
    };
    table(&seen, context.output);
    context.output.json(&json!({ "devices": seen.iter().map(Seen::json).collect::<Vec<_>>() }));
    Ok(Exit::Success)
}

/// Asks one port after another: some adapters are one device with several ports.
async fn ask(ports: Vec<PortName>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for port in ports {
        let state = match devices::probe(&port.path).await {
            Ok(Some(said)) => State::Modem(said),
            Ok(None) => State::Silent,
            Err(cause) => State::Closed(format!("error {}: {}", cause.code.0, cause.said)),
        };
        seen.push(Seen { port, state });
    }
    seen
}

fn table(seen: &[Seen], output: Output) {
    if seen.is_empty() {
        return output.line("There is no serial port.");
    }
    let width = seen.iter().map(|seen| seen.port.path.display().to_string().len()).max().unwrap_or_default().max(4);
    output.line(output.painter().paint(Paint::Dim, format_args!("{:<width$}  {}", "PORT", "ANSWERED")));
    for Seen { port, state } in seen {
        output.line(format!("{:<width$}  {}", port.path.display().to_string(), state.in_words()).trim_end());
        if let Some(stable) = &port.stable {
            output.line(format!("{:<width$}  keeps the name {}", "", stable.display()));
        }
    }
}

impl State {
    fn in_words(&self) -> String {
        match self {
            Self::NotAsked => String::new(),
            Self::Modem(said) if said.is_empty() => "a modem".to_owned(),
            Self::Modem(said) => format!("a modem: {said}"),
            Self::Silent => "nobody".to_owned(),
            Self::Closed(why) => why.clone(),
        }
    }
}

impl Seen {
    fn json(&self) -> serde_json::Value {
        let (modem, error) = match &self.state {
            State::Modem(said) => (Some(said), None),
            State::Closed(why) => (None, Some(why)),
            State::NotAsked | State::Silent => (None, None),
        };
        let asked = !matches!(self.state, State::NotAsked);
        let Self { port: PortName { path, stable }, .. } = self;
        json!({ "port": path, "stable": stable, "asked": asked, "modem": modem, "error": error })
    }
}

//! The program: arguments, log, and what of the two it is asked to be: the daemon, or what starts it.

use super::{Options, run};
use crate::sandbox::{self, Plan};
use crate::{Configuration, Settings};
use rasman::ipc::scope::{Place, Scope, own_uid};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Runs `rasmand` with these arguments, without the program's name.
pub fn main_process(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("rasmand: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match arguments.task {
        Task::Help => println!("{USAGE}"),
        Task::Version => println!("rasmand {}", env!("CARGO_PKG_VERSION")),
        Task::Start => return crate::starter::start(&arguments.place(), arguments.idle),
        Task::Serve => return serve(arguments),
    }
    ExitCode::SUCCESS
}

fn serve(arguments: Arguments) -> ExitCode {
    crate::give_back_early();
    log_to_standard_error();
    if arguments.detached {
        crate::starter::detach();
    }
    if let Err(error) = crate::forbid_core_dumps() {
        tracing::warn!("core files are not forbidden: {error}");
    }
    if let Err(error) = crate::hygiene::raise_descriptor_limit() {
        tracing::warn!("the limit of descriptors stays as it is: {error}");
    }
    let (configuration, settings) = match (Configuration::from_environment(), Settings::from_environment()) {
        (Ok(configuration), Ok(settings)) => (configuration, settings),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("rasmand: {error}");
            return ExitCode::FAILURE;
        }
    };
    let place = arguments.place();
    let sandbox = arguments.sandbox.then(|| plan(&place, &configuration, &settings));
    // Where the sandbox lets us write.
    let journal = Some(place.folder.join("journal"));
    let options = Options {
        idle: arguments.idle.unwrap_or(match place.scope {
            Scope::System => None,
            Scope::User => Some(IDLE),
        }),
        place,
        admins: arguments.admins,
        settings: Settings { workers: arguments.workers, journal, prefer_device: arguments.device, ..settings },
        sandbox,
        ready: if arguments.detached { Box::new(tell_starter) } else { Box::new(|| ()) },
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rasmand: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Keeps what the daemon itself needs: its folder, and the phone books.
fn plan(place: &Place, configuration: &Configuration, settings: &Settings) -> Plan {
    let scope = match place.scope {
        Scope::System => sandbox::Scope::System,
        Scope::User => sandbox::Scope::User,
    };
    let plan = Plan::new(scope, configuration).writable(&place.folder);
    match &settings.phonebooks {
        Some(places) => plan.books(places),
        None => plan,
    }
}

/// Tells whoever reads our output that clients can connect, and lets go of it.
fn tell_starter() {
    let mut output = std::io::stdout();
    // Whoever wanted to know may have gone.
    let _ = writeln!(output, "ready").and_then(|()| output.flush());
    crate::starter::let_go_of_output();
}

fn log_to_standard_error() {
    let filter = std::env::var("RASMAN_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
}

struct Arguments {
    task: Task,
    scope: Scope,
    folder: Option<PathBuf>,
    /// Nothing said, or never, or after this long.
    idle: Option<Option<Duration>>,
    workers: usize,
    admins: String,
    detached: bool,
    sandbox: bool,
    device: bool,
}

#[derive(PartialEq, Eq, Debug)]
enum Task {
    Serve,
    Start,
    Help,
    Version,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut parsed = Self {
            task: Task::Serve,
            scope: if own_uid() == 0 { Scope::System } else { Scope::User },
            folder: None,
            idle: None,
            workers: 0,
            admins: "rasman".to_owned(),
            detached: false,
            sandbox: true,
            device: false,
        };
        while let Some(argument) = arguments.next() {
            let text = argument.to_str().ok_or("an argument is not UTF-8")?;
            let mut value = || arguments.next().ok_or_else(|| format!("{text} wants a value"));
            let mut text_value = || value()?.into_string().map_err(|_| format!("the value of {text} is not UTF-8"));
            match text {
                "start" => parsed.task = Task::Start,
                "--help" | "-h" => parsed.task = Task::Help,
                "--version" | "-V" => parsed.task = Task::Version,
                "--scope" => parsed.scope = text_value()?.parse()?,
                "--folder" => {
                    // Before the daemon goes to another folder itself.
                    let folder = std::path::absolute(value()?).map_err(|error| format!("--folder: {error}"))?;
                    parsed.folder = Some(folder);
                }
                "--idle" => parsed.idle = Some(parse_idle(&text_value()?)?),
                "--workers" => {
                    parsed.workers = text_value()?.parse().map_err(|_| "--workers wants a number".to_owned())?;
                }
                "--admins" => parsed.admins = text_value()?,
                "--detached" => parsed.detached = true,
                "--device" => parsed.device = true,
                "--no-sandbox" => parsed.sandbox = false,
                _ => return Err(format!("unknown argument \"{}\"", text.escape_debug())),
            }
        }
        Ok(parsed)
    }

    fn place(&self) -> Place {
        match &self.folder {
            Some(folder) => Place { scope: self.scope, folder: folder.clone() },
            None => Place::of(self.scope),
        }
    }
}

fn parse_idle(text: &str) -> Result<Option<Duration>, String> {
    if text == "never" {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..1e9).contains(&seconds) => Ok(Some(Duration::from_secs_f64(seconds))),
        _ => Err(format!("--idle wants seconds or \"never\", not \"{}\"", text.escape_debug())),
    }
}

/// How long a user's own manager stays without being needed.
const IDLE: Duration = Duration::from_secs(60);

const USAGE: &str = "\
usage: rasmand [start] [OPTIONS]

The remote access connection manager: owns connections, so that they outlive the programs that dialled them.
With \"start\" it is started in the background, unless it runs already, and is ready when this returns.

  --scope system|user   for all users, or for the calling one (default: system for root)
  --folder DIR          where its socket is (default: /run/rasman, or rasman in the user's runtime folder)
  --idle SECONDS|never  end after this long with nobody connected and nothing dialled
                        (default: 60 for the user's, never for the system's)
  --workers N           threads that own connections (default: one a core)
  --admins GROUP        who sees and hangs up everybody's connections (default: rasman)
  --device              an entry that does not say how programs get in gets a network device
  --no-sandbox          keep all rights of the user, for looking for mistakes
  --version, --help

RASMAN_LOG sets what is logged to standard error, such as \"debug\".";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn arguments_are_read() {
        let parsed = parse("start --scope user --folder /x --idle 1.5 --workers 3 --admins wheel").unwrap();
        assert_eq!((parsed.task, parsed.scope, parsed.workers), (Task::Start, Scope::User, 3));
        assert_eq!(parsed.idle, Some(Some(Duration::from_millis(1500))));
        assert_eq!(parse("--idle never").unwrap().idle, Some(None));
    }

    #[test]
    fn wrong_arguments_are_told() {
        for (line, word) in [
            ("--scope root", "system or user"),
            ("--idle -1", "seconds"),
            ("--folder", "wants a value"),
            ("--workers x", "number"),
            ("--frobnicate", "unknown"),
        ] {
            assert!(parse(line).err().unwrap().contains(word), "{line}");
        }
    }
}

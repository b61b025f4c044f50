//! A daemon that stops where it is to be killed.

use crate::world::Stopping;
use rasman::ipc::scope::{Place, Scope};
use rasmand::OwnJournal;
use rasmand::daemon::Options;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs a daemon of the system's scope: `FOLDER CHANGE`. It says `ready` when clients can connect, and `now` when the
/// change, counted from one, is written down and not made.
///
/// # Panics
/// If the arguments are wrong.
pub fn stopping(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> = arguments.map(|argument| argument.into_string().expect("UTF-8")).collect();
    let [folder, change] = arguments.as_slice() else { panic!("FOLDER CHANGE") };
    let folder = PathBuf::from(folder);
    let journal = Stopping::new(folder.join("journal"), change.parse().expect("a number"));
    let settings = rasmand::Settings {
        workers: 1,
        journal: Some(folder.join("journal")),
        own_journal: Some(OwnJournal(Arc::new(journal))),
        ..Default::default()
    };
    let ready = Box::new(|| {
        println!("ready");
        std::io::stdout().flush().expect("somebody reads");
    });
    let place = Place { scope: Scope::System, folder };
    match rasmand::daemon::run(Options { place, idle: None, admins: String::new(), settings, sandbox: None, ready }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

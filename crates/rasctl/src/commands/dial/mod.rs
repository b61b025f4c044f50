//! `rasctl dial`: an entry of the phone book, or a server.

mod doors;
mod follow;
mod hold;
mod leave;
mod server;
mod terminal;
mod who;

pub(crate) use server::MediumName;

use crate::arguments::Context;
use crate::books::Books;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{last, manager, named_files};
use clap::Args;
use doors::DoorArguments;
use rasman::{Cause, DataPath, Dial, Entry, Manager, Rootless};
use rasman_phonebook::store::{Loaded, Scope as BookScope};
use server::ServerArguments;
use std::path::{Path, PathBuf};
use who::WhoArguments;

/// What to dial, as whom, and how programs get in.
#[derive(Args)]
pub(crate) struct DialArguments {
    /// Entry of the phone book
    #[arg(required_unless_present_any = ["server", "number"], conflicts_with_all = ["server", "number"])]
    entry: Option<String>,
    /// Stay in the foreground with a manager of our own: the connection ends with this program
    #[arg(long)]
    hold: bool,
    /// Dial this number or server in place of the entry's own
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["server", "number"])]
    phone: Option<String>,
    /// Let a server that calls back do so at this number, or ask for it with an asterisk
    #[arg(long, value_name = "NUMBER", conflicts_with = "server")]
    callback: Option<String>,
    #[command(flatten)]
    who: WhoArguments,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    doors: DoorArguments,
}

/// Dials.
pub(crate) fn run(arguments: &DialArguments, context: &Context) -> Result<Exit, Failure> {
    if let Err(error) = rasmand::forbid_core_dumps() {
        context.output.warning(format_args!("core files are not forbidden: {error}"));
    }
    let result = dial(arguments, context);
    result.inspect_err(|failure| {
        if failure.cause().is_some() {
            last::remember(arguments.target(), &failure.json());
        }
    })
}

fn dial(arguments: &DialArguments, context: &Context) -> Result<Exit, Failure> {
    // What is wrong with the settings is told before anybody is asked for a password.
    let (dial, scope) = arguments.dial(context)?;
    let manager = match arguments.hold {
        true => manager::local()?,
        false => manager::to_dial(context.scope, scope == Some(BookScope::AllUsers))?,
    };
    let dial = dial.credentials(arguments.credentials(&manager, context)?);
    match arguments.hold {
        true => hold::run(&manager, dial, context.output),
        false => leave::run(&manager, dial, arguments.target(), context.output),
    }
}

impl DialArguments {
    /// Names what is dialled, for people.
    fn target(&self) -> &str {
        self.entry.as_deref().or_else(|| self.server.name()).unwrap_or_default()
    }

    /// Makes a dial of the arguments, without credentials, and tells whose the entry is; nothing is opened but files.
    fn dial(&self, context: &Context) -> Result<(Dial, Option<BookScope>), Failure> {
        let (dial, own, scope) = match (self.server.entry()?, &self.entry) {
            (Some(entry), _) => {
                let own = entry.data_path.clone();
                (Dial::settings(entry), own, None)
            }
            (None, Some(name)) => {
                // Here the scope says which manager dials, not which phone book has the entry.
                let loaded = Books::new(context.phonebook.clone(), None).find(name)?;
                let own = data_path_of(name, &loaded, self.doors.wants_device());
                let dial = match &context.phonebook {
                    Some(phonebook) if self.hold => Dial::entry(name).phonebook(absolute(phonebook)?),
                    // A daemon in its sandbox reads the usual phone books and no others.
                    Some(_) => Dial::settings(settings_of(name, &loaded)?),
                    None => Dial::entry(name),
                };
                let dial = dial.number(self.phone.clone().unwrap_or_default());
                (dial, own, Some(loaded.place.scope))
            }
            (None, None) => match self.server.number() {
                Some(dial) => (dial, DataPath::Rootless(Rootless::default()), None),
                None => {
                    return Err(Failure::usage("there is nothing to dial", "name an entry, a --server or a --number"));
                }
            },
        };
        let dial = dial.callback_number(self.callback.clone().unwrap_or_default());
        let dial = dial.paused_states(context.output.can_ask()).remember(self.who.remember);
        let device_preferred = !self.hold && manager::is_machines(context.scope, scope == Some(BookScope::AllUsers))?;
        let dial = match self.doors.over(&own, device_preferred)? {
            Some(doors) => dial.data_path(doors),
            None => dial,
        };
        Ok((dial, scope))
    }

    fn credentials(&self, manager: &Manager, context: &Context) -> Result<rasman::Credentials, Failure> {
        match &self.entry {
            Some(name) if self.hold || context.phonebook.is_none() => self.who.for_entry(name, manager, context),
            Some(name) => self.who.for_server(name, context.output),
            None => self.who.for_server(self.target(), context.output),
        }
    }
}

/// Reads the doors of an entry, or its device; whether they can be opened is the manager's business.
fn data_path_of(name: &str, loaded: &Loaded, device: bool) -> DataPath {
    let mut entry = loaded.book.properties(name).expect("the book was chosen because it has the entry");
    if device {
        "tun".clone_into(&mut entry.data_path);
    }
    match entry.dial_entry(&Default::default(), |_: &str| Ok(Vec::new())) {
        Ok(entry) => entry.data_path,
        // The manager says what is wrong with it.
        Err(_) => DataPath::Rootless(Rootless::default()),
    }
}

/// Reads what an entry dials.
pub(crate) fn settings_of(name: &str, loaded: &Loaded) -> Result<Entry, Failure> {
    let entry = loaded.book.properties(name).expect("the book was chosen because it has the entry");
    let dialled = entry.dial_entry(&Default::default(), named_files::OfPhoneBook);
    dialled.map_err(|obstacle| Failure::from(Cause::from(obstacle)))
}

/// The manager may work in another folder than we do.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::system(path.display(), &error))
}

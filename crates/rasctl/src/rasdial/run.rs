//! What `rasdial` does.

use super::parse::{DialRequest, Request};
use super::{Password, USAGE};
use crate::books::Books;
use crate::commands::dial::settings_of;
use crate::failure::Failure;
use crate::last;
use crate::manager::{self, Managers};
use crate::output::Output;
use crate::runtime::{Ending, block_on};
use crate::secrets::ask;
use rasman::{Cause, Code, ConnState, Connection, Credentials, Dial, LayerName, Manager, STORED_PASSWORD, Secret};
use rasman_phonebook::store::Scope;

/// Does what is asked.
pub(super) fn run(request: Request, password: Password, output: Output) -> Result<(), Failure> {
    block_on(async {
        match request {
            Request::Help => {
                output.line(USAGE);
                Ok(())
            }
            Request::List => {
                list(&Managers::running(None)?, output);
                Ok(())
            }
            Request::Disconnect(entry) => disconnect(&Managers::running(None)?, entry.as_deref(), output).await,
            Request::Dial(request) => dial(*request, password, output).await,
        }
    })?
}

fn list(managers: &Managers, output: Output) {
    let connected = managers.connections();
    let mut names = connected.iter().filter(|info| info.state == ConnState::Connected).map(|info| &info.entry);
    match names.next() {
        None => output.line("No connections"),
        Some(first) => {
            output.line("Connected to");
            output.line(first);
            names.for_each(|name| output.line(name));
        }
    }
}

async fn disconnect(managers: &Managers, entry: Option<&str>, output: Output) -> Result<(), Failure> {
    let mut found = false;
    for info in managers.connections() {
        if entry.is_some_and(|entry| entry.to_lowercase() != info.entry.to_lowercase()) {
            continue;
        }
        found = true;
        // One that went away meanwhile is what was wanted.
        let Ok(connection) = managers.connection(info.handle) else { continue };
        match connection.hang_up() {
            Ok(hanging_up) => drop(hanging_up.await),
            Err(error) if error.code() == Code::INVALID_HANDLE => {}
            Err(error) => return Err(error.into()),
        }
    }
    if !found {
        output.line("No connections");
    }
    Ok(())
}

async fn dial(request: DialRequest, password: Password, output: Output) -> Result<(), Failure> {
    let books = Books::new(request.phonebook.clone(), None);
    let loaded = books.find(&request.entry)?;
    let manager = manager::to_dial(None, loaded.place.scope == Scope::AllUsers)?;
    let user = request.user.unwrap_or_default();
    let password = match password {
        Password::Given(password) => password,
        // Clauses A13 and A15: nobody named is whoever is stored, a name alone is that user with the stored password.
        Password::Stored if user.is_empty() => Secret::default(),
        Password::Stored => Secret::from(STORED_PASSWORD),
        Password::Ask => ask(&format!("Password of {user}: ")).await?,
    };
    let credentials = Credentials { user, domain: request.domain.unwrap_or_default(), password };
    let dial = match &request.phonebook {
        // A daemon in its sandbox reads the usual phone books and no others.
        Some(_) => Dial::settings(settings_of(&request.entry, &loaded)?),
        None => Dial::entry(&request.entry),
    };
    let dial = dial
        .number(request.phone.unwrap_or_default())
        .callback_number(request.callback.unwrap_or_default())
        .prefix_and_suffix(request.prefix_suffix)
        .credentials(credentials);
    let result = follow(&manager, dial, &request.entry, output).await;
    result.map(drop).inspect_err(|failure| last::remember(&request.entry, &failure.json()))
}

/// Dials with the messages of Windows.
async fn follow(manager: &Manager, dial: Dial, entry: &str, output: Output) -> Result<Connection, Failure> {
    let mut ending = Ending::listen()?;
    let mut dialing = manager.dial(dial)?;
    let mut started = false;
    loop {
        let notification = tokio::select! {
            told = dialing.next() => match told {
                Some(notification) => notification,
                None => break,
            },
            () = ending.wait() => {
                drop(dialing);
                return Err(Cause::new(Code::USER_DISCONNECTION, LayerName::User).into());
            }
        };
        match notification.state {
            _ if notification.error.is_some() => {}
            ConnState::OpenPort => {
                started = true;
                output.line(format_args!("Connecting to {entry}..."));
            }
            ConnState::Authenticate => output.line("Verifying username and password..."),
            ConnState::AuthProject => output.line("Registering your computer on the network..."),
            // Clause A16: an entry that is connected says so once, and nothing before it.
            ConnState::Connected if started => output.line(format_args!("Successfully connected to {entry}.")),
            ConnState::Connected => output.line(format_args!("You are already connected to {entry}.")),
            _ => {}
        }
    }
    Ok(dialing.finish().await?)
}

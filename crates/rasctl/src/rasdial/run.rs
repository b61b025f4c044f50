//! What `rasdial` does.

use super::parse::{DialRequest, Request};
use super::{Password, USAGE};
use crate::failure::Failure;
use crate::manager;
use crate::output::Output;
use crate::runtime::{Ending, block_on};
use crate::secrets::ask;
use rasman::{Cause, Code, ConnState, Connection, Credentials, Dial, LayerName, Manager};

/// Does what is asked.
pub(super) fn run(request: Request, password: Password, output: Output) -> Result<(), Failure> {
    block_on(async {
        match request {
            Request::Help => {
                output.line(USAGE);
                Ok(())
            }
            Request::List => list(&manager::connect(None).await?, output),
            Request::Disconnect(entry) => disconnect(&manager::connect(None).await?, entry.as_deref(), output).await,
            Request::Dial(request) => dial(*request, password, output).await,
        }
    })?
}

fn list(manager: &Manager, output: Output) -> Result<(), Failure> {
    let connected = manager.connections();
    let mut names = connected.iter().filter(|info| info.state == ConnState::Connected).map(|info| &info.entry);
    match names.next() {
        None => output.line("No connections"),
        Some(first) => {
            output.line("Connected to");
            output.line(first);
            names.for_each(|name| output.line(name));
        }
    }
    Ok(())
}

async fn disconnect(manager: &Manager, entry: Option<&str>, output: Output) -> Result<(), Failure> {
    let mut found = false;
    for info in manager.connections() {
        if entry.is_some_and(|entry| entry.to_lowercase() != info.entry.to_lowercase()) {
            continue;
        }
        found = true;
        // One that went away meanwhile is what was wanted.
        if let Ok(hanging_up) = manager.connection(info.handle).and_then(|connection| connection.hang_up()) {
            hanging_up.await;
        }
    }
    if !found {
        output.line("No connections");
    }
    Ok(())
}

async fn dial(request: DialRequest, password: Password, output: Output) -> Result<(), Failure> {
    if request.callback.is_some() || request.prefix_suffix {
        let cause = Cause::new(Code::NOT_SUPPORTED, LayerName::Settings)
            .did("found /CALLBACK or /PREFIXSUFFIX on the command line")
            .advice("leave it out: there is no medium yet that calls back or has numbers with a prefix");
        return Err(cause.into());
    }
    let user = request.user.unwrap_or_default();
    let password = match password {
        Password::Given(password) => password,
        Password::Stored => Default::default(),
        Password::Ask => ask(&format!("Password of {user}: ")).await?,
    };
    let credentials = Credentials { user, domain: request.domain.unwrap_or_default(), password };
    let manager = manager::connect(None).await?;
    let connection =
        follow(&manager, Dial::entry(&request.entry).credentials(credentials), &request.entry, output).await;
    connection.map(drop)
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

//! `rasctl credentials`: what is stored for an entry. A password goes in and never comes out.

use crate::arguments::Context;
use crate::books::Books;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager;
use crate::secrets::{PasswordArguments, ask_plain};
use clap::{Args, Subcommand};
use rasman::{CredentialMask, EntryRef, NewCredentials};
use serde_json::json;

#[derive(Subcommand)]
pub(crate) enum CredentialsCommand {
    /// Store user name and password of an entry
    Set(SetArguments),
    /// Forget what is stored for an entry
    Clear(ClearArguments),
    /// Tell what is stored for an entry, without the secrets
    Check(CheckArguments),
}

/// What to store.
#[derive(Args)]
pub(crate) struct SetArguments {
    /// Name of the entry
    entry: String,
    /// User name
    #[arg(long, short)]
    user: Option<String>,
    /// Domain of the user
    #[arg(long)]
    domain: Option<String>,
    /// The secret is the pre-shared key of the entry, not a password
    #[arg(long, conflicts_with_all = ["user", "domain"])]
    pre_shared_key: bool,
    /// Store them for everybody who has none of their own; for entries of all users
    #[arg(long)]
    default: bool,
    #[command(flatten)]
    password: PasswordArguments,
}

/// What to forget.
#[derive(Args)]
pub(crate) struct ClearArguments {
    /// Name of the entry
    entry: String,
    /// Forget the password alone
    #[arg(long)]
    password_only: bool,
    /// Forget those that were stored for everybody
    #[arg(long)]
    default: bool,
}

/// Of which entry.
#[derive(Args)]
pub(crate) struct CheckArguments {
    /// Name of the entry
    entry: String,
    /// Tell of those that were stored for everybody
    #[arg(long)]
    default: bool,
}

/// Runs a command.
pub(crate) fn run(command: CredentialsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        CredentialsCommand::Set(arguments) => set(arguments, context),
        CredentialsCommand::Clear(arguments) => clear(&arguments, context),
        CredentialsCommand::Check(arguments) => check(&arguments, context),
    }
}

fn set(arguments: SetArguments, context: &Context) -> Result<Exit, Failure> {
    let (manager, entry) = (manager::local()?, find(&arguments.entry, context)?);
    // Before anything is asked: an entry that is not there needs no password.
    let before = manager.credentials(entry.clone(), mask(CredentialMask::LOGIN, arguments.default))?;
    let mut new = NewCredentials { mask: CredentialMask::PRE_SHARED_KEY, ..NewCredentials::default() };
    let question = if arguments.pre_shared_key {
        format!("Pre-shared key of {}: ", arguments.entry)
    } else {
        new.user = match arguments.user {
            Some(user) => user,
            None if context.output.can_ask() => crate::runtime::block_on(ask_plain("User name", &before.user))??,
            None => before.user,
        };
        if new.user.is_empty() {
            return Err(Failure::usage("there is no user name", "give it by --user NAME"));
        }
        new.mask = CredentialMask::USER_NAME | CredentialMask::PASSWORD;
        if let Some(domain) = arguments.domain {
            new.mask = new.mask | CredentialMask::DOMAIN;
            new.domain = domain;
        }
        format!("Password of {}: ", new.user)
    };
    new.password = arguments.password.read_or_ask(context.output, &question)?;
    new.mask = mask(new.mask, arguments.default);
    manager.set_credentials(entry, &new)?;
    let what = if arguments.pre_shared_key { "The pre-shared key" } else { "What was given" };
    context.output.line(format_args!("{what} is stored for \"{}\".", arguments.entry));
    context.output.json(&json!({ "entry": arguments.entry, "stored": true }));
    Ok(Exit::Success)
}

fn clear(arguments: &ClearArguments, context: &Context) -> Result<Exit, Failure> {
    let parts = match arguments.password_only {
        true => CredentialMask::PASSWORD,
        false => CredentialMask::LOGIN | CredentialMask::PRE_SHARED_KEY,
    };
    let (manager, entry) = (manager::local()?, find(&arguments.entry, context)?);
    let still = manager.clear_credentials(entry, mask(parts, arguments.default))?;
    context.output.json(&json!({
        "entry": arguments.entry,
        "still_stored_by": still.as_ref().map(|still| &still.provider),
    }));
    if let Some(still) = still {
        context.output.warning(&still);
        return Ok(Exit::Credentials);
    }
    context.output.line(format_args!("Nothing is stored for \"{}\" any more.", arguments.entry));
    Ok(Exit::Success)
}

fn check(arguments: &CheckArguments, context: &Context) -> Result<Exit, Failure> {
    let (manager, entry) = (manager::local()?, find(&arguments.entry, context)?);
    let login = manager.credentials(entry.clone(), mask(CredentialMask::LOGIN, arguments.default))?;
    let key = manager.credentials(entry, CredentialMask::PRE_SHARED_KEY)?;
    let has_password = login.delivered.contains(CredentialMask::PASSWORD);
    let has_key = key.delivered.contains(CredentialMask::PRE_SHARED_KEY);
    let output = context.output;
    let yes_or_no = |there| if there { "stored" } else { "not stored" };
    let or_none = |text: &str| if text.is_empty() { "not stored".to_owned() } else { text.to_owned() };
    output.row("user", or_none(&login.user));
    output.row("domain", or_none(&login.domain));
    output.row("password", yes_or_no(has_password));
    output.row("key", yes_or_no(has_key));
    output.json(&json!({
        "entry": arguments.entry,
        "user": login.user,
        "domain": login.domain,
        "password": has_password,
        "pre_shared_key": has_key,
    }));
    Ok(if has_password || has_key { Exit::Success } else { Exit::Credentials })
}

fn mask(parts: CredentialMask, default: bool) -> CredentialMask {
    if default { parts | CredentialMask::DEFAULT_CREDENTIALS } else { parts }
}

/// Names an entry that is there, in the phone book that the command means.
fn find(name: &str, context: &Context) -> Result<EntryRef, Failure> {
    let place = Books::of(context).find(name)?.place;
    let usual = context.phonebook.is_none() && context.scope.is_none();
    Ok(if usual { EntryRef::new(name) } else { EntryRef::new(name).in_book(place.path) })
}

/// Names the entry, in the phone book that the command names.
pub(crate) fn named(name: &str, context: &Context) -> EntryRef {
    match &context.phonebook {
        Some(phonebook) => EntryRef::new(name).in_book(phonebook),
        None => EntryRef::new(name),
    }
}

//! As whom to dial.

use crate::arguments::Context;
use crate::commands::credentials::named;
use crate::failure::Failure;
use crate::output::Output;
use crate::runtime::block_on;
use crate::secrets::{PasswordArguments, ask_plain};
use clap::Args;
use rasman::{Code, Credentials, DialParams, Manager, STORED_PASSWORD, Secret};

/// The user, and where the password comes from.
#[derive(Args)]
pub(crate) struct WhoArguments {
    /// User name; without, the one that is stored for the entry
    #[arg(long, short)]
    user: Option<String>,
    /// Domain of the user, if the server needs one
    #[arg(long)]
    domain: Option<String>,
    /// Store the credentials once they have led to a connection
    #[arg(long, conflicts_with = "server")]
    pub(super) remember: bool,
    #[command(flatten)]
    password: PasswordArguments,
}

impl WhoArguments {
    /// Gives who dials a server: what is not given is asked for.
    pub(super) fn for_server(&self, server: &str, output: Output) -> Result<Credentials, Failure> {
        let user = match &self.user {
            Some(user) => user.clone(),
            None if output.can_ask() => block_on(ask_plain(&format!("User name at {server}"), ""))??,
            None => return Err(Failure::usage("there is no user name", "give it by --user NAME")),
        };
        let password = self.password.read_or_ask(output, &format!("Password of {user} at {server}: "))?;
        Ok(Credentials { user, domain: self.domain.clone().unwrap_or_default(), password })
    }

    /// Gives who dials an entry: what is not given is what is stored for it (clauses A13, A14, A15).
    pub(super) fn for_entry(&self, entry: &str, manager: &Manager, context: &Context) -> Result<Credentials, Failure> {
        let given = self.password.read()?;
        if self.user.is_none() && given.is_none() {
            // If nothing is stored the dial asks, or fails.
            return Ok(Credentials { domain: self.domain.clone().unwrap_or_default(), ..Credentials::default() });
        }
        let stored = stored(entry, manager, context)?;
        let user = self.user.clone().unwrap_or_else(|| stored.user.clone());
        if user.is_empty() {
            return Err(Failure::usage("there is no user name", "give it by --user NAME"));
        }
        let password = match given {
            Some(password) => password,
            None if stored.has_password && stored.user == user || !context.output.can_ask() => {
                Secret::from(STORED_PASSWORD)
            }
            None => self.password.read_or_ask(context.output, &format!("Password of {user} for {entry}: "))?,
        };
        Ok(Credentials { user, domain: self.domain.clone().unwrap_or(stored.domain), password })
    }
}

/// Tells what is stored for the entry: as the manager sees it, or as this program does where the manager does not tell.
fn stored(entry: &str, manager: &Manager, context: &Context) -> Result<DialParams, Failure> {
    match manager.dial_params(named(entry, context)) {
        Err(error) if error.code() == Code::NOT_SUPPORTED => {
            Ok(crate::manager::local()?.dial_params(named(entry, context))?)
        }
        other => Ok(other?),
    }
}

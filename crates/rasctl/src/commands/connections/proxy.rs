//! `rasctl proxy`: the address of a connection's proxy, for scripts.

use super::ConnectionArguments;
use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager::Managers;
use serde_json::json;

/// Prints the address alone: `proxy=$(rasctl proxy work) && curl --proxy "$proxy" ...`.
pub(crate) fn run(arguments: &ConnectionArguments, context: &Context) -> Result<Exit, Failure> {
    let (info, connection) = arguments.find(&Managers::running(context.scope)?)?;
    let Some(socks) = connection.status()?.doors.socks else {
        let what = format!("{} has no proxy", info.entry);
        return Err(Failure::new(
            Exit::NotFound,
            what,
            "dial with --proxy 127.0.0.1:0; one opens when it is connected",
        ));
    };
    context.output.line(format_args!("socks5h://{socks}"));
    context.output.json(&json!({ "entry": info.entry, "proxy": format!("socks5h://{socks}") }));
    Ok(Exit::Success)
}

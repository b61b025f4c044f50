//! The commands about connections that are there.

pub(crate) mod forward;
pub(crate) mod hangup;
pub(crate) mod list;
pub(crate) mod proxy;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod watch;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager::Managers;
use clap::Args;
use rasman::{Connection, ConnectionInfo};
use rasman_phonebook::fold_name;

/// Which connection is meant.
#[derive(Args, Default)]
pub(crate) struct ConnectionArguments {
    /// Entry's name, or handle as `rasctl list` shows it; without, the only connection
    #[arg(value_name = "CONNECTION")]
    name: Option<String>,
}

impl ConnectionArguments {
    /// Finds the connection that is meant.
    fn find(&self, managers: &Managers) -> Result<(ConnectionInfo, Connection), Failure> {
        let info = self.choose(managers.connections())?;
        let connection = managers.connection(info.handle)?;
        Ok((info, connection))
    }

    fn choose(&self, mut list: Vec<ConnectionInfo>) -> Result<ConnectionInfo, Failure> {
        if let Some(name) = &self.name {
            let found = list.into_iter().find(|info| is(info, name));
            return found.ok_or_else(|| {
                let what = format!("there is no connection \"{}\"", shown(name));
                Failure::new(Exit::NotFound, what, "`rasctl list` shows those that are there")
            });
        }
        match (list.pop(), list.len()) {
            (Some(info), 0) => Ok(info),
            (None, _) => Err(Failure::new(Exit::NotFound, "there is no connection", "dial one: rasctl dial ENTRY")),
            (Some(_), others) => {
                let what = format!("there are {} connections", others + 1);
                Err(Failure::usage(what, "name the one you mean; `rasctl list` shows them"))
            }
        }
    }
}

/// Tells whether a name or a handle means this connection. One without an entry is listed under its number with a period
/// before it (clause B11), which may be left out.
pub(crate) fn is(info: &ConnectionInfo, name: &str) -> bool {
    is_named(Some(&info.entry), Some(&info.handle.to_string()), name)
}

/// The same of its entry's name and its handle.
fn is_named(entry: Option<&str>, handle: Option<&str>, name: &str) -> bool {
    let (listed, folded) = (fold_name(entry.unwrap_or_default()), fold_name(name));
    listed == folded || listed.strip_prefix('.') == Some(&folded) || handle == Some(name)
}

/// Text from outside for an error message: bounded, without what disturbs a terminal.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasman::{ConnState, Device, Handle};

    fn list(names: &[&str]) -> Vec<ConnectionInfo> {
        let device = Device::SSTP;
        let info = |(index, name): (usize, &&str)| {
            let handle = Handle(index as u64 + 1);
            ConnectionInfo::new(handle, (*name).to_owned(), device.clone(), ConnState::Connected, 0, 1)
        };
        names.iter().enumerate().map(info).collect()
    }

    fn chosen(name: Option<&str>, names: &[&str]) -> Result<String, Exit> {
        let arguments = ConnectionArguments { name: name.map(str::to_owned) };
        arguments.choose(list(names)).map(|info| info.entry).map_err(|failure| failure.exit)
    }

    #[test]
    fn h3_a17_a_connection_is_found_by_name_or_handle() {
        assert_eq!(chosen(Some("WORK"), &["home", "Work"]), Ok("Work".to_owned()));
        assert_eq!(chosen(Some("0000000000000001"), &["home", "Work"]), Ok("home".to_owned()));
        assert_eq!(chosen(Some("vpn.example.com"), &[".vpn.example.com"]), Ok(".vpn.example.com".to_owned()));
        assert_eq!(chosen(None, &["home"]), Ok("home".to_owned()));
        assert_eq!(chosen(None, &["home", "work"]), Err(Exit::Usage));
        assert_eq!(chosen(None, &[]), Err(Exit::NotFound));
        assert_eq!(chosen(Some("x"), &["home"]), Err(Exit::NotFound));
    }
}

//! The command line of `rasdial`, which has the syntax of Windows and so is nobody else's.

use std::path::PathBuf;

/// What the command line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Request {
    /// `/?`
    Help,
    /// Nothing: the connections are listed.
    List,
    /// `[ENTRY] /DISCONNECT`
    Disconnect(Option<String>),
    /// An entry to dial.
    Dial(Box<DialRequest>),
}

/// An entry to dial.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct DialRequest {
    pub(super) entry: String,
    pub(super) user: Option<String>,
    /// Where the password stands in the arguments.
    pub(super) password: Option<usize>,
    pub(super) domain: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) callback: Option<String>,
    pub(super) phonebook: Option<PathBuf>,
    pub(super) prefix_suffix: bool,
}

/// Reads the arguments, without the program's name. Switches are known in upper and lower case, and stand anywhere.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn parse(arguments: &[String]) -> Result<Request, String> {
    let mut dial = DialRequest::default();
    let mut names = Vec::new();
    let mut disconnect = false;
    for (index, argument) in arguments.iter().enumerate() {
        match switch(argument) {
            Some(Switch::Help) => return Ok(Request::Help),
            Some(Switch::Disconnect) => disconnect = true,
            Some(Switch::PrefixSuffix) => dial.prefix_suffix = true,
            Some(Switch::Domain(value)) => dial.domain = Some(value),
            Some(Switch::Phone(value)) => dial.phone = Some(value),
            Some(Switch::Callback(value)) => dial.callback = Some(value),
            Some(Switch::Phonebook(value)) => dial.phonebook = Some(PathBuf::from(value)),
            // A password may begin with a slash; nothing else may, as entry names have none.
            None if argument.starts_with('/') && names.len() != PASSWORD => {
                return Err(format!("there is no switch {argument}"));
            }
            None => names.push(index),
        }
    }
    if names.len() > PASSWORD + 1 {
        return Err(format!("there is one argument too many: \"{}\"", arguments[names[PASSWORD + 1]]));
    }
    let name = |place: usize| names.get(place).map(|index| arguments[*index].clone());
    let Some(entry) = name(0) else {
        return match (disconnect, dial == DialRequest::default()) {
            (true, true) => Ok(Request::Disconnect(None)),
            (false, true) => Ok(Request::List),
            (_, false) => Err("there is no entry to dial".to_owned()),
        };
    };
    if disconnect {
        return match names.len() {
            1 => Ok(Request::Disconnect(Some(entry))),
            _ => Err("/DISCONNECT takes an entry and nothing else".to_owned()),
        };
    }
    dial.entry = entry;
    dial.user = name(1);
    dial.password = names.get(PASSWORD).copied();
    Ok(Request::Dial(Box::new(dial)))
}

enum Switch {
    Help,
    Disconnect,
    PrefixSuffix,
    Domain(String),
    Phone(String),
    Callback(String),
    Phonebook(String),
}

fn switch(argument: &str) -> Option<Switch> {
    let text = argument.strip_prefix('/')?;
    let (name, value) = match text.split_once(':') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    match (name.to_ascii_uppercase().as_str(), value) {
        ("?", None) => Some(Switch::Help),
        ("DISCONNECT", None) => Some(Switch::Disconnect),
        ("PREFIXSUFFIX", None) => Some(Switch::PrefixSuffix),
        ("DOMAIN", Some(value)) => Some(Switch::Domain(value)),
        ("PHONE", Some(value)) => Some(Switch::Phone(value)),
        ("CALLBACK", Some(value)) => Some(Switch::Callback(value)),
        ("PHONEBOOK", Some(value)) => Some(Switch::Phonebook(value)),
        _ => None,
    }
}

/// The password's place: behind entry and user.
const PASSWORD: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Result<Request, String> {
        let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments)
    }

    fn dial(line: &str) -> DialRequest {
        match request(line) {
            Ok(Request::Dial(dial)) => *dial,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_forms_of_windows() {
        assert_eq!(request(""), Ok(Request::List));
        assert_eq!(request("/?"), Ok(Request::Help));
        assert_eq!(request("work alice /?"), Ok(Request::Help));
        assert_eq!(request("/disconnect"), Ok(Request::Disconnect(None)));
        assert_eq!(request("work /DISCONNECT"), Ok(Request::Disconnect(Some("work".to_owned()))));
        assert_eq!(request("/Disconnect work"), Ok(Request::Disconnect(Some("work".to_owned()))));
        assert_eq!(dial("work").entry, "work");
        let full = dial("work alice pw /domain:CORP /PHONE:5550 /Callback:* /PHONEBOOK:/tmp/a:b.pbk /PREFIXSUFFIX");
        assert_eq!((full.user.as_deref(), full.password), (Some("alice"), Some(2)));
        assert_eq!((full.domain.as_deref(), full.phone.as_deref()), (Some("CORP"), Some("5550")));
        assert_eq!(full.callback.as_deref(), Some("*"));
        assert_eq!(full.phonebook, Some(PathBuf::from("/tmp/a:b.pbk")));
        assert!(full.prefix_suffix);
    }

    #[test]
    fn switches_stand_anywhere_and_a_password_may_begin_with_a_slash() {
        assert_eq!(dial("/DOMAIN:CORP work alice /secret").password, Some(3));
        assert_eq!(dial("work alice * /PHONE:1").password, Some(2));
        assert_eq!(dial("work alice /PHONE:1").password, None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, named) in [
            ("/CONNECT", "/CONNECT"),
            ("work /DOMAIN", "/DOMAIN"),
            ("work alice pw more", "more"),
            ("work alice /DISCONNECT", "/DISCONNECT"),
            ("/DOMAIN:CORP", "no entry"),
        ] {
            let error = request(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}

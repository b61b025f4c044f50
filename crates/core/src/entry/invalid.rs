//! Settings that cannot work, and names that can.

use core::fmt;

/// A setting that cannot work: which one, what is wrong, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidSetting {
    /// The setting's path, such as `sstp.port`.
    pub field: &'static str,
    /// What is wrong with it, as the rest of a sentence that begins with the field.
    pub problem: String,
    /// What to do.
    pub advice: String,
}

impl InvalidSetting {
    pub(crate) fn new(field: &'static str, problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { field, problem: problem.into(), advice: advice.into() }
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.field, self.problem, self.advice)
    }
}

impl std::error::Error for InvalidSetting {}

/// The most characters of an entry name, in the 16-bit units in which programs hold it (clause B2).
pub const NAME_MAX: usize = 256;

/// Checks the name of a new entry by clause B2.
///
/// # Errors
/// What is wrong with the name, and what to do.
pub fn validate_name(name: &str) -> Result<(), InvalidSetting> {
    let problem = if name.trim().is_empty() {
        "is empty"
    } else if name.encode_utf16().count() > NAME_MAX {
        "has more than 256 characters"
    } else if name.starts_with('.') {
        "begins with a period"
    } else if !name.chars().any(char::is_alphanumeric) {
        "has no letter and no digit"
    } else if name.contains(['|', '>', '<', '?', '*', '\\', '/', ':']) || name.contains(char::is_control) {
        "has a character that is not allowed"
    } else {
        return Ok(());
    };
    Err(InvalidSetting::new("name", problem, "use 1 to 256 characters without | > < ? * \\ / :"))
}

/// Checks that a host is an address or could be a name.
pub(crate) fn validate_host(field: &'static str, host: &str) -> Result<(), InvalidSetting> {
    if host.parse::<core::net::IpAddr>().is_ok() {
        return Ok(());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() <= 253 && name.split('.').all(is_label) {
        return Ok(());
    }
    let shown: String = host.chars().filter(|c| !c.is_control()).take(60).collect();
    Err(InvalidSetting::new(
        field,
        format!("is \"{shown}\""),
        "give a host name or an IP address, without scheme, port or path",
    ))
}

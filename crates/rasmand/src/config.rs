//! The configuration files: the system's, then the user's, whose settings go before it.

use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where phone books, credentials and settings are, and how credentials are kept.
///
/// The default is a manager without files: no books, no stored credentials.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Configuration {
    /// How credentials are kept.
    pub credentials: CredentialSettings,
    /// What a manager in a sandbox may reach besides what it needs itself.
    pub sandbox: SandboxSettings,
}

/// What a manager in a sandbox may reach besides what it needs itself: `[sandbox]`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct SandboxSettings {
    /// Files, and folders with all that is below them, that are read.
    pub readable: Vec<PathBuf>,
    /// Folders that are read and written.
    pub writable: Vec<PathBuf>,
}

/// How credentials are kept: `[credentials]`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CredentialSettings {
    /// The providers, in the order in which they are asked.
    pub order: Vec<Provider>,
    /// The command of the provider `command`, with its arguments.
    pub command: Vec<String>,
    /// How long it may take.
    pub command_limit: Duration,
    /// Which of the kernel's rings the provider `keyring` uses.
    pub keyring: Ring,
    /// Where the provider `file` keeps what belongs to a user; each has a folder of their number in it.
    pub folder: Option<PathBuf>,
    /// Where it keeps the default credentials of entries of all users.
    pub machine_folder: Option<PathBuf>,
}

impl Default for CredentialSettings {
    /// No provider.
    fn default() -> Self {
        Self {
            order: Vec::new(),
            command: Vec::new(),
            command_limit: Duration::from_secs(COMMAND_SECONDS),
            keyring: Ring::User,
            folder: None,
            machine_folder: None,
        }
    }
}

/// A provider of stored credentials.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// What the service manager hands over in `$CREDENTIALS_DIRECTORY`; only read.
    Systemd,
    /// The kernel's keyring of the user; lost when the machine restarts.
    Keyring,
    /// Files that nobody else may read.
    File,
    /// A program that prints the secret; only read.
    Command,
}

impl Provider {
    /// Whether asking it may take longer than a dial may.
    pub(crate) fn is_slow(self) -> bool {
        self == Self::Command
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Systemd => "systemd",
            Self::Keyring => "keyring",
            Self::File => "file",
            Self::Command => "command",
        })
    }
}

/// One of the kernel's rings of keys.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ring {
    /// Of the user, until the machine restarts.
    User,
    /// Of the user, until three days after the last use.
    Persistent,
}

/// A configuration file that cannot be used, in one line: which, where in it, what is wrong, what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigurationError(String);

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigurationError {}

impl Configuration {
    /// Reads configuration files, later ones going before earlier ones; a file that does not exist says nothing.
    ///
    /// # Errors
    /// The first file that others could have written, that cannot be read, or that has a setting we do not know.
    pub fn read(files: &[&Path]) -> Result<Self, ConfigurationError> {
        let mut configuration = Self::default();
        configuration.credentials.order = vec![Provider::Systemd, Provider::Keyring, Provider::File, Provider::Command];
        for path in files {
            if let Some(text) = text_of(path)? {
                configuration.apply(path, &text)?;
            }
        }
        Ok(configuration)
    }

    fn apply(&mut self, path: &Path, text: &str) -> Result<(), ConfigurationError> {
        let document: Document = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            let message = error.message().replace('\n', " ");
            wrong(
                path,
                Some(line),
                &message,
                "correct or remove that line; docs/daemon.md and docs/credentials.md list the settings",
            )
        })?;
        if let Some(sandbox) = document.sandbox {
            self.apply_sandbox(path, sandbox)?;
        }
        let Some(credentials) = document.credentials else { return Ok(()) };
        let (from, to) = (credentials, &mut self.credentials);
        if let Some(order) = from.order {
            let twice = order.iter().enumerate().find(|(index, provider)| order[..*index].contains(provider));
            if let Some((_, provider)) = twice {
                let problem = format!("credentials.order names {provider} twice");
                return Err(wrong(path, None, &problem, "name each provider once"));
            }
            to.order = order;
        }
        if let Some(seconds) = from.command_seconds {
            if !(1..=COMMAND_SECONDS_MAX).contains(&seconds) {
                let problem = format!("credentials.command_seconds is {seconds}");
                return Err(wrong(path, None, &problem, "choose 1 to 60 seconds"));
            }
            to.command_limit = Duration::from_secs(seconds);
        }
        if let Some(command) = from.command {
            if command.first().is_some_and(String::is_empty) || command.iter().any(|part| part.contains('\0')) {
                return Err(wrong(path, None, "credentials.command names no program", "give program and arguments"));
            }
            to.command = command;
        }
        if let Some(ring) = from.keyring {
            to.keyring = ring;
        }
        if let Some(folder) = from.folder {
            if !folder.is_absolute() {
                let problem = format!("credentials.folder is {}", folder.display());
                return Err(wrong(path, None, &problem, "give a path that begins with a slash"));
            }
            to.folder = Some(folder);
        }
        Ok(())
    }

    fn apply_sandbox(&mut self, path: &Path, from: Sandbox) -> Result<(), ConfigurationError> {
        for (name, paths, to) in [
            ("readable", from.readable, &mut self.sandbox.readable),
            ("writable", from.writable, &mut self.sandbox.writable),
        ] {
            let Some(paths) = paths else { continue };
            if let Some(relative) = paths.iter().find(|path| !path.is_absolute()) {
                let problem = format!("sandbox.{name} has {}", relative.display());
                return Err(wrong(path, None, &problem, "give paths that begin with a slash"));
            }
            *to = paths;
        }
        Ok(())
    }
}

/// The files as people write them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    credentials: Option<Credentials>,
    sandbox: Option<Sandbox>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sandbox {
    readable: Option<Vec<PathBuf>>,
    writable: Option<Vec<PathBuf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    order: Option<Vec<Provider>>,
    command: Option<Vec<String>>,
    command_seconds: Option<u64>,
    keyring: Option<Ring>,
    folder: Option<PathBuf>,
}

/// Reads a file that nobody but us and root may have written: it names a program that we run.
fn text_of(path: &Path) -> Result<Option<String>, ConfigurationError> {
    use std::io::Read;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    let failed = |error: std::io::Error| wrong(path, None, &error.to_string(), "make it a file that can be read");
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = match std::fs::OpenOptions::new().read(true).custom_flags(nonblock).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            // Most often its folder is closed, and the file is not even there.
            let folder = path.parent().unwrap_or(path).display();
            let advice = format!("let everybody look there: chmod a+rx {folder}, and a+r the file if there is one");
            return Err(wrong(
                path,
                None,
                "cannot be looked for, because its folder or itself is closed to this user",
                &advice,
            ));
        }
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(wrong(path, None, "is no plain file", "put a plain file there"));
    }
    let own = rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o022 != 0 || (metadata.uid() != own && metadata.uid() != 0) {
        let advice = format!("run: chown {own} {0} && chmod go-w {0}", path.display());
        return Err(wrong(path, None, "can be written by somebody else", &advice));
    }
    let mut text = String::new();
    file.take(FILE_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > FILE_MAX {
        return Err(wrong(path, None, "is larger than 1 MiB", "keep only settings in it"));
    }
    Ok(Some(text))
}

fn wrong(path: &Path, line: Option<usize>, problem: &str, advice: &str) -> ConfigurationError {
    let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
    ConfigurationError(format!("{}{line}: {problem}; {advice}", path.display()))
}

/// How long the command may take if nobody says otherwise.
const COMMAND_SECONDS: u64 = 10;
const COMMAND_SECONDS_MAX: u64 = 60;
const FILE_MAX: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str) -> Result<CredentialSettings, String> {
        let mut configuration = Configuration::default();
        let applied = configuration.apply(Path::new("/etc/rasman/rasman.toml"), text);
        applied.map(|()| configuration.credentials).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_are_read_and_later_files_go_first() {
        let text = "[credentials]\norder = [\"file\", \"command\"]\ncommand = [\"pass\", \"vpn/{entry}\"]\n\
                    command_seconds = 3\nkeyring = \"persistent\"\nfolder = \"/srv/secrets\"\n";
        let settings = applied(text).unwrap();
        assert_eq!(settings.order, [Provider::File, Provider::Command]);
        assert_eq!(settings.command, ["pass", "vpn/{entry}"]);
        assert_eq!(settings.command_limit, Duration::from_secs(3));
        assert_eq!(settings.keyring, Ring::Persistent);
        assert_eq!(settings.folder.as_deref(), Some(Path::new("/srv/secrets")));
        let mut both = Configuration::default();
        both.apply(Path::new("a"), text).unwrap();
        both.apply(Path::new("b"), "[credentials]\norder = []").unwrap();
        assert_eq!((both.credentials.order.len(), both.credentials.command.len()), (0, 2));
        assert_eq!(applied(""), Ok(CredentialSettings::default()));
    }

    #[test]
    fn a_later_file_replaces_what_the_sandbox_opens() {
        let mut configuration = Configuration::default();
        let path = Path::new("/etc/rasman/rasman.toml");
        configuration.apply(path, "[sandbox]\nreadable = [\"/srv/ca\"]\nwritable = [\"/srv/books\"]").unwrap();
        configuration.apply(path, "[sandbox]\nreadable = [\"/opt/ca\", \"/opt/more\"]").unwrap();
        assert_eq!(configuration.sandbox.readable, [Path::new("/opt/ca"), Path::new("/opt/more")]);
        assert_eq!(configuration.sandbox.writable, [Path::new("/srv/books")]);
        let relative = applied("[sandbox]\nwritable = [\"books\"]").unwrap_err();
        assert!(relative.contains("sandbox.writable has books; give paths"), "{relative}");
    }

    #[test]
    fn what_is_wrong_is_told_with_file_and_line() {
        let unknown = applied("[credentials]\n# a remark\npassword = \"x\"\n").unwrap_err();
        assert!(unknown.starts_with("/etc/rasman/rasman.toml line 3: "), "{unknown}");
        assert!(unknown.contains("unknown field `password`") && unknown.contains("remove that line"), "{unknown}");
        for bad in [
            "[credentials]\norder = [\"gnome\"]",
            "[credentials]\norder = [\"file\", \"file\"]",
            "[credentials]\ncommand_seconds = 0",
            "[credentials]\ncommand_seconds = 61",
            "[credentials]\ncommand = [\"\"]",
            "[credentials]\nfolder = \"here\"",
            "[credential]\n",
            "order",
        ] {
            let told = applied(bad).unwrap_err();
            assert!(!told.contains('\n') && told.contains("; "), "{told}");
        }
    }

    #[test]
    fn a_file_that_others_may_write_is_not_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = crate::scratch::Folder::new("configuration");
        let path = folder.path().join("rasman.toml");
        std::fs::write(&path, "[credentials]\norder = [\"file\"]\n").unwrap();
        for (mode, good) in [(0o644, true), (0o600, true), (0o664, false), (0o646, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(Configuration::read(&[&path]).is_ok(), good, "{mode:o}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Configuration::read(&[&path]).unwrap().credentials.order.len(), 4);
        std::fs::create_dir(&path).unwrap();
        assert!(Configuration::read(&[&path]).is_err());
    }
}

//! Where a program of a user finds its configuration.

use crate::config::{Configuration, ConfigurationError};
use rasman_phonebook::store::system_folder;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

impl Configuration {
    /// Reads the system's configuration file and the user's, and names the folders of stored credentials.
    ///
    /// # Errors
    /// As [`Configuration::read`].
    pub fn from_environment() -> Result<Self, ConfigurationError> {
        let lookup = |name: &str| std::env::var_os(name);
        Self::from_env(lookup, &system_folder(lookup))
    }

    fn from_env(lookup: impl Fn(&str) -> Option<OsString>, system: &Path) -> Result<Self, ConfigurationError> {
        let user = folder(&lookup, "XDG_CONFIG_HOME", ".config");
        let files: Vec<PathBuf> = [Some(system.to_owned()), user].into_iter().flatten().map(|f| f.join(FILE)).collect();
        let mut configuration = Self::read(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
        let credentials = &mut configuration.credentials;
        if credentials.folder.is_none() {
            let state = folder(&lookup, "XDG_STATE_HOME", ".local/state");
            credentials.folder = state.map(|state| state.join(CREDENTIALS));
        }
        credentials.machine_folder = Some(system.join(CREDENTIALS));
        Ok(configuration)
    }
}

/// Gives our folder in one of the XDG base directories; what is empty or not absolute counts as not set.
fn folder(lookup: &impl Fn(&str) -> Option<OsString>, variable: &str, below_home: &str) -> Option<PathBuf> {
    let path = |name| lookup(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = path(variable).or_else(|| path("HOME").map(|home| home.join(below_home)))?;
    Some(base.join("rasman"))
}

const FILE: &str = "rasman.toml";
const CREDENTIALS: &str = "credentials";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Provider;
    use crate::scratch::Folder;

    #[test]
    fn files_and_folders_follow_the_environment() {
        let scratch = Folder::new("environment");
        let (system, home) = (scratch.path().join("etc"), scratch.path().join("home"));
        for (folder, order) in [(&system, "\"file\""), (&home.join("config/rasman"), "\"keyring\"")] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(FILE), format!("[credentials]\norder = [{order}]\n")).unwrap();
        }
        let read = |variables: &[(&str, &Path)]| {
            let lookup = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.as_os_str().to_owned())
            };
            Configuration::from_env(lookup, &system).unwrap().credentials
        };
        let nothing = read(&[]);
        assert_eq!((nothing.order.as_slice(), nothing.folder), (&[Provider::File][..], None));
        assert_eq!(nothing.machine_folder.unwrap(), system.join("credentials"));
        let user = read(&[("HOME", &home), ("XDG_CONFIG_HOME", &home.join("config"))]);
        assert_eq!(user.order, [Provider::Keyring]);
        assert_eq!(user.folder.unwrap(), home.join(".local/state/rasman/credentials"));
        let relative = read(&[("HOME", Path::new("home"))]);
        assert_eq!(relative.folder, None);
    }
}

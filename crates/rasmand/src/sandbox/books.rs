//! What phone books need: their folders, and the certificates that their entries name.

use super::{Plan, Scope};
use rasman_phonebook::store::{Place, Places};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl Plan {
    /// Adds the folders of the phone books that this scope changes, and the certificates that their entries name now.
    ///
    /// A certificate's folder is added, so that it may be replaced; of one that lies in the user's home itself, or
    /// above, only the file, and a phone book that is a link to there can be read and not changed.
    #[must_use]
    pub fn books(mut self, places: &Places) -> Self {
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let user = places.user.as_deref().filter(|_| self.scope == Scope::User);
        let all_users = places.all_users.as_path();
        if let Some(folder) = user.and_then(Path::parent) {
            self.writable.push(folder.to_owned());
        }
        // A user who may change them may do so through their own manager too; the folder is not theirs to make.
        let shared = all_users.parent().filter(|folder| self.scope == Scope::System || folder.exists());
        self.writable.extend(shared.map(Path::to_owned));

        let books = Places::new(user.map(Path::to_owned), all_users.to_owned()).books();
        let mut certificates = BTreeSet::new();
        for place in books.into_iter().flatten() {
            if let Some((folder, real)) = elsewhere(&place.path) {
                match is_narrow(&folder, home.as_deref()) {
                    true => self.writable.push(folder),
                    false => self.readable.push(real),
                }
            }
            certificates.extend(certificates_of(&place));
        }
        for file in certificates {
            let folder = file.parent().filter(|folder| is_narrow(folder, home.as_deref())).map(Path::to_owned);
            self.readable.push(folder.unwrap_or(file));
        }
        self.readable.sort();
        self.readable.dedup();
        self
    }
}

/// The folder and the file that a phone book which is a link leads to.
fn elsewhere(book: &Path) -> Option<(PathBuf, PathBuf)> {
    let real = book.canonicalize().ok()?;
    let folder = real.parent()?.to_owned();
    (folder != book.parent()?.canonicalize().ok()?).then_some((folder, real))
}

fn certificates_of(place: &Place) -> BTreeSet<PathBuf> {
    let Ok(loaded) = place.read() else { return BTreeSet::new() };
    let folder = place.path.parent().unwrap_or(Path::new("/"));
    let sections = loaded.book.entries().filter_map(|name| loaded.book.section(&name));
    let paths = sections.flat_map(|section| {
        let named = |key| section.values(rasman_phonebook::Scope::Entry, key).map(|path| folder.join(&*path));
        ["RasmanCa", "RasmanEapCa", "RasmanEapCertificate", "RasmanEapKey"]
            .into_iter()
            .flat_map(named)
            .collect::<Vec<_>>()
    });
    // What is beside the phone book can be read already.
    paths.filter(|path| path.is_file() && !path.starts_with(folder)).take(CERTIFICATES_MAX).collect()
}

/// Whether opening a folder does not open somebody's home, or more.
fn is_narrow(folder: &Path, home: Option<&Path>) -> bool {
    folder.components().count() > 2 && !home.is_some_and(|home| home.starts_with(folder))
}

/// Far more than anybody has.
const CERTIFICATES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;
    use crate::scratch::Folder;

    #[test]
    fn books_bring_their_folders_and_certificates() {
        let folder = Folder::new("sandbox-books");
        let path = |name: &str| folder.path().join(name);
        for name in ["user", "etc", "authorities", "dotfiles"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        let authority = path("authorities").join("ca.pem");
        std::fs::write(&authority, "").unwrap();
        std::fs::write(path("user").join("beside.pem"), "").unwrap();
        let book = format!(
            "[Office]\r\nRasmanCa={}\r\nRasmanCa=beside.pem\r\nRasmanCa=/no/such/file\r\n\r\n[Other]\r\nRasmanCa={}\r\n",
            authority.display(),
            authority.display(),
        );
        std::fs::write(path("dotfiles").join("book"), book).unwrap();
        let user = path("user").join("rasphone.pbk");
        std::os::unix::fs::symlink(path("dotfiles").join("book"), &user).unwrap();
        let places = Places::new(Some(user), path("etc").join("rasphone.pbk"));

        let plan = Plan::new(Scope::User, &Configuration::default()).books(&places);
        assert_eq!(plan.writable, [path("user"), path("etc"), path("dotfiles")].map(real));
        assert_eq!(plan.readable, [path("authorities")]);
        let plan = Plan::new(Scope::System, &Configuration::default()).books(&places);
        assert_eq!((plan.writable, plan.readable), (vec![path("etc")], vec![]), "no user's book");
    }

    fn real(path: PathBuf) -> PathBuf {
        path.canonicalize().unwrap()
    }

    #[test]
    fn homes_are_not_opened() {
        let home = Some(Path::new("/home/alice"));
        assert!(is_narrow(Path::new("/home/alice/certificates"), home));
        for wide in ["/home/alice", "/home", "/", "/srv"] {
            assert!(!is_narrow(Path::new(wide), home), "{wide}");
        }
        assert!(is_narrow(Path::new("/srv/certificates"), None));
    }
}

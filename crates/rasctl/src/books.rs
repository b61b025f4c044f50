//! The phone books that a command works on: the one that was named, or the user's and that of all users.

use crate::arguments::{Context, Scope};
use crate::failure::Failure;
use rasman::{Cause, Code, LayerName};
use rasman_phonebook::store::{self, FileError, FindError, Loaded, Place, Places};
use rasman_phonebook::{Book, EditError, Filetime};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Which phone books are meant.
pub(crate) struct Books {
    named: Option<Place>,
    places: Places,
    scope: Option<Scope>,
}

impl Books {
    /// Takes those that the options of the command mean.
    pub(crate) fn of(context: &Context) -> Self {
        Self::new(context.phonebook.clone(), context.scope)
    }

    /// Takes the named one, or the usual ones.
    pub(crate) fn new(named: Option<PathBuf>, scope: Option<Scope>) -> Self {
        let named = named.map(|path| Place::new(path, store::Scope::Explicit));
        Self { named, places: Places::from_env(|name| std::env::var_os(name)), scope }
    }

    /// Lists the entries, those of the wanted scope if one is wanted.
    pub(crate) fn list(&self) -> Result<Listing, Failure> {
        if let Some(place) = &self.named {
            let loaded = place.read().map_err(file)?;
            let listed = |name: std::borrow::Cow<'_, str>| Listed {
                name: name.into_owned(),
                place: place.clone(),
                shadowed: false,
            };
            return Ok(Listing { entries: loaded.book.entries().map(listed).collect(), faults: Vec::new() });
        }
        let all = store::list(&self.places);
        let listed = |entry: store::Listed| Listed { name: entry.name, place: entry.place, shadowed: entry.shadowed };
        let of_scope = |entry: &store::Listed| self.wanted().is_none_or(|wanted| entry.place.scope == wanted);
        Ok(Listing { entries: all.entries.into_iter().filter(of_scope).map(listed).collect(), faults: all.faults })
    }

    /// Finds the phone book that has an entry.
    pub(crate) fn find(&self, name: &str) -> Result<Loaded, Failure> {
        let not_there = || FindError::NoEntry { name: name.to_owned() }.into();
        if let Some(place) = &self.named {
            let loaded = place.read().map_err(file)?;
            return if loaded.book.contains(name) { Ok(loaded) } else { Err(no_entry(not_there())) };
        }
        let Some(wanted) = self.wanted() else {
            return store::find(&self.places, name).map_err(|error| no_entry(error.into()));
        };
        for place in self.places.books() {
            let place = place.map_err(file)?;
            if place.scope == wanted {
                let loaded = place.read().map_err(file)?;
                if loaded.book.contains(name) {
                    return Ok(loaded);
                }
            }
        }
        Err(no_entry(not_there()))
    }

    /// Gives the phone books that exist, or the named one.
    pub(crate) fn all(&self) -> Vec<Result<Place, FileError>> {
        match (&self.named, self.wanted()) {
            (Some(place), _) => vec![Ok(place.clone())],
            (None, None) => self.places.books(),
            (None, Some(wanted)) => {
                let of_scope = |place: &Result<Place, _>| place.as_ref().map_or(true, |place| place.scope == wanted);
                self.places.books().into_iter().filter(of_scope).collect()
            }
        }
    }

    /// Gives the phone book that new entries go to.
    pub(crate) fn default_place(&self) -> Place {
        match (&self.named, self.scope) {
            (Some(place), _) => place.clone(),
            (None, Some(Scope::System)) => Place::new(&self.places.all_users, store::Scope::AllUsers),
            (None, _) => self.places.default_place(),
        }
    }

    fn wanted(&self) -> Option<store::Scope> {
        self.scope.map(|scope| match scope {
            Scope::User => store::Scope::User,
            Scope::System => store::Scope::AllUsers,
        })
    }
}

/// The entries of several phone books.
pub(crate) struct Listing {
    pub(crate) entries: Vec<Listed>,
    /// The phone books that could not be read.
    pub(crate) faults: Vec<FileError>,
}

/// An entry in the list.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// Another entry of this name goes before it.
    pub(crate) shadowed: bool,
}

/// What a change of a phone book may fail with.
pub(crate) enum ChangeError {
    File(FileError),
    Edit(EditError),
    Other(Failure),
}

impl From<FileError> for ChangeError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<EditError> for ChangeError {
    fn from(error: EditError) -> Self {
        Self::Edit(error)
    }
}

/// Changes a phone book as it is now, and stores it.
pub(crate) fn change<T>(
    place: &Place,
    missing: store::Missing,
    change: impl FnMut(&mut Book) -> Result<T, ChangeError>,
) -> Result<T, Failure> {
    place.update(missing, change).map_err(|error| match error {
        ChangeError::File(error) => file(error),
        ChangeError::Edit(error) => edit(&error),
        ChangeError::Other(failure) => failure,
    })
}

/// Says what is wrong with a file.
pub(crate) fn file(error: FileError) -> Failure {
    Failure::from(Cause::from(error))
}

/// Says why an entry could not be changed.
pub(crate) fn edit(error: &EditError) -> Failure {
    let text = error.to_string();
    // Its one line ends with what to do.
    let (what, advice) = text.rsplit_once("; ").unwrap_or((&text, ""));
    Failure::from(
        Cause::new(error.code(), LayerName::Settings).did(format!("wanted to change the entry: {what}")).advice(advice),
    )
}

/// Says whose a phone book is.
pub(crate) fn scope_name(scope: store::Scope) -> &'static str {
    match scope {
        store::Scope::User => "user",
        store::Scope::AllUsers => "system",
        _ => "file",
    }
}

/// The time of a change, as phone books count it.
pub(crate) fn stamp() -> Filetime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Filetime::from_unix(since.as_secs(), since.subsec_nanos())
}

fn no_entry(mut cause: Cause) -> Failure {
    if cause.code == Code::CANNOT_FIND_PHONEBOOK_ENTRY {
        cause.advice =
            "`rasctl entry list` shows the names; a server without an entry is dialled by --server".to_owned();
    }
    Failure::from(cause)
}

//! The keys and values of one section, while they are read with types.

use crate::value::Value;
use crate::{Scope, keys};
use std::borrow::Cow;

/// A key in its group, with its value.
type Item<'a> = (Scope, Cow<'a, str>, Cow<'a, str>);

/// The keys and values of a section, while they are read.
pub(crate) struct Values<'a> {
    /// By group and key, those of one key in the order of the file: an entry may have any number of groups.
    items: Vec<Item<'a>>,
    unreadable: Vec<(&'static str, String)>,
}

impl<'a> Values<'a> {
    /// Begins with the keys in the order of the file.
    pub(crate) fn new(mut items: Vec<Item<'a>>) -> Self {
        items.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        Self { items, unreadable: Vec::new() }
    }

    /// Reads a key of a group; without it, or if it cannot be read, its default.
    pub(crate) fn take<T: Value>(&mut self, scope: Scope, key: &'static str) -> T {
        let from = self.items.partition_point(|item| (item.0, &*item.1) < (scope, key));
        let length = self.items[from..].partition_point(|item| (item.0, &*item.1) == (scope, key));
        let values: Vec<_> = self.items[from..from + length].iter().map(|(_, _, value)| value.clone()).collect();
        if values.is_empty() {
            return default_of(scope, key);
        }
        T::read(&values).unwrap_or_else(|| {
            // A key without a value says no more than none.
            if !values.iter().all(|value| value.trim().is_empty()) {
                self.unreadable.push((key, values.concat()));
            }
            default_of(scope, key)
        })
    }

    /// Counts the device groups of a port group.
    pub(crate) fn devices(&self, media: usize) -> usize {
        match self.last_up_to(Scope::Device { media, device: usize::MAX }) {
            Some(Scope::Device { media: of, device }) if of == media => device + 1,
            _ => 0,
        }
    }

    /// Counts the port groups.
    pub(crate) fn media(&self) -> usize {
        match self.last_up_to(Scope::Media(usize::MAX)) {
            Some(Scope::Media(media)) => media + 1,
            _ => 0,
        }
    }

    /// Gives the last group that has keys, up to one that need not exist.
    fn last_up_to(&self, scope: Scope) -> Option<Scope> {
        let behind = self.items.partition_point(|item| item.0 <= scope);
        behind.checked_sub(1).map(|last| self.items[last].0)
    }

    /// Gives the keys of which the value could not be read.
    pub(crate) fn into_unreadable(self) -> Vec<(&'static str, String)> {
        self.unreadable
    }
}

/// Gives what a missing key stands for. A key that repeats then has no value.
pub(crate) fn default_of<T: Value>(scope: Scope, name: &str) -> T {
    let key = keys::find(scope, name).expect("every typed key is in the tables");
    let default = T::read(&[]).or_else(|| T::read(&[Cow::Borrowed(key.default)]));
    default.expect("every default can be read")
}

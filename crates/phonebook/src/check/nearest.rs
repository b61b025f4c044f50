//! What was meant by a key that nobody knows.

use crate::{Scope, keys};

/// Finds the known key of a group that is nearest to an unknown one, if it is near at all.
pub(crate) fn did_you_mean(scope: Scope, name: &str) -> Option<&'static str> {
    if name.chars().count() > KEY_MAX {
        return None;
    }
    let known = keys::keys_of(scope).iter().copied().flatten().map(|key| (distance(name, key.name), key.name));
    known.min().filter(|(distance, known)| *distance <= 2 && known.len() > 4 || *distance == 0).map(|(_, known)| known)
}

/// Counts the characters that have to be changed, added or taken out; case costs nothing.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.chars().enumerate() {
            let cost = (diagonal + usize::from(from != to)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = core::mem::replace(&mut row[j + 1], cost);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The most characters of a key for which a nearest one is sought.
const KEY_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_meant() {
        assert_eq!(did_you_mean(Scope::Entry, "VpnStratgy"), Some("VpnStrategy"));
        assert_eq!(did_you_mean(Scope::Entry, "AUTORESTRICTIONS"), Some("AuthRestrictions"));
        assert_eq!(did_you_mean(Scope::Entry, "type"), Some("Type"));
        assert_eq!(did_you_mean(Scope::Entry, "Tyre"), None);
        assert_eq!(did_you_mean(Scope::Entry, "SomethingElse"), None);
        assert_eq!(distance("kitten", "Sitting"), 3);
    }
}

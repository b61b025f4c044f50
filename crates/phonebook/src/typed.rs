//! Typed entries in and out of a phone book.

use crate::draft::Draft;
use crate::properties::Unreadable;
use crate::secret::PRE_SHARED_KEY;
use crate::subentry::{changed, differs, put};
use crate::value::{Value, Written};
use crate::values::Values;
use crate::{Book, EditError, Encoding, Filetime, LineKind, Properties, Scope, Section, Subentry, keys};
use rasman_core::Secret;

impl Book {
    /// Reads an entry with types, of its links the first [`LINKS_MAX`]; `None` if there is no such entry.
    #[must_use]
    pub fn properties(&self, name: &str) -> Option<Properties> {
        self.section(name).map(|section| section.properties())
    }

    /// Writes an entry.
    ///
    /// A new entry is put at the end with all keys that Windows writes, in its order. Of an entry that exists only
    /// those lines change whose meaning differs from what `properties` says, and the date, which becomes `stamp`; if
    /// nothing differs, nothing changes. `properties.changed` and `properties.unreadable` are not looked at. The
    /// entry keeps its name; see [`Book::rename`].
    ///
    /// # Errors
    /// A name or a value that cannot be written; the book is then as it was.
    pub fn set_properties(&mut self, properties: &Properties, stamp: Filetime) -> Result<(), EditError> {
        let name = &properties.name;
        if properties.subentries.len() > LINKS_MAX {
            return Err(EditError::TooManyLinks);
        }
        if let Some(now) = self.properties(name) {
            return self.edit(name, |draft| change(draft, &now, properties, stamp));
        }
        self.create(name)?;
        let encoding = self.encoding();
        let written = self.edit(name, |draft| write_all(draft, encoding, properties, stamp));
        if written.is_err() {
            self.delete(name)?;
        }
        written
    }

    /// Gives the pre-shared key that an old program left in the file in clear, if there is one.
    ///
    /// We never write it; it belongs to where secrets are kept.
    #[must_use]
    pub fn pre_shared_key(&self, name: &str) -> Option<Secret> {
        let key = self.get(name, Scope::Entry, PRE_SHARED_KEY)?;
        (!key.is_empty()).then(|| Secret::from(&*key))
    }
}

impl Section<'_> {
    /// Reads the entry with types; of its links the first [`LINKS_MAX`].
    #[must_use]
    pub fn properties(&self) -> Properties {
        let lines = self.lines().filter_map(|line| match (line.scope, line.kind) {
            (Some(scope), LineKind::Key { key, value }) => Some((scope, key, value)),
            _ => None,
        });
        let mut values = Values::new(lines.collect());
        let mut properties = Properties::read_entry(self.name().into_owned(), &mut values);
        properties.subentries =
            (0..values.media().min(LINKS_MAX)).map(|media| Subentry::read(&mut values, media)).collect();
        properties.unreadable = Unreadable(values.into_unreadable());
        properties
    }
}

/// Writes all keys of a new entry.
fn write_all(
    draft: &mut Draft<'_>,
    encoding: Encoding,
    properties: &Properties,
    stamp: Filetime,
) -> Result<(), EditError> {
    let mut typed = properties.write_entry();
    typed.extend(dates(stamp));
    typed.extend(preferences(properties.primary()));
    for key in keys::ENTRY.iter().chain(keys::OURS) {
        // `Encoding=1` promises UTF-8.
        if key.name == ENCODING && encoding == Encoding::Ansi {
            continue;
        }
        match typed.iter().find(|(name, _)| *name == key.name) {
            Some((name, written)) if key.always || differs(Scope::Entry, name, written) => {
                put(draft, Scope::Entry, name, written)?;
            }
            None if key.always => draft.set(Scope::Entry, key.name, key.default)?,
            _ => {}
        }
    }
    draft.add_components()?;
    for (name, bound) in components(properties) {
        draft.set(Scope::Components, name, bound)?;
    }
    properties.subentries.iter().try_for_each(|subentry| subentry.create(draft))
}

/// Writes what differs.
fn change(draft: &mut Draft<'_>, now: &Properties, new: &Properties, stamp: Filetime) -> Result<(), EditError> {
    let differences = new.differences(now);
    if differences.is_empty() && new.subentries == now.subentries {
        return Ok(());
    }
    for (key, written) in &differences {
        put(draft, Scope::Entry, key, written)?;
    }
    for ((name, bound), was) in components(new).into_iter().zip(components(now)) {
        if bound != was.1 && draft.get(Scope::Components, name).is_some() {
            draft.set(Scope::Components, name, bound)?;
        }
    }
    for (key, written) in preferences(new.primary()).into_iter().zip(preferences(now.primary())).filter_map(changed) {
        if draft.get(Scope::Entry, key).is_some() {
            put(draft, Scope::Entry, key, &written)?;
        }
    }
    change_subentries(draft, now, new)?;
    dates(stamp).iter().try_for_each(|(key, written)| put(draft, Scope::Entry, key, written))
}

fn change_subentries(draft: &mut Draft<'_>, now: &Properties, new: &Properties) -> Result<(), EditError> {
    // Those that are too many to be read stay.
    if new.subentries.len() < now.subentries.len() {
        draft.truncate_media(new.subentries.len());
    }
    for (media, subentry) in new.subentries.iter().enumerate() {
        match now.subentries.get(media) {
            Some(old) if old == subentry => {}
            Some(old) => subentry.change(draft, media, old)?,
            None => subentry.create(draft)?,
        }
    }
    Ok(())
}

fn dates(stamp: Filetime) -> [(&'static str, Written); 2] {
    let (low, high) = stamp.halves();
    [("LowDateTime", low.write()), ("HighDateTime", high.write())]
}

/// The component list repeats two keys of the entry.
fn components(properties: &Properties) -> [(&'static str, &'static str); 2] {
    let bound = |bound| if bound { "1" } else { "0" };
    [("ms_msclient", bound(properties.bind_ms_net_client)), ("ms_server", bound(properties.share_ms_file_print))]
}

/// The wanted device repeats the first port group.
fn preferences(subentry: Option<&Subentry>) -> Vec<(&'static str, Written)> {
    let Some(subentry) = subentry else { return Vec::new() };
    let of_modem = |value: u32| if subentry.device_type.eq_ignore_ascii_case("modem") { value } else { 0 };
    vec![
        ("PreferredPort", subentry.port.write()),
        ("PreferredDevice", subentry.device_name.write()),
        ("PreferredBps", subentry.connect_bps.write()),
        ("PreferredHwFlow", subentry.hw_flow_control.write()),
        ("PreferredProtocol", of_modem(subentry.protocol).write()),
        ("PreferredCompression", of_modem(subentry.compression).write()),
        ("PreferredSpeaker", subentry.speaker.write()),
        ("PreferredMdmProtocol", subentry.modem_protocol.write()),
    ]
}

/// The key that says which encoding an entry was written in.
const ENCODING: &str = "Encoding";
/// The most links of an entry that are read; further ones stay in the file and are not used.
pub const LINKS_MAX: usize = 1_000;

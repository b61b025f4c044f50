//! `rasctl entry show`: what an entry dials, and how.

use super::settings;
use crate::arguments::Context;
use crate::books::{Books, scope_name};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint, wrap};
use clap::Args;
use rasman_phonebook::store::Loaded;
use rasman_phonebook::{EntryType, LineKind, NotDialable, Properties, Scope, Section, UserPreferences};
use serde_json::{Value, json};

/// Which entry, and how much of it.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// Name of the entry
    #[arg(value_name = "ENTRY")]
    entry: String,
    /// Show every key of the phone book
    #[arg(long)]
    keys: bool,
}

/// Shows it. Secrets that an old program left in the file are not repeated.
pub(super) fn run(arguments: &ShowArguments, context: &Context) -> Result<Exit, Failure> {
    let loaded = Books::of(context).find(&arguments.entry)?;
    let section = loaded.book.section(&arguments.entry).expect("the book was chosen because it has the entry");
    let entry = section.properties();
    let obstacle = obstacle(&entry);
    show(&entry, &loaded, obstacle.as_ref(), context.output);
    if arguments.keys {
        context.output.line("");
        for (_, key, value) in keys(&section) {
            context.output.line(format_args!("  {key}={value}"));
        }
    }
    context.output.json(&value(&section, &entry, &loaded, obstacle.as_ref()));
    Ok(Exit::Success)
}

/// Tells why the entry cannot be dialled as it stands.
fn obstacle(entry: &Properties) -> Option<NotDialable> {
    entry.dial_entry(&UserPreferences::default(), crate::named_files::OfPhoneBook).err()
}

fn show(entry: &Properties, loaded: &Loaded, obstacle: Option<&NotDialable>, output: Output) {
    let painter = output.painter();
    output.line(painter.paint(Paint::Title, &entry.name));
    let row = |name: &str, text: &str| {
        if !text.is_empty() {
            let name = painter.paint(Paint::Dim, format_args!("{name:<NAME$}"));
            output.line(format_args!("  {name} {}", wrap(text, output.width(), NAME + 3)));
        }
    };
    row("medium", medium(entry));
    for setting in settings::all() {
        row(setting.name, &setting.get(entry));
    }
    row("phone book", &format!("{} ({})", loaded.place.path.display(), scope_name(loaded.place.scope)));
    match obstacle {
        None => row("dialable", "yes"),
        Some(obstacle) => row("dialable", &painter.paint(Paint::Bad, format_args!("no: {obstacle}"))),
    }
}

fn value(section: &Section<'_>, entry: &Properties, loaded: &Loaded, obstacle: Option<&NotDialable>) -> Value {
    let settings = settings::all().map(|setting| (setting.name.to_owned(), json!(setting.get(entry))));
    let keys = keys(section).map(|(scope, key, value)| json!({ "group": group(scope), "key": key, "value": value }));
    json!({
        "name": entry.name,
        "medium": medium(entry),
        "scope": scope_name(loaded.place.scope),
        "phonebook": loaded.place.path,
        "settings": settings.collect::<serde_json::Map<_, _>>(),
        "keys": keys.collect::<Vec<_>>(),
        "dialable": obstacle.is_none(),
        "obstacle": obstacle.map(|obstacle| json!({
            "code": obstacle.code.0,
            "key": obstacle.key,
            "value": obstacle.value,
            "problem": obstacle.problem,
            "advice": obstacle.advice,
        })),
    })
}

/// The keys of an entry in the order of the file, without the secrets among them.
fn keys<'a>(section: &Section<'a>) -> impl Iterator<Item = (Option<Scope>, String, String)> + use<'a> {
    section.lines().filter_map(|line| match line.kind {
        LineKind::Key { key, value } => {
            let hidden = is_secret(&key) && !value.is_empty();
            let value = if hidden { rasman::STORED_PASSWORD.to_owned() } else { value.into_owned() };
            Some((line.scope, key.into_owned(), value.chars().filter(|c| !c.is_control()).collect()))
        }
        _ => None,
    })
}

fn group(scope: Option<Scope>) -> String {
    match scope {
        Some(Scope::Entry) => "entry".to_owned(),
        Some(Scope::Components) => "components".to_owned(),
        Some(Scope::Media(media)) => format!("media{}", media + 1),
        Some(Scope::Device { media, device }) => format!("media{}.device{}", media + 1, device + 1),
        None => "none".to_owned(),
    }
}

/// Names what carries the connection.
pub(super) fn medium(entry: &Properties) -> &'static str {
    match (entry.entry_type, entry.vpn_strategy.protocols().first().copied()) {
        (EntryType::Phone, _) => "modem",
        (EntryType::Vpn, Some(rasman_phonebook::Protocol::Sstp)) => "sstp",
        (EntryType::Vpn, Some(rasman_phonebook::Protocol::Ikev2)) => "ikev2",
        (EntryType::Vpn, Some(rasman_phonebook::Protocol::L2tp)) => "l2tp",
        (EntryType::Vpn, Some(rasman_phonebook::Protocol::Pptp)) => "pptp",
        (EntryType::Vpn, _) => "vpn",
        (EntryType::Direct, _) => "direct",
        (EntryType::Broadband, _) => "pppoe",
        _ => "other",
    }
}

/// Tells whether a key's value is never shown.
pub(super) fn is_secret(key: &str) -> bool {
    SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(key.trim()))
}

/// Keys in which an old program may have left a secret in clear.
const SECRETS: &[&str] = &["PreSharedKey", "ApnInfoPassword"];
const NAME: usize = 15;

//! `rasctl entry add`: a new entry, with the settings that Windows gives one of its kind.

use super::set::{Assignment, apply};
use crate::arguments::Context;
use crate::books::{self, Books, ChangeError};
use crate::commands::dial::MediumName;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::named_files;
use crate::output::Output;
use crate::runtime::block_on;
use crate::secrets::ask_plain;
use clap::{Args, ValueEnum};
use rasman_phonebook::store::Missing;
use rasman_phonebook::{Book, Guid, Identity, Properties, UserPreferences};
use rustix::rand::{GetRandomFlags, getrandom};
use serde_json::json;

/// What to add.
#[derive(Args)]
pub(crate) struct AddArguments {
    /// Name of the entry
    #[arg(value_name = "ENTRY")]
    name: Option<String>,
    /// What carries the connection
    #[arg(long, short, value_enum)]
    medium: Option<MediumName>,
    /// Server of a VPN, with :PORT if it is not the usual one
    #[arg(long, short, value_name = "HOST[:PORT]")]
    server: Option<String>,
    /// Service of PPPoE; without, any
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Number of a modem line
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Port of a modem or of a cable, such as /dev/ttyUSB0
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Where the SOCKS5 proxy listens; port 0 lets the system choose, `rasctl proxy` tells it then
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    proxy: String,
    /// Further settings, as `rasctl entry set` takes them; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<Assignment>,
}

/// Adds it.
pub(super) fn run(arguments: AddArguments, context: &Context) -> Result<Exit, Failure> {
    let output = context.output;
    let name = answer(arguments.name.clone(), output, "Name of the entry", "", "ENTRY")?;
    let medium = medium(&arguments, output)?;
    let mut entry = template(&name, medium, &arguments, output)?;
    for assignment in &arguments.settings {
        assignment.check_is_setting()?;
        apply(&mut entry, assignment)?;
    }
    let place = Books::of(context).default_place();
    // A taken name in any of the usual books would hide one of the two.
    if let Ok(other) = Books::of(context).find(&name) {
        let what = format!("there is an entry \"{name}\" in {} already", other.place.path.display());
        return Err(Failure::new(Exit::Settings, what, "choose another name, or change it: rasctl entry set"));
    }
    named_files::keep(&mut entry, &place)?;
    let stamp = books::stamp();
    books::change(&place, Missing::Create, |book: &mut Book| {
        book.set_properties(&entry, stamp).map_err(ChangeError::from)
    })?;
    output.line(format_args!("\"{name}\" is in {}.", place.path.display()));
    let obstacle = entry.dial_entry(&UserPreferences::default(), named_files::OfPhoneBook).err();
    match &obstacle {
        None => output.line(format_args!("Dial it: rasctl dial \"{name}\"")),
        Some(obstacle) => output.warning(format_args!("it cannot be dialled as it is: {obstacle}")),
    }
    output.json(&json!({
        "entry": name,
        "phonebook": place.path,
        "dialable": obstacle.is_none(),
        "obstacle": obstacle.map(|obstacle| obstacle.to_string()),
    }));
    Ok(Exit::Success)
}

fn medium(arguments: &AddArguments, output: Output) -> Result<MediumName, Failure> {
    if let Some(medium) = arguments.medium {
        return Ok(medium);
    }
    let names = "sstp, ikev2, l2tp, pptp, pppoe, modem or direct";
    let text = answer(None, output, &format!("Medium ({names})"), "sstp", "--medium")?;
    MediumName::from_str(&text, true)
        .map_err(|_| Failure::usage(format!("\"{text}\" is no medium"), format!("give {names}")))
}

fn template(name: &str, medium: MediumName, arguments: &AddArguments, output: Output) -> Result<Properties, Failure> {
    let identity = identity()?;
    let server = || answer(arguments.server.clone(), output, "Server", "", "--server");
    let port = || answer(arguments.port.clone(), output, "Port of the device", "COM1", "--port");
    let mut entry = match medium {
        MediumName::Sstp => Properties::sstp(name, server()?, identity),
        MediumName::Ikev2 => Properties::ikev2(name, server()?, identity),
        MediumName::L2tp => Properties::l2tp(name, server()?, identity),
        MediumName::Pptp => Properties::pptp(name, server()?, identity),
        MediumName::Pppoe => {
            let service = arguments.service.clone().or_else(|| arguments.server.clone());
            let service = match service {
                None if output.can_ask() => block_on(ask_plain("Service, if the provider named one", ""))??,
                service => service.unwrap_or_default(),
            };
            Properties::pppoe(name, service, identity)
        }
        MediumName::Modem => {
            let number = arguments.number.clone().or_else(|| arguments.server.clone());
            let number = answer(number, output, "Number", "", "--number")?;
            Properties::modem(name, port()?, "Modem", number, identity)
        }
        MediumName::Direct => Properties::direct(name, port()?, "Serial cable", identity),
    };
    if entry.entry_type != rasman_phonebook::EntryType::Broadband {
        entry.socks.clone_from(&arguments.proxy);
    }
    Ok(entry)
}

/// Takes what was given, or asks for it.
fn answer(given: Option<String>, output: Output, question: &str, default: &str, flag: &str) -> Result<String, Failure> {
    let answer = match given {
        Some(given) => given,
        None if output.can_ask() => block_on(ask_plain(question, default))??,
        None => String::new(),
    };
    if answer.trim().is_empty() {
        return Err(Failure::usage(format!("{flag} is missing"), "give it, or run this on a terminal to be asked"));
    }
    Ok(answer)
}

/// Draws what makes the entry itself: a random GUID (RFC 9562, version 4), and the number of its credentials.
pub(super) fn identity() -> Result<Identity, Failure> {
    let mut bytes = [0; 20];
    getrandom(&mut bytes, GetRandomFlags::empty())
        .map_err(|error| Failure::system("asking the system for randomness", &error.into()))?;
    let (guid, uid) = bytes.split_at(16);
    let mut guid: [u8; 16] = guid.try_into().expect("split at 16");
    // The first three fields are little-endian in memory, so the version is in the eighth byte.
    guid[7] = guid[7] & 0x0F | 0x40;
    guid[8] = guid[8] & 0x3F | 0x80;
    let uid = u32::from_le_bytes(uid.try_into().expect("four bytes are left")) & 0x7FFF_FFFF;
    Ok(Identity { guid: Guid(guid), dial_params_uid: uid.max(1) })
}

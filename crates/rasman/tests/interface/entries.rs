//! The methods of entries and stored credentials.

use super::{parameters, reply};
use crate::idl::Interface;
use rasman::ipc::wire::*;
use rasman::{CredentialMask, Credentials, EntryInfo, EntryRef, EntryScope, StillStored};
use serde_json::json;

fn entry() -> String {
    "work".to_owned()
}

fn phonebook() -> Option<String> {
    Some("/book.pbk".to_owned())
}

fn credentials() -> CredentialsWire {
    let secret = Credentials { user: "alice".into(), domain: "d".into(), ..Credentials::default() };
    CredentialsWire::new(&secret, Some(SecretAt::Descriptor(0)))
}

pub(crate) fn exercise(i: &mut Interface) {
    let text = || "[entry]\r\n".to_owned();
    parameters(i, "Entries", &EntriesCall { phonebook: phonebook(), start: Some(1) });
    for method in ["GetEntry", "DeleteEntry", "ValidateEntryName", "GetDialParams", "GetEapUserData"] {
        parameters(i, method, &EntryCall { entry: entry(), phonebook: phonebook() });
    }
    parameters(i, "SetEntry", &SetEntryCall { entry: entry(), phonebook: phonebook(), text: text() });
    let rename = RenameEntryCall { entry: entry(), phonebook: phonebook(), name: "new".into() };
    parameters(i, "RenameEntry", &rename);
    for method in ["GetSubEntry", "DeleteSubEntry"] {
        parameters(i, method, &SubEntryCall { entry: entry(), phonebook: phonebook(), index: 1 });
    }
    let link = SetSubEntryCall { entry: entry(), phonebook: phonebook(), index: 1, text: text() };
    parameters(i, "SetSubEntry", &link);
    for method in ["GetCredentials", "ClearCredentials"] {
        parameters(i, method, &MaskCall { entry: entry(), phonebook: phonebook(), mask: 7 });
    }
    let set = SetCredentialsCall { entry: entry(), phonebook: phonebook(), mask: 7, credentials: credentials() };
    parameters(i, "SetCredentials", &set);
    let set = SetDialParamsCall {
        entry: entry(),
        phonebook: phonebook(),
        credentials: credentials(),
        callback_number: Some("1".into()),
        remove_password: Some(true),
    };
    parameters(i, "SetDialParams", &set);
    let set = SetEapUserDataCall { entry: entry(), phonebook: phonebook(), secret: Some(0) };
    parameters(i, "SetEapUserData", &set);

    let listed = EntryInfo::new("work", EntryScope::Machine, Some("/book.pbk".into()));
    reply(i, "Entries", &EntriesReply { entries: vec![(&listed).into()], next: Some(1) });
    reply(i, "GetEntry", &EntryReply { name: entry(), text: text() });
    reply(i, "GetSubEntry", &TextReply { text: text() });
    for method in [
        "SetEntry",
        "RenameEntry",
        "DeleteEntry",
        "ValidateEntryName",
        "SetSubEntry",
        "DeleteSubEntry",
        "SetCredentials",
        "SetDialParams",
        "SetEapUserData",
    ] {
        reply(i, method, &Nothing {});
    }
    let stored = CredentialsReply { delivered: 7, user: "u".into(), password: String::new(), domain: "d".into() };
    reply(i, "GetCredentials", &stored);
    let still = StillStored { mask: CredentialMask::PASSWORD, provider: "systemd".into() };
    reply(i, "ClearCredentials", &ClearedReply { still_stored: Some(still.into()) });
    let params =
        DialParamsReply { user: "u".into(), domain: "d".into(), callback_number: "1".into(), has_password: true };
    reply(i, "GetDialParams", &params);
    reply(i, "GetEapUserData", &EapUserDataReply { size: 1, secret: Some(0) });
}

#[test]
fn entries_and_their_places_come_back_as_they_were() {
    for scope in [EntryScope::Program, EntryScope::User, EntryScope::Machine] {
        let info = EntryInfo::new("work", scope, Some("/book.pbk".into()));
        assert_eq!(EntryInfo::from(EntryInfoWire::from(&info)), info);
    }
    let call: EntryCall = serde_json::from_value(json!({ "entry": "work", "phonebook": "/a/b.pbk" })).unwrap();
    assert_eq!(call.entry_ref().unwrap(), EntryRef::new("work").in_book("/a/b.pbk"));
    for path in ["", "b.pbk", "./b.pbk", "/a\0b", &format!("/{}", "x".repeat(5000))] {
        assert!(read_path(path).is_err(), "{path:.20}");
    }
    assert!(write_path("b.pbk".as_ref()).unwrap().starts_with('/'));
}

//! Entries with types: what Windows writes is what we write, and a change touches its own lines alone.

use proptest::prelude::*;
use rasman_phonebook::{
    Assign, AuthRestrictions, Blob, Book, DialMode, EntryType, Filetime, Guid, Identity, IdleDisconnect, OverridePref,
    Properties, Scope, Subentry, VpnStrategy,
};

const SSTP: &[u8] = include_bytes!("../samples/sstp.pbk");
const PPPOE: &[u8] = include_bytes!("../samples/pppoe.pbk");
const MODEM: &[u8] = include_bytes!("../samples/modem.pbk");
const MULTILINK: &[u8] = include_bytes!("../samples/multilink.pbk");

fn identity(guid: u128, dial_params_uid: u32) -> Identity {
    Identity { guid: Guid(guid.to_be_bytes()), dial_params_uid }
}

fn stamp(low: i32, high: u32) -> Filetime {
    Filetime::from_halves(low.cast_unsigned(), high)
}

fn sstp() -> Properties {
    Properties::sstp("Head office", "vpn.example.com", identity(0x7D3E91A0C25B4F48A6D10B57E8429C3F, 30451177))
}

fn modem() -> Properties {
    Properties::modem(
        "Bureau de Genève",
        "COM3",
        "Standard 56000 bps Modem",
        "0,5550123",
        identity(0xE2905B7C41A83F4D8C76902B1DAF5E34, 66120935),
    )
}

fn multilink() -> Properties {
    let mut properties = modem();
    properties.name = "Two lines".into();
    properties.guid = identity(0x90AB34CD1278EF4D8A015B6C7D8E9F01, 0).guid;
    properties.dial_params_uid = 66120936;
    properties.dial_mode = DialMode::AsNeeded;
    let second = Subentry {
        port: "COM4".into(),
        phone_numbers: vec!["0,5550124".into(), "0,5550125".into()],
        promote_alternates: true,
        ..properties.subentries[0].clone()
    };
    properties.subentries.push(second);
    properties
}

/// A book with the entry alone, as we write it.
fn written(properties: &Properties, stamp: Filetime) -> String {
    let mut book = Book::new();
    book.set_properties(properties, stamp).unwrap();
    String::from_utf8(book.to_bytes()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The lines in which two texts of the same length differ.
fn changed_lines(before: &str, after: &str) -> Vec<String> {
    assert_eq!(before.lines().count(), after.lines().count());
    before.lines().zip(after.lines()).filter(|(a, b)| a != b).map(|(_, b)| b.to_owned()).collect()
}

#[test]
fn b8_new_entries_are_written_as_the_samples_are() {
    let pppoe = Properties::pppoe("Home broadband", "internet", identity(0x1F60C9D2837A5E42B90E64D1A85C2F73, 90217744));
    assert_eq!(written(&sstp(), stamp(-1698482176, 31091655)), text(SSTP));
    assert_eq!(written(&pppoe, stamp(-876908672, 31091856)), text(PPPOE));
    assert_eq!(written(&modem(), stamp(-55335168, 31092057)), text(MODEM));
    // The percentages are the usual ones, so they need not be written.
    let percentages = ["DialPercent", "DialSeconds", "HangUpPercent", "HangUpSeconds"];
    let sample = text(MULTILINK);
    let expected = sample.split_inclusive('\n').filter(|line| !percentages.iter().any(|key| line.starts_with(key)));
    assert_eq!(written(&multilink(), stamp(-55335168, 31092057)), expected.collect::<String>());
}

#[test]
fn samples_read_as_what_they_were_made_of() {
    for (sample, mut expected, changed) in [
        (SSTP, sstp(), stamp(-1698482176, 31091655)),
        (MODEM, modem(), stamp(-55335168, 31092057)),
        (MULTILINK, multilink(), stamp(-55335168, 31092057)),
    ] {
        let book = Book::parse(sample);
        let properties = book.properties(&expected.name).unwrap();
        expected.changed = changed;
        assert_eq!(properties, expected);
        assert!(properties.unreadable.0.is_empty());
    }
}

#[test]
fn nothing_changes_where_nothing_differs() {
    let all = [SSTP, PPPOE, MODEM, MULTILINK].concat();
    let mut book = Book::parse(all.clone());
    let names: Vec<String> = book.entries().map(Into::into).collect();
    for name in names {
        let properties = book.properties(&name).unwrap();
        book.set_properties(&properties, Filetime(1)).unwrap();
    }
    assert_eq!(book.to_bytes(), all);
}

#[test]
fn a_change_touches_its_own_lines_and_the_date() {
    let mut book = Book::parse([SSTP, MODEM].concat());
    let before = text(&book.to_bytes());
    let mut properties = book.properties("head OFFICE").unwrap();
    properties.redial_attempts = 9;
    properties.ip_assign = Assign::Given;
    properties.bind_ms_net_client = false;
    properties.subentries[0].port = "VPN3-0".into();
    properties.subentries[0].phone_numbers = vec!["vpn2.example.com".into()];
    book.set_properties(&properties, stamp(-1, 7)).unwrap();
    assert_eq!(
        changed_lines(&before, &text(&book.to_bytes())),
        [
            "LowDateTime=-1",
            "HighDateTime=7",
            "RedialAttempts=9",
            "BindMsNetClient=0",
            "PreferredPort=VPN3-0",
            "IpAssign=2",
            "ms_msclient=0",
            "Port=VPN3-0",
            "PhoneNumber=vpn2.example.com"
        ]
    );
    properties.changed = stamp(-1, 7);
    assert_eq!(book.properties("Head office").unwrap(), properties);
}

#[test]
fn a_missing_key_reads_as_its_default() {
    let minimal = "[n]\nEncoding=1\nType=2\nMEDIA=rastapi\nPort=VPN2-0\nDEVICE=vpn\nPhoneNumber=a\nPhoneNumber=b\n";
    let mut book = Book::parse(minimal);
    let mut properties = book.properties("n").unwrap();
    assert_eq!(properties.entry_type, EntryType::Vpn);
    assert_eq!(properties.vpn_strategy, VpnStrategy::Default);
    assert!(properties.lcp_extensions && properties.system_roots);
    assert_eq!(properties.subentries[0].phone_number(), "a");
    assert_eq!(properties.subentries[0].alternates(), ["b"]);
    assert!(properties.subentries[0].try_next_alternate_on_fail);
    assert_eq!(Book::parse("[n]\n").properties("n").unwrap().entry_type, EntryType::Phone);
    assert!(Book::parse("[n]\n").properties("n").unwrap().subentries.is_empty());

    properties.forwards = vec!["127.0.0.1:80=intra:80".into(), "[::1]:81=intra:81".into()];
    book.set_properties(&properties, stamp(0, 0)).unwrap();
    let expected = minimal.replace(
        "Type=2\n",
        "Type=2\nRasmanForward=127.0.0.1:80=intra:80\nRasmanForward=[::1]:81=intra:81\nLowDateTime=0\nHighDateTime=0\n",
    );
    assert_eq!(text(&book.to_bytes()), expected);
    assert_eq!(book.properties("n").unwrap(), properties);
}

#[test]
fn what_cannot_be_read_is_noted_and_kept() {
    let bytes = "[n]\nType=two\nIpAddress=10.0.0\nCustomAuthData=0G\nRedialSeconds=\nAutoLogon=7\nUseFlags=77\n";
    let mut book = Book::parse(bytes);
    let mut properties = book.properties("n").unwrap();
    let keys: Vec<&str> = properties.unreadable.0.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, ["Type", "CustomAuthData", "IpAddress"]);
    assert!(properties.use_logon_credentials);
    assert_eq!((properties.redial_seconds, properties.purpose.number()), (60, 77));
    properties.use_logon_credentials = false;
    book.set_properties(&properties, stamp(1, 2)).unwrap();
    let expected = bytes.replace("AutoLogon=7", "AutoLogon=0") + "LowDateTime=1\nHighDateTime=2\n";
    assert_eq!(text(&book.to_bytes()), expected);
}

#[test]
fn b15_idle_disconnect_is_never_a_time_or_the_users() {
    let idle = |keys: &str| Book::parse(format!("[n]\n{keys}")).properties("n").unwrap().idle_disconnect();
    let after = |seconds: u32| IdleDisconnect::After(seconds.try_into().unwrap());
    assert_eq!(idle("IdleDisconnectSeconds=0\nOverridePref=4\n"), IdleDisconnect::Never);
    assert_eq!(idle("IdleDisconnectSeconds=-1\nOverridePref=4\n"), IdleDisconnect::Never);
    assert_eq!(idle("IdleDisconnectSeconds=600\nOverridePref=15\n"), after(600));
    assert_eq!(idle("IdleDisconnectSeconds=600\nOverridePref=11\n"), IdleDisconnect::UserPreference);
    let mut properties = sstp();
    for wanted in [after(5), IdleDisconnect::UserPreference, IdleDisconnect::Never] {
        properties.set_idle_disconnect(wanted);
        assert_eq!(properties.idle_disconnect(), wanted);
        assert!(properties.override_pref.contains(OverridePref(11)));
    }
}

#[test]
fn subentries_come_and_go() {
    let mut book = Book::parse([MULTILINK, SSTP].concat());
    let mut properties = book.properties("two lines").unwrap();
    properties.subentries.truncate(1);
    book.set_properties(&properties, stamp(0, 0)).unwrap();
    let section = book.section("two lines").unwrap();
    assert_eq!((section.media_count(), section.get(Scope::Media(0), "Port").as_deref()), (1, Some("COM3")));

    let third = Subentry { port: "COM9".into(), device_type: "isdn".into(), ..Subentry::default() };
    properties.subentries.push(third.clone());
    book.set_properties(&properties, stamp(0, 0)).unwrap();
    let again = Book::parse(book.to_bytes());
    assert_eq!(again.properties("two lines").unwrap().subentries, [properties.subentries[0].clone(), third]);
    assert_eq!(again.section("head office").unwrap().raw(), SSTP);
}

#[test]
fn terminals_scripts_and_pads_have_groups_of_their_own() {
    let mut book = Book::parse(MODEM);
    let mut properties = book.properties("bureau de genève").unwrap();
    let link = &mut properties.subentries[0];
    link.terminal_before_dial = true;
    link.script = "login.scp".into();
    link.x25_address = "1234".into();
    properties.changed = stamp(3, 4);
    book.set_properties(&properties, stamp(3, 4)).unwrap();
    let again = Book::parse(book.to_bytes());
    assert_eq!(again.properties("bureau de genève").unwrap(), properties);
    let types = |device| again.get("bureau de genève", Scope::Device { media: 0, device }, "DEVICE").unwrap();
    assert_eq!([0, 1, 2, 3].map(|device| types(device).into_owned()), ["switch", "modem", "switch", "pad"]);
}

#[test]
fn a_port_group_without_main_device_gets_one_when_it_needs_it() {
    for devices in ["", "DEVICE=switch\nTerminal=1\n", "DEVICE=pad\nX25Address=5\n", "DEVICE=switch\nDEVICE=pad\n"] {
        let mut book = Book::parse(format!("[n]\nMEDIA=x25\nPort=\n{devices}"));
        let mut properties = book.properties("n").unwrap();
        let link = &mut properties.subentries[0];
        link.phone_numbers.push("1".into());
        link.terminal_before_dial ^= true;
        link.terminal_after_dial ^= true;
        link.x25_pad = "p".into();
        properties.changed = stamp(1, 1);
        book.set_properties(&properties, stamp(1, 1)).unwrap();
        assert_eq!(book.properties("n").unwrap(), properties, "{devices}");
    }
}

#[test]
fn what_cannot_be_written_changes_nothing() {
    let mut book = Book::parse(SSTP);
    let mut properties = sstp();
    properties.redial_attempts = 1;
    properties.dns_suffix = "a\nb".into();
    assert!(book.set_properties(&properties, stamp(0, 0)).is_err());
    properties.name = "new".into();
    assert!(book.set_properties(&properties, stamp(0, 0)).is_err());
    properties.name = "a|b".into();
    assert_eq!(book.set_properties(&properties, stamp(0, 0)).unwrap_err().code().0, 123);
    assert_eq!(book.to_bytes(), SSTP);
}

#[test]
fn a_pre_shared_key_is_read_as_a_secret_and_never_written() {
    let clear = text(SSTP).replace("PreSharedKey=", "PreSharedKey=letmein");
    let mut book = Book::parse(clear);
    assert_eq!(book.pre_shared_key("head office").unwrap().expose(), b"letmein");
    let properties = book.properties("head office").unwrap();
    assert!(!format!("{properties:?}").contains("letmein"));
    let mut other = Book::new();
    other.set_properties(&properties, stamp(0, 0)).unwrap();
    assert!(other.pre_shared_key("head office").is_none());
    book.remove("head office", Scope::Entry, "PreSharedKey").unwrap();
    assert!(book.pre_shared_key("head office").is_none());
}

proptest! {
    #[test]
    fn what_is_set_is_read(
        number in any::<u32>(),
        name in "[A-Za-z][A-Za-z0-9 é]{0,12}",
        words in prop::collection::vec("[ -~é]{1,12}", 0..4),
        blob in prop::collection::vec(any::<u8>(), 0..300),
        flag in any::<bool>(),
        links in 0_usize..4,
    ) {
        let mut properties = sstp();
        properties.name = name;
        properties.entry_type = EntryType::from_number(number);
        properties.auth_restrictions = AuthRestrictions(number);
        properties.idle_disconnect_seconds = number;
        properties.further_options3 = number;
        properties.custom_auth_data = Blob(blob);
        properties.system_roots = flag;
        properties.ca = words.clone();
        properties.dns_suffix = words.concat();
        properties.changed = Filetime(u64::from(number) << 16);
        let link = Subentry { phone_numbers: words, country_id: number, ..properties.subentries[0].clone() };
        properties.subentries = vec![link; links];
        for mut book in [Book::new(), Book::parse([MULTILINK, SSTP].concat())] {
            book.set_properties(&properties, properties.changed).unwrap();
            let again = Book::parse(book.to_bytes());
            prop_assert_eq!(&again.properties(&properties.name).unwrap(), &properties);
        }
    }
}

//! What goes into a phone book comes out of it again.

use super::*;
use rasman_phonebook::{Encryption, Identity};

fn sstp() -> Properties {
    let identity = Identity { guid: Guid([7; 16]), dial_params_uid: 77 };
    let mut entry = Properties::sstp("office", "vpn.example.com", identity);
    entry.subentries[0].phone_numbers.push("spare.example.com".to_owned());
    entry.socks = "127.0.0.1:1080".to_owned();
    entry
}

fn round_trip<C: Char>(entry: &Properties) -> Properties {
    let given = to_rasentry::<C>(entry);
    let alternates = entry.primary().map(|link| link.alternates().to_vec()).unwrap_or_default();
    let mut again = entry.clone();
    from_rasentry(&given, RASENTRY::<C>::size(), alternates, &mut again).expect("it can be read");
    again
}

#[test]
fn b14_b15_an_entry_that_is_written_back_as_it_was_read_stays_as_it_is() {
    let mut entry = sstp();
    assert_eq!(round_trip::<u8>(&entry), entry);
    assert_eq!(round_trip::<u16>(&entry), entry);
    entry.set_idle_disconnect(IdleDisconnect::Never);
    assert_eq!(round_trip::<u16>(&entry), entry);
    entry.set_idle_disconnect(IdleDisconnect::UserPreference);
    entry.encryption = Encryption::Optional;
    assert_eq!(round_trip::<u16>(&entry), entry);
}

#[test]
fn every_template_survives() {
    let identity = || Identity { guid: Guid([7; 16]), dial_params_uid: 77 };
    let entries = [
        Properties::ikev2("a", "vpn.example.com", identity()),
        Properties::modem("b", "COM3", "Standard Modem", "5550100", identity()),
        Properties::direct("c", "COM1", "Cable", identity()),
    ];
    for entry in entries {
        assert_eq!(round_trip::<u16>(&entry), entry);
    }
}

#[test]
fn a10_an_old_version_changes_nothing_that_it_does_not_have() {
    let entry = sstp();
    let given = to_rasentry::<u16>(&entry);
    for version in <RASENTRY<u16> as Layout>::SIZES {
        // What the version lacks is zero, as it is read.
        // SAFETY: the structure is longer than every version.
        let given = unsafe { crate::abi::read_prefix(&raw const given, *version) };
        let mut again = entry.clone();
        let alternates = vec!["spare.example.com".to_owned()];
        from_rasentry(&given, *version, alternates, &mut again).expect("it can be read");
        assert_eq!(again, entry, "{version}");
    }
}

#[test]
fn b14_members_whose_option_is_off_do_not_count() {
    let mut given = to_rasentry::<u8>(&sstp());
    given.ipaddr = RASIPADDR { a: 10, b: 0, c: 0, d: 9 };
    given.dwCountryCode = 49;
    let mut entry = sstp();
    from_rasentry(&given, RASENTRY::<u8>::size(), Vec::new(), &mut entry).expect("it can be read");
    assert_eq!((entry.ip_address, entry.subentries[0].country_code), (Ipv4Addr::UNSPECIFIED, 0));
    given.dwfOptions |= RASEO_SpecificIpAddr | RASEO_UseCountryAndAreaCodes;
    from_rasentry(&given, RASENTRY::<u8>::size(), Vec::new(), &mut entry).expect("it can be read");
    assert_eq!((entry.ip_address, entry.subentries[0].country_code), (Ipv4Addr::new(10, 0, 0, 9), 49));
}

#[test]
fn b5_an_entry_of_no_kind_and_text_without_an_end_are_refused() {
    let refused = |given: &RASENTRY<u8>| from_rasentry(given, RASENTRY::<u8>::size(), Vec::new(), &mut sstp());
    let good = to_rasentry::<u8>(&sstp());
    assert_eq!(refused(&RASENTRY { dwType: 0, ..good }), Err(Code::INVALID_PARAMETER));
    assert_eq!(refused(&RASENTRY { szDnsSuffix: [b'x'; 256], ..good }), Err(Code::INVALID_PARAMETER));
}

#[test]
fn a_modem_that_is_named_by_its_port_is_at_that_port() {
    let mut given = to_rasentry::<u8>(&sstp());
    (given.szDeviceType, given.szDeviceName) = (text::array(RASDT_Modem), text::array("/dev/ttyUSB0"));
    let mut entry = sstp();
    from_rasentry(&given, RASENTRY::<u8>::size(), Vec::new(), &mut entry).expect("it can be read");
    let link = &entry.subentries[0];
    assert_eq!((&*link.media, &*link.port, &*link.device_type), ("serial", "/dev/ttyUSB0", "modem"));
}

//! What of an entry can be dialled, and what is said about the rest.

use rasman_core::{
    AuthMethod, Code, DataPath, Duration, FlowControl, LineDevice, LineSettings, Medium, ModemProfile, ModemSettings,
    MppeConsent, Redial, Revocation, SerialPort, SerialSettings, SstpSettings, Trust,
};
use rasman_phonebook::{
    Assign, AuthRestrictions, Blob, Book, EntryType, ExcludedProtocols, Filetime, Guid, Identity, IdleDisconnect,
    NotDialable, OverridePref, Properties, ReadFiles, UserPreferences, VpnStrategy,
};

const IDENTITY: Identity = Identity { guid: Guid([7; 16]), dial_params_uid: 7 };

fn sstp() -> Properties {
    Properties::sstp("work", "vpn.example.com", IDENTITY)
}

fn entry(properties: &Properties) -> Result<rasman_core::Entry, NotDialable> {
    properties.dial_entry(&UserPreferences::default(), |path: &str| Err(format!("{path} must not be read")))
}

fn servers(properties: &Properties) -> Vec<SstpSettings> {
    let entry = entry(properties).unwrap();
    let media = entry.media();
    let settings = |medium: &Medium| match medium {
        Medium::Sstp(sstp) => sstp.clone(),
        other => panic!("{other:?}"),
    };
    media.map(settings).collect()
}

/// The code, the key and the line that a changed SSTP entry is refused with.
fn refused(change: impl FnOnce(&mut Properties)) -> (u32, &'static str, String) {
    let mut properties = sstp();
    change(&mut properties);
    let error = entry(&properties).unwrap_err();
    (error.code.0, error.key, error.to_string())
}

#[test]
fn the_sample_can_be_dialled() {
    let book = Book::parse(&include_bytes!("../samples/sstp.pbk")[..]);
    let entry = entry(&book.properties("head office").unwrap()).unwrap();
    assert_eq!(entry.name, "Head office");
    let expected = SstpSettings {
        server: "vpn.example.com".into(),
        port: 443,
        server_name: String::new(),
        trust: Trust::system(),
        proxy: None,
    };
    assert_eq!(entry.medium, Medium::Sstp(expected));
    assert_eq!(entry.redial, Redial { attempts: 3, pause: Duration::from_secs(60), on_link_failure: true });
    assert_eq!((entry.idle_disconnect, entry.authentication), (None, vec![AuthMethod::MsChapV2]));
    assert_eq!((entry.network.address, entry.network.mru, entry.network.request_dns), (None, 1500, true));
}

#[test]
fn m8_alternates_follow_unless_the_entry_says_not() {
    let mut properties = sstp();
    properties.subentries[0].phone_numbers = vec!["a:1".into(), " ".into(), "[2001:db8::1]:2".into(), "c ".into()];
    properties.subentries[0].promote_alternates = true;
    let found: Vec<_> = servers(&properties).into_iter().map(|sstp| (sstp.server, sstp.port)).collect();
    assert_eq!(found, [("a".to_owned(), 1), ("2001:db8::1".to_owned(), 2), ("c".to_owned(), 443)]);
    assert!(entry(&properties).unwrap().promote_alternates);
    properties.promote(2);
    assert_eq!(properties.subentries[0].phone_numbers, ["c ", " ", "[2001:db8::1]:2", "a:1"]);
    properties.promote(3);
    assert_eq!(properties.subentries[0].phone_number(), "c ");
    properties.subentries[0].try_next_alternate_on_fail = false;
    assert_eq!(servers(&properties).len(), 1);
}

#[test]
fn a_strategy_with_sstp_in_it_dials_sstp() {
    for number in 0..=15 {
        let mut properties = sstp();
        properties.vpn_strategy = VpnStrategy::from_number(number);
        let result = entry(&properties);
        if [0, 2, 4, 5, 6, 8, 12, 13, 14, 15].contains(&number) {
            assert!(result.is_ok(), "{number}");
        } else {
            let error = result.unwrap_err();
            assert_eq!((error.code, error.key), (Code::PORT_NOT_AVAILABLE, "VpnStrategy"), "{number}");
        }
    }
    let (_, _, line) = refused(|p| p.vpn_strategy = VpnStrategy::Ikev2Only);
    assert_eq!(
        line,
        "VpnStrategy=7 asks for IKEv2 alone, which cannot be dialled yet; set VpnStrategy=5 (SSTP alone) or 6 (SSTP \
         first) if the server speaks SSTP"
    );
}

#[test]
fn b8_media_that_are_not_there_are_named() {
    let pppoe = Properties::pppoe("home", "internet", IDENTITY);
    let mut isdn = Properties::modem("office", "ISDN1", "Card", "5550123", IDENTITY);
    isdn.subentries[0].device_type = "isdn".into();
    for (properties, name) in [(pppoe, "PPP over Ethernet"), (isdn, "ISDN")] {
        let error = entry(&properties).unwrap_err();
        assert_eq!(error.code.0, 633);
        assert!(error.problem.contains(name), "{error}");
    }
    let mut direct = Properties::direct("cable", "COM1", "Cable", IDENTITY);
    direct.subentries[0].device_type = "parallel".into();
    assert_eq!(entry(&direct).unwrap_err().code.0, 816);
    assert_eq!(refused(|p| p.entry_type = EntryType::Broadband).0, 868);
    assert_eq!(refused(|p| p.subentries[0].device_type = "PPPoE".into()).0, 868);
    assert_eq!(refused(|p| p.entry_type = EntryType::Phone).1, "Type");
    assert_eq!(refused(|p| p.subentries.clear()).1, "MEDIA");
}

#[test]
fn each_key_that_stands_in_the_way_is_named_with_its_value() {
    let number = |number: &str| {
        let number = number.to_owned();
        refused(|p| p.subentries[0].phone_numbers = vec![number])
    };
    assert_eq!(number("https://vpn/x").1, "PhoneNumber");
    assert_eq!(number("vpn example").0, 749);
    assert_eq!(number("vpn:0").0, 749);
    assert_eq!(number("").0, 749);
    assert_eq!(refused(|p| p.auth_restrictions = AuthRestrictions::EAP).0, 918);
    assert_eq!(refused(|p| p.auth_restrictions = AuthRestrictions::SPAP).1, "AuthRestrictions");
    let eap = |p: &mut Properties, method: &str| {
        p.auth_restrictions = AuthRestrictions::EAP;
        p.eap_methods = vec![method.into()];
    };
    assert_eq!(refused(|p| eap(p, "eap-fast")).1, "RasmanEapMethod");
    assert_eq!(refused(|p| eap(p, "peap-mschapv2")).1, "RasmanEapServerName");
    let short_pin = |p: &mut Properties| p.eap_pin = "12".into();
    assert_eq!(refused(|p| (eap(p, "ttls-pap"), short_pin(p)).0).1, "RasmanEapPin");
    let named = |p: &mut Properties| p.eap_server_names = vec!["radius.example.com".into()];
    assert_eq!(refused(|p| (eap(p, "eap-tls"), named(p)).0).1, "RasmanEapCertificate");
    assert_eq!(refused(|p| p.excluded_protocols = ExcludedProtocols::IPV4).0, 720);
    assert_eq!(refused(|p| p.custom_dial_dll = "x.dll".into()).0, 755);
    assert_eq!(refused(|p| p.ip_assign = Assign::Given).2.split(';').next(), Some("IpAddress=0.0.0.0 is 0.0.0.0"));
    assert_eq!(refused(|p| p.mru = 70_000).1, "RasmanMru");
    assert_eq!(refused(|p| p.mru = 100).1, "RasmanMru");
    assert_eq!(refused(|p| p.pin = "12".into()).1, "RasmanPin");
    assert_eq!(refused(|p| p.system_roots = false).1, "RasmanSystemRoots");
    assert_eq!(refused(|p| p.http_proxy = "proxy".into()).1, "RasmanHttpProxy");
    assert_eq!(refused(|p| p.http_proxy = "http://proxy:80".into()).1, "RasmanHttpProxy");
    assert_eq!(refused(|p| p.revocation = "maybe".into()).1, "RasmanRevocation");
    assert_eq!(refused(|p| p.mppe = "56".into()).1, "RasmanMppe");
    assert_eq!(refused(|p| p.socks = "1080".into()).1, "RasmanSocks");
    assert_eq!(refused(|p| p.socks = "0.0.0.0:1080".into()).1, "RasmanSocks");
    assert_eq!(refused(|p| p.forwards = vec!["127.0.0.1:80".into()]).1, "RasmanForward");
    assert_eq!(refused(|p| p.ca = vec!["ca.pem".into()]).2, "RasmanCa=ca.pem ca.pem must not be read");
    assert_eq!(refused(|p| p.redial_attempts = u32::MAX).1, "RedialAttempts");
    let unreadable = Book::parse("[n]\nType=2\nAuthRestrictions=five\nMEDIA=rastapi\nDEVICE=vpn\nPhoneNumber=a\n");
    let error = entry(&unreadable.properties("n").unwrap()).unwrap_err();
    assert_eq!((error.key, error.value.as_str()), ("AuthRestrictions", "five"));
    let address = |assign: u8| {
        let text = format!("[n]\nType=2\nIpAddress=ten\nIpAssign={assign}\nMEDIA=m\nDEVICE=vpn\nPhoneNumber=a\n");
        entry(&Book::parse(text).properties("n").unwrap()).map_err(|error| error.key)
    };
    assert_eq!((address(1).map(|entry| entry.network.address), address(2)), (Ok(None), Err("IpAddress")));
}

#[test]
fn doors_trust_and_address_are_taken_over() {
    let mut properties = sstp();
    properties.socks = "127.0.0.1:1080".into();
    properties.forwards = vec!["127.0.0.1:8080=intra:80".into(), "[::1]:81 = [2001:db8::5]:82".into()];
    properties.ca = vec!["a.pem".into(), "b.pem".into()];
    properties.server_name = "gate.example.com".into();
    properties.ip_assign = Assign::Given;
    properties.ip_address = "10.0.0.7".parse().unwrap();
    let der = |path: &str| Ok(vec![vec![0x30, path.len() as u8]]);
    let dialled = properties.dial_entry(&UserPreferences::default(), der).unwrap();
    let DataPath::Rootless(rootless) = &dialled.data_path else { panic!() };
    assert_eq!((rootless.socks.unwrap().port(), rootless.forwards.len()), (1080, 2));
    assert_eq!((rootless.forwards[1].host.as_str(), rootless.forwards[1].port), ("2001:db8::5", 82));
    assert_eq!(dialled.network.address, Some("10.0.0.7".parse().unwrap()));
    let Medium::Sstp(settings) = &dialled.medium else { panic!() };
    assert_eq!((settings.trust.added_roots.len(), settings.trust.system_roots), (2, true));
    assert_eq!(settings.server_name, "gate.example.com");

    properties.pin = "AB:".repeat(31) + "ab";
    let pinned = Trust { pinned_leaf_sha256: Some([0xAB; 32]), ..Trust::default() };
    assert_eq!(servers(&properties)[0].trust, pinned);
}

#[test]
fn b15_settings_that_are_not_the_entrys_own_are_the_users() {
    let preferences = UserPreferences {
        redial: Redial { attempts: 99, pause: Duration::from_secs(9), on_link_failure: false },
        idle_disconnect: Some(Duration::from_secs(999)),
        device: false,
    };
    let dial = |properties: &Properties| properties.dial_entry(&preferences, |_: &str| Ok(vec![])).unwrap();
    let mut properties = sstp();
    properties.set_idle_disconnect(IdleDisconnect::After(60.try_into().unwrap()));
    assert_eq!(dial(&properties).idle_disconnect, Some(Duration::from_secs(60)));
    assert_eq!(dial(&properties).redial.attempts, 3);
    properties.override_pref = OverridePref::REDIAL_SECONDS;
    let dialled = dial(&properties);
    let expected = Redial { attempts: 99, pause: Duration::from_secs(60), on_link_failure: false };
    assert_eq!((dialled.redial, dialled.idle_disconnect), (expected, preferences.idle_disconnect));
    properties.set_idle_disconnect(IdleDisconnect::Never);
    assert_eq!((dial(&properties).idle_disconnect, dial(&properties).session_limit), (None, None));
    properties.session_limit = 3600;
    assert_eq!(dial(&properties).session_limit, Some(Duration::from_secs(3600)));
}

#[test]
fn an_entry_says_how_programs_get_in_or_leaves_it_to_the_manager() {
    let path = |change: fn(&mut Properties), device| {
        let mut properties = sstp();
        change(&mut properties);
        let preferences = UserPreferences { device, ..UserPreferences::default() };
        properties.dial_entry(&preferences, |_: &str| Ok(Vec::new())).unwrap().data_path
    };
    let is_device = |change, device| matches!(path(change, device), DataPath::Tun(_));
    assert!(!is_device(|_| (), false) && is_device(|_| (), true));
    assert!(!is_device(|p| p.socks = "127.0.0.1:1080".into(), true), "it has a door");
    assert!(!is_device(|p| p.data_path = "rootless".into(), true));
    let DataPath::Tun(device) = path(
        |p| {
            p.data_path = "tun".into();
            p.interface = "vpn0".into();
            p.remote_default_gateway = false;
            p.ipv6_remote_default_gateway = false;
            p.disable_class_based_default_route = true;
            p.ip_interface_metric = 9;
            p.routes = vec!["10.1.0.0/16".into(), "2001:db8::/32".into()];
            p.excluded_routes = vec!["10.1.2.0/24".into(), "2001:db8::1".into()];
        },
        false,
    ) else {
        panic!("no device")
    };
    assert_eq!(device.name.as_deref(), Some("vpn0"));
    assert!(!device.default_route && !device.default_route6 && !device.class_route && device.metric == 9);
    assert_eq!(device.routes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.1.0.0/16", "2001:db8::/32"]);
    assert_eq!(device.exclude.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.1.2.0/24", "2001:db8::1/128"]);
    assert_eq!(refused(|p| p.data_path = "tap".into()).1, "RasmanDataPath");
    assert_eq!(refused(|p| (p.data_path, p.routes) = ("tun".into(), vec!["10.0.0.1/8".into()])).1, "RasmanRoute");
    assert_eq!(refused(|p| (p.data_path, p.routes) = ("tun".into(), vec!["2001:db8::1/32".into()])).1, "RasmanRoute");
    assert_eq!(refused(|p| (p.data_path, p.excluded_routes) = ("tun".into(), vec!["::/0".into()])).1, "RasmanExclude");
    assert_eq!(refused(|p| (p.data_path, p.interface) = ("tun".into(), "a/b".into())).1, "RasmanInterface");
}

fn serial(properties: &Properties) -> Vec<SerialSettings> {
    let entry = entry(properties).unwrap();
    let media = entry.media();
    let settings = |medium: &Medium| match medium {
        Medium::Serial(serial) => serial.clone(),
        other => panic!("{other:?}"),
    };
    media.map(settings).collect()
}

#[test]
fn the_sample_of_a_modem_can_be_dialled() {
    let book = Book::parse(&include_bytes!("../samples/modem.pbk")[..]);
    let name = book.entries().next().unwrap().into_owned();
    let [modem] = &serial(&book.properties(&name).unwrap())[..] else { panic!("one number") };
    assert_eq!(modem.line, LineSettings { speed: 115_200, flow: FlowControl::Hardware });
    let LineDevice::Modem(settings) = &modem.device else { panic!("{:?}", modem.device) };
    assert_eq!((settings.profile, settings.speaker), (ModemProfile::Hayes, true));
    assert!(!settings.name.is_empty() && !settings.number.is_empty());
}

#[test]
fn a_modem_has_what_its_keys_say_and_an_alternate_for_each_further_number() {
    let mut properties = Properties::modem("field", "/dev/ttyUSB0", "LTE stick", "*99#", IDENTITY);
    properties.subentries[0].phone_numbers.push("*99***1#".into());
    properties.subentries[0].connect_bps = 0;
    properties.subentries[0].hw_flow_control = 0;
    properties.subentries[0].compression = 0;
    properties.modem_profile = "Cellular".into();
    properties.modem_init = vec!["AT+CFUN=1".into()];
    (properties.dial_prefix, properties.dial_suffix) = ("T".into(), "@".into());
    properties.apn = " internet ".into();
    let expected = ModemSettings {
        name: "LTE stick".into(),
        profile: ModemProfile::Cellular,
        number: "*99***1#".into(),
        prefix: "T".into(),
        suffix: "@".into(),
        init: vec!["AT+CFUN=1".into()],
        apn: Some("internet".into()),
        speaker: true,
        without_error_control: false,
        without_compression: true,
    };
    let [_, second] = &serial(&properties)[..] else { panic!("two numbers") };
    assert_eq!(second.device, LineDevice::Modem(expected));
    assert_eq!(second.port, SerialPort::Device("/dev/ttyUSB0".into()));
    assert_eq!(second.line, LineSettings { speed: 115_200, flow: FlowControl::None });
}

#[test]
fn a_modem_of_which_nothing_is_said_keeps_its_error_control_and_compression() {
    let sample = String::from_utf8(include_bytes!("../samples/modem.pbk").to_vec()).unwrap();
    assert!(sample.contains("\r\nProtocol=1\r\nCompression=1\r\n"));
    let ways = [("", (false, false)), ("Protocol=\r\n", (false, false)), ("Protocol=0\r\n", (true, false))];
    for (says, without) in ways {
        let text = sample.replace("\r\nProtocol=1\r\nCompression=1\r\n", &format!("\r\n{says}"));
        let book = Book::parse(text.as_bytes());
        let name = book.entries().next().unwrap().into_owned();
        let mut properties = book.properties(&name).unwrap();
        let [modem] = &serial(&properties)[..] else { panic!("one number") };
        let LineDevice::Modem(settings) = &modem.device else { panic!("{:?}", modem.device) };
        assert_eq!((settings.without_error_control, settings.without_compression), without, "{says}");
        // Another change leaves out what was left out.
        properties.subentries[0].speaker = 0;
        let mut changed = book;
        changed.set_properties(&properties, Filetime(1)).unwrap();
        let written = String::from_utf8(changed.to_bytes()).unwrap();
        assert_eq!(written.contains("\r\nProtocol="), !says.is_empty(), "{written}");
        assert!(!written.contains("\r\nCompression="));
    }
}

#[test]
fn checksums_of_32_bits_are_asked_for_where_the_entry_says_so() {
    for asks in [false, true] {
        let mut properties = Properties::modem("field", "/dev/ttyUSB0", "modem", "1", IDENTITY);
        properties.fcs32 = asks;
        assert_eq!(serial(&properties)[0].fcs32, asks);
    }
}

#[test]
fn a_script_is_read_when_its_entry_is_dialled() {
    struct Files;
    impl ReadFiles for Files {
        fn certificates(&mut self, _: &str) -> Result<Vec<Vec<u8>>, String> {
            unreachable!("a modem wants none")
        }

        fn whole(&mut self, path: &str) -> Result<Vec<u8>, String> {
            match path {
                "/etc/ppp/isp.scp" | "C:\\Scripts\\isp.scp" => Ok(b"proc main endproc".to_vec()),
                "long.scp" => Ok(vec![b' '; 70_000]),
                _ => Err("cannot be read: No such file or directory".to_owned()),
            }
        }
    }
    let mut properties = Properties::modem("field", "/dev/ttyUSB0", "Modem", "5550123", IDENTITY);
    let mut dial = |script: &str| {
        properties.subentries[0].script = script.into();
        properties.dial_entry(&UserPreferences::default(), Files)
    };
    for path in ["/etc/ppp/isp.scp", "C:\\Scripts\\isp.scp"] {
        let Medium::Serial(serial) = dial(path).unwrap().medium else { panic!("a modem") };
        let script = serial.login.script.unwrap();
        assert_eq!((&script.name[..], script.text.expose()), ("isp.scp", &b"proc main endproc"[..]));
    }
    let refused = dial("nowhere.scp").unwrap_err();
    assert_eq!((refused.code.0, refused.key), (752, "Script"));
    assert!(refused.to_string().starts_with("Script=nowhere.scp cannot be read"), "{refused}");
    assert!(dial("long.scp").unwrap_err().to_string().contains("65536"));
    let Medium::Serial(serial) = dial(" ").unwrap().medium else { panic!("a modem") };
    assert_eq!(serial.login.script, None);
}

#[test]
fn cables_are_dialled_by_type_1_and_type_3() {
    let mut cable = Properties::direct("cable", "COM2", "Cable", IDENTITY);
    assert_eq!(serial(&cable)[0].device, LineDevice::NullModem);
    cable.entry_type = EntryType::Phone;
    cable.modem_profile = "direct".into();
    assert_eq!(serial(&cable)[0].device, LineDevice::Direct);
    assert_eq!(serial(&cable)[0].port, SerialPort::Device("/dev/ttyS1".into()));
}

#[test]
fn what_a_modem_cannot_do_is_told_by_key() {
    let refused = |change: fn(&mut Properties)| {
        let mut properties = Properties::modem("office", "COM1", "Modem", "5550123", IDENTITY);
        change(&mut properties);
        let error = entry(&properties).unwrap_err();
        (error.code.0, error.key)
    };
    assert_eq!(refused(|p| p.subentries[0].port = "VPN2-0".into()), (615, "Port"));
    assert_eq!(refused(|p| p.modem_profile = "fax".into()), (87, "RasmanModem"));
    assert_eq!(refused(|p| p.subentries[0].phone_numbers = vec!["1;ATH".into()]), (749, "PhoneNumber"));
    assert_eq!(refused(|p| p.subentries[0].phone_numbers.clear()), (749, "PhoneNumber"));
    assert_eq!(refused(|p| p.dial_prefix = "x".into()), (749, "RasmanDialPrefix"));
    assert_eq!(refused(|p| p.modem_init = vec!["é".into()]), (87, "RasmanModemInit"));
    assert_eq!(refused(|p| p.apn = "a b".into()), (87, "RasmanApn"));
}

#[test]
fn the_bits_of_auth_restrictions_are_the_users_consent() {
    let allowed = |bits: u32, custom: u32, words: &[&str]| {
        let mut properties = sstp();
        properties.auth_restrictions = AuthRestrictions(bits);
        properties.custom_auth_key = custom;
        properties.eap_methods = words.iter().map(ToString::to_string).collect();
        properties.eap_server_names = vec!["radius.example.com, *.example.net".into()];
        properties.eap_certificate = "me.p12".into();
        properties.dial_entry(&UserPreferences::default(), |_: &str| Ok(Vec::new())).unwrap().authentication
    };
    assert_eq!(allowed(0, 0, &[]), [AuthMethod::MsChapV2]);
    assert_eq!(allowed(552, 0, &[]), [AuthMethod::MsChapV2, AuthMethod::Chap, AuthMethod::Pap]);
    for (custom, method) in [
        (4, AuthMethod::EapMd5),
        (13, AuthMethod::EapTls),
        (21, AuthMethod::TtlsMsChapV2),
        (25, AuthMethod::PeapMsChapV2),
        (26, AuthMethod::EapMsChapV2),
    ] {
        assert_eq!(allowed(128, custom, &[]), [method]);
    }
    let expected = [AuthMethod::TtlsPap, AuthMethod::PeapMsChapV2, AuthMethod::MsChapV2];
    assert_eq!(allowed(128 + 512, 25, &["ttls-pap", "peap-mschapv2, ttls-pap"]), expected);
}

#[test]
fn our_keys_of_the_network_and_the_way_to_the_server() {
    let book = Book::parse(&include_bytes!("../samples/sstp.pbk")[..]);
    let mut properties = book.properties("head office").unwrap();
    assert!(!entry(&properties).unwrap().network.ipv6);
    properties.http_proxy = "[2001:db8::1]:3128".into();
    properties.revocation = "Required".into();
    properties.ipv6 = true;
    properties.inform = false;
    properties.mppe = "strong".into();
    let dialled = entry(&properties).unwrap();
    let Medium::Sstp(sstp) = &dialled.medium else { panic!() };
    let proxy = sstp.proxy.as_ref().unwrap();
    assert_eq!((&proxy.host[..], proxy.port, &proxy.login), ("2001:db8::1", 3128, &None));
    assert_eq!(sstp.trust.revocation, Revocation::Required);
    let network = &dialled.network;
    assert_eq!((network.ipv6, network.inform, network.mppe), (true, false, Some(MppeConsent::Strong)));
    properties.excluded_protocols = properties.excluded_protocols.with(ExcludedProtocols::IPV6, true);
    assert!(!entry(&properties).unwrap().network.ipv6);
}

#[test]
fn m3_several_links_at_once_are_refused_and_one_of_several_is_dialled() {
    let links =
        "MEDIA=rastapi\nDEVICE=vpn\nPhoneNumber=a.example.com\nMEDIA=rastapi\nDEVICE=vpn\nPhoneNumber=b.example.com\n";
    let dialled = |mode: &str, links: &str| {
        let text = format!("[n]\nType=2\nVpnStrategy=5\nDialMode={mode}\n{links}");
        entry(&Book::parse(text.as_bytes()).properties("n").unwrap()).map(drop).map_err(|error| error.code.0)
    };
    assert_eq!([dialled("0", links), dialled("7", links)], [Ok(()), Ok(())]);
    assert_eq!([dialled("1", links), dialled("2", links)], [Err(50), Err(50)]);
    let one = links.split_inclusive("a.example.com\n").next().unwrap();
    assert_eq!([dialled("1", one), dialled("2", one)], [Ok(()), Ok(())]);
}

/// What Windows keeps for PEAP ([MS-GPWL] 2.2.3.1.2), in the frame of a phone book.
fn peap_data(flags: u32, tls_flags: u32, names: &str, inner: u32) -> Vec<u8> {
    let le = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let names: Vec<u8> = names.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let size = |octets: &[u8]| u32::try_from(octets.len()).unwrap();
    let tls = [le(&[1, 40 + size(&names), tls_flags, 1, 20]), vec![7; 20], names].concat();
    let data = [le(&[1, 0, 1, flags]), tls, le(&[1, 12, inner]), vec![0, 0]].concat();
    [b"1DBC".to_vec(), le(&[25, size(&data)]), data].concat()
}

fn with_peap(data: Vec<u8>) -> Properties {
    let mut properties = sstp();
    properties.auth_restrictions = AuthRestrictions(128);
    properties.custom_auth_key = 25;
    properties.custom_auth_data = Blob(data);
    properties
}

#[test]
fn what_windows_keeps_for_peap_is_dialled_with() {
    let properties = with_peap(peap_data(1 | 4 | 16, 0x31, r"nps.corp.example;.*\.example\.net", 26));
    let dialled = entry(&properties).unwrap();
    assert_eq!(dialled.authentication, [AuthMethod::PeapMsChapV2]);
    let eap = &dialled.eap;
    assert_eq!(eap.server_names, ["nps.corp.example", "*.example.net"]);
    assert_eq!((&eap.root_sha1[..], eap.trust.system_roots), (&[[7; 20]][..], true));
    assert_eq!((eap.require_crypto_binding, &eap.outer_identity[..]), (true, "anonymous"));
    // The entry's own keys go before, each for what it says.
    let mut own = properties.clone();
    own.eap_ca = vec!["ca.pem".into()];
    own.eap_server_names = vec!["radius".into()];
    own.eap_identity = "nobody".into();
    let eap = own.dial_entry(&UserPreferences::default(), |_: &str| Ok(vec![vec![0x30]])).unwrap().eap;
    assert_eq!((&eap.server_names[..], &eap.root_sha1[..]), (&["radius".to_owned()][..], &[][..]));
    assert_eq!((eap.require_crypto_binding, &eap.outer_identity[..]), (true, "nobody"));
}

#[test]
fn what_windows_keeps_and_we_cannot_do_is_refused_by_key() {
    let refused = |data| {
        let error = entry(&with_peap(data)).unwrap_err();
        (error.code.0, error.key, error.to_string())
    };
    let (code, key, line) = refused(peap_data(0, 0x31, "nps", 13));
    assert_eq!((code, key), (918, "CustomAuthData"), "{line}");
    let (code, key, line) = refused(peap_data(0, 2, "nps", 26));
    assert_eq!((code, key), (857, "CustomAuthData"), "{line}");
    let (code, key, line) = refused(peap_data(0, 0, "(a|b)", 26));
    assert!((code, key) == (87, "CustomAuthData") && line.contains("(a|b)"), "{line}");
    let (code, key, line) = refused(b"1DBC".to_vec());
    assert!((code, key) == (87, "CustomAuthData") && line.contains("cut off"), "{line}");
    // What the entry says itself stands for what cannot be read.
    for data in [peap_data(0, 2, "nps", 26), b"1DBC".to_vec()] {
        let mut own = with_peap(data);
        own.eap_server_names = vec!["radius".into()];
        let eap = entry(&own).unwrap().eap;
        assert_eq!((&eap.server_names[..], &eap.root_sha1[..]), (&["radius".to_owned()][..], &[][..]));
    }
}

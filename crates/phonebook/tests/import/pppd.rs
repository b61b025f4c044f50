//! Options files of pppd.

use super::{assert_absent, error, one, read};
use core::num::NonZeroU32;
use rasman_phonebook::{Assign, AuthRestrictions, Encryption, EntryType, IdleDisconnect, VpnStrategy};

#[test]
fn a_modem_line_becomes_an_entry() {
    let peer = "\
# The provider
/dev/ttyS1 57600 crtscts
connect \"/usr/sbin/chat -v '' ATZ OK ATDT0,5550123 CONNECT ''\"
user \"ISP\\\\bob\"
password 'pa #ss'
noauth defaultroute usepeerdns
idle 600 maxconnect 7200 maxfail 3 holdoff 5 persist
refuse-chap
10.0.0.7:10.0.0.1
remotename isp lock
";
    let (entry, found, left) = one(peer);
    assert_eq!((entry.name.as_str(), entry.entry_type), ("file", EntryType::Phone));
    let line = entry.primary().unwrap();
    assert_eq!((line.port.as_str(), line.connect_bps, line.hw_flow_control), ("ttyS1", 57_600, 1));
    assert_eq!((line.device_type.as_str(), line.phone_number()), ("modem", "0,5550123"));
    assert_eq!((found.user.as_str(), found.domain.as_str()), ("bob", "ISP"));
    assert_eq!(found.password.unwrap().expose(), b"pa #ss");
    assert!(entry.remote_default_gateway && !entry.ipv6_remote_default_gateway && entry.redial_on_link_failure);
    assert_eq!((entry.redial_attempts, entry.redial_seconds), (2, 5));
    assert_eq!(entry.idle_disconnect(), IdleDisconnect::After(NonZeroU32::new(600).unwrap()));
    assert_eq!(entry.session_limit, 7200);
    assert_eq!(entry.auth_restrictions.0, AuthRestrictions::PAP.0 | AuthRestrictions::MS_CHAP_V2.0);
    assert_eq!((entry.ip_assign, entry.ip_address.to_string()), (Assign::Given, "10.0.0.7".to_owned()));
    let expected = [(3, "connect"), (9, "the peer's address"), (10, "remotename"), (10, "lock")];
    assert_eq!(left, expected.map(|(line, what)| (line, what.to_owned())));
    assert_absent(&read(peer).unwrap_or_else(|error| panic!("{error}")), "#ss");
}

#[test]
fn pppoe_is_found_by_its_plugin_or_command() {
    let (entry, _, left) = one("plugin rp-pppoe.so\nrp_pppoe_service fast\nnic-eth0\nuser u@isp\nnoauth\n");
    assert_eq!(
        (entry.primary().unwrap().device_type.as_str(), entry.primary().unwrap().phone_number()),
        ("PPPoE", "fast")
    );
    assert_eq!(left, [(3, "the Ethernet interface".to_owned())]);
    // Without the option there is no default route, and the first failure is the last.
    assert!(!entry.remote_default_gateway && !entry.redial_on_link_failure);
    assert_eq!((entry.redial_attempts, entry.idle_disconnect()), (0, IdleDisconnect::Never));

    let (entry, _, left) = one("pty 'pppoe -I eth0 -S slow'\nnoauth\n");
    assert_eq!(entry.primary().unwrap().phone_number(), "slow");
    assert_eq!(left, [(1, "pty: -I".to_owned())]);
}

#[test]
fn a_vpn_is_found_by_its_command() {
    let (entry, found, left) = one(
        "remotename work\nlinkname work\npty \"sstpc --ipparam work --nolaunchpppd --ca-cert /ca.pem --password s3 vpn.example.org\"\n\
         name bob\nplugin sstp-pppd-plugin.so\nsstp-sock /run/x\nusepeerdns\nrequire-mschap-v2\nnoauth\nmaxfail 0\npersist\nmru 1400\n",
    );
    assert_eq!(
        (entry.vpn_strategy, entry.primary().unwrap().phone_number()),
        (VpnStrategy::SstpOnly, "vpn.example.org")
    );
    assert_eq!((entry.ca, entry.mru, entry.redial_attempts), (vec!["/ca.pem".to_owned()], 1400, 999_999_999));
    assert_eq!((found.user.as_str(), found.password.unwrap().expose()), ("bob", &b"s3"[..]));
    let expected =
        [(1, "remotename"), (2, "linkname"), (3, "pty: --ipparam"), (6, "sstp-sock"), (8, "require-mschap-v2")];
    assert_eq!(left, expected.map(|(line, what)| (line, what.to_owned())));

    let (entry, ..) = one("pty 'pptp vpn.example.org --nolaunchpppd'\nrequire-mppe-128\nrefuse-eap\nnoipv6\n");
    assert_eq!((entry.vpn_strategy, entry.encryption), (VpnStrategy::PptpOnly, Encryption::Maximum));
}

#[test]
fn a_line_without_a_number_is_a_cable_or_says_so() {
    let (entry, ..) = one("ttyUSB0 noauth local");
    assert_eq!((entry.entry_type, entry.primary().unwrap().port.as_str()), (EntryType::Direct, "ttyUSB0"));
    let peer = "/dev/ttyACM0\nconnect 'chat -f /etc/chatscripts/isp'\n";
    let (entry, _, left) = one(peer);
    assert_eq!((entry.entry_type, entry.primary().unwrap().phone_number(), left.len()), (EntryType::Phone, "", 1));
    let why = read(peer).unwrap_or_else(|error| panic!("{error}")).not_mapped[0].why;
    assert!(why.starts_with("there is no number in it"), "{why}");
    assert_eq!(error("noauth\n").0, 87);
    assert_eq!(error("noauth\npty 'sstpc --user x'\n").0, 87);
}

#[test]
fn an_unknown_option_takes_its_line_along_and_nothing_of_it_is_repeated() {
    let text = "ttyS0\nnoauth\nfancy-secret hunter2 more\nidle 5\nmaxfail many\n";
    let imported = read(text).unwrap_or_else(|error| panic!("{error}"));
    assert_absent(&imported, "hunter2");
    let left: Vec<_> = imported.not_mapped.iter().map(|line| (line.line, line.what.as_str())).collect();
    assert_eq!(left, [(3, "fancy-secret"), (5, "maxfail")]);
}

#[test]
fn user_goes_before_name_in_either_order() {
    for text in ["user bob\nname host\n", "name host\nuser bob\n"] {
        let (_, found, _) = one(&format!("pty 'pptp vpn.example.org --nolaunchpppd'\nnoauth\n{text}"));
        assert_eq!(found.user, "bob", "{text}");
    }
}

//! Connections of NetworkManager.

use super::{assert_absent, error, one, read};
use rasman_phonebook::{Assign, AuthRestrictions, Encryption, ExcludedProtocols, IpSecFlags, Scope, VpnStrategy};

const SSTP: &str = "\
[connection]
id=Work VPN
uuid=5f0c1b5e-0000-4000-8000-000000000000
type=vpn
autoconnect=false
[vpn]
ca-cert=/etc/ssl/work.pem
domain=CORP
gateway=vpn.example.org:4433
ignore-cert-warn=yes
password-flags=0
refuse-pap=yes
require-mppe-128=yes
service-type=org.freedesktop.NetworkManager.sstp
user=alice
proxy-server=proxy.example.org
[vpn-secrets]
password=pa\\sss\\\\word
proxy-password=t0psecret
[ipv4]
address1=10.1.2.3/24,10.1.2.1
dns=10.0.0.1;10.0.0.2;10.0.0.3;
dns-search=corp.example;other.example;
method=auto
never-default=true
route1=192.168.0.0/16
route-metric=50
[ipv6]
method=disabled
";

#[test]
fn an_sstp_connection_becomes_an_entry() {
    let (entry, found, left) = one(SSTP);
    assert_eq!((entry.name.as_str(), entry.vpn_strategy), ("Work VPN", VpnStrategy::SstpOnly));
    assert_eq!(entry.primary().unwrap().phone_number(), "vpn.example.org:4433");
    assert_eq!(entry.ca, ["/etc/ssl/work.pem"]);
    assert_eq!(entry.encryption, Encryption::Maximum);
    assert_eq!(entry.auth_restrictions, AuthRestrictions::MS_CHAP_V2);
    assert!(!entry.remote_default_gateway && entry.ipv6_remote_default_gateway);
    assert_eq!((entry.ip_assign, entry.ip_address.to_string()), (Assign::Given, "10.1.2.3".to_owned()));
    let dns = (entry.ip_name_assign, entry.ip_dns.to_string(), entry.ip_dns2.to_string());
    assert_eq!(dns, (Assign::Given, "10.0.0.1".to_owned(), "10.0.0.2".to_owned()));
    assert_eq!((entry.dns_suffix.as_str(), entry.ip_interface_metric), ("corp.example", 50));
    assert_eq!(entry.excluded_protocols, ExcludedProtocols::IPV6);

    assert_eq!((found.user.as_str(), found.domain.as_str(), found.entry.as_str()), ("alice", "CORP", "Work VPN"));
    assert_eq!(found.password.as_ref().unwrap().expose(), b"pa ss\\word");
    assert_absent(&read(SSTP).unwrap_or_else(|error| panic!("{error}")), "ss\\word");
    assert_absent(&read(SSTP).unwrap_or_else(|error| panic!("{error}")), "t0psecret");

    let expected = [
        (3, "connection.uuid"),
        (10, "vpn.ignore-cert-warn"),
        (16, "vpn.proxy-server"),
        (19, "vpn-secrets.proxy-password"),
        (22, "ipv4.dns"),
        (22, "ipv4.dns"),
        (23, "ipv4.dns-search"),
        (26, "ipv4.route"),
    ];
    assert_eq!(left, expected.map(|(line, what)| (line, what.to_owned())));
}

fn vpn(service: &str, lines: &str) -> String {
    format!("[connection]\nid=x\ntype=vpn\n[vpn]\nservice-type=org.freedesktop.NetworkManager.{service}\n{lines}")
}

#[test]
fn each_vpn_plugin_has_its_own_keys() {
    let (entry, found, left) = one(&vpn(
        "l2tp",
        "gateway=l.example\nuser=CORP\\bob\nipsec-enabled=yes\nmachine-auth-type=psk\nmru=1400\n[vpn-secrets]\nipsec-psk=k\npassword=p\n",
    ));
    assert_eq!((entry.vpn_strategy, entry.ip_sec_flags), (VpnStrategy::L2tpOnly, IpSecFlags::PRE_SHARED_KEY));
    assert_eq!((entry.primary().unwrap().phone_number(), entry.mru), ("l.example", 1400));
    assert_eq!((found.user.as_str(), found.domain.as_str()), ("bob", "CORP"));
    assert_eq!(found.pre_shared_key.unwrap().expose(), b"k");
    assert_eq!(found.password.unwrap().expose(), b"p");
    assert_eq!(left, []);

    let (entry, _, left) = one(&vpn("pptp", "gateway=p.example\nrefuse-mschapv2=yes\npassword-flags=1\n"));
    assert_eq!(entry.vpn_strategy, VpnStrategy::PptpOnly);
    assert_eq!(entry.auth_restrictions.0, AuthRestrictions::PAP.0 | AuthRestrictions::CHAP.0);
    assert_eq!(left, [(8, "vpn.password-flags".to_owned())]);

    let (entry, found, left) = one(&vpn(
        "strongswan",
        "address=i.example\nmethod=eap\nuser=bob\ncertificate=/ca.pem\nremote-identity=i.example\nvirtual=yes\nencap=no\n[vpn-secrets]\npassword=p\n",
    ));
    assert_eq!((entry.vpn_strategy, entry.custom_auth_key), (VpnStrategy::Ikev2Only, 26));
    assert_eq!((entry.ca, entry.ike_id_responder.as_str()), (vec!["/ca.pem".to_owned()], "i.example"));
    assert_eq!((found.user.as_str(), found.password.unwrap().expose()), ("bob", &b"p"[..]));
    assert_eq!(left, [(12, "vpn.encap".to_owned())]);

    let libreswan = "right=s.example\nikev2=insist\nleftid=@me\nleftusername=bob\n[vpn-secrets]\npskvalue=k\n";
    let (entry, found, left) = one(&vpn("libreswan", libreswan));
    assert_eq!((entry.vpn_strategy, entry.ip_sec_flags), (VpnStrategy::Ikev2Only, IpSecFlags::PRE_SHARED_KEY));
    assert_eq!((entry.ike_id_initiator.as_str(), found.user.as_str(), left), ("@me", "bob", vec![]));
    assert_eq!(found.pre_shared_key.unwrap().expose(), b"k");
}

#[test]
fn pppoe_and_mobile_connections_become_entries() {
    let (entry, found, left) = one(
        "[connection]\nid=DSL\ntype=pppoe\ninterface-name=eth1\n[pppoe]\nparent=eth1\nservice=fast\nusername=u@isp\npassword=p\n[ppp]\nmru=1492\nbaud=x\n",
    );
    assert_eq!(
        (entry.primary().unwrap().device_type.as_str(), entry.primary().unwrap().phone_number()),
        ("PPPoE", "fast")
    );
    assert_eq!((entry.mru, found.user.as_str(), found.password.unwrap().expose()), (1492, "u@isp", &b"p"[..]));
    assert_eq!(
        left,
        [(4, "connection.interface-name"), (6, "pppoe.parent"), (12, "baud")].map(|(n, w)| (n, w.to_owned()))
    );

    let gsm = "[connection]\nid=Stick\ntype=gsm\n[gsm]\napn=internet.example\npin=1234\n[serial]\nbaud=9600\n";
    let (entry, _, left) = one(gsm);
    let line = entry.primary().unwrap();
    assert_eq!((line.device_type.as_str(), line.phone_number(), line.connect_bps), ("modem", "*99#", 9600));
    assert_eq!(left, [(6, "gsm.pin".to_owned())]);
    let imported = read(gsm).unwrap_or_else(|error| panic!("{error}"));
    let apn = imported.book.get("Stick", Scope::Entry, "ApnInfoAccessPoint");
    assert_eq!(apn.as_deref(), Some("internet.example"));
    assert_absent(&imported, "1234");
}

#[test]
fn what_is_not_dialled_is_refused_by_name() {
    let (code, line) = error("[connection]\nid=x\ntype=wifi\n");
    assert_eq!((code, line.starts_with("line 3: a connection of type wifi is not dialled")), (50, true), "{line}");
    assert!(error(&vpn("openvpn", "")).1.contains("org.freedesktop.NetworkManager.openvpn"));
    assert!(error(&vpn("libreswan", "right=x\nikev2=never\n")).1.starts_with("line 7: a connection of type IKEv1"));
    assert_eq!(error(&vpn("sstp", "user=x\n")).0, 87);
}

#[test]
fn b2_a_name_that_no_entry_may_have_is_changed() {
    let (entry, _, left) = one("[connection]\nid=..a/b: \\s\"c\ntype=pppoe\n");
    assert_eq!((entry.name.as_str(), left[0].1.as_str()), ("a_b_  \"c", "the name"));
    assert_eq!(one("[connection]\nid=***\ntype=pppoe\n").0.name, "imported");
}

#[test]
fn nothing_is_dropped_in_silence_or_told_without_need() {
    let l2tp = "[connection]\nid=x\ntype=vpn\n[vpn]\nservice-type=org.freedesktop.NetworkManager.l2tp\ngateway=g\n\
        ipsec-enabled=yes\nmachine-auth-type=tls\nrequire-mppe=yes\nrequire-mppe-40=no\n";
    let (entry, _, left) = one(l2tp);
    assert_eq!(entry.encryption, Encryption::Required);
    assert_eq!(left, [(8, "vpn.machine-auth-type".to_owned())]);

    let pppoe = "[connection]\nid=x\ntype=pppoe\n[ipv4]\ndns-search=a.example\nroute-metric=-1\n\
        [ipv6]\naddress1=2001:db8::1\ndns-search=b.example\nroute-metric=low\n";
    let (entry, _, left) = one(pppoe);
    assert_eq!((entry.ipv6_prefix_length, entry.dns_suffix.as_str(), entry.ip_interface_metric), (128, "a.example", 0));
    assert_eq!(left, [(9, "ipv6.dns-search".to_owned()), (10, "ipv6.route-metric".to_owned())]);
}

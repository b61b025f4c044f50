//! What of IPv6 goes into a network device and what does not: networks that an entry names, and everything else where the
//! default route is inside.

use rasman::{Code, Connection, DataPath, Ipv6Link, Ipv6Setup, Manager, Projection, TunSettings};
use rasman_lab::Running;
use rasman_net::tun::Tun;
use rasman_tests::harness::{self, dial, entry, sstp_of};
use rasman_tests::world::{GATEWAY, SERVER, World, inside, ip, system, way_to};
use std::io;
use std::time::Duration;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);
const FAR_AWAY: &str = "2001:4860:4860::8888";

fn manager(world: &World, lab: &Running, tun: TunSettings) -> Manager {
    let mut entry = entry(lab);
    sstp_of(&mut entry).server_name = lab.facts().name.clone();
    entry.data_path = DataPath::Tun(tun);
    let journal = Some(world.folder.clone());
    let settings = rasmand::Settings { entries: vec![entry], workers: 1, journal, ..Default::default() };
    rasmand::embedded(settings).unwrap()
}

async fn connected(manager: &Manager) -> Connection {
    timeout(LONG, manager.dial(dial()).unwrap().finish()).await.unwrap().unwrap()
}

async fn hung_up(connection: &Connection) {
    timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
}

/// The network below has IPv6, as most have.
fn ipv6_below() {
    ip("-6 addr add 2001:db8:ffff::2/64 dev near nodad");
    ip("-6 route add default via 2001:db8:ffff::1 dev near");
}

fn everything() -> TunSettings {
    TunSettings { default_route: true, default_route6: true, ..TunSettings::default() }
}

fn projection() -> Projection {
    Projection::new([10, 99, 0, 2].into(), Some(GATEWAY), Vec::new(), 1400)
}

fn open(settings: &TunSettings) -> Tun {
    Tun::open(settings, &projection(), &[SERVER.into()], None).unwrap()
}

#[test]
fn ipv6_does_not_go_beside_a_tunnel_that_takes_everything() {
    inside("ipv6_does_not_go_beside_a_tunnel_that_takes_everything", async |world| {
        ipv6_below();
        let before = system();
        assert_eq!(way_to(FAR_AWAY).as_deref(), Some("near"));
        let lab = world.lab();
        let manager = manager(&world, &lab, everything());
        let connection = connected(&manager).await;
        assert_eq!(way_to(FAR_AWAY), None);
        assert_eq!(way_to("2001:db8:ffff::77").as_deref(), Some("near"), "what is near stays near");
        // Programs learn it at once and take IPv4.
        let refused = timeout(LONG, TcpStream::connect((FAR_AWAY, 443))).await.unwrap().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NetworkUnreachable);
        let socket = UdpSocket::bind("[::]:0").await.unwrap();
        assert!(socket.send_to(b"a datagram", (FAR_AWAY, 53)).await.is_err());
        let stream = timeout(LONG, TcpStream::connect((GATEWAY, 80))).await.unwrap().unwrap();
        let page = timeout(LONG, harness::page(stream, "x", "/")).await.unwrap().unwrap();
        assert_eq!(harness::sha256(&page), lab.facts().page_sha256);
        hung_up(&connection).await;
        assert_eq!(system(), before);
        assert_eq!(way_to(FAR_AWAY).as_deref(), Some("near"));
        assert_eq!(std::fs::read_dir(&world.folder).unwrap().count(), 0, "nothing is left to be undone");
    });
}

#[test]
fn ipv6_goes_beside_the_tunnel_where_the_entry_lets_it() {
    inside("ipv6_goes_beside_the_tunnel_where_the_entry_lets_it", async |_world| {
        ipv6_below();
        let before = system();
        let device = open(&TunSettings { default_route6: false, ..everything() });
        assert_eq!(way_to(FAR_AWAY).as_deref(), Some("near"));
        assert_eq!(way_to("8.8.8.8").as_deref(), Some("ras0"));
        drop(device);
        // And where the tunnel takes single networks alone, as ever.
        let device = open(&TunSettings { routes: vec!["10.0.0.0/8".parse().unwrap()], ..TunSettings::default() });
        assert_eq!(way_to(FAR_AWAY).as_deref(), Some("near"));
        drop(device);
        assert_eq!(system(), before);
    });
}

#[test]
fn networks_of_ipv6_that_an_entry_names_go_inside_but_for_those_it_excludes() {
    inside("networks_of_ipv6_that_an_entry_names_go_inside_but_for_those_it_excludes", async |_world| {
        ipv6_below();
        let before = system();
        let network = |text: &str| text.parse().unwrap();
        let routes = vec![network("2001:db8:5::/48"), network("2001:db8:6::7")];
        let exclude = vec![network("2001:db8:5:1::/64")];
        let mut device = open(&TunSettings { routes, exclude, ..TunSettings::default() });
        let ways = [
            ("2001:db8:5::9", "ras0"),
            ("2001:db8:5:2::9", "ras0"),
            ("2001:db8:6::7", "ras0"),
            ("2001:db8:6::8", "near"),
            ("2001:db8:5:1::9", "near"),
            (FAR_AWAY, "near"),
        ];
        let lead = || ways.map(|(to, _)| way_to(to));
        let wanted = ways.map(|(_, device)| Some(device.to_owned()));
        assert_eq!(lead(), wanted, "the far network has no IPv6, and nothing of this goes beside the tunnel");
        // The far network gets IPv6, tells the largest packet, and loses it again.
        let mut setup = Ipv6Setup::new(Ipv6Link { local: [1; 8], peer: [2; 8] });
        setup.mtu = Some(1300);
        device.lead6(Some(&setup)).unwrap();
        assert_eq!(lead(), wanted);
        let named = || ip("-6 route show dev ras0 proto 114");
        assert!(named().lines().all(|route| route.contains("mtu 1300")), "{}", named());
        device.lead6(None).unwrap();
        assert_eq!(lead(), wanted);
        assert!(!named().contains("mtu"), "{}", named());
        drop(device);
        assert_eq!(system(), before);
    });
}

#[test]
fn what_an_entry_excludes_of_ipv6_stays_outside_a_default_route() {
    inside("what_an_entry_excludes_of_ipv6_stays_outside_a_default_route", async |_world| {
        ipv6_below();
        let before = system();
        let exclude = vec!["2001:db8:aa::/48".parse().unwrap()];
        let mut device = open(&TunSettings { exclude, ..everything() });
        let both = || (way_to("2001:db8:aa::1"), way_to(FAR_AWAY));
        let near = || Some("near".to_owned());
        assert_eq!(both(), (near(), None));
        let mut setup = Ipv6Setup::new(Ipv6Link { local: [1; 8], peer: [2; 8] });
        setup.addresses.push(("2001:db8:0:1::2".parse().unwrap(), 64));
        setup.routes.push(("::".parse().unwrap(), 0));
        device.lead6(Some(&setup)).unwrap();
        assert_eq!(both(), (near(), Some("ras0".to_owned())));
        // With the network below away it is unreachable, and does not go inside.
        ip("-6 route del default");
        assert_eq!(both(), (None, Some("ras0".to_owned())));
        ip("-6 route add default via 2001:db8:ffff::1 dev near");
        drop(device);
        assert_eq!(system(), before);
    });
}

#[test]
fn a_device_that_carries_no_ipv6_refuses_networks_of_it() {
    inside("a_device_that_carries_no_ipv6_refuses_networks_of_it", async |world| {
        ipv6_below();
        let before = system();
        let lab = world.lab();
        let routes = vec!["2001:db8:5::/48".parse().unwrap()];
        let manager = manager(&world, &lab, TunSettings { routes, mtu: Some(1200), ..TunSettings::default() });
        let failed = timeout(LONG, manager.dial(dial()).unwrap().finish()).await.unwrap().unwrap_err();
        assert_eq!(failed.0.code, Code(611), "{failed}");
        assert!(failed.to_string().contains("1280"), "{failed}");
        assert_eq!(system(), before);
        // Everything else of it is held back there as well.
        let device = open(&TunSettings { mtu: Some(1200), ..everything() });
        assert_eq!(way_to(FAR_AWAY), None);
        drop(device);
        assert_eq!(system(), before);
        // A machine may switch IPv6 off for new devices.
        std::fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1").unwrap();
        let settings = TunSettings { routes: vec!["2001:db8:5::/48".parse().unwrap()], ..TunSettings::default() };
        let refused = Tun::open(&settings, &projection(), &[SERVER.into()], None).map(drop).unwrap_err();
        assert!(refused.code == Code(611) && refused.advice.contains("disable_ipv6"), "{refused}");
        let device = open(&everything());
        assert_eq!(way_to(FAR_AWAY), None);
        drop(device);
        assert_eq!(system(), before);
    });
}

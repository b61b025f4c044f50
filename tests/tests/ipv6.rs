//! IPv6 through the tunnel, in whole dials against the lab: by the user-space stack and by a network device.

use rasman::{Connection, DataPath, Entry, Ipv6Setup, Manager, Rootless, TunSettings};
use rasman_dial::Config;
use rasman_lab::Running;
use rasman_tests::harness::{self, dial, entry, manager_with, sstp_of};
use rasman_tests::world::{World, inside, ip, system, way_to};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);
const PREFIX: &str = "2001:db8:0:1::";

/// A lab that speaks IPv6 and answers names by it.
fn tell(config: &mut rasman_lab::Config) {
    for (name, value) in [("ipv6", PREFIX), ("ipv6-dns", "2001:db8:0:1::1")] {
        config.apply_flag(name, value).unwrap();
    }
}

fn lab() -> Running {
    let mut config = rasman_lab::Config::default();
    tell(&mut config);
    rasman_lab::spawn(config).unwrap()
}

fn with_ipv6(lab: &Running) -> Entry {
    let mut entry = entry(lab);
    entry.network.ipv6 = true;
    entry
}

async fn connected(manager: &Manager) -> Connection {
    timeout(LONG, manager.dial(dial()).unwrap().finish()).await.unwrap().unwrap()
}

/// IPv6 comes after Connected; whoever wants it looks.
async fn ipv6(connection: &Connection) -> Ipv6Setup {
    let learned = async {
        loop {
            let learned = connection.status().unwrap().learned.ipv6;
            if let Some(setup) = learned.filter(|setup| !setup.addresses.is_empty()) {
                return setup;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, learned).await.expect("addresses come")
}

async fn page(stream: TcpStream, path: &str) -> Vec<u8> {
    timeout(LONG, harness::page(stream, "x", path)).await.unwrap().unwrap()
}

async fn hung_up(connection: &Connection) {
    timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
}

fn gateway(lab: &Running) -> Ipv6Addr {
    lab.facts().gateway6.expect("the lab has IPv6")
}

#[tokio::test]
async fn the_proxy_leads_to_addresses_and_names_of_ipv6() {
    let lab = lab();
    let manager = manager_with(vec![with_ipv6(&lab)], Config::default());
    let connection = connected(&manager).await;
    let setup = ipv6(&connection).await;
    assert_eq!(setup.dns, [gateway(&lab)]);
    let proxy = connection.status().unwrap().doors.socks.unwrap();

    // SOCKS5 with an address (RFC 1928 5, ATYP 4), and more than one segment.
    let stream = timeout(LONG, harness::socks(proxy, gateway(&lab), 80)).await.unwrap().unwrap();
    assert_eq!(page(stream, "/bulk/3000000").await.len(), 3_000_000);
    // A port that is nobody's is refused by the far end, over IPv6.
    let refused = timeout(LONG, harness::socks(proxy, gateway(&lab), 81)).await.unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "SOCKS5 reply 5");

    // HTTP CONNECT with an address and with a name.
    for target in [format!("[{}]:80", gateway(&lab)), format!("{}:80", lab.facts().inner_name)] {
        let mut stream = TcpStream::connect(proxy).await.unwrap();
        stream.write_all(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(LONG, stream.read_u8()).await.unwrap().unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 200"), "{target}");
        let page = page(stream, "/").await;
        assert_eq!(harness::sha256(&page), lab.facts().page_sha256);
    }

    // A name has both kinds of addresses, and IPv6 goes before: that is what the proxy tells that it has used.
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let name = lab.facts().inner_name.as_bytes();
    let request = [&[5, 1, 0, 5, 1, 0, 3, name.len() as u8], name, &80_u16.to_be_bytes()].concat();
    stream.write_all(&request).await.unwrap();
    let mut reply = [0; 24];
    timeout(LONG, stream.read_exact(&mut reply)).await.unwrap().unwrap();
    let own = setup.addresses[0].0;
    assert_eq!((reply[..6].to_vec(), &reply[6..22]), (vec![5, 0, 5, 0, 0, 4], &own.octets()[..]));
    drop(stream);
    hung_up(&connection).await;
    timeout(LONG, manager.shut_down()).await.unwrap();
}

#[tokio::test]
async fn datagrams_of_ipv6_go_through_the_proxy() {
    let lab = lab();
    let manager = manager_with(vec![with_ipv6(&lab)], Config::default());
    let connection = connected(&manager).await;
    ipv6(&connection).await;
    let proxy = connection.status().unwrap().doors.socks.unwrap();
    let mut control = TcpStream::connect(proxy).await.unwrap();
    control.write_all(&[5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut reply = [0; 12];
    timeout(LONG, control.read_exact(&mut reply)).await.unwrap().unwrap();
    let relay = SocketAddr::from(([127, 0, 0, 1], u16::from_be_bytes([reply[10], reply[11]])));
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // A question to the name server inside, by IPv6: what address of IPv6 the gateway has.
    let mut labels = Vec::new();
    for label in lab.facts().inner_name.split('.') {
        labels.push(label.len() as u8);
        labels.extend(label.as_bytes());
    }
    let question = [&[7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &labels, &[0, 0, 28, 0, 1]].concat();
    let header = [&[0, 0, 0, 4][..], &gateway(&lab).octets(), &53_u16.to_be_bytes()].concat();
    let mut answer = [0; 600];
    let length = timeout(LONG, async {
        loop {
            socket.send_to(&[&header[..], &question].concat(), relay).await.unwrap();
            // UDP may be lost; it is asked again.
            if let Ok(received) = timeout(Duration::from_secs(2), socket.recv(&mut answer)).await {
                return received.unwrap();
            }
        }
    });
    let length = length.await.expect("an answer");
    assert_eq!(answer[..22], header[..]);
    assert!(answer[..length].ends_with(&gateway(&lab).octets()), "{:?}", &answer[..length]);
    hung_up(&connection).await;
    timeout(LONG, manager.shut_down()).await.unwrap();
}

#[tokio::test]
async fn where_the_server_has_none_it_is_told_at_once() {
    let lab = harness::lab("");
    let manager = manager_with(vec![with_ipv6(&lab)], Config::default());
    let connection = connected(&manager).await;
    let proxy = connection.status().unwrap().doors.socks.unwrap();
    let target: Ipv6Addr = "2001:db8::1".parse().unwrap();
    let refused = timeout(LONG, harness::socks(proxy, target, 80)).await.unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "SOCKS5 reply 8", "RFC 1928 6: address type not supported");
    hung_up(&connection).await;
    timeout(LONG, manager.shut_down()).await.unwrap();
}

fn tun_manager(world: &World, lab: &Running, tun: TunSettings) -> Manager {
    let mut entry = with_ipv6(lab);
    sstp_of(&mut entry).server_name = lab.facts().name.clone();
    entry.data_path = DataPath::Tun(tun);
    let journal = Some(world.folder.clone());
    let settings = rasmand::Settings { entries: vec![entry], workers: 1, journal, ..Default::default() };
    rasmand::embedded(settings).unwrap()
}

/// A page over a kernel socket.
async fn by_kernel(to: IpAddr, path: &str) -> Vec<u8> {
    let stream = timeout(LONG, TcpStream::connect((to, 80))).await.unwrap().unwrap();
    page(stream, path).await
}

/// The status tells what was learned a moment before the device has it.
async fn until_way(to: &str, device: &str) {
    let there = async {
        while way_to(to).as_deref() != Some(device) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, there).await.unwrap_or_else(|_| panic!("{to} by {device}: {:?}", way_to(to)));
}

#[test]
fn kernel_sockets_speak_ipv6_through_a_device() {
    inside("kernel_sockets_speak_ipv6_through_a_device", async |world| {
        let before = system();
        let lab = world.lab_with(|config| {
            tell(config);
            let far = config.far.ipv6.as_mut().unwrap();
            (far.mtu, far.routes) =
                (Some(1300), vec![("2001:db8:7::".parse().unwrap(), 48), ("2000::".parse().unwrap(), 3)]);
        });
        let manager = tun_manager(&world, &lab, TunSettings::default());
        let connection = connected(&manager).await;
        let setup = ipv6(&connection).await;
        until_way("2001:db8:7::9", "ras0").await;
        let addresses = ip("-6 addr show dev ras0");
        let negotiated = format!("{}/64", setup.link.local_address());
        assert!(
            addresses.contains(&negotiated) && addresses.contains(&setup.addresses[0].0.to_string()),
            "{addresses}"
        );
        assert_eq!(addresses.matches("inet6").count(), 2, "none of the kernel's own: {addresses}");
        assert_eq!(way_to("2001:4860:4860::8888"), None, "only what was asked for, and no default route in pieces");
        assert!(ip("-6 route show dev ras0").contains("mtu 1300"), "{}", ip("-6 route show dev ras0"));
        let gateway = gateway(&lab).into();
        assert_eq!(by_kernel(gateway, "/bulk/8000000").await.len(), 8_000_000);
        let page = by_kernel(gateway, "/").await;
        assert_eq!(harness::sha256(&page), lab.facts().page_sha256);
        hung_up(&connection).await;
        assert_eq!(system(), before);
    });
}

#[test]
fn the_default_route_of_ipv6_leads_into_the_tunnel_and_back_out() {
    inside("the_default_route_of_ipv6_leads_into_the_tunnel_and_back_out", async |world| {
        ip("-6 addr add 2001:db8:ffff::2/64 dev near nodad");
        ip("-6 route add default via 2001:db8:ffff::1 dev near");
        let before = system();
        assert_eq!(way_to("2001:4860:4860::8888").as_deref(), Some("near"));
        let lab = world.lab_with(tell);
        let tun = TunSettings { default_route6: true, default_route: true, ..TunSettings::default() };
        let manager = tun_manager(&world, &lab, tun);
        let connection = connected(&manager).await;
        ipv6(&connection).await;
        until_way("2001:4860:4860::8888", "ras0").await;
        assert_eq!(way_to("2001:db8:ffff::77").as_deref(), Some("near"), "what is near stays near");
        assert_eq!(by_kernel(gateway(&lab).into(), "/bulk/1000000").await.len(), 1_000_000);
        assert_eq!(by_kernel(lab.facts().gateway.into(), "/bulk/1000000").await.len(), 1_000_000);
        hung_up(&connection).await;
        assert_eq!(system(), before);
        assert_eq!(std::fs::read_dir(&world.folder).unwrap().count(), 0, "nothing is left to be undone");
        // With the network below gone the tunnel still does not carry itself; its own addresses of IPv6 are outside.
        let outside = ["2001:db8:ffff::1".parse().unwrap()];
        let projection =
            rasman::Projection::new([10, 99, 0, 2].into(), Some(rasman_tests::world::GATEWAY), Vec::new(), 1400);
        let settings = TunSettings { default_route6: true, default_route: true, ..TunSettings::default() };
        let mut device = rasman_net::tun::Tun::open(&settings, &projection, &outside, None).unwrap();
        let mut setup = Ipv6Setup::new(rasman::Ipv6Link { local: [1; 8], peer: [2; 8] });
        setup.addresses.push(("2001:db8:0:1::2".parse().unwrap(), 64));
        setup.routes.push((Ipv6Addr::UNSPECIFIED, 0));
        device.lead6(Some(&setup)).unwrap();
        assert_eq!(way_to("2001:db8:ffff::1").as_deref(), Some("near"));
        ip("-6 route flush dev near");
        assert_eq!(way_to("2001:db8:ffff::1"), None);
        assert_eq!(way_to("2001:4860:4860::8888").as_deref(), Some("ras0"));
        // Without IPv6 what would go inside does not go beside.
        device.lead6(None).unwrap();
        assert_eq!(way_to("2001:4860:4860::8888").as_deref(), Some("ras0"));
        drop(device);
        assert!(!ip("-6 rule").contains("23000"), "{}", ip("-6 rule"));
    });
}

#[test]
fn a_far_end_with_a_device_speaks_ipv6_with_a_rootless_client() {
    inside("a_far_end_with_a_device_speaks_ipv6_with_a_rootless_client", async |world| {
        let lab = world.lab_with(|config| {
            tell(config);
            config.device = true;
        });
        let mut entry = with_ipv6(&lab);
        sstp_of(&mut entry).server_name = lab.facts().name.clone();
        entry.data_path =
            DataPath::Rootless(Rootless { socks: Some(([127, 0, 0, 1], 0).into()), ..Rootless::default() });
        let manager = manager_with(vec![entry], Config::default());
        let connection = connected(&manager).await;
        ipv6(&connection).await;
        let proxy = connection.status().unwrap().doors.socks.unwrap();
        // Nobody listens there; the kernel at the far end says so by IPv6.
        let refused = timeout(LONG, harness::socks(proxy, gateway(&lab), 9)).await.unwrap().unwrap_err();
        assert_eq!(refused.to_string(), "SOCKS5 reply 5");
        hung_up(&connection).await;
    });
}

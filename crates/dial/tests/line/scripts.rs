//! Login scripts in a whole dial.

use super::*;

fn with_script(text: &str) -> Medium {
    let Medium::Serial(mut settings) = modem("5551234") else { unreachable!("made as one") };
    settings.login.script = Some(LoginScript { name: "isp.scp".into(), text: text.into() });
    Medium::Serial(settings)
}

const LOGIN: &str = "proc main
    waitfor \"login:\"
    transmit $USERID + \"^M\"
    waitfor \"word:\" until 10
    if $FAILURE then halt endif
    transmit $PASSWORD, raw
    transmit \"^M\"
    set ipaddr \"10.99.0.2\"
endproc";

#[test]
fn a_script_is_a_device_of_its_own_behind_the_modem() {
    let mut world = World::new(entry(vec![with_script(LOGIN)]));
    world.host = Some(("Welcome\r\nlogin: Password: ", "alice\rwonderland\r"));
    world.run_until(5_000);
    let states: Vec<_> = world.told.iter().map(|(state, error)| (state.name(), *error)).take(7).collect();
    let pair = ["ConnectDevice", "DeviceConnected"];
    let expected = ["OpenPort", "PortOpened", pair[0], pair[1], pair[0], pair[1], "AllDevicesConnected"];
    assert_eq!(states, expected.map(|state| (state, 0)));
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    let devices: Vec<_> = world
        .details
        .iter()
        .filter_map(|detail| if let Detail::Device(device) = detail { Some(device.to_string()) } else { None })
        .collect();
    assert_eq!(devices, ["Standard 56000 bps Modem (modem)", "isp.scp (switch)"]);
    let projection = world.connection.status().projection.unwrap();
    assert_eq!(projection.local, Ipv4Addr::new(10, 99, 0, 2));
}

#[test]
fn what_a_script_sends_last_stands_before_the_first_frame() {
    let mut world =
        World::new(entry(vec![with_script("proc main\nwaitfor \"name:\"\ntransmit $USERID, raw\nendproc")]));
    world.host = Some(("name:", "never"));
    world.run_until(1_000);
    assert!(world.command.starts_with(b"alice~"), "{:?}", world.command);
}

#[test]
fn a_script_that_cannot_be_read_dials_nobody() {
    let mut entry = entry(vec![with_script("proc main\n  dance\nendproc")]);
    entry.alternates = vec![modem("5551234")];
    let mut world = World::new(entry);
    world.run_until(5_000);
    assert_eq!(world.told, [(ConnState::OpenPort, 0), (ConnState::OpenPort, 752)]);
    let cause = world.connection.status().error.unwrap();
    assert!(cause.did.contains("isp.scp, line 2") && world.dialled.is_empty(), "{cause}");
}

#[test]
fn a_script_that_ends_otherwise_hangs_up_and_says_where() {
    let halts = "proc main waitfor \"login:\" until 5\nif $FAILURE then\nhalt\nendif\nendproc";
    let waits = "proc main\nwaitfor \"login:\"\nendproc";
    let divides = "proc main\ndelay 1 / 0\nendproc";
    for (text, code, at) in [(halts, 703, 5_000), (waits, 638, 180_000), (divides, 752, 0)] {
        for has_lines in [false, true] {
            let mut world = World::new(entry(vec![with_script(text)]));
            world.has_lines = has_lines;
            world.host = Some(("busy, call later\r\n", "never"));
            if at > 0 {
                world.run_until(at - 1);
                assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, 0)), "{text}");
            }
            world.run_until(at + 4_000);
            assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, code)), "{text}");
            assert_eq!((world.port, world.dtr_dropped), (None, u32::from(has_lines)), "{text}");
        }
    }
}

#[test]
fn a_carrier_that_drops_under_a_script_is_629() {
    let mut world = World::new(entry(vec![with_script(LOGIN)]));
    world.host = Some(("login: ", "never"));
    world.run_until(2_000);
    world.says(b"\r\nNO CARRIER\r\n");
    world.run_until(3_099);
    assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, 0)));
    world.run_until(3_100);
    assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, 629)));
}

#[test]
fn a_hang_up_ends_a_script() {
    for has_lines in [false, true] {
        let mut world = World::new(entry(vec![with_script(LOGIN)]));
        world.has_lines = has_lines;
        world.host = Some(("login: ", "never"));
        world.run_until(2_000).hang_up().run_until(5_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 0)));
        assert!(world.finished.is_some() && world.port.is_none());
    }
}

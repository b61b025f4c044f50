//! The line in the hands of whoever dials.

use super::*;

fn with_login(change: fn(&mut LineLogin)) -> Entry {
    let Medium::Serial(mut settings) = modem("5551234") else { unreachable!("made as one") };
    change(&mut settings.login);
    entry(vec![Medium::Serial(settings)])
}

fn before() -> Entry {
    with_login(|login| login.terminal_before_dial = true)
}

fn after() -> Entry {
    with_login(|login| login.terminal_after_dial = true)
}

fn halting(text: &str) -> Entry {
    let mut entry = after();
    let Medium::Serial(settings) = &mut entry.medium else { unreachable!("made as one") };
    settings.login.terminal_after_dial = false;
    settings.login.script = Some(LoginScript { name: "isp.scp".into(), text: text.into() });
    entry
}

fn states(world: &World) -> Vec<&'static str> {
    world.told.iter().map(|(state, _)| state.name()).collect()
}

fn asked(world: &World) -> &Interaction {
    match world.details.last() {
        Some(Detail::Question(Question { kind: QuestionKind::Interactive(what), .. })) => what,
        other => panic!("{other:?}, {:?}", world.told),
    }
}

const PAIR: [&str; 2] = ["ConnectDevice", "DeviceConnected"];

#[test]
fn a_terminal_behind_the_modem_lets_the_client_log_in() {
    let mut world = World::with(after(), true, false);
    world.host = Some(("Welcome\r\nlogin: ", "alice\rsesame\r"));
    world.run_until(5_000);
    let expected = ["OpenPort", "PortOpened", PAIR[0], PAIR[1], PAIR[0], "Interactive"];
    assert_eq!((states(&world), asked(&world)), (expected.to_vec(), &Interaction::TerminalAfterDial));
    assert_eq!(world.screen, b"Welcome\r\nlogin: ");
    let status = world.connection.status();
    assert_eq!((status.device.to_string().as_str(), status.error), ("Terminal (switch)", None));
    world.types("alice\r").run_until(6_000);
    world.says(b"Password: ");
    world.types("sesame\r").run_until(7_000);
    assert!(world.screen.contains(&b'~'), "PPP begins on the screen");
    world.goes_on().run_until(8_000);
    assert_eq!(states(&world)[6..8], [PAIR[1], "AllDevicesConnected"]);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)), "no restart timer was needed");
    assert_eq!(world.connection.status().device.kind, "modem");
}

#[test]
fn a_terminal_before_the_modem_speaks_to_it() {
    let mut world = World::with(before(), true, false);
    world.run_until(1_000);
    assert_eq!(states(&world), ["OpenPort", "PortOpened", PAIR[0], "Interactive"]);
    assert_eq!(asked(&world), &Interaction::TerminalBeforeDial);
    world.types("ATI\r").run_until(2_000);
    assert_eq!((&world.screen[..], world.dialled.len()), (&b"\r\nOK\r\n"[..], 0));
    // A modem may say so of a call that there is not.
    world.says(b"\r\nNO CARRIER\r\n");
    world.run_until(5_000);
    world.goes_on().run_until(9_000);
    let expected = [PAIR[1], PAIR[0], PAIR[1], "AllDevicesConnected"];
    assert_eq!(states(&world)[4..8], expected);
    assert_eq!((world.told.last(), world.dialled.len()), (Some(&(ConnState::Connected, 0)), 1));
    let devices: Vec<_> = world
        .details
        .iter()
        .filter_map(|detail| if let Detail::Device(device) = detail { Some(device.kind) } else { None })
        .collect();
    assert_eq!(devices, ["switch", "modem"]);
}

#[test]
fn a_script_of_the_client_s_needs_no_paused_states() {
    let mut world = World::with(with_login(|login| login.custom_script = true), false, false);
    world.host = Some(("login: ", "alice\r"));
    world.run_until(5_000);
    assert_eq!(asked(&world), &Interaction::CustomScript);
    world.types("alice\r").run_until(6_000);
    world.goes_on().run_until(12_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
}

#[test]
fn each_that_the_entry_has_is_a_device_of_its_own() {
    let mut entry = with_login(|login| {
        (login.terminal_before_dial, login.custom_script, login.terminal_after_dial) = (true, true, true);
    });
    let Medium::Serial(settings) = &mut entry.medium else { unreachable!("made as one") };
    settings.login.script = Some(LoginScript { name: "isp.scp".into(), text: "proc main endproc".into() });
    let mut world = World::with(entry, true, false);
    for (step, what) in (1..).zip(["before dialling", "program that dials", "after dialling"]) {
        world.run_until(step * 5_000);
        assert!(asked(&world).to_string().ends_with(what), "{}", asked(&world));
        world.goes_on();
    }
    world.run_until(20_000);
    let devices: Vec<_> = world
        .details
        .iter()
        .filter_map(|detail| if let Detail::Device(device) = detail { Some(device.name.to_string()) } else { None })
        .collect();
    assert_eq!(devices, ["Terminal", "Standard 56000 bps Modem", "isp.scp", "Custom script", "Terminal"]);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    let ids: Vec<_> = world
        .details
        .iter()
        .filter_map(|detail| if let Detail::Question(question) = detail { Some(question.id) } else { None })
        .collect();
    assert_eq!(ids, [1, 2, 3]);
}

const HALTS: &str = "proc main
    set port databits 7
    set port parity even
    waitfor \"login:\"
    transmit \"guest^M\"
    waitfor \"sorry\"
    halt
endproc";

#[test]
fn a_script_that_halts_leaves_the_line_to_a_person() {
    let mut world = World::with(halting(HALTS), true, false);
    world.host = Some(("login:", "guest\ralice\r"));
    world.run_until(4_000);
    world.says(b"sorry, try again: ");
    world.run_until(5_000);
    assert_eq!(asked(&world), &Interaction::HaltedScript { script: "isp.scp".into(), line: 7 });
    assert_eq!(world.screen, b", try again: ", "what the script has not looked at");
    let status = world.connection.status();
    let error = status.error.expect("why it gave up");
    assert!(error.code == Code::INTERACTIVE_MODE && error.said.contains("sorry"), "{error}");
    assert_eq!(status.device.to_string(), "isp.scp (switch)");
    let last = world.formats.last().expect("set by the script");
    assert_eq!((last.data_bits, last.parity), (7, Parity::Even), "as the other end wants it");
    world.types("alice\r").run_until(6_000);
    world.goes_on().run_until(12_000);
    assert_eq!(world.formats.last(), Some(&CharacterFormat::default()), "as PPP needs it");
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
}

#[test]
fn a_script_that_halts_ends_the_dial_where_nobody_may_have_the_line() {
    for (paused_states, ends) in [(false, false), (true, true)] {
        let mut entry = halting("proc main\nhalt\nendproc");
        let Medium::Serial(settings) = &mut entry.medium else { unreachable!("made as one") };
        settings.login.halt_ends = ends;
        let mut world = World::with(entry, paused_states, false);
        world.run_until(5_000);
        assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, 703)));
        assert!(world.connection.status().error.unwrap().did.contains("line 2"));
        world.hang_up().run_until(10_000);
        assert!(world.finished.is_some() && world.port.is_none());
    }
}

#[test]
fn nobody_is_dialled_where_nobody_sits_at_the_terminal() {
    for entry in [before(), after()] {
        let mut world = World::new(entry);
        world.run_until(5_000);
        assert_eq!(world.told, [(ConnState::OpenPort, 0), (ConnState::OpenPort, 703)]);
        assert!(world.dialled.is_empty() && world.port.is_none());
        world.hang_up().run_until(6_000);
        assert!(world.finished.is_some());
    }
}

#[test]
fn an_alternate_without_a_terminal_is_no_way_around_it() {
    let mut entry = after();
    entry.alternates = vec![modem("5551234")];
    let mut world = World::new(entry);
    world.run_until(5_000);
    assert_eq!(world.told.last(), Some(&(ConnState::OpenPort, 703)));
}

#[test]
fn a_carrier_that_drops_ends_the_terminal() {
    let mut world = World::with(after(), true, false);
    world.host = Some(("login: ", "never"));
    world.run_until(5_000);
    world.says(b"bye\r\nNO CARR");
    world.says(b"IER\r\n");
    world.run_until(5_900);
    assert_eq!(world.told.last(), Some(&(ConnState::Interactive, 0)), "data may say so, too");
    world.run_until(6_100);
    assert_eq!(world.told.last(), Some(&(ConnState::Interactive, 629)));
    assert!(world.screen.ends_with(b"bye\r\nNO CARRIER\r\n"));
}

#[test]
fn a_port_that_vanishes_ends_the_terminal() {
    for (entry, code) in [(before(), 630), (after(), 629)] {
        let mut world = World::with(entry, true, false);
        (world.has_lines, world.host) = (true, Some(("login: ", "never")));
        world.run_until(5_000);
        let closed = Command::PortClosed(world.port.take().expect("it is open"), PortClosed::ByPeer);
        world.connection.handle_command(world.now, closed);
        world.run_until(6_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Interactive, code)));
    }
}

#[test]
fn a_hang_up_ends_the_terminal_and_frees_the_modem() {
    for entry in [before(), after()] {
        let mut world = World::with(entry, true, false);
        (world.has_lines, world.host) = (true, Some(("login: ", "never")));
        world.run_until(5_000).hang_up().run_until(10_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 0)));
        assert!(world.finished.is_some() && world.port.is_none());
    }
}

#[test]
fn a_terminal_at_which_nobody_types_ends_after_ten_minutes() {
    let mut world = World::with(after(), true, false);
    world.host = Some(("login: ", "never"));
    world.run_until(5_000).run_until(500_000).types("?").run_until(1_090_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Interactive, 0)), "what is typed begins the time anew");
    // What the other end says does not.
    world.says(b"hurry\r\n");
    world.run_until(1_101_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Interactive, 703)));
}

#[test]
fn the_line_is_there_while_a_handler_still_works_on_the_state() {
    let mut world = World::with(after(), true, true);
    world.host = Some(("login: ", "alice\r"));
    while world.told.last() != Some(&(ConnState::Interactive, 0)) {
        world.step();
        let (seq, more) = (world.seq, true);
        if world.told.last() != Some(&(ConnState::Interactive, 0)) {
            world.connection.handle_command(world.now, Command::HandlerDone { seq, more });
            let next = world.now + Duration::from_millis(10);
            world.run_until(next.as_micros() / 1000);
        }
    }
    world.types("alice\r");
    let now = world.now.as_micros() / 1000;
    world.run_until(now + 1_000);
    assert!(world.screen.starts_with(b"login: ") && world.command.is_empty(), "both ways, in the handler");
    world.goes_on().run_until(now + 2_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Interactive, 0)), "the answer counts once it has returned");
    world.connection.handle_command(world.now, Command::HandlerDone { seq: world.seq, more: true });
    world.run_until(now + 3_000);
    assert_eq!(world.told.last(), Some(&(ConnState::DeviceConnected, 0)));
}

#[test]
fn octets_for_a_line_that_nobody_has_go_nowhere() {
    let mut world = World::with(after(), true, false);
    world.types("ATH\r").run_until(5_000);
    assert_eq!(asked(&world), &Interaction::TerminalAfterDial);
    world.goes_on().run_until(12_000);
    world.types("+++").run_until(13_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    assert!(world.command.is_empty(), "{:?}", world.command);
}

#[test]
fn the_client_sets_how_characters_look_until_it_gives_the_line_back() {
    let mut world = World::with(with_login(|login| login.custom_script = true), false, false);
    world.run_until(5_000);
    assert_eq!(asked(&world), &Interaction::CustomScript);
    let seven = CharacterFormat { data_bits: 7, parity: Parity::Even, stop_bits: StopBits::One };
    world.connection.handle_command(world.now, Command::LineFormat(seven));
    world.run_until(6_000);
    assert_eq!(world.formats, [seven]);
    world.goes_on().run_until(12_000);
    assert_eq!(world.formats, [seven, CharacterFormat::default()], "as PPP needs it");
    world.connection.handle_command(world.now, Command::LineFormat(seven));
    world.run_until(13_000);
    assert_eq!(world.formats.len(), 2, "nobody has the line");
}

#[test]
fn a_lost_link_with_a_terminal_or_a_script_of_the_client_s_is_not_made_again() {
    for (change, paused_states) in
        [(LOGIN_BY_PERSON, true), (LOGIN_BY_PROGRAM, false)] as [(fn(&mut LineLogin), bool); 2]
    {
        let mut entry = with_login(change);
        entry.redial.on_link_failure = true;
        let mut world = World::with(entry, paused_states, false);
        world.run_until(5_000);
        world.goes_on().run_until(10_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
        world.server = None;
        world.says(b"\r\nNO CARRIER\r\n");
        world.run_until(60_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 703)));
        assert_eq!(world.dialled.len(), 1, "nobody is there to log in, so nobody is dialled");
    }
}

const LOGIN_BY_PERSON: fn(&mut LineLogin) = |login| login.terminal_after_dial = true;
const LOGIN_BY_PROGRAM: fn(&mut LineLogin) = |login| login.custom_script = true;

//! Who gets what: resolution of dials and rights, without a connection.

use super::*;
use crate::config::Provider;
use crate::scratch::Folder;
use rasman::{CredentialMask, Credentials, Dial, NewCredentials, NewDialParams, STORED_PASSWORD};
use rasman_core::Medium;
use rasman_phonebook::Identity;
use std::os::unix::fs::PermissionsExt;

struct World {
    folder: Folder,
    entries: Entries,
}

fn own() -> Caller {
    Caller::of(rustix::process::geteuid().as_raw())
}

/// A user of the machine that the manager does not run as.
fn other() -> Caller {
    Caller::of(rustix::process::geteuid().as_raw() + 1)
}

impl World {
    /// The user's phone book has "work", all users' has "shared".
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut CredentialSettings)) -> Self {
        let folder = Folder::new("entries");
        let user = folder.path().join("home/rasphone.pbk");
        let all_users = folder.path().join("etc/rasphone.pbk");
        for file in [&user, &all_users] {
            std::fs::create_dir(file.parent().unwrap()).unwrap();
        }
        let mut credentials = CredentialSettings {
            order: vec![Provider::File],
            folder: Some(folder.path().join("state")),
            machine_folder: Some(folder.path().join("machine")),
            ..CredentialSettings::default()
        };
        change(&mut credentials);
        let places = Places::new(Some(user), all_users.clone());
        let program = vec![Entry::sstp("program", "program.example.com")];
        let entries = Entries::new(program, Some(places), &credentials, false).unwrap();
        let world = Self { folder, entries };
        world.set(&"work".into(), "work.example.com");
        world.set(&EntryRef::new("shared").in_book(all_users), "shared.example.com");
        world
    }

    fn set(&self, entry: &EntryRef, server: &str) {
        self.entries.set_properties(own(), entry, &properties(server)).unwrap();
    }

    fn store(
        &self,
        caller: Caller,
        entry: &str,
        mask: CredentialMask,
        user: &str,
        password: &str,
    ) -> Result<(), Error> {
        let new = NewCredentials { mask, user: user.into(), domain: "CORP".into(), password: password.into() };
        self.entries.set_credentials(caller, &entry.into(), &new)
    }

    fn dials_as(&self, caller: Caller, dial: Dial) -> (String, String, String) {
        let c = self.entries.resolve(caller, dial).unwrap().credentials;
        (c.user, c.domain, c.password.expose_str().unwrap().to_owned())
    }
}

fn properties(server: &str) -> Properties {
    Properties::sstp("", server, Identity { guid: Guid::default(), dial_params_uid: 0 })
}

fn as_user(entry: &str, user: &str, domain: &str, password: &str) -> Dial {
    let credentials = Credentials { user: user.into(), domain: domain.into(), password: password.into() };
    Dial::entry(entry).credentials(credentials)
}

fn who(user: &str, domain: &str, password: &str) -> (String, String, String) {
    (user.to_owned(), domain.to_owned(), password.to_owned())
}

fn code<T>(result: Result<T, Error>) -> u32 {
    result.err().expect("refused").code().0
}

const LOGIN: CredentialMask = CredentialMask::LOGIN;

#[test]
fn a13_a14_a15_what_a_dial_leaves_out_is_what_is_stored() {
    let world = World::new();
    let nobody = who("", "", "");
    // Nothing stored: the dial asks, or fails, without an attempt.
    for dial in [Dial::entry("work"), as_user("work", "alice", "", STORED_PASSWORD)] {
        assert_eq!(world.dials_as(own(), dial), nobody);
    }
    world.store(own(), "work", LOGIN, "alice", "wonderland").unwrap();
    let dials = |dial| world.dials_as(own(), dial);
    assert_eq!(dials(Dial::entry("WORK")), who("alice", "CORP", "wonderland"));
    assert_eq!(dials(as_user("work", "", "*", "")), who("alice", "CORP", "wonderland"));
    assert_eq!(dials(as_user("work", "", "OTHER", "")), who("alice", "OTHER", "wonderland"));
    assert_eq!(dials(as_user("work", "alice", "", STORED_PASSWORD)), who("alice", "", "wonderland"));
    assert_eq!(dials(as_user("work", "", "", STORED_PASSWORD)), who("alice", "", "wonderland"));
    assert_eq!(dials(as_user("work", "bob", "*", "typed")), who("bob", "CORP", "typed"));
    assert_eq!(dials(as_user("work", "bob", "", "typed")), who("bob", "", "typed"));
    assert_eq!(dials(as_user("work", "bob", "", "")), who("bob", "", ""), "an empty password is one, with a name");
    // For settings nothing is stored.
    let settings = |user, domain, password| {
        let as_user = as_user("", user, domain, password).credentials;
        Dial::settings(Entry::sstp("s", "s.example.com")).credentials(as_user)
    };
    assert_eq!(dials(settings("alice", "*", STORED_PASSWORD)), nobody);
    assert_eq!(dials(settings("alice", "*", "typed")), who("alice", "", "typed"));
    // Another user of the machine has none of this.
    assert_eq!(world.dials_as(other(), Dial::entry("program")), nobody);
}

#[test]
fn a12_another_number_replaces_the_entry_s_and_its_alternates() {
    let world = World::new();
    let mut several = properties("work.example.com");
    several.subentries[0].phone_numbers.push("second.example.com".into());
    world.entries.set_properties(own(), &"work".into(), &several).unwrap();
    let server = |name: &str, number: &str| {
        let entry = world.entries.resolve(own(), Dial::entry(name).number(number)).unwrap().entry;
        let Medium::Sstp(sstp) = &entry.medium else { panic!("{:?}", entry.medium) };
        (sstp.server.clone(), sstp.port, entry.alternates.len())
    };
    assert_eq!(server("work", ""), ("work.example.com".into(), 443, 1));
    assert_eq!(server("work", "third.example.com:4433"), ("third.example.com".into(), 4433, 0));
    assert_eq!(server("program", ""), ("program.example.com".into(), 443, 0));
    assert_eq!(server("program", "[2001:db8::1]:99"), ("2001:db8::1".into(), 99, 0));
    for bad in ["https://a", "a b", "a:0:0"] {
        assert_eq!(code(world.entries.resolve(own(), Dial::entry("work").number(bad))), 749, "{bad}");
        assert_eq!(code(world.entries.resolve(own(), Dial::entry("program").number(bad))), 749, "{bad}");
    }
}

#[test]
fn k5_default_credentials_are_for_entries_of_all_users_and_for_whoever_has_none() {
    let world = World::new();
    let default = LOGIN | CredentialMask::DEFAULT_CREDENTIALS;
    assert_eq!(code(world.store(own(), "work", default, "guest", "x")), 5);
    assert_eq!(code(world.entries.credentials(own(), &"work".into(), default)), 5);
    assert_eq!(code(world.store(other(), "shared", default, "guest", "x")), 5, "only an administrator stores them");
    world.store(own(), "shared", default, "guest", "for all").unwrap();
    let told = world.entries.credentials(other(), &"shared".into(), default).unwrap();
    assert_eq!((told.user.as_str(), told.password(), told.delivered), ("guest", STORED_PASSWORD, default));
    assert_eq!(world.dials_as(other(), Dial::entry("shared")), who("guest", "CORP", "for all"));
    // Never to another server than the administrator's.
    assert_eq!(world.dials_as(other(), Dial::entry("shared").number("evil.example.com")), who("", "", ""));
    // One's own go first, and are not mixed with them.
    world.store(other(), "shared", CredentialMask::USER_NAME, "bob", "").unwrap();
    assert_eq!(world.dials_as(other(), Dial::entry("shared")), who("", "", ""));
    world.store(other(), "shared", LOGIN, "bob", "own").unwrap();
    assert_eq!(world.dials_as(other(), Dial::entry("shared")), who("bob", "CORP", "own"));
    let cleared = world.entries.clear_credentials(other(), &"shared".into(), default);
    assert_eq!(code(cleared), 5);
    // A pre-shared key is no password.
    world.store(own(), "work", CredentialMask::PRE_SHARED_KEY, "", "key").unwrap();
    let all = LOGIN | CredentialMask::PRE_SHARED_KEY;
    let told = world.entries.credentials(own(), &"work".into(), all).unwrap();
    assert_eq!((told.password(), told.delivered), (STORED_PASSWORD, CredentialMask::PRE_SHARED_KEY));
    assert_eq!(code(world.store(own(), "work", all, "", "key")), 87, "one password for two secrets");
}

#[test]
fn e10_what_is_all_users_is_changed_by_an_administrator_alone() {
    let world = World::new();
    let shared: EntryRef = "shared".into();
    let book = std::fs::read(world.folder.path().join("etc/rasphone.pbk")).unwrap();
    let entries = &world.entries;
    assert_eq!(code(entries.set_properties(other(), &shared, &properties("evil.example.com"))), 5);
    assert_eq!(code(entries.set_properties(other(), &"new".into(), &properties("evil.example.com"))), 5);
    assert_eq!(code(entries.rename(other(), &shared, "mine")), 5);
    assert_eq!(code(entries.find_to_delete(other(), &shared)), 5);
    let found = entries.find_to_delete(own(), &shared).unwrap();
    assert_eq!(code(entries.delete(other(), &found)), 5);
    assert_eq!(code(entries.set_subentry(other(), &shared, 1, &Default::default())), 5);
    assert_eq!(code(entries.delete_subentry(other(), &shared, 1)), 5);
    assert_eq!(std::fs::read(world.folder.path().join("etc/rasphone.pbk")).unwrap(), book);
    entries.rename(own(), &shared, "ours").unwrap();
}

#[test]
fn another_user_s_files_are_not_opened_with_our_rights() {
    let world = World::new();
    let user = world.folder.path().join("home/rasphone.pbk");
    assert_eq!(code(world.entries.find(other(), &"work".into())), 623);
    assert_eq!(code(world.entries.find(other(), &EntryRef::new("work").in_book(&user))), 5);
    assert_eq!(code(world.entries.list(other(), Some(Path::new("/etc/passwd")))), 5);
    let names = |caller| -> Vec<String> {
        world.entries.list(caller, None).unwrap().into_iter().map(|info| info.name).collect()
    };
    assert_eq!(names(own()), ["program", "work", "shared"]);
    assert_eq!(names(other()), ["program", "shared"]);
}

#[test]
fn a13_a_command_is_asked_later_and_only_if_nothing_quicker_knows() {
    let world = World::with(|credentials| {
        credentials.order = vec![Provider::File, Provider::Command];
        credentials.command = vec!["echo".into(), "from the command".into()];
    });
    let params = NewDialParams { user: "alice".into(), password: STORED_PASSWORD.into(), ..Default::default() };
    world.entries.set_dial_params(own(), &"work".into(), &params).unwrap();
    let resolved = world.entries.resolve(own(), Dial::entry("work")).unwrap();
    assert!(resolved.credentials.password.is_empty());
    let credentials = world.entries.ask(&resolved.slow.unwrap(), resolved.credentials);
    assert_eq!((credentials.user.as_str(), credentials.password.expose()), ("alice", &b"from the command"[..]));
    world.store(own(), "work", LOGIN, "alice", "from the file").unwrap();
    assert!(world.entries.resolve(own(), Dial::entry("work")).unwrap().slow.is_none());
}

#[test]
fn a_password_file_that_others_can_read_stops_the_dial() {
    let world = World::new();
    world.store(own(), "work", LOGIN, "alice", "wonderland").unwrap();
    let folder = world.folder.path().join(format!("state/{}", own().uid));
    for file in std::fs::read_dir(folder).unwrap() {
        std::fs::set_permissions(file.unwrap().path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let error = world.entries.resolve(own(), Dial::entry("work")).err().unwrap();
    assert_eq!(error.code().0, 5);
    assert!(error.to_string().contains("chmod 600"), "{error}");
    // Who brings a password needs none of it.
    assert_eq!(world.dials_as(own(), as_user("work", "bob", "", "typed")), who("bob", "", "typed"));
}

#[test]
fn a_book_from_elsewhere_that_copies_an_identity_gets_nothing_that_is_stored() {
    let world = World::new();
    world.store(own(), "work", LOGIN, "alice", "wonderland").unwrap();
    let text = std::fs::read_to_string(world.folder.path().join("home/rasphone.pbk")).unwrap();
    let theirs = world.folder.path().join("theirs.pbk");
    std::fs::write(&theirs, text.replace("work.example.com", "evil.example.com")).unwrap();
    assert_eq!(world.dials_as(own(), Dial::entry("work").phonebook(&theirs)), who("", "", ""));
    assert_eq!(world.dials_as(own(), Dial::entry("work")), who("alice", "CORP", "wonderland"));
}

#[test]
fn what_is_stored_follows_an_entry_through_a_new_name() {
    let world = World::new();
    world.store(own(), "work", LOGIN, "alice", "by guid").unwrap();
    world.entries.rename(own(), &"work".into(), "office").unwrap();
    assert_eq!(world.dials_as(own(), Dial::entry("office")), who("alice", "CORP", "by guid"));
    // An entry that a person wrote has no Guid.
    let book = world.folder.path().join("home/hand.pbk");
    let text =
        "[hand]\r\nType=2\r\nVpnStrategy=5\r\nMEDIA=rastapi\r\nPort=VPN2-0\r\nDEVICE=vpn\r\nPhoneNumber=a.example\r\n";
    std::fs::write(&book, text).unwrap();
    world.store(own(), "hand", LOGIN, "bob", "by name").unwrap();
    world.entries.rename(own(), &"hand".into(), "made").unwrap();
    assert_eq!(world.dials_as(own(), Dial::entry("made")), who("bob", "CORP", "by name"));
    // Another entry that takes the old name finds nothing.
    std::fs::write(&book, format!("{}{text}", std::fs::read_to_string(&book).unwrap())).unwrap();
    assert_eq!(world.dials_as(own(), Dial::entry("hand")), who("", "", ""));
    let found = world.entries.find_to_delete(own(), &"office".into()).unwrap();
    world.entries.delete(own(), &found).unwrap();
    let left = std::fs::read_dir(world.folder.path().join(format!("state/{}", own().uid))).unwrap().count();
    assert_eq!(left, 3, "user, domain and password of the other entry");
}

#[test]
fn a18_a_phone_book_that_cannot_be_read_hides_no_other_in_the_list_and_stops_a_dial() {
    let world = World::new();
    let user = world.folder.path().join("home/rasphone.pbk");
    std::fs::remove_file(&user).unwrap();
    std::fs::create_dir(&user).unwrap();
    let listed: Vec<_> = world.entries.list(own(), None).unwrap().into_iter().map(|info| info.name).collect();
    assert_eq!(listed, ["program", "shared"]);
    // It may have had a "shared" of its own, which led elsewhere.
    assert_eq!(code(world.entries.resolve(own(), Dial::entry("shared"))), 621);
    assert!(world.entries.resolve(own(), Dial::entry("program")).is_ok());
}

#[test]
fn a_user_who_is_no_administrator_chooses_no_network_device() {
    let world = World::new();
    let device = || rasman_core::DataPath::Tun(rasman_core::TunSettings::default());
    let code = |caller, dial| world.entries.resolve(caller, dial).err().map(|error| error.code());
    let asked = || Dial::entry("shared").data_path(device());
    assert_eq!(code(other(), asked()), Some(Code::ACCESS_DENIED));
    assert_eq!(code(own(), asked()), None);
    let administrator = Caller { may_change_machine: true, ..other() };
    assert_eq!(code(administrator, asked()), None);
    let mut settings = Entry::sstp("mine", "evil.example.com");
    settings.data_path = device();
    assert_eq!(code(other(), Dial::settings(settings)), Some(Code::ACCESS_DENIED));
    // What the administrator wrote may be dialled by anybody, at the server that stands there.
    let shared = EntryRef::new("shared").in_book(world.folder.path().join("etc/rasphone.pbk"));
    let with_device = Properties { data_path: "tun".into(), ..properties("shared.example.com") };
    world.entries.set_properties(own(), &shared, &with_device).unwrap();
    assert_eq!(code(other(), Dial::entry("shared")), None);
    assert_eq!(code(other(), Dial::entry("shared").number("evil.example.com")), Some(Code::ACCESS_DENIED));
}

#[test]
fn settings_with_a_line_are_dialled_for_those_alone_whose_machine_it_is() {
    let world = World::new();
    let code = |caller, dial| world.entries.resolve(caller, dial).err().map(|error| error.code());
    let port = rasman_core::SerialPort::Device("/dev/ttyS0".into());
    let settings = || {
        let mut entry = Entry::sstp("mine", "vpn.example.com");
        entry.alternates = vec![rasman_core::Medium::Serial(rasman_core::SerialSettings::new(
            port.clone(),
            rasman_core::LineDevice::Direct,
        ))];
        Dial::settings(entry)
    };
    assert_eq!(code(other(), settings()), Some(Code::ACCESS_DENIED));
    assert_eq!(code(own(), settings()), None);
    assert_eq!(code(Caller { may_change_machine: true, ..other() }, settings()), None);
}

#[test]
fn a_line_of_the_machine_calls_the_number_that_an_administrator_wrote() {
    let world = World::new();
    let code = |caller, dial| world.entries.resolve(caller, dial).err().map(|error| error.code());
    let line = EntryRef::new("line").in_book(world.folder.path().join("etc/rasphone.pbk"));
    let mut modem = properties("5551234");
    modem.entry_type = rasman_phonebook::EntryType::Phone;
    if let Some(link) = modem.subentries.first_mut() {
        link.device_type = "modem".into();
        link.port = "COM1".into();
    }
    world.entries.set_properties(own(), &line, &modem).unwrap();
    assert_eq!(code(other(), Dial::entry("line")), None);
    assert_eq!(code(other(), Dial::entry("line").number("0900123")), Some(Code::ACCESS_DENIED));
    assert_eq!(code(own(), Dial::entry("line").number("0900123")), None);
}

#[test]
fn a58_who_has_the_line_of_an_entry_of_all_users_is_what_an_administrator_wrote() {
    let world = World::new();
    let book = world.folder.path().join("etc/rasphone.pbk");
    std::fs::write(book.with_file_name("isp.scp"), "proc main\nhalt\nendproc\n").unwrap();
    let mut modem = properties("5551234");
    modem.entry_type = rasman_phonebook::EntryType::Phone;
    modem.set_custom_script(true);
    if let Some(link) = modem.subentries.first_mut() {
        (link.device_type, link.port, link.script) = ("modem".into(), "COM1".into(), "isp.scp".into());
        link.terminal_after_dial = true;
    }
    world.entries.set_properties(own(), &EntryRef::new("line").in_book(book.clone()), &modem).unwrap();
    let login = |caller, dial: Dial| {
        let dialled = world.entries.resolve(caller, dial).unwrap();
        let Medium::Serial(settings) = &dialled.entry.medium else { panic!("it is a modem") };
        let login = settings.login.clone();
        assert!(login.terminal_after_dial && login.script.is_some() && !login.terminal_before_dial);
        (login.custom_script, login.halt_ends)
    };
    let dial = || Dial::entry("line");
    assert_eq!(login(own(), dial()), (false, false));
    assert_eq!(login(own(), dial().custom_scripting(true)), (true, false));
    // Whoever has a line can have the modem call any number, and is told there what the administrator filed.
    let refused = |dial| world.entries.resolve(other(), dial).err().map(|error| error.code());
    assert_eq!(refused(dial()), Some(Code::ACCESS_DENIED));
    let links = |terminal| {
        let mut modem = modem.clone();
        modem.subentries[0].terminal_after_dial = terminal;
        world.entries.set_properties(own(), &EntryRef::new("line").in_book(book.clone()), &modem).unwrap();
    };
    links(false);
    assert_eq!(refused(dial().custom_scripting(true)), Some(Code::ACCESS_DENIED));
    let without = world.entries.resolve(other(), dial()).unwrap();
    let Medium::Serial(settings) = &without.entry.medium else { panic!("it is a modem") };
    assert!(settings.login.halt_ends && !settings.login.custom_script);
}

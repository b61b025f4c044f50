//! The contract of entries and stored credentials at the Rust front: phone books in folders of their own, and a lab.

use rasman::{
    Answer, AutodialEntry, AutodialSetting, Code, ConnState, CredentialMask, Detail, Dial, EntryInfo, EntryRef,
    EntryScope, Manager, NewCredentials, NewDialParams, Notification, Properties, STORED_PASSWORD, Subentry,
};
use rasman_lab::{DEFAULT_PASSWORD, DEFAULT_USER, Running};
use rasman_phonebook::store::Places;
use rasman_phonebook::{Assign, DialMode, Guid, Identity, IdleDisconnect};
use rasman_tests::harness::{ENTRY, credentials, entry, lab, lab_with_a_modem, lab_with_modems};
use rasman_tests::line::BusyModem;
use rasmand::Settings;
use rasmand::config::{CredentialSettings, Provider};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const LONG: Duration = Duration::from_secs(30);

/// A user's and all users' phone books and stored credentials, in a folder that goes with this.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rasman-contract-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        for folder in ["config", "etc"] {
            std::fs::create_dir(path.join(folder)).unwrap();
        }
        Self(path)
    }

    fn user(&self) -> PathBuf {
        self.0.join("config/rasphone.pbk")
    }

    fn all_users(&self) -> PathBuf {
        self.0.join("etc/rasphone.pbk")
    }

    fn manager(&self) -> Manager {
        self.manager_with(Vec::new())
    }

    fn manager_with(&self, entries: Vec<rasman::Entry>) -> Manager {
        let mut credentials = CredentialSettings::default();
        credentials.order = vec![Provider::File];
        credentials.folder = Some(self.0.join("state"));
        credentials.machine_folder = Some(self.0.join("machine"));
        let phonebooks = Some(Places::new(Some(self.user()), self.all_users()));
        let settings = Settings { entries, workers: 1, phonebooks, credentials, ..Settings::default() };
        start(settings)
    }

    /// Properties of an entry that leads to the lab and trusts its authority.
    fn to_lab(&self, lab: &Running) -> Properties {
        self.to(lab, lab.facts().address)
    }

    fn to(&self, lab: &Running, address: SocketAddr) -> Properties {
        std::fs::write(self.0.join("ca.pem"), &lab.facts().ca_pem).unwrap();
        let mut properties = sstp(&address.to_string());
        properties.system_roots = false;
        properties.ca = vec![self.0.join("ca.pem").display().to_string()];
        properties.redial_attempts = 0;
        properties
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts a manager: in this process, or behind a socket for the tests of that front.
fn start(settings: Settings) -> Manager {
    match rasman_tests::ipc::is_front() {
        true => rasman_tests::ipc::behind_a_socket(settings),
        false => rasmand::embedded(settings).expect("the manager starts"),
    }
}

/// Stops a manager, once it has written what it was to write.
async fn stopped(manager: &Manager) {
    timeout(LONG, manager.stop()).await.expect("in time").expect("it stops");
}

fn sstp(server: &str) -> Properties {
    Properties::sstp("", server, Identity { guid: Guid::default(), dial_params_uid: 0 })
}

fn refusal<T>(result: Result<T, rasman::Error>) -> Code {
    result.err().expect("refused").code()
}

/// A new entry's names: 0 for a good one.
fn validated(manager: &Manager, name: &str) -> u32 {
    manager.validate_entry_name(name).err().map_or(0, |error| error.code().0)
}

async fn told(manager: &Manager, dial: Dial) -> (Vec<Notification>, Result<rasman::Connection, rasman::Error>) {
    let mut dialing = manager.dial(dial).expect("the dial starts");
    let mut told = Vec::new();
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("in time") {
        told.push(notification);
    }
    (told, dialing.finish().await)
}

async fn connected(manager: &Manager, dial: Dial) -> rasman::Connection {
    told(manager, dial).await.1.expect("connected")
}

async fn failed(manager: &Manager, dial: Dial) -> Code {
    refusal(told(manager, dial).await.1)
}

async fn hung_up(connection: rasman::Connection) {
    timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
}

fn login(password: &str) -> NewCredentials {
    let (mask, user) = (CredentialMask::LOGIN, DEFAULT_USER.to_owned());
    NewCredentials { mask, user, domain: String::new(), password: password.into() }
}

fn as_lab_user(entry: &str) -> Dial {
    Dial::entry(entry).credentials(credentials(DEFAULT_PASSWORD))
}

// B: the phone book.

#[test]
fn b1_b9_b12_the_list_has_all_books_and_says_whose_each_entry_is() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager_with(vec![entry(&lab)]);
    manager.set_entry_properties("mine", &sstp("a.example.com")).unwrap();
    let shared = EntryRef::new("ours").in_book(home.all_users());
    manager.set_entry_properties(shared, &sstp("b.example.com")).unwrap();
    let other = home.0.join("config/more.pbk");
    manager.set_entry_properties(EntryRef::new("more").in_book(&other), &sstp("c.example.com")).unwrap();
    let line = |name: &str, scope, path: Option<PathBuf>| EntryInfo::new(name, scope, path);
    let mine = line("mine", EntryScope::User, Some(home.user()));
    let more = line("more", EntryScope::User, Some(other));
    let ours = line("ours", EntryScope::Machine, Some(home.all_users()));
    let program = line("Lab", EntryScope::Program, None);
    assert_eq!(manager.entries(None).unwrap(), [program, mine.clone(), more, ours.clone()]);
    assert_eq!((mine.scope.number(), ours.scope.number()), (0, 1));
    assert_eq!(manager.entries(Some(&home.user())).unwrap(), [mine]);
    assert_eq!(manager.entries(Some(&home.all_users())).unwrap(), [ours]);
    assert_eq!(refusal(manager.entries(Some(Path::new("/nowhere/rasphone.pbk")))), Code(621));
    // An entry of the user's hides one of that name of all users.
    let hidden = EntryRef::new("MINE").in_book(home.all_users());
    manager.set_entry_properties(hidden.clone(), &sstp("hidden.example.com")).unwrap();
    let number =
        |entry: EntryRef| manager.entry_properties(entry).unwrap().primary().unwrap().phone_number().to_owned();
    assert_eq!(number("mine".into()), "a.example.com");
    assert_eq!(number(hidden), "hidden.example.com");
    let usual = Settings::from_environment().map(|settings| settings.phonebooks.unwrap().all_users);
    assert_eq!(usual.ok().as_deref(), Some(Path::new("/etc/rasman/rasphone.pbk")));
}

#[test]
fn b2_b4_names_of_new_entries_are_checked() {
    let home = Home::new();
    let manager = home.manager();
    manager.set_entry_properties("Taken", &sstp("a.example.com")).unwrap();
    for good in ["work", "Büro 2", "a", &"x".repeat(256), "a.b", "-1"] {
        assert_eq!(validated(&manager, good), 0, "{good}");
    }
    for bad in ["", "  ", ".work", "---", "a|b", "a<b", "a>b", "a?b", "a*b", "a\\b", "a/b", "a:b", &"x".repeat(257)] {
        assert_eq!(validated(&manager, bad), 123, "{bad}");
        if !bad.is_empty() {
            assert_eq!(refusal(manager.set_entry_properties(bad, &sstp("a.example.com"))), Code::INVALID_NAME, "{bad}");
        }
    }
    assert_eq!(validated(&manager, "tAKEN"), 183);
    let nowhere = EntryRef::new("work").in_book("/nowhere/rasphone.pbk");
    assert_eq!(refusal(manager.validate_entry_name(nowhere)), Code(621));
}

#[test]
fn b3_renaming_checks_less() {
    let home = Home::new();
    let manager = home.manager();
    for name in ["one", "two"] {
        manager.set_entry_properties(name, &sstp("a.example.com")).unwrap();
    }
    for bad in ["", "  ", ".one", &"x".repeat(257)] {
        assert_eq!(refusal(manager.rename_entry("one", bad)), Code::INVALID_NAME, "{bad}");
    }
    assert_eq!(refusal(manager.rename_entry("one", "TWO")), Code::ALREADY_EXISTS);
    assert_eq!(refusal(manager.rename_entry("three", "four")), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
    let before = manager.entry_properties("one").unwrap();
    manager.rename_entry("one", "a: b").unwrap();
    manager.rename_entry("A: B", "A: b").unwrap();
    let after = manager.entry_properties("a: b").unwrap();
    assert_eq!((after.name.as_str(), after.guid), ("A: b", before.guid));
    let names: Vec<_> = manager.entries(None).unwrap().into_iter().map(|info| info.name).collect();
    assert_eq!(names, ["A: b", "two"]);
}

#[test]
fn b5_b6_b8_setting_creates_or_changes_and_needs_the_mandatory_members() {
    let home = Home::new();
    let manager = home.manager();
    let mut defaults = manager.entry_properties("").unwrap();
    assert_eq!(defaults.primary().unwrap().device_type, "vpn");
    assert_eq!(refusal(manager.set_entry_properties("new", &defaults)), Code::INVALID_PARAMETER, "no number yet");
    defaults.subentries[0].phone_numbers = vec!["vpn.example.com".to_owned()];
    let without = |change: fn(&mut Properties)| {
        let mut lacking = defaults.clone();
        change(&mut lacking);
        refusal(manager.set_entry_properties("new", &lacking))
    };
    assert_eq!(without(|p| p.subentries.clear()), Code::INVALID_PARAMETER);
    assert_eq!(without(|p| p.subentries[0].device_name.clear()), Code::INVALID_PARAMETER);
    assert_eq!(without(|p| p.subentries[0].device_type.clear()), Code::INVALID_PARAMETER);
    assert!(!home.user().exists(), "nothing was written");
    manager.set_entry_properties("new", &defaults).unwrap();
    let first = manager.entry_properties("NEW").unwrap();
    assert_eq!(first.name, "new");
    assert_ne!(first.guid, Guid::default(), "a new entry gets an identity");
    // Clause B8: the number is the server.
    assert_eq!(first.primary().unwrap().phone_number(), "vpn.example.com");
    defaults.subentries[0].phone_numbers = vec!["other.example.com".to_owned()];
    manager.set_entry_properties("NEW", &defaults).unwrap();
    let second = manager.entry_properties("new").unwrap();
    assert_eq!((second.name.as_str(), second.guid), ("new", first.guid), "it is the same entry");
    assert_eq!(second.primary().unwrap().phone_number(), "other.example.com");
    assert_eq!(manager.entries(None).unwrap().len(), 1);
    assert_eq!(refusal(manager.entry_properties("nowhere")), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
}

#[test]
fn b10_no_empty_phone_book_is_made() {
    let home = Home::new();
    let manager = home.manager();
    assert!(manager.entries(None).unwrap().is_empty());
    assert_eq!(refusal(manager.delete_entry("work")), Code::INVALID_NAME);
    assert_eq!(refusal(manager.set_entry_properties("a|b", &sstp("a.example.com"))), Code::INVALID_NAME);
    assert!(!home.user().exists() && !home.all_users().exists());
}

#[tokio::test]
async fn b11_a_connection_without_an_entry_is_listed_under_its_number() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    let mut settings = entry(&lab);
    settings.name = String::new();
    let dial = Dial::settings(settings).credentials(credentials(DEFAULT_PASSWORD));
    let connection = connected(&manager, dial).await;
    let listed = &manager.connections()[0];
    assert_eq!((listed.entry.as_str(), listed.phonebook.as_ref()), (".127.0.0.1", None));
    hung_up(connection).await;
}

#[tokio::test]
async fn a11_b11_a_number_without_an_entry_is_dialled_by_the_first_free_modem() {
    let lab = lab_with_a_modem();
    let port = lab.facts().modems[0].clone();
    let manager = start(Settings { workers: 1, modems: Some(vec![port.clone()]), ..Settings::default() });
    let devices = manager.devices().unwrap();
    assert!(devices.iter().any(|device| device.kind == "modem" && Path::new(&*device.name) == port));
    let dial = |number: &str| Dial::entry("").number(number).credentials(credentials(DEFAULT_PASSWORD));
    assert_eq!(refusal(manager.dial(dial(""))), Code::BAD_PHONE_NUMBER);
    assert_eq!(refusal(manager.dial(dial("call me"))), Code::BAD_PHONE_NUMBER);
    for _ in 0..2 {
        let connection = connected(&manager, dial("555-1234")).await;
        assert_eq!(manager.connections()[0].entry, ".555-1234");
        let status = connection.status().unwrap();
        assert_eq!((status.device.kind, status.number.as_str()), ("modem", "555-1234"));
        assert_eq!(refusal(manager.dial(dial("555-4321"))), Code::PORT_NOT_AVAILABLE, "the one modem has a call");
        hung_up(connection).await;
    }
    manager.shut_down().await;
}

#[tokio::test]
async fn a11_dials_without_an_entry_at_the_same_moment_get_different_modems() {
    let lab = lab_with_modems(&["speed=0"; 2]);
    let modems = lab.facts().modems.clone();
    let manager = start(Settings { workers: 1, modems: Some(modems), ..Settings::default() });
    let dial = |number: &str| manager.dial(Dial::entry("").number(number).credentials(credentials(DEFAULT_PASSWORD)));
    for _ in 0..3 {
        // All are begun before the first of them opens its port.
        let (first, second) = (dial("555-1234").unwrap(), dial("555-4321").unwrap());
        assert_eq!(refusal(dial("555-9999")), Code::PORT_NOT_AVAILABLE);
        let finished = [first.finish().await.unwrap(), second.finish().await.unwrap()];
        for connection in finished {
            hung_up(connection).await;
        }
    }
    manager.shut_down().await;
}

#[tokio::test]
async fn b13_e5_a_connected_entry_is_not_deleted_and_a_missing_one_is_123() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    manager.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    let connection = connected(&manager, as_lab_user("work")).await;
    assert_eq!(refusal(manager.delete_entry("WORK")), Code(817));
    hung_up(connection).await;
    manager.delete_entry("WORK").unwrap();
    assert_eq!(refusal(manager.delete_entry("work")), Code::INVALID_NAME);
    assert_eq!(refusal(manager.entry_properties("work")), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
    assert_eq!(refusal(manager.set_credentials("work", &login("x"))), Code::INVALID_PARAMETER);
    assert_eq!(refusal(manager.clear_credentials("work", CredentialMask::LOGIN)), Code::INVALID_PARAMETER);
    assert_eq!(refusal(manager.credentials("work", CredentialMask::LOGIN)), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
}

#[tokio::test]
async fn b14_b15_options_decide_what_counts() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    let mut properties = home.to_lab(&lab);
    // An address that the lab would refuse is not asked for unless the option says so.
    properties.ip_address = "203.0.113.9".parse().unwrap();
    properties.set_idle_disconnect(IdleDisconnect::Never);
    manager.set_entry_properties("work", &properties).unwrap();
    let connection = connected(&manager, as_lab_user("work")).await;
    assert_ne!(connection.projection().unwrap().local, properties.ip_address);
    hung_up(connection).await;
    properties.ip_assign = Assign::Given;
    manager.set_entry_properties("work", &properties).unwrap();
    assert_eq!(failed(&manager, as_lab_user("work")).await, Code(735));
    let read = manager.entry_properties("work").unwrap();
    assert_eq!(read.idle_disconnect(), IdleDisconnect::Never);
}

#[test]
fn m1_m7_links_are_added_changed_and_deleted_by_their_number() {
    let home = Home::new();
    let manager = home.manager();
    manager.set_entry_properties("work", &sstp("a.example.com")).unwrap();
    let mut link: Subentry = manager.subentry("work", 1).unwrap();
    assert_eq!(link.phone_number(), "a.example.com");
    assert_eq!(manager.entry_properties("work").unwrap().subentries.len(), 1, "no extra ones");
    for index in [0, 2] {
        assert_eq!(refusal(manager.subentry("work", index)), Code::INVALID_PARAMETER);
    }
    link.phone_numbers = vec!["b.example.com".to_owned()];
    manager.set_subentry("work", 2, &link).unwrap();
    assert_eq!(refusal(manager.set_subentry("work", 4, &link)), Code::INVALID_PARAMETER);
    assert_eq!(manager.entry_properties("work").unwrap().subentries.len(), 2);
    manager.set_subentry("work", 1, &link).unwrap();
    manager.delete_subentry("work", 2).unwrap();
    assert_eq!(refusal(manager.delete_subentry("work", 1)), Code::INVALID_PARAMETER, "an entry keeps one");
    assert_eq!(manager.subentry("work", 1).unwrap().phone_number(), "b.example.com");
    assert_eq!(refusal(manager.subentry("nowhere", 1)), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
}

#[tokio::test]
async fn m3_m4_n7_h10_c4_several_links_at_once_are_refused_and_one_of_them_is_dialled() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    manager.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    let link = manager.subentry("work", 1).unwrap();
    manager.set_subentry("work", 2, &link).unwrap();
    let with = |mode| {
        let mut properties = manager.entry_properties("work").unwrap();
        properties.dial_mode = mode;
        manager.set_entry_properties("work", &properties).unwrap();
    };
    for mode in [DialMode::All, DialMode::AsNeeded] {
        with(mode);
        assert_eq!(refusal(manager.dial(as_lab_user("work"))), Code::NOT_SUPPORTED);
    }
    with(DialMode::Single);
    hung_up(connected(&manager, as_lab_user("work")).await).await;
}

#[tokio::test]
async fn a30_a_notification_tells_the_link_which_is_the_first() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    manager.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    let (told, connection) = told(&manager, as_lab_user("work")).await;
    assert!(told.len() > 3 && told.iter().all(|notification| notification.sub_entry == 1), "{told:?}");
    hung_up(connection.unwrap()).await;
}

#[tokio::test]
async fn m10_the_idle_limit_ends_the_connection() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    let mut properties = home.to_lab(&lab);
    properties.set_idle_disconnect(IdleDisconnect::After(NonZeroU32::MIN));
    manager.set_entry_properties("work", &properties).unwrap();
    let connection = connected(&manager, as_lab_user("work")).await;
    let cause = timeout(LONG, connection.closed()).await.expect("in time");
    assert_eq!(cause.code, Code::IDLE_TIMEOUT, "{cause}");
    assert!(manager.connections().is_empty());
}

// A: what a dial takes from the phone book.

#[tokio::test]
async fn a12_a_number_replaces_the_entry_s_for_one_dial() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    manager.set_entry_properties("work", &home.to(&lab, nowhere)).unwrap();
    let there = as_lab_user("work").number(lab.facts().address.to_string());
    let connection = connected(&manager, there.clone()).await;
    // What is connected leads there, so a dial of the entry's own number is no reference to it.
    assert_eq!(refusal(manager.dial(as_lab_user("work"))), Code::ALREADY_EXISTS);
    hung_up(connected(&manager, there).await).await;
    hung_up(connection).await;
    assert_ne!(failed(&manager, as_lab_user("work")).await, Code(0), "the entry itself is as it was");
    assert_eq!(refusal(manager.dial(as_lab_user("work").number("https://x"))), Code::BAD_PHONE_NUMBER);
}

#[tokio::test]
async fn a13_a15_k8_stored_credentials_dial_and_without_any_it_is_691_or_a_question() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    manager.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    assert_eq!(failed(&manager, Dial::entry("work")).await, Code::AUTHENTICATION_FAILURE);
    let asterisks = Dial::entry("work").credentials(credentials(STORED_PASSWORD));
    assert_eq!(failed(&manager, asterisks.clone()).await, Code::AUTHENTICATION_FAILURE);
    let mut dialing = manager.dial(Dial::entry("work").paused_states(true).remember(true)).unwrap();
    let question = loop {
        let notification = timeout(LONG, dialing.next()).await.unwrap().expect("a question comes");
        if let Detail::Question(question) = notification.detail {
            break question.id;
        }
    };
    // Asterisks stand for a stored password in an answer, too; there is none, and the question stays.
    let stored = dialing.answer(question, Answer::Credentials(credentials(STORED_PASSWORD)));
    assert_eq!(refusal(stored), Code::AUTHENTICATION_FAILURE);
    dialing.answer(question, Answer::Credentials(credentials(DEFAULT_PASSWORD))).unwrap();
    let connection = timeout(LONG, dialing.finish()).await.unwrap().unwrap();
    hung_up(connection).await;
    // Clause K8: the answer is what is stored now. The manager writes it behind the dial, and before it ends.
    stopped(&manager).await;
    let manager = home.manager();
    let params = manager.dial_params("work").unwrap();
    assert_eq!((params.user.as_str(), params.has_password), (DEFAULT_USER, true));
    hung_up(connected(&manager, Dial::entry("work")).await).await;
    hung_up(connected(&manager, asterisks).await).await;
}

#[tokio::test]
async fn a15_p7_asterisks_in_an_answer_stand_for_the_stored_password() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    manager.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    manager.set_credentials("work", &login(DEFAULT_PASSWORD)).unwrap();
    let wrong = Dial::entry("work").credentials(credentials("wrong")).paused_states(true);
    let mut dialing = manager.dial(wrong).unwrap();
    let question = loop {
        let notification = timeout(LONG, dialing.next()).await.unwrap().expect("a question comes");
        if let Detail::Question(question) = notification.detail {
            break question.id;
        }
    };
    dialing.answer(question, Answer::Credentials(credentials(STORED_PASSWORD))).unwrap();
    hung_up(timeout(LONG, dialing.finish()).await.unwrap().unwrap()).await;
}

#[tokio::test]
async fn a16_stored_and_given_credentials_that_are_the_same_share_a_connection() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    manager.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    manager.set_credentials("work", &login(DEFAULT_PASSWORD)).unwrap();
    let first = connected(&manager, Dial::entry("work")).await;
    let second = connected(&manager, as_lab_user("work")).await;
    assert_eq!(first.handle(), second.handle());
    assert_eq!(refusal(manager.dial(Dial::entry("work").credentials(credentials("x")))), Code::ACCESS_DENIED);
    // A change of the entry is for the next connection; this one keeps its settings, its entry and its name.
    let mut changed = manager.entry_properties("work").unwrap();
    changed.subentries[0].phone_numbers = vec!["elsewhere.example.com".to_owned()];
    manager.set_entry_properties("work", &changed).unwrap();
    let third = connected(&manager, as_lab_user("work")).await;
    assert_eq!(first.handle(), third.handle());
    manager.rename_entry("work", "office").unwrap();
    let fourth = connected(&manager, as_lab_user("office")).await;
    assert_eq!(first.handle(), fourth.handle());
    let listed = &manager.connections()[0];
    assert_eq!((listed.entry.as_str(), listed.references), ("office", 4));
    assert_eq!(listed.phonebook.as_deref(), Some(home.user().as_path()));
    assert_eq!(listed.guid, Some(changed.guid.0));
    assert_eq!(refusal(manager.delete_entry("office")), Code(817));
    for connection in [first, second, third, fourth] {
        hung_up(connection).await;
    }
}

#[tokio::test]
async fn a17_entries_of_different_phone_books_are_different_ones() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    manager.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    let shared = EntryRef::new("work").in_book(home.all_users());
    manager.set_entry_properties(shared, &home.to_lab(&lab)).unwrap();
    let mine = connected(&manager, as_lab_user("work")).await;
    let ours = connected(&manager, as_lab_user("work").phonebook(home.all_users())).await;
    assert_ne!(mine.handle(), ours.handle());
    let all_users: Vec<_> = manager.connections().iter().map(|info| info.all_users).collect();
    assert_eq!(all_users, [false, true]);
    hung_up(mine).await;
    hung_up(ours).await;
}

#[tokio::test]
async fn a18_a_phone_book_that_cannot_be_read_is_refused_at_once_and_nothing_is_told() {
    let home = Home::new();
    let manager = home.manager();
    let missing = Dial::entry("work").phonebook("/nowhere/rasphone.pbk");
    assert_eq!(refusal(manager.dial(missing)), Code(621));
    let folder = Dial::entry("work").phonebook(home.0.join("etc"));
    assert_eq!(refusal(manager.dial(folder)), Code(621));
    let huge = home.0.join("huge.pbk");
    std::fs::File::create(&huge).unwrap().set_len(1 << 30).unwrap();
    let error = manager.dial(Dial::entry("work").phonebook(&huge)).err().unwrap();
    assert_eq!(error.code(), Code(622));
    assert!(error.to_string().contains(&huge.display().to_string()), "{error}");
    manager.set_entry_properties("work", &sstp("a.example.com")).unwrap();
    assert_eq!(refusal(manager.dial(Dial::entry("nowhere"))), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
    assert_eq!(refusal(manager.dial(Dial::entry("work").phonebook(home.all_users()))), Code(621));
    assert!(manager.connections().is_empty());
}

#[test]
fn a59_a_library_that_should_dial_is_755() {
    let home = Home::new();
    let manager = home.manager();
    let mut properties = sstp("a.example.com");
    properties.custom_dial_dll = "C:\\dial.dll".to_owned();
    manager.set_entry_properties("work", &properties).unwrap();
    assert_eq!(refusal(manager.dial(Dial::entry("work"))), Code(755));
}

#[tokio::test]
async fn a_phone_book_that_another_program_changes_is_read_again() {
    let home = Home::new();
    let lab = lab("");
    let (manager, other) = (home.manager(), home.manager());
    manager.set_entry_properties("work", &home.to(&lab, SocketAddr::from(([127, 0, 0, 1], 1)))).unwrap();
    assert_ne!(failed(&manager, as_lab_user("work")).await, Code(0));
    other.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    hung_up(connected(&manager, as_lab_user("work")).await).await;
}

#[test]
fn a_certificate_file_that_is_none_is_told_at_once() {
    let home = Home::new();
    let manager = home.manager();
    let mut properties = sstp("a.example.com");
    properties.ca = vec!["ca.pem".to_owned()];
    manager.set_entry_properties("work", &properties).unwrap();
    let error = manager.dial(Dial::entry("work")).err().unwrap();
    assert!(error.code() == Code::VPN_BAD_CERT && error.to_string().contains("ca.pem"), "{error}");
    // Beside the phone book, as the path is not absolute.
    std::fs::write(home.0.join("config/ca.pem"), "no certificate").unwrap();
    let error = manager.dial(Dial::entry("work")).err().unwrap();
    assert!(error.to_string().contains("has no certificate"), "{error}");
}

#[tokio::test]
async fn m8_an_alternate_that_connected_is_put_first_in_the_phone_book() {
    let home = Home::new();
    let lab = lab("");
    let manager = home.manager();
    let mut properties = home.to(&lab, SocketAddr::from(([127, 0, 0, 1], 1)));
    let (dead, alive) = ("127.0.0.1:1".to_owned(), lab.facts().address.to_string());
    properties.subentries[0].phone_numbers = vec![dead.clone(), alive.clone()];
    properties.subentries[0].promote_alternates = true;
    manager.set_entry_properties("work", &properties).unwrap();
    hung_up(connected(&manager, as_lab_user("work")).await).await;
    stopped(&manager).await;
    let now = home.manager().entry_properties("work").unwrap();
    assert_eq!(now.subentries[0].phone_numbers, [alive, dead]);
}

// K: credentials.

#[test]
fn k1_k2_k3_k4_a_password_goes_in_and_never_comes_out() {
    let home = Home::new();
    let manager = home.manager();
    manager.set_entry_properties("work", &sstp("a.example.com")).unwrap();
    let read = |mask| manager.credentials("work", mask).unwrap();
    let nothing = read(CredentialMask::LOGIN);
    assert_eq!((nothing.delivered, nothing.password(), nothing.user.as_str()), (CredentialMask::NONE, "", ""));
    let new = NewCredentials { domain: "CORP".to_owned(), ..login("wonderland") };
    manager.set_credentials("work", &new).unwrap();
    let all = read(CredentialMask::LOGIN);
    assert_eq!((all.delivered, all.password()), (CredentialMask::LOGIN, STORED_PASSWORD));
    assert_eq!((all.user.as_str(), all.domain.as_str()), (DEFAULT_USER, "CORP"));
    assert!(!format!("{all:?}").contains("wonderland"));
    let some = read(CredentialMask::USER_NAME);
    assert_eq!((some.delivered, some.password(), some.domain.as_str()), (CredentialMask::USER_NAME, "", ""));
    assert_eq!(refusal(manager.credentials("work", CredentialMask(0x80))), Code::INVALID_PARAMETER);
    // Clause K3: what was read may be written back.
    manager.set_credentials("work", &NewCredentials { domain: "CORP".to_owned(), ..login(STORED_PASSWORD) }).unwrap();
    assert_eq!(read(CredentialMask::LOGIN), all);
    assert!(stored(&home).contains(&"wonderland".to_owned()));
    // Clause K4.
    assert_eq!(manager.clear_credentials("work", CredentialMask::PASSWORD), Ok(None));
    let left = CredentialMask::USER_NAME | CredentialMask::DOMAIN;
    assert_eq!(read(CredentialMask::LOGIN).delivered, left);
    assert!(!stored(&home).contains(&"wonderland".to_owned()));
    let book = std::fs::read_to_string(home.user()).unwrap();
    assert!(!book.contains("wonderland") && !book.contains("CORP"), "the phone book has none of it");
}

#[test]
fn k6_k7_dial_parameters_leave_alone_what_is_empty() {
    let home = Home::new();
    let manager = home.manager();
    manager.set_entry_properties("work", &sstp("a.example.com")).unwrap();
    let set = |change: fn(&mut NewDialParams)| {
        let mut params = NewDialParams::default();
        change(&mut params);
        manager.set_dial_params("work", &params).unwrap();
        let params = manager.dial_params("work").unwrap();
        (params.user, params.domain, params.callback_number, params.has_password)
    };
    let is = |user: &str, domain: &str, callback: &str, has| (user.into(), domain.into(), callback.into(), has);
    let full = |p: &mut NewDialParams| {
        p.user = "alice".into();
        p.domain = "CORP".into();
        p.callback_number = "555".into();
        p.password = "wonderland".into();
    };
    assert_eq!(set(full), is("alice", "CORP", "555", true));
    assert_eq!(set(|p| p.password = "other".into()), is("alice", "CORP", "555", true));
    assert!(stored(&home).contains(&"wonderland".to_owned()), "without a user name the password stays");
    assert_eq!(set(|p| p.domain = "LAB".into()), is("alice", "LAB", "555", true));
    let asterisks = |p: &mut NewDialParams| {
        p.user = "bob".into();
        p.password = STORED_PASSWORD.into();
    };
    assert_eq!(set(asterisks), is("bob", "LAB", "555", true));
    assert!(stored(&home).contains(&"wonderland".to_owned()));
    let removal = |p: &mut NewDialParams| {
        p.user = "bob".into();
        p.password = "new".into();
        p.remove_password = true;
    };
    assert_eq!(set(removal), is("bob", "LAB", "555", false));
    assert!(!stored(&home).contains(&"new".to_owned()));
    assert_eq!(refusal(manager.dial_params("nowhere")), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
}

#[test]
fn k9_an_entry_without_eap_data_gives_none_and_no_error() {
    let home = Home::new();
    let manager = home.manager();
    manager.set_entry_properties("work", &sstp("a.example.com")).unwrap();
    assert!(manager.eap_user_data("work").ok().unwrap().is_empty());
    let blob = rasman::Secret::new(vec![0, 1, 255]);
    manager.set_eap_user_data("work", &blob).unwrap();
    assert!(manager.eap_user_data("WORK").ok().unwrap().same(&blob));
    manager.set_eap_user_data("work", &rasman::Secret::default()).unwrap();
    assert!(manager.eap_user_data("work").ok().unwrap().is_empty());
    assert_eq!(refusal(manager.eap_user_data("nowhere")), Code::CANNOT_FIND_PHONEBOOK_ENTRY);
}

#[tokio::test]
async fn k8_only_a_dial_that_asks_and_an_entry_that_allows_store_what_connected() {
    let home = Home::new();
    let lab = lab("");
    let mut allows = home.to_lab(&lab);
    allows.cache_credentials = true;
    let forbids = Properties { cache_credentials: false, ..allows.clone() };
    for (properties, remember, password, stored) in [
        (&allows, false, DEFAULT_PASSWORD, false),
        (&forbids, true, DEFAULT_PASSWORD, false),
        (&allows, true, "wrong", false),
        (&allows, true, DEFAULT_PASSWORD, true),
    ] {
        let manager = home.manager();
        manager.set_entry_properties("work", properties).unwrap();
        let dial = Dial::entry("work").credentials(credentials(password)).remember(remember);
        if let Ok(connection) = told(&manager, dial).await.1 {
            hung_up(connection).await;
        }
        stopped(&manager).await;
        let delivered = home.manager().credentials("work", CredentialMask::LOGIN).unwrap().delivered;
        let wanted = CredentialMask::USER_NAME | CredentialMask::PASSWORD;
        assert_eq!(delivered, if stored { wanted } else { CredentialMask::NONE }, "{remember} {password}");
    }
    // Until somebody writes.
    let manager = home.manager();
    manager.set_credentials("work", &login("written")).unwrap();
    assert!(stored(&home).contains(&"written".to_owned()));
}

#[tokio::test]
async fn a1_a_dial_returns_at_once_also_when_a_command_has_the_password() {
    let home = Home::new();
    let lab = lab("");
    let mut credentials = CredentialSettings::default();
    credentials.order = vec![Provider::File, Provider::Command];
    credentials.folder = Some(home.0.join("state"));
    let gate = home.0.join("gate");
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let script = format!("read line < {}; echo {DEFAULT_PASSWORD}", gate.display());
    credentials.command = vec!["sh".to_owned(), "-c".to_owned(), script];
    let phonebooks = Some(Places::new(Some(home.user()), home.all_users()));
    let settings = Settings { workers: 1, phonebooks, credentials, ..Settings::default() };
    let manager = start(settings);
    manager.set_entry_properties("work", &home.to_lab(&lab)).unwrap();
    let user = NewCredentials { mask: CredentialMask::USER_NAME, ..login("") };
    manager.set_credentials("work", &user).unwrap();
    // The command waits for this very test.
    let mut dialing = manager.dial(Dial::entry("work")).unwrap();
    assert_eq!(manager.connections()[0].state, ConnState::OpenPort);
    assert_eq!(refusal(manager.dial(Dial::entry("work"))), Code::DIAL_ALREADY_IN_PROGRESS);
    tokio::task::spawn_blocking(move || std::fs::write(gate, "go\n").unwrap()).await.unwrap();
    while timeout(LONG, dialing.next()).await.unwrap().is_some() {}
    let connection = dialing.finish().await.unwrap();
    assert_eq!(manager.dial(Dial::entry("work")).unwrap().handle(), connection.handle());
    hung_up(connection).await;
}

/// Everything that the provider `file` has.
fn stored(home: &Home) -> Vec<String> {
    let folders = std::fs::read_dir(home.0.join("state")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default()).collect()
}

fn by(location: u32, entry: &str) -> AutodialEntry {
    AutodialEntry { location, flags: 0, entry: entry.to_owned() }
}

#[test]
fn d1_d2_an_address_has_one_entry_for_each_location() {
    let home = Home::new();
    let manager = home.manager();
    assert!(manager.autodial_addresses().unwrap().is_empty());
    manager.set_autodial_entries("intranet.example.com", &[by(0, "Office"), by(1, "Home")]).unwrap();
    manager.set_autodial_entries("Intranet.example.com", &[by(1, "Other"), by(2, "Third")]).unwrap();
    let entries = manager.autodial_entries("intranet.example.com").unwrap();
    assert_eq!(entries, [by(0, "Office"), by(1, "Other"), by(2, "Third")]);
    assert_eq!(manager.autodial_addresses().unwrap(), ["intranet.example.com"]);
    manager.set_autodial_entries("intranet.example.com", &[]).unwrap();
    assert!(manager.autodial_addresses().unwrap().is_empty());
    assert_eq!(refusal(manager.set_autodial_entries("a\tb", &[by(0, "x")])), Code::INVALID_PARAMETER);
}

#[test]
fn d3_d5_the_default_connection_has_to_exist_and_is_no_address() {
    let home = Home::new();
    let manager = home.manager();
    let missing = refusal(manager.set_autodial_entries("", &[by(0, "Office")]));
    assert_eq!(missing, Code::CANNOT_FIND_PHONEBOOK_ENTRY);
    manager.set_entry_properties("Office", &sstp("vpn.example.com")).unwrap();
    manager.set_autodial_entries("", &[by(0, "Office")]).unwrap();
    assert_eq!(manager.autodial_entries("").unwrap(), [by(0, "Office")]);
    assert!(manager.autodial_addresses().unwrap().is_empty());
    manager.set_autodial_entries("", &[]).unwrap();
    assert!(manager.autodial_entries("").unwrap().is_empty());
}

#[test]
fn d4_what_the_user_has_goes_before_what_all_users_have() {
    let home = Home::new();
    let of_all = "address\t0\t0\t\tMachine\naddress\t1\t0\t\tMachine\naddress\t0\t0\tintranet\tMachine\n";
    std::fs::write(home.0.join("etc/autodial"), of_all).unwrap();
    let manager = home.manager();
    assert_eq!(manager.autodial_entries("").unwrap(), [by(0, "Machine"), by(1, "Machine")]);
    manager.set_entry_properties("Mine", &sstp("vpn.example.com")).unwrap();
    manager.set_autodial_entries("", &[by(0, "Mine")]).unwrap();
    assert_eq!(manager.autodial_entries("").unwrap(), [by(0, "Mine"), by(1, "Machine")]);
    assert_eq!(manager.autodial_addresses().unwrap(), ["intranet"]);
    assert_eq!(std::fs::read_to_string(home.0.join("etc/autodial")).unwrap(), of_all);
}

#[test]
fn d8_addresses_that_a_program_sets_do_not_count_for_the_limit() {
    let manager = Home::new().manager();
    manager.set_autodial_setting(AutodialSetting::SAVED_ADDRESSES_LIMIT, 1).unwrap();
    for address in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
        manager.set_autodial_entries(address, &[by(0, "Office")]).unwrap();
    }
    assert_eq!(manager.autodial_addresses().unwrap().len(), 3);
}

#[test]
fn d7_d9_settings_have_defaults_and_outlive_the_manager() {
    let home = Home::new();
    let manager = home.manager();
    let read = |manager: &Manager| [0, 1, 2, 3].map(|key| manager.autodial_setting(AutodialSetting(key)).unwrap());
    assert_eq!(read(&manager), [0, 0, 100, 5]);
    for (key, value) in [(0, 1), (1, 1), (2, 50)] {
        manager.set_autodial_setting(AutodialSetting(key), value).unwrap();
    }
    assert_eq!(refusal(manager.autodial_setting(AutodialSetting(5))), Code::INVALID_PARAMETER);
    assert_eq!(refusal(manager.set_autodial_setting(AutodialSetting(5), 1)), Code::INVALID_PARAMETER);
    assert!(manager.autodial_is_enabled(3).unwrap());
    manager.enable_autodial(3, false).unwrap();
    drop(manager);
    let again = home.manager();
    assert_eq!(read(&again), [1, 1, 50, 5]);
    assert_eq!((again.autodial_is_enabled(3).unwrap(), again.autodial_is_enabled(4).unwrap()), (false, true));
}

#[test]
fn the_devices_are_those_that_can_be_dialled() {
    let devices = Home::new().manager().devices().unwrap();
    assert!(devices.contains(&rasman_core::Device::SSTP));
}

#[tokio::test]
async fn a54_a55_a_dial_says_what_goes_around_the_number_and_whether_the_speaker_is_on() {
    let modem = BusyModem::start();
    let manager = start(Settings { workers: 1, entries: vec![modem.entry(ENTRY)], ..Settings::default() });
    let expected = [("9,5551234@", true), ("5551234", true), ("9,5551234@", false), ("9,5551234@", true)];
    let dial = || Dial::entry(ENTRY).credentials(credentials(DEFAULT_PASSWORD));
    let dials = [dial(), dial().prefix_and_suffix(false), dial().speaker(false), dial().speaker(true)];
    assert_eq!(modem.calls_of(&manager, dials).await, expected.map(|(number, on)| (number.to_owned(), on)));
}

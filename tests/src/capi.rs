//! The C library as programs have it: installed below a prefix, with programs that are built against it by the system's
//! compiler and run against a daemon and a lab of their own.

use crate::harness;
use crate::ipc::fresh_folder;
use rasman::EntryRef;
use rasman::daemon::{Connector, Scope};
use rasman::ipc::scope::Place;
use rasman_lab::Running;
use rasman_phonebook::store::Places;
use rasman_phonebook::{Guid, Identity, Properties};
use rasmand::config::{CredentialSettings, Provider};
use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a program is compiled.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Language {
    /// C11.
    C,
    /// C++17.
    Cpp,
}

/// Gives the prefix below which the library is installed: made once for one state of the sources.
///
/// # Panics
/// If it cannot be linked.
#[must_use]
pub fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(install)
}

/// Gives the folder of the crate's own files.
#[must_use]
pub fn crate_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/rasapi32")
}

/// Gives the folder of the C programs of the tests.
#[must_use]
pub fn programs_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c")
}

fn install() -> PathBuf {
    let library = static_library();
    let mut state = DefaultHasher::new();
    let sources = [crate_folder().join("install"), crate_folder().join("rasapi32.map"), library.clone()];
    let headers = fs::read_dir(crate_folder().join("include")).expect("the headers").flatten().map(|file| file.path());
    for file in sources.into_iter().chain(headers) {
        fs::metadata(&file).and_then(|metadata| metadata.modified()).expect("it was built").hash(&mut state);
    }
    let parent = library.parent().expect("it is in a folder").join("../capi");
    let prefix = parent.join(format!("{:016x}", state.finish()));
    if !prefix.is_dir() {
        let fresh = parent.join(format!("fresh-{}", std::process::id()));
        let mut install = tool("sh");
        install.arg(crate_folder().join("install")).arg(&library).arg("0.1.0").arg(&prefix).arg("").arg(&fresh);
        must(&mut install);
        // Another test program may have been quicker.
        if fs::rename(&fresh, &prefix).is_err() {
            let _ = fs::remove_dir_all(&fresh);
        }
        remove_others(&parent, &prefix);
    }
    fs::canonicalize(prefix).expect("it is there")
}

/// The static library of this build: the newest, as all that are up to date are the same.
fn static_library() -> PathBuf {
    let program = std::env::current_exe().expect("this program has a path");
    let mut folder = program.parent().expect("it is in a folder").to_owned();
    if !folder.ends_with("deps") {
        folder.push("deps");
    }
    let files = fs::read_dir(&folder).expect("the build's folder").flatten().map(|file| file.path());
    let named = files.filter(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("librasapi32") && name.ends_with(".a")
    });
    named.max_by_key(|file| fs::metadata(file).and_then(|it| it.modified()).ok()).expect("the library was built")
}

/// Removes what was installed of older sources.
fn remove_others(parent: &Path, prefix: &Path) {
    let yesterday = std::time::SystemTime::now() - Duration::from_secs(24 * 3600);
    for other in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_old = other.metadata().and_then(|it| it.modified()).is_ok_and(|time| time < yesterday);
        if is_old && other.path() != prefix {
            let _ = fs::remove_dir_all(other.path());
        }
    }
}

/// Compiles a program against the installed library, by what pkg-config says, with the sanitizers of the compiler; once in
/// a test program for each source.
///
/// # Panics
/// If the compiler finds fault with it.
#[must_use]
pub fn compile(source: &Path, language: Language) -> PathBuf {
    compile_with(source, language, &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"])
}

/// Compiles a program with these flags more.
///
/// # Panics
/// If the compiler finds fault with it.
#[must_use]
pub fn compile_with(source: &Path, language: Language, flags: &[&str]) -> PathBuf {
    static MADE: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let key = format!("{} {language:?} {flags:?}", source.display());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = made.get_or_insert_default();
    if let Some(program) = made.get(&key) {
        return program.clone();
    }
    let mut state = DefaultHasher::new();
    key.hash(&mut state);
    let folder = prefix().join("programs");
    must(tool("mkdir").arg("-p").arg(&folder));
    let stem = source.file_stem().expect("it is a file").to_string_lossy().into_owned();
    let program = folder.join(format!("{stem}-{:08x}-{}", state.finish() as u32, std::process::id()));
    must(&mut compiler(source, language, flags, &program));
    made.insert(key, program.clone());
    program
}

/// Compiles a program with these words in place of what pkg-config says of the library.
///
/// # Panics
/// If the compiler finds fault with it.
#[must_use]
pub fn compile_behind(source: &Path, language: Language, words: &[&str]) -> PathBuf {
    let program = prefix().join("programs").join(format!("static-{}", std::process::id()));
    must(tool("mkdir").arg("-p").arg(prefix().join("programs")));
    let mut command = bare_compiler(source, language, &[], &program);
    must(command.arg(format!("-I{}", prefix().join("include/rasman").display())).args(words));
    program
}

fn compiler(source: &Path, language: Language, flags: &[&str], program: &Path) -> Command {
    let mut command = bare_compiler(source, language, flags, program);
    command.arg(format!("-Wl,-rpath,{}", prefix().join("lib").display())).args(pkg_config()).arg("-lpthread");
    command
}

fn bare_compiler(source: &Path, language: Language, flags: &[&str], program: &Path) -> Command {
    let (name, standard) = match language {
        Language::C => ("cc", "-std=c11"),
        Language::Cpp => ("c++", "-std=c++17"),
    };
    let mut command = tool(name);
    command.args([standard, "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-O1"]).args(flags);
    command.arg("-o").arg(program).arg(source);
    command
}

/// What `pkg-config --cflags --libs rasapi32` says.
///
/// # Panics
/// If the file for it is wrong.
#[must_use]
pub fn pkg_config() -> Vec<String> {
    let folder = prefix().join("lib/pkgconfig");
    let mut command = Command::new("pkg-config");
    command.args(["--cflags", "--libs", "rasapi32"]).env("PKG_CONFIG_PATH", &folder);
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "pkg-config: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect()
        }
        Err(error) => {
            println!("note: pkg-config is not there ({error}); its file is read here");
            let text = fs::read_to_string(folder.join("rasapi32.pc")).expect("the file was installed");
            let lines = text.lines().filter_map(|line| line.strip_prefix("Cflags: ").or(line.strip_prefix("Libs: ")));
            let prefix = prefix().to_string_lossy().into_owned();
            let expand = |word: &str| {
                let word =
                    word.replace("${includedir}", "${prefix}/include/rasman").replace("${libdir}", "${prefix}/lib");
                word.replace("${prefix}", &prefix)
            };
            lines.flat_map(str::split_whitespace).map(expand).collect()
        }
    }
}

/// A command that makes files for everybody: a daemon on another thread of this process may be making its socket, for which
/// it takes all rights of new files away for a moment.
fn tool(program: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 022 && exec \"$@\"", "sh", program]);
    command
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// A daemon of its own for programs, in a runtime folder of its own.
pub struct World {
    /// What programs have as XDG_RUNTIME_DIR.
    pub runtime: PathBuf,
    scope: Scope,
    daemon: Option<JoinHandle<()>>,
}

impl World {
    /// Starts a daemon that knows the lab as [`harness::ENTRY`].
    #[must_use]
    pub fn of(lab: &Running) -> Self {
        Self::with(rasmand::Settings { entries: vec![harness::entry(lab)], workers: 1, ..Default::default() })
    }

    /// Starts a daemon with these settings.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn with(settings: rasmand::Settings) -> Self {
        let mut world = Self::absent();
        world.start(settings);
        world
    }

    fn start(&mut self, mut settings: rasmand::Settings) {
        // Never those of the machine.
        settings.modems.get_or_insert_default();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let options = rasmand::daemon::Options {
            place: Place { scope: self.scope, folder: self.folder() },
            idle: None,
            admins: String::new(),
            settings,
            sandbox: None,
            ready: Box::new(move || ready.send(()).expect("somebody waits")),
        };
        self.daemon = Some(std::thread::spawn(|| rasmand::daemon::run(options).expect("the daemon runs")));
        is_ready.recv().expect("the daemon is ready");
    }

    /// Starts a daemon with phone books and stored credentials in folders below the runtime folder; the user's book has the
    /// lab as [`harness::ENTRY`].
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn with_books(lab: &Running) -> Self {
        Self::with_books_and_modems(lab, Vec::new())
    }

    /// The same where the manager has these modems.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn with_books_and_modems(lab: &Running, modems: Vec<PathBuf>) -> Self {
        Self::with_books_of(Scope::User, lab, modems)
    }

    /// Starts a daemon that serves all users; besides what [`World::with_books`] has, the book of all users has an entry
    /// `ours`.
    ///
    /// # Panics
    /// If that fails.
    #[must_use]
    pub fn of_the_machine(lab: &Running) -> Self {
        let world = Self::with_books_of(Scope::System, lab, Vec::new());
        let identity = Identity { guid: Guid([8; 16]), dial_params_uid: 8 };
        let entry = EntryRef::new("ours").in_book(world.runtime.join("home/etc/rasphone.pbk"));
        let properties = Properties::sstp("ours", "vpn.example.com", identity);
        world.manager().set_entry_properties(entry, &properties).expect("the entry is written");
        world
    }

    fn with_books_of(scope: Scope, lab: &Running, modems: Vec<PathBuf>) -> Self {
        let mut world = Self::absent();
        world.scope = scope;
        let home = world.runtime.join("home");
        must(tool("mkdir").arg("-p").args(["config", "etc"].map(|folder| home.join(folder))));
        let mut credentials = CredentialSettings::default();
        credentials.order = vec![Provider::File];
        credentials.folder = Some(home.join("state"));
        credentials.machine_folder = Some(home.join("machine"));
        let phonebooks = Some(Places::new(Some(world.book()), home.join("etc/rasphone.pbk")));
        let modems = Some(modems);
        world.start(rasmand::Settings { workers: 1, phonebooks, credentials, modems, ..Default::default() });
        fs::write(home.join("ca.pem"), &lab.facts().ca_pem).expect("the lab's authority");
        let identity = Identity { guid: Guid([7; 16]), dial_params_uid: 7 };
        let mut properties = Properties::sstp(harness::ENTRY, lab.facts().address.to_string(), identity);
        properties.system_roots = false;
        properties.ca = vec![home.join("ca.pem").display().to_string()];
        properties.redial_attempts = 0;
        world.manager().set_entry_properties(harness::ENTRY, &properties).expect("the entry is written");
        world
    }

    /// Gives the user's phone book, of a daemon that has one.
    #[must_use]
    pub fn book(&self) -> PathBuf {
        self.runtime.join("home/config/rasphone.pbk")
    }

    /// Makes a place in which no daemon runs yet.
    ///
    /// # Panics
    /// If its folder cannot be made.
    #[must_use]
    pub fn absent() -> Self {
        let runtime = fresh_folder();
        must(tool("mkdir").args(["-m", "700"]).arg(&runtime));
        Self { runtime, scope: Scope::User, daemon: None }
    }

    /// Gives the folder of the socket.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.runtime.join("rasman")
    }

    /// Gives a connector to the daemon; it starts none.
    #[must_use]
    pub fn connector(&self) -> Connector {
        Connector::new(self.scope).folder(self.folder()).start(false)
    }

    /// Gives the manager, as other programs see it.
    ///
    /// # Panics
    /// If the daemon does not answer.
    #[must_use]
    pub fn manager(&self) -> rasman::Manager {
        self.connector().connect().expect("the daemon answers")
    }

    /// Gives a program that finds this daemon and no other, to be run for a minute at the most.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", "60"]).arg(program);
        self.set_environment(&mut command);
        command
    }

    /// Sets what a program needs to find this daemon and no other.
    pub fn set_environment(&self, command: &mut Command) {
        command
            .env("XDG_RUNTIME_DIR", &self.runtime)
            .env("RASMAN_SCOPE", "user")
            .env("RASMAN_DAEMON", "/nowhere/rasmand");
        command.env("ASAN_OPTIONS", "detect_stack_use_after_return=1:abort_on_error=0:exitcode=99");
        command.env("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1:exitcode=98");
    }

    /// Runs a program to its end; gives what it has printed.
    ///
    /// # Panics
    /// If it fails.
    pub fn run(&self, program: &Path, arguments: &[&str]) -> String {
        let output = self.outcome(program, arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{} {arguments:?}: {}\n{out}\n{err}", program.display(), output.status);
        out.into_owned()
    }

    /// Runs a program that leaves memory behind on purpose, as a child of fork does, in which the threads are gone that own
    /// some.
    ///
    /// # Panics
    /// If it fails.
    pub fn run_leaky(&self, program: &Path, arguments: &[&str]) {
        let mut command = self.command(program);
        command.env("ASAN_OPTIONS", "detect_leaks=0:exitcode=99").args(arguments);
        must(&mut command);
    }

    /// Runs a program to its end, however that is.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn outcome(&self, program: &Path, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().expect("the program starts")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.connector().stop();
        if let Some(daemon) = self.daemon.take() {
            let _ = daemon.join();
        }
        let _ = fs::remove_dir_all(&self.runtime);
    }
}

//! Landlock: which files may be read, written and executed, and whom signals reach.
//!
//! Landlock has no exceptions below what it allows, and knows a file by its inode: what others replace by renaming must
//! be reached through its folder. So whole folders are named here, and the permissions of the files in them count too.

use super::{Applied, Plan};
use landlock::{
    ABI, Access, AccessFs, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus,
};
use rasman_phonebook::store::system_folder;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub(super) fn confine(plan: &Plan, applied: &mut Applied) {
    for folder in &plan.writable {
        if let Err(error) = make(folder) {
            applied.lack(format!("{} cannot be made ({error}), so nothing is kept there", folder.display()));
        }
    }
    match restrict(plan) {
        Ok(status) => tell(plan, &status, applied),
        Err(error) => applied.lack(format!("files are not confined ({error})")),
    }
}

fn make(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let machine = system_folder(|name| std::env::var_os(name));
    if folder.starts_with(&machine) && !machine.exists() {
        std::fs::create_dir(&machine)?;
        // Whatever our mask is: hidden, it would hide the phone book and the settings of all users from them.
        std::fs::set_permissions(&machine, std::fs::Permissions::from_mode(0o755))?;
        if folder == machine {
            return Ok(());
        }
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn restrict(plan: &Plan) -> Result<landlock::RestrictionStatus, RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        // Ports are left free: a dial connects to whatever port its entry names, and doors listen where it says.
        .scope(landlock::Scope::from_all(NEWEST))?
        .create()?;
    for path in SYSTEM.iter().map(Path::new).chain(plan.readable.iter().map(PathBuf::as_path)) {
        rules = allow(rules, path, read())?;
    }
    for path in trusted_authorities() {
        rules = allow(rules, &path, read())?;
    }
    if let Ok(program) = std::env::current_exe() {
        // Only read, for the names in a backtrace.
        rules = allow(rules, &program, read())?;
    }
    for path in &plan.writable {
        rules = allow(rules, path, write())?;
    }
    // Serial ports come and go below it, each time as another file. Which devices may be opened their permissions say,
    // and those of the service's unit.
    rules = allow(rules, Path::new("/dev"), read() | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev)?;
    if let Some(program) = &plan.program {
        let folders = EXECUTABLE.iter().map(PathBuf::from).chain(folders_of(program));
        for folder in folders {
            rules = allow(rules, &folder, read() | AccessFs::Execute)?;
        }
    }
    rules.restrict_self()
}

/// Adds a rule; what does not exist needs none.
fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, RulesetError> {
    let (Ok(metadata), Ok(fd)) = (std::fs::metadata(path), PathFd::new(path)) else { return Ok(rules) };
    let access = if metadata.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
    rules.add_rule(PathBeneath::new(fd, access))
}

fn read() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::ResolveUnix
}

fn write() -> BitFlags<AccessFs> {
    read()
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::MakeSock
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}

/// Where the environment says that the trusted authorities are, for those who keep them elsewhere.
fn trusted_authorities() -> impl Iterator<Item = PathBuf> {
    let file = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let folders = std::env::var_os("SSL_CERT_DIR").map(|folders| std::env::split_paths(&folders).collect::<Vec<_>>());
    file.into_iter().chain(folders.into_iter().flatten())
}

/// The folders in which a program is found.
fn folders_of(program: &Path) -> Vec<PathBuf> {
    if program.components().count() > 1 {
        return program.parent().map(Path::to_owned).into_iter().collect();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|folder| folder.is_absolute() && folder.join(program).is_file()).collect()
}

fn tell(plan: &Plan, status: &landlock::RestrictionStatus, applied: &mut Applied) {
    let abi = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } if status.ruleset != RulesetStatus::NotEnforced => {
            effective_abi
        }
        LandlockStatus::NotEnabled => return applied.lack("files are not confined: Landlock is not enabled at boot"),
        _ => return applied.lack("files are not confined: the kernel has no Landlock (Linux 5.13)"),
    };
    let programs = if plan.program.is_some() { "the system's and the credential command" } else { "none" };
    let more = plan.readable.iter().map(|path| format!(", {}", path.display())).collect::<String>();
    let writable: Vec<_> = plan.writable.iter().map(|path| path.display().to_string()).collect();
    let written = if writable.is_empty() { "nowhere".to_owned() } else { writable.join(", ") };
    applied.hold(format!("files read in the system's folders{more}, written in {written}"));
    applied.hold(format!("programs executed: {programs} (Landlock {})", abi as i32));
    if abi >= ABI::V6 {
        applied.hold("signals and abstract sockets reach only itself");
    }
    let since = [
        (ABI::V3, "cutting files short (Linux 6.2)"),
        (ABI::V5, "device controls (Linux 6.10)"),
        (ABI::V6, "signals and abstract sockets (Linux 6.12)"),
        (ABI::V9, "connecting to named sockets (Linux 7.1)"),
    ];
    let missing: Vec<&str> = since.into_iter().filter(|(since, _)| abi < *since).map(|(_, what)| what).collect();
    if !missing.is_empty() {
        applied.lack(format!("too new for this kernel: {}", missing.join(", ")));
    }
}

/// The newest rights that were looked at; newer ones may forbid what we need.
const NEWEST: ABI = ABI::V9;

/// What resolving names, trusting authorities and the C library read, on every distribution.
const SYSTEM: [&str; 18] = [
    // Whole: resolv.conf, hosts and the authorities are replaced by renaming.
    "/etc",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/gnu/store",
    // Sockets of resolvers, of the service manager and of the log; what resolv.conf is a link to.
    "/run",
    // Users that come from a directory service, and the authorities of some distributions.
    "/var/lib/sss",
    "/var/lib/extrausers",
    "/var/lib/ca-certificates",
    // What the process itself is: its threads, its namespaces, its limits.
    "/proc",
    // How many cores there are.
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/dev/urandom",
    "/dev/random",
];

/// From where a credential command and what it starts may be executed; nothing that we may write is among it.
const EXECUTABLE: [&str; 9] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/etc/alternatives"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_found_where_the_path_says() {
        assert_eq!(folders_of(Path::new("/opt/keys/bin/pass")), [PathBuf::from("/opt/keys/bin")]);
        let folders = folders_of(Path::new("sh"));
        assert!(!folders.is_empty() && folders.iter().all(|folder| folder.join("sh").is_file()), "{folders:?}");
        assert!(folders_of(Path::new("no-such-program-anywhere")).is_empty());
    }

    #[test]
    fn nothing_is_both_written_and_executed() {
        assert!((write() & AccessFs::Execute).is_empty() && (read() & AccessFs::Execute).is_empty());
        assert!((write() & (AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev)).is_empty());
    }
}

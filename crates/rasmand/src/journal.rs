//! The journal: what of the system was changed, so that the next manager can undo it if this one is killed.
//!
//! A network device goes with the process that made it, and its routes with it; rules of the routing policy stay. Each
//! is written down, and the file flushed, before the kernel is asked for it:
//!
//! ```text
//! rasman journal 1 4026531840         the network namespace
//! + rule 0 inside
//! + rule 0 outside 192.0.2.1/32
//! - rule 0 outside 192.0.2.1/32       it was removed
//! ```
//!
//! Every manager has a file of its own and holds a lock on it as long as it lives, so a file without a lock is what
//! somebody left behind. [`clean`] removes exactly the rules in it, as often as it is called; the rules of others, and
//! of managers that live, are not touched.

use rasman_net::tun::{Journal, Rule, remove_leftovers};
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Gives the folder of this user's journals.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/run/rasman/journal"));
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    runtime.map(|runtime| runtime.join("rasman/journal"))
}

/// A journal in a folder. The file is made with the first change.
pub struct FileJournal {
    folder: PathBuf,
    open: Mutex<Option<Open>>,
}

struct Open {
    path: PathBuf,
    /// Locked.
    file: File,
    /// What there is at present.
    rules: BTreeSet<Rule>,
}

impl FileJournal {
    /// Makes a journal; nothing is written yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, open: Mutex::new(None) }
    }
}

impl Journal for FileJournal {
    fn adding(&self, rule: &Rule) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match &mut *open {
            Some(open) => open,
            None => open.insert(Open::begin(&self.folder)?),
        };
        open.write(&format!("+ {rule}\n"))?;
        open.rules.insert(*rule);
        Ok(())
    }

    fn removed(&self, rule: &Rule) {
        let mut place = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = &mut *place else { return };
        open.rules.remove(rule);
        let written = if open.rules.is_empty() {
            // Nothing is left to be undone, so nothing grows.
            std::fs::remove_file(&open.path)
        } else {
            open.write(&format!("- {rule}\n"))
        };
        if open.rules.is_empty() {
            *place = None;
        }
        if let Err(error) = written {
            // Whoever cleans removes what is not there any more: no harm.
            tracing::debug!(%error, "the journal could not be written");
        }
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.take_if(|open| open.rules.is_empty()) {
            let _ = std::fs::remove_file(open.path);
        }
    }
}

impl Open {
    fn begin(folder: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let pid = std::process::id();
        for number in 0..FILES_MAX {
            let path = folder.join(format!("{pid}-{number}"));
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(NOFOLLOW).open(&path);
            let file = match made {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
                // Somebody cleans and takes it for a leftover.
                continue;
            }
            let mut open = Self { path, file, rules: BTreeSet::new() };
            open.write(&format!("{HEADER} {}\n", namespace()?))?;
            // The file itself has to be found again, too.
            File::open(folder)?.sync_all()?;
            // Somebody who cleaned meanwhile may have taken the file for a leftover, before it was locked.
            if open.path.metadata().is_ok_and(|there| open.file.metadata().is_ok_and(|ours| ours.ino() == there.ino()))
            {
                return Ok(open);
            }
        }
        Err(io::Error::other("the folder of the journal is full"))
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()
    }
}

/// Removes what managers that are no more left behind in this network namespace; tells how many rules there were.
///
/// # Errors
/// The folder cannot be read, or the kernel refused to remove something; it stays written down.
pub fn clean(folder: &Path) -> io::Result<usize> {
    let files = match std::fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut removed = 0;
    let mut result = Ok(());
    for file in files {
        match clean_file(&file?.path()) {
            Ok(count) => removed += count,
            Err(error) => result = Err(error),
        }
    }
    result.map(|()| removed)
}

fn clean_file(path: &Path) -> io::Result<usize> {
    let mut file = OpenOptions::new().read(true).write(true).custom_flags(NOFOLLOW).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return Ok(0);
    }
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        // Its manager lives.
        return Ok(0);
    }
    let mut text = String::new();
    file.rewind()?;
    (&file).take(JOURNAL_MAX).read_to_string(&mut text)?;
    let left = match left_over(&text, namespace()?) {
        Left::Rules(rules) => rules,
        Left::Elsewhere => return Ok(0),
    };
    if !left.is_empty() {
        remove_leftovers(&left)?;
        tracing::info!(rules = left.len(), "what a manager left behind was removed");
    }
    std::fs::remove_file(path)?;
    Ok(left.len())
}

#[derive(PartialEq, Eq, Debug)]
enum Left {
    Rules(BTreeSet<Rule>),
    /// In another network namespace, where we cannot reach it.
    Elsewhere,
}

/// Reads a journal. Its last line may be cut off: what it says was not done yet.
fn left_over(text: &str, here: u64) -> Left {
    let mut rules = BTreeSet::new();
    let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let namespace: Option<u64> =
        lines.next().and_then(|line| line.strip_prefix(HEADER)).and_then(|rest| rest.trim().parse().ok());
    match namespace {
        Some(namespace) if namespace == here => {}
        Some(_) => return Left::Elsewhere,
        // It was killed before it did anything.
        None => return Left::Rules(rules),
    }
    for line in lines {
        let Some((sign, rule)) = line.split_once(' ') else { continue };
        let Ok(rule) = rule.parse() else { continue };
        match sign {
            "+" => drop(rules.insert(rule)),
            "-" => drop(rules.remove(&rule)),
            _ => {}
        }
    }
    Left::Rules(rules)
}

/// Tells which network namespace this thread is in.
fn namespace() -> io::Result<u64> {
    Ok(std::fs::metadata("/proc/thread-self/ns/net")?.ino())
}

const HEADER: &str = "rasman journal 1";
/// More than a manager has lives.
const FILES_MAX: u32 = 10_000;
/// More than a manager writes before its last connection ends.
const JOURNAL_MAX: u64 = 64 << 20;
const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Folder;

    fn rule(text: &str) -> Rule {
        text.parse().unwrap()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
    }

    #[test]
    fn each_change_stands_in_the_file_before_it_is_made_and_the_file_goes_with_the_last() {
        let folder = Folder::new("journal");
        let folder = folder.path().join("deep/journal");
        let journal = FileJournal::new(folder.clone());
        assert!(!folder.exists(), "a manager that changes nothing writes nothing");
        let (inside, outside) = (rule("rule 0 inside"), rule("rule 0 outside 192.0.2.1/32"));
        journal.adding(&inside).unwrap();
        journal.adding(&outside).unwrap();
        let [file] = &files(&folder)[..] else { panic!("one file") };
        let text = std::fs::read_to_string(file).unwrap();
        let here = namespace().unwrap();
        assert_eq!(left_over(&text, here), Left::Rules([inside, outside].into()));
        assert_eq!(clean(&folder).unwrap(), 0, "its manager lives");
        assert!(file.exists());
        journal.removed(&outside);
        let text = std::fs::read_to_string(file).unwrap();
        assert_eq!(left_over(&text, here), Left::Rules([inside].into()));
        journal.removed(&inside);
        assert_eq!(files(&folder), [] as [PathBuf; 0]);
        journal.adding(&inside).unwrap();
        assert_eq!(files(&folder).len(), 1);
    }

    #[test]
    fn whatever_stands_in_a_file_only_our_rules_count() {
        let rules = |text: &str| left_over(text, 7);
        let header = "rasman journal 1 7\n";
        assert_eq!(rules(""), Left::Rules(BTreeSet::new()));
        assert_eq!(rules("rasman journal 1 8\n+ rule 0 local\n"), Left::Elsewhere);
        assert_eq!(rules("rasman journal 2 7\n+ rule 0 local\n"), Left::Rules(BTreeSet::new()));
        let cut = format!("{header}+ rule 1 inside\n+ rule 1 loc");
        assert_eq!(rules(&cut), Left::Rules([rule("rule 1 inside")].into()));
        let odd = format!("{header}\n+\n+ \n* rule 1 local\n+ rule 5000 local\n- rule 3 local\n+ rule 3 local\n\0\n");
        assert_eq!(rules(&odd), Left::Rules([rule("rule 3 local")].into()));
    }

    #[test]
    fn files_without_rules_and_those_of_other_namespaces() {
        let folder = Folder::new("journal-files");
        assert_eq!(clean(&folder.path().join("missing")).unwrap(), 0);
        std::fs::write(folder.path().join("1-0"), "").unwrap();
        std::fs::write(folder.path().join("2-0"), "rasman journal 1 1\n+ rule 0 local\n").unwrap();
        assert_eq!(clean(folder.path()).unwrap(), 0);
        assert_eq!(files(folder.path()), [folder.path().join("2-0")]);
    }

    #[test]
    fn a_journal_that_cannot_be_written_refuses_the_change() {
        let journal = FileJournal::new(PathBuf::from("/proc/none/journal"));
        assert!(journal.adding(&rule("rule 0 inside")).is_err());
        journal.removed(&rule("rule 0 inside"));
    }
}

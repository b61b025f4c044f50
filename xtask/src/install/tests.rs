//! Installing and removing, with a stand-in for the program that was built.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{LIST, install, remove};

/// A folder of a test's own, which is removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("xtask-{test}-{}", std::process::id()));
        fs::create_dir_all(folder.join("usr/share/man/man1")).unwrap();
        let stand_in = folder.join("built");
        fs::write(&stand_in, PROGRAM).unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn root(&self) -> PathBuf {
        self.0.join("usr")
    }

    fn install(&self) -> usize {
        install(&self.0.join("built"), Path::new("/opt/ras"), self.root()).unwrap()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_is_installed_works_from_its_prefix_and_is_removed_without_a_trace() {
    let folder = Folder::new("install");
    // Of another program.
    fs::write(folder.root().join("share/man/man1/ls.1"), "ls").unwrap();
    let installed = folder.install();
    assert_eq!(folder.read(LIST).lines().count(), installed);
    let mode = |path: &str| fs::metadata(folder.root().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("bin/rasmand"), mode("share/man/man1/rasctl.1")), (0o755, 0o644));
    assert_eq!(folder.read("share/bash-completion/completions/rasctl"), "for bash\n");
    for unit in ["lib/systemd/system/rasman.service", "lib/systemd/user/rasman.service"] {
        let unit = folder.read(unit);
        assert!(unit.contains("ExecStart=/opt/ras/bin/rasmand") && !unit.contains("/usr/bin/rasmand"), "{unit}");
    }
    assert_eq!(remove::remove(&folder.root()).unwrap(), installed);
    let left: Vec<_> = fs::read_dir(folder.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((left, folder.read("share/man/man1/ls.1")), (vec!["share".into()], "ls".to_owned()));
}

#[test]
fn what_an_earlier_version_installed_is_removed_with_the_later_one() {
    let folder = Folder::new("reinstall");
    let installed = folder.install();
    let old = folder.root().join("share/man/man1/rasctl-former.1");
    fs::write(&old, "").unwrap();
    fs::write(folder.root().join(LIST), folder.read(LIST) + "share/man/man1/rasctl-former.1\n").unwrap();
    assert_eq!(folder.install(), installed);
    assert_eq!(remove::remove(&folder.root()).unwrap(), installed + 1);
    assert!(!old.exists());
}

#[test]
fn a_removal_where_nothing_is_or_that_leads_out_changes_nothing() {
    let folder = Folder::new("refuse");
    let error = remove::remove(&folder.root()).unwrap_err();
    assert!(error.contains("--prefix"), "{error}");
    let installed = folder.install();
    let list = folder.read(LIST);
    for outside in ["../built", "/etc/passwd", "", "bin/../../built"] {
        fs::write(folder.root().join(LIST), format!("{list}{outside}\n")).unwrap();
        let error = remove::remove(&folder.root()).unwrap_err();
        assert!(error.contains("no path below"), "{error}");
    }
    assert!(folder.0.join("built").exists() && folder.root().join("bin/rasctl").exists());
    fs::write(folder.root().join(LIST), list).unwrap();
    assert_eq!(remove::remove(&folder.root()).unwrap(), installed);
}

const PROGRAM: &str = "\
#!/bin/sh
case $1 in
man) mkdir -p \"$2\" && echo page >\"$2/rasctl.1\" && echo page >\"$2/rasdial.1\" ;;
completions) echo for \"$2\" ;;
esac
";

//! seccomp: system calls that a manager never makes, and that lead far into the kernel.
//!
//! A list of what is denied, not of what is allowed: the C library, its resolver modules and the runtime change the
//! calls that they make with every release, and a manager that dies of an update is worse than a call too many. What
//! is denied fails with EPERM, as it would for want of a capability; a program that tries it goes on.
//!
//! The calls go by their names, which the compiler of the filter knows for each architecture.

use super::{Applied, Plan, Scope};
use seccompiler::{BpfProgram, TargetArch, apply_filter, compile_from_json, sock_filter};
use serde_json::{Value, json};

pub(super) fn filter(plan: &Plan, applied: &mut Applied) {
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return applied.lack(format!("system calls are not filtered: {} has no filter", std::env::consts::ARCH));
    };
    let programs = match programs(plan, arch) {
        Ok(programs) => programs,
        Err(error) => return applied.lack(format!("system calls are not filtered ({error})")),
    };
    for program in &programs {
        if let Err(error) = apply_filter(program) {
            return applied.lack(format!("system calls are not filtered ({error}; CONFIG_SECCOMP_FILTER)"));
        }
    }
    applied.hold(format!("{} system calls denied (seccomp)", names(plan, arch).count()));
}

/// The filters, in any order: the kernel asks all of them.
fn programs(plan: &Plan, arch: TargetArch) -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let text = document(plan, arch).to_string();
    let mut programs: Vec<BpfProgram> = compile_from_json(text.as_bytes(), arch)?.into_values().collect();
    programs.push(only_native_numbers());
    Ok(programs)
}

fn document(plan: &Plan, arch: TargetArch) -> Value {
    let mut rules: Vec<Value> = names(plan, arch).map(|name| json!({ "syscall": name })).collect();
    rules.extend(NAMESPACES.map(|flag| conditional("clone", &[(0, json!({ "masked_eq": flag }), flag)])));
    rules.extend(TERMINAL_CONTROLS.map(|control| conditional("ioctl", &[(1, json!("eq"), control)])));
    let others = |families: &[u64]| -> Vec<_> { families.iter().map(|family| (0, json!("ne"), *family)).collect() };
    rules.push(conditional("socket", &others(families(plan.scope))));
    rules.push(conditional("socketpair", &others(&[AF_UNIX])));
    json!({
        "forbidden": { "mismatch_action": "allow", "match_action": { "errno": EPERM }, "filter": rules },
        // Its flags are in memory, where a filter does not see them; the C library then uses clone, whose are.
        "unknown": { "mismatch_action": "allow", "match_action": { "errno": ENOSYS },
                     "filter": [{ "syscall": "clone3" }] },
    })
}

fn conditional(name: &str, conditions: &[(u8, Value, u64)]) -> Value {
    let condition = |(index, op, value): &(u8, Value, u64)| {
        // All arguments compared here are ints to the kernel, whatever is in the upper half.
        json!({ "index": index, "type": "dword", "op": op, "val": value })
    };
    json!({ "syscall": name, "args": conditions.iter().map(condition).collect::<Vec<_>>() })
}

fn names(plan: &Plan, arch: TargetArch) -> impl Iterator<Item = &'static str> {
    let only_x86 = if arch == TargetArch::x86_64 { &X86_64[..] } else { &[] };
    let keys = if plan.keyring { &[][..] } else { &KEYS };
    let execution = if plan.program.is_some() { &[][..] } else { &EXECUTION };
    DENIED.iter().chain(only_x86).chain(keys).chain(execution).copied()
}

fn families(scope: Scope) -> &'static [u64] {
    match scope {
        Scope::System => &[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET],
        // The resolver asks the kernel for addresses by netlink.
        Scope::User => &[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK],
    }
}

/// Denies the second set of numbers that x86-64 kernels may have for the same calls (x32), which names do not cover.
fn only_native_numbers() -> BpfProgram {
    const LOAD: u16 = 0x20;
    const JUMP_IF_GREATER_OR_EQUAL: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    const X32_BIT: u32 = 0x4000_0000;
    vec![
        sock_filter { code: LOAD, jt: 0, jf: 0, k: 0 },
        sock_filter { code: JUMP_IF_GREATER_OR_EQUAL, jt: 0, jf: 1, k: X32_BIT },
        sock_filter { code: RETURN, jt: 0, jf: 0, k: ERRNO | ENOSYS },
        sock_filter { code: RETURN, jt: 0, jf: 0, k: ALLOW },
    ]
}

const DENIED: [&str; 54] = [
    // Other processes.
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "pidfd_getfd",
    "migrate_pages",
    "move_pages",
    // The kernel itself, and the machine.
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "bpf",
    "perf_event_open",
    "lookup_dcookie",
    "nfsservctl",
    "syslog",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "quotactl_fd",
    "vhangup",
    "personality",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    // Mounts and namespaces.
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "unshare",
    "setns",
    // Files behind the back of paths.
    "open_by_handle_at",
    "fanotify_init",
    "mknodat",
    // Much kernel for little.
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "remap_file_pages",
    "set_mempolicy",
];
const X86_64: [&str; 9] =
    ["iopl", "ioperm", "modify_ldt", "uselib", "ustat", "sysfs", "_sysctl", "create_module", "mknod"];
const KEYS: [&str; 3] = ["add_key", "request_key", "keyctl"];
const EXECUTION: [&str; 2] = ["execve", "execveat"];

/// The flags of clone that make a namespace: mount, cgroup, names, IPC, users, processes, network.
const NAMESPACES: [u64; 7] = [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];
/// TIOCSTI and TIOCLINUX type into the terminal that somebody started us from.
const TERMINAL_CONTROLS: [u64; 2] = [0x5412, 0x541c];

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_NETLINK: u64 = 16;
const AF_PACKET: u64 = 17;
const EPERM: u32 = 1;
const ENOSYS: u32 = 38;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;

    #[test]
    fn filters_compile_for_every_architecture_and_plan() {
        for arch in [TargetArch::x86_64, TargetArch::aarch64] {
            for scope in [Scope::System, Scope::User] {
                let mut plan = Plan::new(scope, &Configuration::default());
                for (program, keyring) in [(None, false), (Some("pass".into()), true)] {
                    (plan.program, plan.keyring) = (program, keyring);
                    let programs = programs(&plan, arch).unwrap();
                    assert_eq!(programs.len(), 3);
                    assert!(programs.iter().all(|program| program.len() < 1000));
                }
            }
        }
    }

    #[test]
    fn keys_and_execution_are_allowed_to_whoever_needs_them() {
        let mut plan = Plan::new(Scope::User, &Configuration::default());
        let denied = |plan: &Plan, name: &str| names(plan, TargetArch::x86_64).any(|denied| denied == name);
        assert!(denied(&plan, "keyctl") && denied(&plan, "execve") && denied(&plan, "iopl"));
        (plan.program, plan.keyring) = (Some("pass".into()), true);
        assert!(!denied(&plan, "keyctl") && !denied(&plan, "execve") && denied(&plan, "ptrace"));
        assert!(!names(&plan, TargetArch::aarch64).any(|name| name == "iopl"));
    }
}

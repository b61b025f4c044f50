//! Capabilities: two for the system's manager, none for a user's.

use super::{Applied, Plan, Scope};
use rustix::io::Errno;
use rustix::process::geteuid;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities,
};

pub(super) fn give_up(plan: &Plan, applied: &mut Applied) {
    // First, while there is the capability that this takes.
    match empty_bounding_set() {
        Ok(()) => applied.hold("no capability for programs it starts"),
        // Without new privileges the set says nothing more, but for root.
        Err(_) if !geteuid().is_root() => {}
        Err(errno) => applied.lack(format!("programs it starts may have capabilities ({errno})")),
    }
    match keep(wanted(plan.scope)) {
        Ok(kept) => {
            applied.hold(format!("capabilities: {}", names(kept)));
            let missing = wanted(plan.scope) - kept;
            if !missing.is_empty() {
                applied.lack(format!("{} was not given, so network interfaces cannot be made", names(missing)));
            }
        }
        Err(errno) => applied.lack(format!("capabilities stay as they were ({errno})")),
    }
}

/// Interfaces, routes and names are the former's; GRE and PPPoE need the latter.
fn wanted(scope: Scope) -> CapabilitySet {
    match scope {
        Scope::System => CapabilitySet::NET_ADMIN | CapabilitySet::NET_RAW,
        Scope::User => CapabilitySet::empty(),
    }
}

fn empty_bounding_set() -> rustix::io::Result<()> {
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match capability_is_in_bounding_set(capability) {
            Ok(true) => remove_capability_from_bounding_set(capability)?,
            Ok(false) => {}
            // Beyond the last one that the kernel knows.
            Err(Errno::INVAL) => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn keep(wanted: CapabilitySet) -> rustix::io::Result<CapabilitySet> {
    match clear_ambient_capability_set() {
        // Kernels before 4.3 have no such set.
        Ok(()) | Err(Errno::INVAL) => {}
        Err(errno) => return Err(errno),
    }
    let kept = capabilities(None)?.permitted & wanted;
    set_capabilities(None, CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() })?;
    Ok(kept)
}

fn names(set: CapabilitySet) -> String {
    if set.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<String> = set.iter_names().map(|(name, _)| format!("CAP_{name}")).collect();
    names.join(" and ")
}

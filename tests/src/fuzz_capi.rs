//! The body of the fuzz target for the C library: all its functions, with whatever a caller could give them.

use rasman::{Entry, Manager, Medium};
use std::sync::OnceLock;

/// Calls of exported functions with memory of any content, size and alignment between guards.
pub fn capi_calls(data: &[u8]) {
    static MANAGER: OnceLock<Manager> = OnceLock::new();
    MANAGER.get_or_init(|| {
        // Nobody listens there, so dials end soon.
        let mut entry = Entry::sstp("a", "127.0.0.1");
        if let Medium::Sstp(sstp) = &mut entry.medium {
            sstp.port = 1;
        }
        let modems = Some(Vec::new());
        let settings = rasmand::Settings { entries: vec![entry], workers: 1, modems, ..Default::default() };
        let manager = rasmand::embedded(settings).expect("the manager starts");
        rasapi32::fuzzing::use_manager(&manager);
        manager
    });
    rasapi32::fuzzing::run(data);
}

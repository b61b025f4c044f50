//! Running futures, and the signals that end a program.

use crate::failure::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs a future on this thread alone.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(|error| Failure::system("starting", &error))?.block_on(future))
}

/// The signals that ask a program to end.
pub(crate) struct Ending {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal was closed; not where somebody (nohup) had it ignored.
    hang_up: Option<Signal>,
}

impl Ending {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let broken = |error: std::io::Error| Failure::system("listening to signals", &error);
        let ignored = is_ignored(HANG_UP);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(broken)?,
            terminate: signal(SignalKind::terminate()).map_err(broken)?,
            hang_up: if ignored { None } else { Some(signal(SignalKind::hangup()).map_err(broken)?) },
        })
    }

    /// Waits for one of them. Cancel-safe.
    pub(crate) async fn wait(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = hang_up => {}
        }
    }
}

/// Asks the kernel's table whether a signal is ignored.
fn is_ignored(signal: u32) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

const HANG_UP: u32 = 1;

//! Characters that look otherwise from some octet on.

use rasman_core::CharacterFormat;
use rustix::fd::AsFd;
use tokio::sync::watch;

/// A format that a terminal device takes once what was queued before it has left.
pub(super) struct Reformat {
    pub(super) format: CharacterFormat,
    /// How many octets of the queue go before it.
    pub(super) behind: usize,
    /// Closed once what the device itself holds has left.
    draining: Option<watch::Receiver<()>>,
}

impl Reformat {
    pub(super) fn new(format: CharacterFormat, behind: usize) -> Self {
        Self { format, behind, draining: None }
    }

    /// Tells whether its moment has come. The device is waited for on a thread of its own, as a line that is stopped (flow
    /// control) may take for ever; whoever flushes the device ends that.
    pub(super) fn is_due(&mut self, device: impl AsFd) -> bool {
        if self.behind > 0 {
            return false;
        }
        let draining = self.draining.get_or_insert_with(|| {
            let (drained, draining) = watch::channel(());
            // Without another descriptor nothing can be waited for; the format is worth more than what is cut by it.
            if let Ok(device) = device.as_fd().try_clone_to_owned() {
                tokio::task::spawn_blocking(move || {
                    let _ = rustix::termios::tcdrain(&device);
                    drop(drained);
                });
            }
            draining
        });
        draining.has_changed().is_err()
    }

    /// Tells whether the device is being waited for.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.as_ref().is_some_and(|draining| draining.has_changed().is_ok())
    }

    /// Waits for it, if it is. Cancel-safe.
    pub(super) async fn drained(&self) {
        if let Some(draining) = &self.draining {
            while draining.clone().changed().await.is_ok() {}
        }
    }
}

//! A layer under test and what came out of it.

use rasman_core::{Batch, DropReason, Input, Instant, Layer};

/// One layer, and everything that it told and delivered so far.
pub struct Side<L: Layer> {
    /// The layer.
    pub layer: L,
    /// Its events, oldest first.
    pub events: Vec<L::Event>,
    /// The payloads that it delivered, oldest first.
    pub received: Vec<Vec<u8>>,
    /// Why it discarded something, oldest first.
    pub dropped: Vec<DropReason>,
    /// Bytes of a stream that the layer did not take yet.
    unread: Vec<u8>,
    /// The most of them at any time.
    pub unread_peak: usize,
}

impl<L: Layer> Side<L> {
    /// The most bytes that a stream layer may leave unread while it waits for more.
    pub const UNREAD_MAX: usize = 64 * 1024;

    pub(crate) fn new(layer: L) -> Self {
        Self {
            layer,
            events: Vec::new(),
            received: Vec::new(),
            dropped: Vec::new(),
            unread: Vec::new(),
            unread_peak: 0,
        }
    }

    /// Hands over one frame, which the layer must take as a whole.
    pub(crate) fn datagram(&mut self, now: Instant, mut frame: Vec<u8>) {
        let outcome = self.layer.handle_input(now, &mut frame);
        let used = self.record(outcome, &frame);
        assert_eq!(used.unwrap_or(frame.len()), frame.len(), "a datagram layer uses the whole input at once");
    }

    /// Hands over further bytes of the stream, and again what the layer left unread.
    ///
    /// # Panics
    /// If the layer breaks the contract of `handle_input`, or leaves more than [`Self::UNREAD_MAX`] bytes unread.
    pub(crate) fn stream(&mut self, now: Instant, bytes: &[u8]) {
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let mut at = 0;
        while at < unread.len() {
            let outcome = self.layer.handle_input(now, &mut unread[at..]);
            let Some(used) = self.record(outcome, &unread[at..]) else { break };
            assert!(0 < used && used <= unread.len() - at, "the layer says it used {used} of {}", unread.len() - at);
            at += used;
        }
        unread.drain(..at);
        assert!(unread.len() <= Self::UNREAD_MAX, "the layer wants more than {} unread bytes", Self::UNREAD_MAX);
        self.unread_peak = self.unread_peak.max(unread.len());
        self.unread = unread;
    }

    /// Notes what became of the input; gives how much was used.
    fn record(&mut self, outcome: Input, input: &[u8]) -> Option<usize> {
        match outcome {
            Input::Payload { range, used } => {
                assert!(range.end <= used, "the payload {range:?} lies outside of the {used} bytes used");
                self.received.push(input[range].to_vec());
                Some(used)
            }
            Input::Rebuilt { used } => {
                self.received.push(self.layer.rebuilt().to_vec());
                Some(used)
            }
            Input::Consumed { used } => Some(used),
            Input::NeedMore => None,
            Input::Dropped { used, reason } => {
                self.dropped.push(reason);
                Some(used)
            }
        }
    }

    /// Takes what the layer sends and tells, until it has no more.
    ///
    /// # Panics
    /// If the layer does not stop.
    pub(crate) fn drain(&mut self, now: Instant, out: &mut Batch) {
        for _ in 0..DRAIN_MAX {
            let sent = self.layer.poll_transmit(now, out);
            let event = self.layer.poll_event();
            let quiet = !sent && event.is_none();
            self.events.extend(event);
            if quiet {
                return;
            }
        }
        panic!("the layer still sends or tells after {DRAIN_MAX} polls");
    }
}

/// The most polls in a row that may bring something.
const DRAIN_MAX: usize = 10_000;

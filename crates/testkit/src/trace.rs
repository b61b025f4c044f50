//! One layer against a script, in virtual time.

use crate::Side;
use rasman_core::{Batch, Instant, Layer, hex};

/// One layer against a script in virtual time: at this millisecond this comes in, and exactly that goes out.
///
/// Timeouts happen on their own at their deadlines, so `t.at(2_999).sends_nothing(); t.at(3_000).sends([..])` pins a
/// deadline to the millisecond. Input counts as a stream: what the layer leaves unread is offered again.
pub struct Trace<L: Layer> {
    side: Side<L>,
    now: Instant,
    sent: Vec<Vec<u8>>,
    batch: Batch,
}

impl<L: Layer> Trace<L> {
    /// Starts at time 0.
    #[must_use]
    pub fn new(layer: L) -> Self {
        Self { side: Side::new(layer), now: Instant::ZERO, sent: Vec::new(), batch: Batch::new() }
    }

    /// Moves the time to `millis`, with every timeout on the way at its own deadline.
    ///
    /// # Panics
    /// If the time would go back, or a timeout comes due again and again.
    #[track_caller]
    pub fn at(&mut self, millis: u64) -> &mut Self {
        let to = Instant::from_millis(millis);
        assert!(self.now <= to, "the time is {:?} already", self.now);
        for _ in 0..1_000_000 {
            self.drain();
            let Some(timeout) = self.side.layer.poll_timeout().filter(|t| t.at <= to) else {
                self.now = to;
                return self;
            };
            self.now = self.now.max(timeout.at);
            self.side.layer.handle_timeout(self.now);
        }
        panic!("timeouts do not end before {to:?}");
    }

    /// Gives the layer a command.
    pub fn call(&mut self, command: impl FnOnce(&mut L, Instant)) -> &mut Self {
        command(&mut self.side.layer, self.now);
        self.drain();
        self
    }

    /// Lets bytes arrive.
    pub fn receives(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.side.stream(self.now, bytes.as_ref());
        self.drain();
        self
    }

    /// Checks the frames that were sent since the last check.
    ///
    /// # Panics
    /// If they differ.
    #[track_caller]
    pub fn sends<F: AsRef<[u8]>>(&mut self, frames: impl IntoIterator<Item = F>) -> &mut Self {
        let expected: Vec<String> = frames.into_iter().map(|f| hex::encode(f.as_ref())).collect();
        let sent: Vec<String> = self.sent.drain(..).map(|f| hex::encode(&f)).collect();
        assert_eq!(sent, expected, "frames sent until {:?}", self.now);
        self
    }

    /// Checks that nothing was sent since the last check.
    ///
    /// # Panics
    /// If something was.
    #[track_caller]
    pub fn sends_nothing(&mut self) -> &mut Self {
        self.sends::<&[u8]>([])
    }

    /// Takes the frames that were sent since the last check.
    pub fn take_sent(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.sent)
    }

    /// Takes the events since the last call.
    pub fn take_events(&mut self) -> Vec<L::Event> {
        std::mem::take(&mut self.side.events)
    }

    /// Takes the payloads delivered since the last call.
    pub fn take_received(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.side.received)
    }

    /// Gives the layer and what came out of it.
    pub fn side(&mut self) -> &mut Side<L> {
        &mut self.side
    }

    /// Tells the time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    fn drain(&mut self) {
        self.side.drain(self.now, &mut self.batch);
        self.sent.extend(self.batch.frames().map(<[u8]>::to_vec));
        self.batch.clear();
    }
}

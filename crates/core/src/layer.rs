//! What every protocol layer looks like.

use crate::{Batch, Instant, Timeout};
use core::ops::Range;

/// One layer of a protocol stack. Nothing here performs I/O.
///
/// The driver calls `handle_*` with what came from the wire or from time, and then drains: `poll_transmit` until it
/// returns false, `poll_event` until it returns `None`, then reads `poll_timeout`. Calling any of them early or
/// needlessly is harmless. A `poll_timeout` answer holds until the next `handle_*` call or command.
///
/// Layers are stacked by a struct for each composition, with no callbacks up or down.
pub trait Layer {
    /// What the layer tells whoever composes it.
    type Event;

    /// Takes the front of `input`, which may be rewritten in place (decryption, unescaping).
    ///
    /// A stream may hold part of a frame or many frames: after anything but [`Input::NeedMore`] call again with the
    /// bytes behind `used`. A datagram layer uses the whole input at once.
    fn handle_input(&mut self, now: Instant, input: &mut [u8]) -> Input;

    /// Gives the packet that the last [`Input::Rebuilt`] told of; nothing of a layer whose packets stand in its input.
    fn rebuilt(&mut self) -> &mut [u8] {
        &mut []
    }

    /// Appends the frames that carry the packet `header` followed by `payload`.
    ///
    /// The packet comes in two parts so that an upper layer can put its header before a payload that it does not
    /// own, without a copy.
    ///
    /// # Errors
    /// The reason why the packet cannot be sent now; `out` is then unchanged.
    fn encap(&mut self, now: Instant, header: &[u8], payload: &[u8], out: &mut Batch) -> Result<(), DropReason>;

    /// Appends the frames that carry `header` followed by `len` bytes, which `fill` writes straight to their place where
    /// the layer's framing leaves bytes as they are.
    ///
    /// # Errors
    /// As [`encap`](Self::encap); `fill` may not have been called then.
    fn encap_with(
        &mut self,
        now: Instant,
        header: &[u8],
        len: usize,
        fill: &mut dyn FnMut(&mut [u8]),
        out: &mut Batch,
    ) -> Result<(), DropReason> {
        let mut payload = vec![0; len];
        fill(&mut payload);
        self.encap(now, header, &payload, out)
    }

    /// Does what is due by `now`.
    fn handle_timeout(&mut self, now: Instant);

    /// Appends the layer's own packets; returns whether it appended any.
    #[must_use]
    fn poll_transmit(&mut self, now: Instant, out: &mut Batch) -> bool;

    /// Takes the next event.
    #[must_use]
    fn poll_event(&mut self) -> Option<Self::Event>;

    /// Tells when `handle_timeout` is wanted next.
    #[must_use]
    fn poll_timeout(&self) -> Option<Timeout>;
}

/// What became of the front of an input.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Input {
    /// A packet for the layer above stands at `range`; the first `used` bytes are done.
    Payload {
        /// Where the packet stands in the input.
        range: Range<usize>,
        /// How many bytes, headers included, this packet took.
        used: usize,
    },
    /// A packet for the layer above that is longer than what carried it: [`Layer::rebuilt`] has it until the next call.
    /// The first `used` bytes are done.
    Rebuilt {
        /// How many bytes are done.
        used: usize,
    },
    /// The layer took the first `used` bytes for itself.
    Consumed {
        /// How many bytes are done.
        used: usize,
    },
    /// The input does not hold a whole frame yet; call again when more has come. Nothing was taken.
    NeedMore,
    /// The first `used` bytes were discarded.
    Dropped {
        /// How many bytes are done.
        used: usize,
        /// Why.
        reason: DropReason,
    },
}

/// Why a packet was discarded: counted and traced, never shown to people.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DropReason {
    /// The bytes do not form a packet.
    Malformed(&'static str),
    /// A well-formed packet that has no meaning in the present state.
    Unexpected(&'static str),
    /// A packet that is larger than the peer or the carrier takes.
    TooLarge,
    /// The layer is not up.
    NotUp,
    /// A bounded queue is full.
    QueueFull,
}

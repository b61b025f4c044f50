//! IP packets become frames of PPP, and those of the link.

use super::Answering;
use rasman_core::{Batch, DropReason, Instant, Layer};
use rasman_ppp::Ppp;

/// Writes an IP packet: copied once, or in `frames` first where PPP encrypts or compresses.
pub(super) fn encap(
    link: &mut dyn Answering,
    ppp: &mut Ppp,
    now: Instant,
    packet: &[u8],
    frames: &mut Batch,
    out: &mut Batch,
) -> Result<(), DropReason> {
    let shape = (packet.first().copied().unwrap_or(0), packet.len());
    encap_with(link, ppp, now, shape, &mut |space| space.copy_from_slice(packet), frames, out)
}

/// Writes an IP packet of this first byte and length.
pub(super) fn encap_with(
    link: &mut dyn Answering,
    ppp: &mut Ppp,
    now: Instant,
    (first, length): (u8, usize),
    write: &mut dyn FnMut(&mut [u8]),
    frames: &mut Batch,
    out: &mut Batch,
) -> Result<(), DropReason> {
    if let Some(header) = ppp.clear_header(first, length)? {
        return link.encap_with(now, header.as_bytes(), length, write, out);
    }
    let mut packet = vec![0; length];
    write(&mut packet);
    ppp.encap(now, &[], &packet, frames)?;
    let sent = frames.frames().try_for_each(|frame| link.encap(now, &[], frame, out));
    frames.clear();
    sent
}

/// A frame that does not go is lost like any other: the peer or the layer above repeats it.
pub(super) fn dropped(sent: Result<(), DropReason>) {
    if let Err(reason) = sent {
        tracing::trace!(?reason, "a frame was dropped");
    }
}

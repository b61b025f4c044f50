//! Moves bytes between a port and a stack of layers.

use crate::buffers;
use crate::port::PortStream;
use crate::stack::Stack;
use crate::tls::{End, Received};
use crate::tun::Tun;
use rasman_core::{Batch, Cause, Code, Input, Instant, LayerName};

/// A port with the buffers between it and the layers above. Both halves, dialling and answering, use it.
///
/// ```text
/// port --try_read--> plain --take--> layers --Payload--> deliver
/// port <---queue---- out <--encap--- layers <--sink----- user-space stack
/// ```
pub struct Pump {
    port: PortStream,
    /// Plaintext not yet taken, from `start` on.
    plain: Vec<u8>,
    start: usize,
    /// Frames on their way out; reused.
    out: Batch,
}

impl Pump {
    /// Takes a port over.
    #[must_use]
    pub fn new(port: impl Into<PortStream>) -> Self {
        Self { port: port.into(), plain: Vec::new(), start: 0, out: Batch::new() }
    }

    /// Gives the port, to wait for it and to read its facts.
    #[must_use]
    pub fn port(&self) -> &PortStream {
        &self.port
    }

    /// Gives the port, to do something to its lines.
    pub fn port_mut(&mut self) -> &mut PortStream {
        &mut self.port
    }

    /// Waits until there is something to [receive](Self::receive) or to [write](Self::write). Cancel-safe.
    pub async fn ready(&self) {
        // The errors of both come again from reading and writing, with a cause.
        tokio::select! {
            _ = self.port.readable() => {}
            _ = self.port.writable(), if self.port.pending() > 0 => {}
        }
    }

    /// Reads what has come and hands it to `take` frame by frame; `deliver` gets the packets inside, those that are not
    /// ([`Input::Rebuilt`]) from `take` itself.
    ///
    /// # Errors
    /// The port broke, or the peer sent a frame that never ends.
    pub fn receive(
        &mut self,
        mut take: impl FnMut(&mut [u8], &mut dyn FnMut(&mut [u8])) -> Input,
        mut deliver: impl FnMut(&mut [u8]),
    ) -> Result<Option<End>, Cause> {
        if self.plain.is_empty() {
            self.plain = buffers::take_vector();
        }
        let received = self.port.try_read(&mut self.plain)?;
        while self.start < self.plain.len() {
            let input = &mut self.plain[self.start..];
            let used = match take(input, &mut deliver) {
                Input::Payload { range, used } => {
                    deliver(&mut input[range]);
                    used
                }
                Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => used,
                Input::NeedMore => break,
            };
            // A layer that takes nothing would be asked for ever: its frame is as good as incomplete.
            if used == 0 {
                break;
            }
            self.start = (self.start + used).min(self.plain.len());
        }
        self.compact()?;
        match received {
            Received::Bytes(_) => Ok(None),
            Received::End(end) => Ok(Some(end)),
        }
    }

    /// Gives the batch that the next [`send`](Self::send) sends.
    pub fn out(&mut self) -> &mut Batch {
        if self.out.capacity() == 0 {
            self.out = buffers::take_batch();
        }
        &mut self.out
    }

    /// Tells how many bytes are in it.
    #[must_use]
    pub fn out_len(&self) -> usize {
        self.out.byte_len()
    }

    /// Queues what is in the batch.
    ///
    /// # Errors
    /// The port broke.
    pub fn send(&mut self) -> Result<(), Cause> {
        if self.out.is_empty() {
            return Ok(());
        }
        let queued = self.port.queue(self.out.as_bytes());
        buffers::give_batch(std::mem::take(&mut self.out));
        queued
    }

    /// Lets the stack send as long as the port has room; `encap` gets the first byte and the length of each packet and what
    /// writes it, and appends the packet's frames to the batch.
    ///
    /// # Errors
    /// The port broke.
    pub fn send_from(
        &mut self,
        now: Instant,
        stack: &mut Stack,
        mut encap: impl FnMut(u8, usize, &mut dyn FnMut(&mut [u8]), &mut Batch),
    ) -> Result<(), Cause> {
        loop {
            let room = self.port.send_room().min(RECORD_BATCH);
            if room == 0 {
                return Ok(());
            }
            let out = self.out();
            let polled = stack.poll_into(now, room, |first, length, write| encap(first, length, write, out));
            self.send()?;
            if !polled.more || polled.packets == 0 {
                return Ok(());
            }
        }
    }

    /// Sends what comes out of a device, as long as the port has room; then its queue fills, and the kernel drops.
    ///
    /// Many small packets make one record; what is alone goes at once. `encap` is as for [`send_from`](Self::send_from).
    ///
    /// # Errors
    /// The port broke.
    pub fn send_from_device(
        &mut self,
        tun: &mut Tun,
        mut encap: impl FnMut(u8, usize, &mut dyn FnMut(&mut [u8]), &mut Batch),
    ) -> Result<(), Cause> {
        for _ in 0..READS_AT_ONCE {
            if !self.port.has_room_for(self.out.byte_len() + SUPER_PACKET) {
                break;
            }
            let out = self.out();
            if !tun.receive(|first, length, write| encap(first, length, write, out)) {
                break;
            }
        }
        self.send()
    }

    /// Tells whether a device may be read.
    #[must_use]
    pub fn has_room_for_device(&self) -> bool {
        self.port.has_room_for(SUPER_PACKET)
    }

    /// Writes what TCP takes now.
    ///
    /// # Errors
    /// The port broke.
    pub fn write(&mut self) -> Result<(), Cause> {
        if self.port.pending() > 0 {
            self.port.try_write()?;
        }
        Ok(())
    }

    /// Says goodbye and closes; drop the future to close without.
    ///
    /// # Errors
    /// The port broke.
    pub async fn close(mut self) -> Result<(), Cause> {
        self.port.close().await
    }

    /// Moves an incomplete frame to the front of the buffer.
    fn compact(&mut self) -> Result<(), Cause> {
        let rest = self.plain.len() - self.start;
        if rest > FRAME_MAX {
            return Err(Cause::new(Code::VPN_REFUSED, LayerName::Sstp)
                .did(format!("read {rest} bytes without finding the end of a frame"))
                .advice("check that the server offers SSTP on this port"));
        }
        if rest == 0 {
            self.start = 0;
            buffers::give_vector(std::mem::take(&mut self.plain));
        } else if self.start > 0 {
            self.plain.copy_within(self.start.., 0);
            self.plain.truncate(rest);
            self.start = 0;
        }
        Ok(())
    }
}

/// More than any frame of a medium or HTTP header may have.
const FRAME_MAX: usize = 64 * 1024;
/// How often a device is read in one turn, so that connections of one worker take turns.
pub(crate) const READS_AT_ONCE: usize = 64;
/// What one read of a device may become: 64 KiB, and the headers of its packets.
const SUPER_PACKET: usize = 80 * 1024;
/// How much goes to TLS at once: several full records, so that encryption has work and latency stays.
const RECORD_BATCH: usize = 64 * 1024;

//! What both roles have in common: what waits to be sent and told, the timers, the keep-alive, and how a call ends.

use super::config::Config;
use super::ending::{Ending, How};
use super::wire::{AttributeId, HEADER_LEN, Message, PACKET_MAX, Status, StatusInfo};
use rasman_core::{
    Batch, Cause, DropReason, Duration, Instant, LinkEvent, LinkParams, PortCommand, PortId, Timeout, Timers,
};
use std::collections::VecDeque;

/// The one port that a call has.
pub(super) const PORT: PortId = PortId(0);

/// What runs out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Timer {
    /// A step of the set-up.
    Negotiation,
    /// The peer's silence.
    Hello,
    /// The end of the call.
    Ending,
}

/// What both roles have in common.
pub(super) struct Line {
    pub(super) config: Config,
    pub(super) timers: Timers<Timer>,
    out: Batch,
    events: VecDeque<LinkEvent>,
    /// When the last packet came.
    heard: Instant,
    /// When an Echo Request was sent that nothing followed yet.
    asked: Option<Instant>,
}

impl Line {
    pub(super) fn new(mut config: Config) -> Self {
        // A peer cannot be asked more often than it can answer.
        config.hello = config.hello.max(Duration::from_secs(1));
        Self {
            config,
            timers: Timers::new(),
            out: Batch::new(),
            events: VecDeque::new(),
            heard: Instant::ZERO,
            asked: None,
        }
    }

    /// Queues a message.
    pub(super) fn send(&mut self, message: &Message) {
        message.emit(&mut self.out);
    }

    /// Queues bytes of the HTTP exchange.
    pub(super) fn send_bytes(&mut self, bytes: &[u8]) {
        self.out.push(bytes);
    }

    pub(super) fn tell(&mut self, event: LinkEvent) {
        self.events.push_back(event);
    }

    pub(super) fn tell_up(&mut self) {
        self.tell(LinkEvent::Up(LinkParams { mru: MRU, overhead: OVERHEAD }));
    }

    pub(super) fn poll_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<Timeout> {
        self.timers.next()
    }

    /// Moves what is queued to `out`; tells whether that was anything.
    pub(super) fn flush(&mut self, out: &mut Batch) -> bool {
        let any = !self.out.is_empty();
        if any {
            self.out.frames().for_each(|frame| out.push(frame));
            self.out.clear();
        }
        any
    }

    /// Writes a data packet ([MS-SSTP] 2.2.3), behind the messages that were queued before it.
    pub(super) fn encap_with(
        &mut self,
        header: &[u8],
        len: usize,
        fill: &mut dyn FnMut(&mut [u8]),
        out: &mut Batch,
    ) -> Result<(), DropReason> {
        let length = HEADER_LEN + header.len() + len;
        if length > PACKET_MAX {
            return Err(DropReason::TooLarge);
        }
        self.flush(out);
        let mut frame = out.frame();
        // The length is at most 0x0fff, so the reserved bits stay zero.
        frame.slice(&[super::wire::VERSION, 0, (length >> 8) as u8, length as u8]);
        frame.slice(header);
        frame.fill(len, fill);
        frame.finish();
        Ok(())
    }

    /// Notes that a packet came.
    pub(super) fn hear(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Queues an answer, unless so many wait already that the peer floods us.
    pub(super) fn answer(&mut self, message: &Message) {
        if self.out.byte_len() < QUEUE_MAX {
            self.send(message);
        }
    }

    /// Starts the keep-alive ([MS-SSTP] 3.1.2.3).
    pub(super) fn start_hello(&mut self, now: Instant) {
        self.heard = now;
        self.timers.arm(now, Timer::Hello, self.config.hello, "SSTP hello");
    }

    /// Does what the Hello timer is for; tells whether the peer is still there.
    ///
    /// The timer is not touched by every packet: when it expires too early, it is armed for the rest.
    #[must_use]
    pub(super) fn hello(&mut self, now: Instant) -> bool {
        let quiet_at = self.heard + self.config.hello;
        if now < quiet_at {
            self.timers.arm(now, Timer::Hello, quiet_at.since(now), "SSTP hello");
            return true;
        }
        if self.asked.is_some_and(|asked| self.heard < asked) {
            return false;
        }
        self.asked = Some(now);
        self.send(&Message::EchoRequest);
        self.timers.arm(now, Timer::Hello, self.config.hello, "SSTP echo answer");
        true
    }

    /// Sends Call Abort and waits for the peer's ([MS-SSTP] 3.1.5.1).
    pub(super) fn abort(&mut self, now: Instant, status: StatusInfo, cause: Cause) -> Ending {
        self.send(&Message::CallAbort(Some(status)));
        self.wind_down(now, How::AbortSent, cause)
    }

    /// Answers the peer's Call Abort by ours ([MS-SSTP] 3.2.5.3.4, 3.3.5.2.4).
    pub(super) fn aborted(&mut self, now: Instant, cause: Cause) -> Ending {
        let status = StatusInfo::new(AttributeId::NO_ERROR, Status::NO_ERROR);
        self.send(&Message::CallAbort(Some(status)));
        self.wind_down(now, How::Aborted, cause)
    }

    /// Sends Call Disconnect and waits for its acknowledgement ([MS-SSTP] 3.2.4.2).
    pub(super) fn disconnect(&mut self, now: Instant, cause: Cause) -> Ending {
        let status = StatusInfo::new(AttributeId::NO_ERROR, Status::NO_ERROR);
        self.send(&Message::CallDisconnect(Some(status)));
        self.wind_down(now, How::DisconnectSent, cause)
    }

    /// Acknowledges the peer's Call Disconnect ([MS-SSTP] 3.2.5.3.5, 3.3.5.2.5).
    pub(super) fn disconnected(&mut self, now: Instant, cause: Cause) -> Ending {
        self.send(&Message::CallDisconnectAck);
        self.wind_down(now, How::Disconnected, cause)
    }

    /// Arms the timer of an end, which is the only one left.
    pub(super) fn wind_down(&mut self, now: Instant, how: How, cause: Cause) -> Ending {
        let (after, why) = match how {
            How::AbortSent => (self.config.abort, "SSTP abort"),
            How::Aborted => (self.config.abort_linger, "SSTP abort linger"),
            How::DisconnectSent => (self.config.disconnect, "SSTP disconnect"),
            How::Disconnected => (self.config.disconnect_linger, "SSTP disconnect linger"),
        };
        self.timers.clear();
        self.timers.arm(now, Timer::Ending, after, why);
        Ending { how, cause }
    }

    /// Closes the port and says why; nothing follows but what is queued already.
    pub(super) fn down(&mut self, port_is_open: bool, cause: Cause) {
        self.timers.clear();
        if port_is_open {
            self.tell(LinkEvent::Port(PORT, PortCommand::Close));
        }
        self.tell(LinkEvent::Down(cause));
    }
}

/// A data packet holds 4091 bytes; address, control and protocol of the PPP frame take four of them.
const MRU: u16 = 4087;

/// The packet's header.
const OVERHEAD: u16 = 4;

/// How many bytes may wait to be sent before the peer's questions go unanswered.
const QUEUE_MAX: usize = 4096;

const _: () = assert!(MRU as usize + 4 + OVERHEAD as usize == PACKET_MAX && OVERHEAD as usize == HEADER_LEN);

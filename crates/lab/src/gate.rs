//! What leaves a session, and when: where the faults of the stages are made.

use crate::faults::{Faults, Stage, StageFault};
use rasman_core::{Batch, Instant};
use std::collections::VecDeque;

/// Everything that a session sends passes here.
pub(crate) struct Gate {
    faults: Faults,
    /// The stage that the session has reached.
    stage: Stage,
    /// Frames on their way, in order, with the time when they leave.
    held: VecDeque<(Instant, Vec<u8>)>,
    held_bytes: usize,
    garbage_sent: bool,
    said: bool,
    cut: bool,
}

impl Gate {
    pub(crate) fn new(faults: Faults, stage: Stage) -> Self {
        Self { faults, stage, held: VecDeque::new(), held_bytes: 0, garbage_sent: false, said: false, cut: false }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// Tells that the session has come to `stage`; it never goes back.
    pub(crate) fn reach(&mut self, stage: Stage) {
        self.stage = self.stage.max(stage);
        // Nobody may ask anything here, so the drop cannot wait for an answer.
        if self.stage == Stage::Data && self.faults.at_stage == Some((Stage::Data, StageFault::Drop)) {
            self.cut = true;
        }
    }

    /// Tells whether what leaves in the data stage leaves as it is.
    pub(crate) fn is_open(&self) -> bool {
        self.faults.at_stage.is_none()
            && self.faults.says.is_none()
            && self.held.is_empty()
            && self.faults.delay(Stage::Data).is_zero()
            && !self.cut
    }

    /// Tells whether TCP is to be closed once everything before is written.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut && self.held.is_empty()
    }

    /// From here on nothing leaves.
    pub(crate) fn cut(&mut self) {
        self.cut = true;
        self.held.clear();
    }

    /// Lets a frame through, later, changed, or not at all. `answers` is the stage that its contents belong to.
    pub(crate) fn pass(&mut self, now: Instant, answers: Stage, frame: &[u8], out: &mut Batch) {
        let stage = self.stage.max(answers);
        if self.cut {
            return;
        }
        match self.faults.at_stage {
            Some((from, StageFault::Silent)) if stage >= from => return,
            Some((from, StageFault::Drop)) if stage >= from => return self.cut = true,
            Some((from, StageFault::Garbage)) if stage >= from && !self.garbage_sent => {
                self.garbage_sent = true;
                let noise = &crate::bulk::at(0)[..frame.len().max(64)];
                return self.leave(now, stage, noise, out);
            }
            Some(_) | None => {}
        }
        if let Some((at, bytes)) = &self.faults.says
            && stage >= *at
            && !self.said
        {
            self.said = true;
            let bytes = bytes.clone();
            return self.leave(now, stage, &bytes, out);
        }
        self.leave(now, stage, frame, out);
    }

    fn leave(&mut self, now: Instant, stage: Stage, frame: &[u8], out: &mut Batch) {
        let after = self.held.back().map_or(now, |(at, _)| *at);
        let at = after.max(now + self.faults.delay(stage));
        if at <= now && self.held.is_empty() {
            out.push(frame);
        } else if self.held_bytes + frame.len() <= HELD_MAX {
            self.held_bytes += frame.len();
            self.held.push_back((at, frame.to_vec()));
        }
    }

    /// Lets go what was held long enough, until `out` has `room` bytes.
    pub(crate) fn release(&mut self, now: Instant, room: usize, out: &mut Batch) {
        while self.held.front().is_some_and(|(at, _)| *at <= now) && out.byte_len() < room {
            let Some((_, frame)) = self.held.pop_front() else { break };
            self.held_bytes -= frame.len();
            out.push(&frame);
        }
    }

    pub(crate) fn next_release(&self) -> Option<Instant> {
        self.held.front().map(|(at, _)| *at)
    }
}

/// How many bytes may be held; a wire that long loses the rest.
const HELD_MAX: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1_000);

    fn gate(faults: &str, stage: Stage) -> Gate {
        Gate::new(faults.parse().unwrap(), stage)
    }

    fn passed(gate: &mut Gate, answers: Stage) -> usize {
        let mut out = Batch::new();
        gate.pass(NOW, answers, b"frame", &mut out);
        out.len()
    }

    #[test]
    fn silence_begins_with_the_first_answer_of_its_stage() {
        let mut gate = gate("silent=auth", Stage::Lcp);
        assert_eq!((passed(&mut gate, Stage::Lcp), passed(&mut gate, Stage::Auth)), (1, 0));
        gate.reach(Stage::Auth);
        assert_eq!(passed(&mut gate, Stage::Lcp), 0, "nor are earlier stages answered any more");
        assert!(!gate.is_cut());
    }

    #[test]
    fn a_drop_lets_what_was_before_it_through() {
        let mut gate = gate("drop=ipcp", Stage::Auth);
        assert_eq!(passed(&mut gate, Stage::Auth), 1);
        assert_eq!((passed(&mut gate, Stage::Ipcp), gate.is_cut()), (0, true));
        let mut at_data = self::gate("drop=data", Stage::Ipcp);
        at_data.reach(Stage::Data);
        assert!(at_data.is_cut());
    }

    #[test]
    fn delayed_frames_keep_their_order() {
        let mut gate = gate("delay=lcp:200", Stage::Lcp);
        assert_eq!(passed(&mut gate, Stage::Lcp), 0);
        gate.reach(Stage::Auth);
        assert_eq!(passed(&mut gate, Stage::Auth), 0, "behind the one before it");
        let (mut out, due) = (Batch::new(), Instant::from_millis(1_200));
        gate.release(Instant::from_millis(1_199), usize::MAX, &mut out);
        assert_eq!((out.len(), gate.next_release()), (0, Some(due)));
        gate.release(due, 1, &mut out);
        assert_eq!((out.len(), gate.next_release()), (1, Some(due)), "there was no room for more");
        gate.release(due, usize::MAX, &mut out);
        assert_eq!((out.len(), gate.next_release(), passed(&mut gate, Stage::Auth)), (2, None, 1));
    }

    #[test]
    fn bytes_are_said_once_at_their_stage() {
        let mut gate = gate("say=auth:c0ffee", Stage::Lcp);
        let mut out = Batch::new();
        for answers in [Stage::Lcp, Stage::Auth, Stage::Auth] {
            gate.pass(NOW, answers, b"frame", &mut out);
        }
        let frames: Vec<&[u8]> = out.frames().collect();
        assert_eq!(frames, [&b"frame"[..], b"\xc0\xff\xee", b"frame"]);
        assert!("say=tls:00".parse::<Faults>().is_err() && "say=lcp:0".parse::<Faults>().is_err());
    }

    #[test]
    fn garbage_comes_once() {
        let mut gate = gate("garbage=call", Stage::Call);
        let mut out = Batch::new();
        gate.pass(NOW, Stage::Call, b"frame", &mut out);
        gate.pass(NOW, Stage::Call, b"frame", &mut out);
        let frames: Vec<&[u8]> = out.frames().collect();
        assert_eq!((frames[0].len(), frames[1]), (64, &b"frame"[..]));
    }
}

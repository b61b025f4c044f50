//! A line that whoever dials has to itself.

use super::hdlc::FLAG;
use super::script::Run;
use rasman_core::Interaction;
use std::collections::VecDeque;

/// What a line brings while the client has it.
pub(super) struct Terminal {
    pub(super) what: Interaction,
    /// The script that gave up, which has left characters looking as the other end wants them.
    pub(super) halted: Option<Box<Run>>,
    /// The client has set how characters look.
    pub(super) has_format: bool,
    /// What the client has not taken.
    unread: Kept,
    /// What came last: the other end may have begun PPP.
    recent: Kept,
}

impl Terminal {
    pub(super) fn new(what: Interaction) -> Self {
        Self { what, halted: None, has_format: false, unread: Kept::default(), recent: Kept::default() }
    }

    /// Takes the front of what comes; gives how much that was.
    pub(super) fn keep(&mut self, octets: &[u8]) -> usize {
        let octets = &octets[..octets.len().min(PIECE)];
        self.unread.push(octets);
        self.recent.push(octets);
        octets.len()
    }

    /// Tells whether the line has said this last.
    pub(super) fn has_heard(&self, words: &[u8]) -> bool {
        self.recent.ends_with(words)
    }

    pub(super) fn take_unread(&mut self) -> Vec<u8> {
        self.unread.take()
    }

    /// Gives what may be frames: the last that came, from the first flag on.
    pub(super) fn take_frames(&mut self) -> Vec<u8> {
        let mut octets = self.recent.take();
        let text = octets.iter().position(|octet| *octet == FLAG).unwrap_or(octets.len());
        octets.drain(..text);
        octets
    }
}

/// The last octets of a line.
#[derive(Default)]
struct Kept(VecDeque<u8>);

impl Kept {
    fn push(&mut self, octets: &[u8]) {
        self.0.extend(octets);
        self.0.drain(..self.0.len().saturating_sub(KEPT_MAX));
    }

    fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.0).into()
    }

    fn ends_with(&self, words: &[u8]) -> bool {
        self.0.iter().rev().zip(words.iter().rev()).filter(|(heard, word)| heard == word).count() == words.len()
    }
}

/// What is kept: some frames of the usual size, some screens of text.
const KEPT_MAX: usize = 4096;
/// What is taken at once, so that the client can have it before more comes.
const PIECE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal() -> Terminal {
        Terminal::new(Interaction::TerminalAfterDial)
    }

    #[test]
    fn the_last_octets_are_kept_and_what_is_taken_piece_by_piece_is_whole() {
        let said: Vec<u8> = (0..10_000_u32).map(|at| (at % 251) as u8).collect();
        let (mut reader, mut sleeper, mut read) = (terminal(), terminal(), Vec::new());
        let mut rest = &said[..];
        while !rest.is_empty() {
            sleeper.keep(rest);
            rest = &rest[reader.keep(rest)..];
            read.append(&mut reader.take_unread());
        }
        assert_eq!(read, said);
        assert_eq!(sleeper.take_unread(), said[said.len() - KEPT_MAX..]);
        assert!(reader.has_heard(&said[9_000..]) && !reader.has_heard(b"NO CARRIER"));
    }

    #[test]
    fn frames_begin_with_a_flag() {
        let mut terminal = terminal();
        terminal.keep(b"PPP begins\r\n~\xff~");
        assert_eq!(terminal.take_frames(), b"~\xff~");
        terminal.keep(b"no");
        assert!(terminal.take_frames().is_empty());
    }
}

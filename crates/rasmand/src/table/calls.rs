//! Calls of clients.

use super::record::Record;
use super::{Answering, CHANGES_MAX, Numbered, Table};
use crate::who::{Holder, Owner};
use rasman::{Change, ConnectionInfo, Error, Handle, HangUp, Status};
use rasman_core::{Answer, Cause, CharacterFormat, Code, LayerName, QuestionKind, Statistics};
use rasman_dial::Command;
use std::os::fd::OwnedFd;
use tokio::sync::{broadcast, oneshot};

impl Table {
    pub(crate) fn handler_done(&mut self, handle: Handle, seq: u64, more: bool) {
        let Some(record) = self.records.get_mut(&handle) else { return };
        if record.held.take_if(|held| *held == seq).is_some() {
            record.command(Command::HandlerDone { seq, more });
        }
    }

    pub(crate) fn answer(&mut self, handle: Handle, question: u32, answer: Answer) -> Result<Answering, Error> {
        let record = self.record(handle)?;
        match &record.question {
            Some(open) if open.id != question => return Ok(Answering::NotOpen),
            None => return Ok(Answering::NotOpen),
            Some(open) if !open.kind.takes(&answer) => return Err(not_taken(&open.kind, &answer)),
            Some(_) => record.question = None,
        }
        match &answer {
            Answer::Credentials(credentials) | Answer::LoggedIn(credentials) => {
                record.credentials = credentials.clone();
                (record.given, record.slow) = (true, false);
            }
            // What is stored for the entry is the new one from now on.
            Answer::NewPassword(new) => {
                record.credentials.password = new.clone();
                (record.given, record.slow) = (true, false);
            }
            _ => {}
        }
        record.command(Command::Answer { id: question, answer });
        Ok(Answering::Taken)
    }

    /// Gives the line of a dial that is paused in Interactive.
    pub(crate) fn line(&mut self, handle: Handle) -> Result<OwnedFd, Error> {
        let record = self.interactive(handle)?;
        let line = record.line.as_ref().ok_or_else(no_line)?;
        line.try_clone().map_err(|error| {
            Error::refused(Code::OUT_OF_BUFFERS, format!("made another descriptor of the line: {error}"))
        })
    }

    /// Has characters of that line look like this until it is given back.
    pub(crate) fn set_line_format(&mut self, handle: Handle, format: CharacterFormat) -> Result<(), Error> {
        format.validate()?;
        let record = self.interactive(handle)?;
        if !record.has_room() {
            let did = "was told the format of a line again before the line had the last one";
            return Err(Error::refused(Code::OUT_OF_BUFFERS, did));
        }
        let _ = record.command(Command::LineFormat(format));
        Ok(())
    }

    /// Gives a dial of which the client has the line.
    fn interactive(&mut self, handle: Handle) -> Result<&mut Record, Error> {
        let record = self.record(handle)?;
        match &record.question {
            Some(open) if matches!(open.kind, QuestionKind::Interactive(_)) => Ok(record),
            _ => Err(no_line()),
        }
    }

    /// Gives back one reference of this process, or with `force` all there are.
    pub(crate) fn hang_up(
        &mut self,
        handle: Handle,
        holder: Holder,
        force: bool,
    ) -> Result<oneshot::Receiver<HangUp>, Error> {
        let record = self.record(handle)?;
        let (told, waiter) = oneshot::channel();
        // Clause H9: only the last reference disconnects.
        let stays = !force && !record.ending && record.references.total() > 1;
        if stays {
            let remaining = record.references.give_back(holder).ok_or_else(|| Error::invalid_handle(handle))?;
            let _ = told.send(HangUp::Released { remaining });
        } else {
            record.hung_up = true;
            record.hang_ups.retain(|waiter| !waiter.is_closed());
            record.hang_ups.push(told);
            record.hang_up(user_hung_up());
        }
        Ok(waiter)
    }

    /// Hangs up a dial that did not come to Connected, a failed one included; gives whether there was one.
    pub(crate) fn abandon(&mut self, handle: Handle) -> bool {
        let Some(record) = self.records.get_mut(&handle) else { return false };
        // Clauses A44, A48: the boundary is Connected as it is published, and nothing behind it is abandoned.
        if record.was_connected {
            return false;
        }
        record.hung_up = true;
        record.end(Command::Abandon(user_hung_up()));
        true
    }

    /// Takes note that a process has ended; what it had dialled and connected stays.
    pub(crate) fn depart(&mut self, holder: Holder) {
        for record in self.records.values_mut() {
            record.references.depart(holder);
        }
    }

    /// Hands the reference of a dial to the process that takes it over.
    pub(crate) fn hand_over(&mut self, handle: Handle, from: Holder, to: Holder) {
        if let Some(record) = self.records.get_mut(&handle) {
            record.references.hand_over(from, to);
        }
    }

    /// Whose a connection is.
    pub(crate) fn owner(&self, handle: Handle) -> Option<Owner> {
        self.records.get(&handle).map(|record| record.owner)
    }

    /// Whether a process has given back all its references to a connection, so that the handle is invalid to it.
    pub(crate) fn is_released(&self, handle: Handle, holder: Holder) -> bool {
        self.records.get(&handle).is_some_and(|record| record.references.is_released(holder))
    }

    /// Whether a dial waits for its handler or for an answer.
    pub(crate) fn is_waiting(&self, handle: Handle) -> bool {
        self.records.get(&handle).is_some_and(|record| record.held.is_some() || record.question.is_some())
    }

    /// The first half of all handles.
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether there is no connection, no dial and no failed dial.
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many connections a user has, dials and failed dials included.
    pub(crate) fn count(&self, owner: Owner) -> usize {
        self.counts.get(&owner).copied().unwrap_or_default()
    }

    /// How many connections there are, dials and failed dials included.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn may_enter_handler(&self, handle: Handle) -> bool {
        self.records.get(&handle).is_some_and(|record| !record.hung_up)
    }

    /// Hangs up everything for good: watchers are told the ends, and then that there is nothing to watch.
    pub(crate) fn shut_down(&mut self, cause: &Cause) {
        self.closing = true;
        self.hang_up_all(cause);
        self.close_if_done();
    }

    pub(crate) fn hang_up_all(&mut self, cause: &Cause) {
        for record in self.records.values_mut() {
            record.hang_up(cause.clone());
        }
    }

    pub(crate) fn status(&mut self, handle: Handle) -> Result<Status, Error> {
        Ok(self.record(handle)?.status.clone())
    }

    pub(crate) fn statistics(&mut self, handle: Handle) -> Result<Statistics, Error> {
        let record = self.record(handle)?;
        Ok(since(&record.cleared, record.counters.read()))
    }

    /// Lets later readings count from now on (clause T3).
    pub(crate) fn clear_statistics(&mut self, handle: Handle) -> Result<(), Error> {
        let record = self.record(handle)?;
        record.cleared = record.counters.read();
        Ok(())
    }

    pub(crate) fn closed(&mut self, handle: Handle) -> Result<oneshot::Receiver<Cause>, Error> {
        let (told, waiter) = oneshot::channel();
        let closed = &mut self.record(handle)?.closed;
        // Whoever asked and went away leaves nothing here.
        closed.retain(|waiter| !waiter.is_closed());
        closed.push(told);
        Ok(waiter)
    }

    pub(crate) fn connections(&self) -> Vec<ConnectionInfo> {
        let mut list: Vec<_> = self.records.iter().map(|(handle, record)| record.info(*handle)).collect();
        list.sort_by_key(|info| info.handle);
        list
    }

    pub(crate) fn subscribe(&self) -> (Vec<ConnectionInfo>, broadcast::Receiver<Change>) {
        let changes = self.changes.as_ref().map_or_else(|| broadcast::channel(1).1, broadcast::Sender::subscribe);
        (self.connections(), changes)
    }

    pub(crate) fn ended(&self, handle: Handle) -> Option<Cause> {
        self.ended_of(handle).map(|(_, cause)| cause)
    }

    /// Whose a connection was that is not listed any more, and why it ended.
    pub(crate) fn ended_of(&self, handle: Handle) -> Option<(Owner, Cause)> {
        self.ended.iter().find(|ended| ended.handle == handle).map(|ended| (ended.owner, ended.cause.clone()))
    }

    /// Starts telling changes with their numbers.
    pub(crate) fn number_changes(&mut self) -> broadcast::Receiver<Numbered> {
        self.numbered.get_or_insert_with(|| broadcast::channel(CHANGES_MAX).0).subscribe()
    }

    /// Lists whose connections there are, with the number of the last change that the list shows.
    pub(crate) fn snapshot(&self) -> (u64, Vec<(Owner, ConnectionInfo)>) {
        let mut list: Vec<_> =
            self.records.iter().map(|(handle, record)| (record.owner, record.info(*handle))).collect();
        list.sort_by_key(|(_, info)| info.handle);
        (self.serial, list)
    }
}

/// What was counted since the counters were cleared; the time of the connection goes on.
fn since(cleared: &Statistics, mut now: Statistics) -> Statistics {
    now.bytes_sent -= cleared.bytes_sent.min(now.bytes_sent);
    now.bytes_received -= cleared.bytes_received.min(now.bytes_received);
    now.packets_sent -= cleared.packets_sent.min(now.packets_sent);
    now.packets_received -= cleared.packets_received.min(now.packets_received);
    now.send_drops -= cleared.send_drops.min(now.send_drops);
    now.receive_drops -= cleared.receive_drops.min(now.receive_drops);
    now
}

fn user_hung_up() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::User)
}

fn no_line() -> Error {
    Error::refused(Code::INVALID_AUTH_STATE, "looked for the line of a dial that has not given it")
}

/// The refusal of an answer; the dial stays paused.
fn not_taken(asked: &QuestionKind, answer: &Answer) -> Error {
    match (asked, answer) {
        // Clause P6.
        (QuestionKind::CallbackNumber { .. }, Answer::CallbackNumber(_)) => {
            Error::refused(Code::BAD_CALLBACK_NUMBER, "read an answer that is no number to be called back at")
        }
        _ => Error::refused(Code::INVALID_PARAMETER, "took an answer of another kind than was asked for"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::inline;
    use crate::table::Teller;
    use crate::who::Who;
    use rasman_core::{ConnState, Credentials, Detail, Device, Entry, Interaction, Notification, Question};
    use std::sync::Arc;
    use tokio::sync::mpsc;

    #[test]
    fn formats_said_in_a_row_leave_room_for_the_hang_up() {
        let mut table = Table::new(1);
        let (commands, mut session) = mpsc::channel(256);
        let (teller, _told) = mpsc::channel(1);
        let dial = inline(Entry::sstp("line", "192.0.2.1"), String::new(), Credentials::default()).unwrap();
        let (handle, who) = (table.next_handle(), Who::embedded());
        table.insert(who, handle, &dial, commands, Teller::Queue(teller), Arc::default());
        let format = CharacterFormat::default();
        let refused = |table: &mut Table, format| table.set_line_format(handle, format).unwrap_err().code();
        assert_eq!(refused(&mut table, format), Code::INVALID_AUTH_STATE);
        let kind = QuestionKind::Interactive(Interaction::TerminalAfterDial);
        let detail = Detail::Question(Question { id: 1, kind });
        let paused = Notification::new(1, ConnState::Interactive, None, detail);
        let device = Device { kind: "modem", name: "Modem".into() };
        let status = rasman_dial::Status::new(ConnState::Interactive, None, device, None);
        assert!(table.notified(handle, &Arc::new(paused), status).is_none());
        assert_eq!(refused(&mut table, CharacterFormat { data_bits: 9, ..format }), Code::INVALID_PARAMETER);
        let said = (0..1000).take_while(|_| table.set_line_format(handle, format).is_ok()).count();
        assert!(said > 1 && said < 1000);
        assert_eq!(refused(&mut table, format), Code::OUT_OF_BUFFERS);
        let _waiter = table.hang_up(handle, who.holder, false).unwrap();
        let last = std::iter::from_fn(|| session.try_recv().ok()).last();
        assert!(matches!(last.as_deref(), Some(Command::HangUp(_))));
    }
}

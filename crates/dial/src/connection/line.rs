//! The line in the hands of whoever dials: the paused state Interactive (clauses A58, P11).

use super::stages::Next;
use super::*;

impl Connection {
    /// Gives the client the line, or lets the dial fail for want of somebody who may have it (clause P2).
    pub(super) fn offer_line(&mut self, now: Instant) -> Next {
        let Some((what, otherwise)) = self.signals.interactive.take() else { return Next::Stay };
        if !self.may_have_line(&what) {
            // It is told once the modem is free.
            self.layers.link.close(now, &otherwise.unwrap_or_else(nobody_at_terminal));
            return Next::Again;
        }
        let refused = otherwise.unwrap_or_else(|| self.silent(&what));
        self.ask(QuestionKind::Interactive(what), refused, true)
    }

    /// A program that brings its own script has said so with the dial (clause A58), and is no paused state's business.
    fn may_have_line(&self, what: &Interaction) -> bool {
        match what {
            Interaction::CustomScript => self.outage.is_none(),
            _ => self.is_askable(),
        }
    }

    /// Tells whether the medium wants a person at a terminal, and there is none. It is told before anything is dialled: a
    /// call costs time and money.
    pub(super) fn is_unattended(&self) -> bool {
        let (Stage::OpenPort { .. }, Medium::Serial(serial)) = (&self.stage, self.medium()) else { return false };
        let LineLogin { terminal_before_dial, custom_script, terminal_after_dial, .. } = serial.login;
        let is_wanted = |wanted: bool, what| wanted && !self.may_have_line(&what);
        is_wanted(terminal_before_dial, Interaction::TerminalBeforeDial)
            || is_wanted(custom_script, Interaction::CustomScript)
            || is_wanted(terminal_after_dial, Interaction::TerminalAfterDial)
    }

    /// Says something on the line for the client, who shows by it that somebody is there.
    pub(super) fn say_on_line(&mut self, now: Instant, octets: &[u8]) {
        if !self.has_line() {
            return;
        }
        self.layers.link.send_octets(now, octets);
        if self.begun {
            self.limit(now, self.plan.config.terminal, "terminal");
        }
    }

    /// Tells the client what the line says.
    pub(super) fn hear_line(&mut self) {
        if !self.has_line() {
            return;
        }
        let octets = self.layers.link.take_octets();
        if !octets.is_empty() {
            self.effects.push_back(Effect::LineOctets(octets));
        }
    }

    /// From when the state is told, also while a handler still works on that.
    pub(super) fn has_line(&self) -> bool {
        matches!(&self.stage, Stage::Asking(asking) if asking.is_interactive())
    }

    /// Takes the line back once the client gives it, and goes on once the link does.
    pub(super) fn line_is_back(&mut self, now: Instant) -> Next {
        let Stage::Asking(asking) = &mut self.stage else { return Next::Stay };
        let QuestionKind::Interactive(what) = &asking.question.kind else { return Next::Stay };
        if let Some(answer) = asking.answer.take() {
            match answer {
                Answer::GiveUp(code) => return Next::Fail(given_up(what, code)),
                Answer::LoggedIn(credentials) => self.plan.credentials = credentials,
                _ => {}
            }
            let mut unread = self.layers.link.resume(now);
            self.look_for_frames(now, &mut unread);
            return Next::Again;
        }
        if self.signals.link_up.is_some() || self.signals.next_device.is_some() {
            return Next::Enter(Stage::DeviceConnected);
        }
        Next::Stay
    }

    /// The other end may have begun PPP while a person still looked at it. A frame that is not whole yet is repeated.
    fn look_for_frames(&mut self, now: Instant, mut octets: &mut [u8]) {
        while !octets.is_empty() {
            let used = match self.layers.handle_input(now, octets) {
                Input::Payload { used, .. }
                | Input::Rebuilt { used }
                | Input::Consumed { used }
                | Input::Dropped { used, .. } => used,
                Input::NeedMore => return,
            };
            octets = &mut octets[used..];
        }
    }

    fn silent(&self, what: &Interaction) -> Cause {
        Cause::new(Code::INTERACTIVE_MODE, LayerName::Modem)
            .did(format!("gave the line to {what}, and heard nothing more of it for {:?}", self.plan.config.terminal))
            .advice("say when the login is done, so that the dial goes on")
    }
}

fn given_up(what: &Interaction, code: Code) -> Cause {
    let (who, advice) = match what {
        Interaction::CustomScript => {
            ("the script", "ask whoever made the script, or look at what it was told in a terminal")
        }
        _ => ("whoever had it", "dial again, and log in on the line"),
    };
    Cause::new(code, LayerName::User)
        .did(format!("gave the line to {what}"))
        .said(format!("{who} gave up with {}", CodeNumber(code)))
        .advice(advice)
}

pub(super) fn nobody_at_terminal() -> Cause {
    Cause::new(Code::INTERACTIVE_MODE, LayerName::Modem)
        .did("found a terminal in the entry, and nobody may be asked")
        .advice("dial where somebody can be asked (paused states), or take the terminal out of the entry")
}

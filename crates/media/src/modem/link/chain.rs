//! What is connected one after another, and who talks to the other end meanwhile.

use super::*;

/// A device of the chain.
pub(super) enum Step {
    /// The modem, or the cable.
    Device,
    Script(Box<Run>),
    Line(Box<Terminal>),
}

impl SerialLink {
    /// Gives the chain, in the order of [`LineLogin`].
    pub(super) fn steps(&self) -> Result<VecDeque<Step>, Cause> {
        let LineLogin { terminal_before_dial, script, custom_script, terminal_after_dial, .. } = &self.settings.login;
        let line = |wanted: &bool, what| wanted.then(|| Step::Line(Box::new(Terminal::new(what))));
        let script = match script {
            Some(script) => {
                let run = Run::new(Script::of(script)?, &script.name, self.credentials.clone());
                Some(Step::Script(Box::new(run)))
            }
            None => None,
        };
        let steps = [
            line(terminal_before_dial, Interaction::TerminalBeforeDial),
            Some(Step::Device),
            script,
            line(custom_script, Interaction::CustomScript),
            line(terminal_after_dial, Interaction::TerminalAfterDial),
        ];
        Ok(steps.into_iter().flatten().collect())
    }

    /// Gets ready for the first step. That it is the medium's own device need not be said.
    pub(super) fn first_step(&mut self) {
        let Some(step) = self.chain.pop_front() else { return };
        if !matches!(step, Step::Device) {
            self.events.push_back(LinkEvent::Next(self.device(&step)));
        }
        self.enter(State::Before(step));
    }

    /// A step is done: the next one waits to be connected, or frames flow.
    pub(super) fn next_step(&mut self) {
        let Some(step) = self.chain.pop_front() else { return self.up() };
        self.events.push_back(LinkEvent::Next(self.device(&step)));
        self.enter(State::Before(step));
    }

    fn device(&self, step: &Step) -> Device {
        match step {
            Step::Device => self.settings.device(),
            Step::Script(run) => Device { kind: "switch", name: run.name().to_owned().into() },
            Step::Line(terminal) => terminal.what.device(),
        }
    }

    /// Connects the step that waits for it.
    pub(super) fn start_step(&mut self, now: Instant) {
        match self.leave() {
            State::Before(Step::Device) => self.start(now),
            State::Before(Step::Script(mut run)) => {
                let progress = run.start(now);
                self.enter(State::Script(run));
                self.script_became(now, progress);
            }
            State::Before(Step::Line(terminal)) => self.hand_over(terminal, None),
            other => self.enter(other),
        }
    }

    fn hand_over(&mut self, terminal: Box<Terminal>, otherwise: Option<Cause>) {
        self.events.push_back(LinkEvent::Interactive { what: terminal.what.clone(), otherwise });
        self.enter(State::Line(terminal));
    }

    /// Takes what the other end says before PPP begins; gives how much of it that was.
    pub(super) fn login_input(&mut self, now: Instant, input: &[u8]) -> usize {
        let (used, is_said) = match &mut self.state {
            State::Before(Step::Script(run)) => {
                run.keep(input);
                (input.len(), input.ends_with(NO_CARRIER))
            }
            State::Script(_) => {
                self.doubt_carrier(now, input.ends_with(NO_CARRIER));
                return self.script_input(now, input);
            }
            // A modem that is being spoken to may say so of a call that there is not.
            State::Before(Step::Line(terminal)) | State::Line(terminal) => {
                let used = terminal.keep(input);
                (used, terminal.what.is_connected() && terminal.has_heard(NO_CARRIER))
            }
            _ => return input.len(),
        };
        self.doubt_carrier(now, is_said);
        used
    }

    fn script_input(&mut self, now: Instant, input: &[u8]) -> usize {
        let State::Script(run) = &mut self.state else { return input.len() };
        let (used, progress) = run.handle_input(now, input);
        self.script_became(now, progress);
        used
    }

    pub(super) fn script_became(&mut self, now: Instant, progress: Progress) {
        let State::Script(run) = &mut self.state else { return };
        self.out.append(&mut run.take_output());
        let (format, address) = (run.take_format(), run.address());
        if let Some(format) = format {
            self.port(PortCommand::Line(LineCommand::Format(format)));
        }
        match progress {
            Progress::Goes => {}
            Progress::Done => {
                self.events.extend(address.map(LinkEvent::Address));
                self.next_step();
            }
            Progress::Halted(cause) if !self.settings.login.halt_ends => self.halted(cause),
            Progress::Halted(cause) | Progress::Failed(cause) => self.hang_up(now, cause, OnLine::Login),
        }
    }

    /// The script gives up; whoever dials may go on where it stands.
    fn halted(&mut self, cause: Cause) {
        let State::Script(mut run) = self.leave() else { return };
        let what = Interaction::HaltedScript { script: run.name().to_owned(), line: run.line() };
        let mut terminal = Terminal::new(what);
        let received = run.take_received();
        let mut unseen = &received[..];
        while !unseen.is_empty() {
            unseen = &unseen[terminal.keep(unseen)..];
        }
        terminal.halted = Some(run);
        self.hand_over(Box::new(terminal), Some(cause));
    }

    /// Takes the line back; gives what may be frames.
    pub(super) fn take_line_back(&mut self, now: Instant) -> Vec<u8> {
        match self.leave() {
            State::Line(mut terminal) => {
                let frames = terminal.take_frames();
                if terminal.has_format {
                    self.port(PortCommand::Line(LineCommand::Format(CharacterFormat::default())));
                }
                match terminal.halted {
                    Some(mut run) => {
                        let progress = run.skip(now);
                        self.enter(State::Script(run));
                        self.script_became(now, progress);
                    }
                    None => self.next_step(),
                }
                if matches!(self.state, State::Up) { frames } else { Vec::new() }
            }
            other => {
                self.enter(other);
                Vec::new()
            }
        }
    }
}

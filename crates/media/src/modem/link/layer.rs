//! The serial line as a layer and as a link: what comes in, by state.

use super::*;
use rasman_core::{CharacterFormat, DropReason, Duration, Layer, Link, PortClosed, PortFacts};

impl Layer for SerialLink {
    type Event = LinkEvent;

    fn handle_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        let used = match self.state {
            _ if input.is_empty() => return Input::NeedMore,
            State::Dialling(_) => self.dialogue_input(now, input),
            State::Greeting(_) => self.greeting_input(input),
            State::Before(Step::Script(_) | Step::Line(_)) | State::Script(_) | State::Line(_) => {
                self.login_input(now, input)
            }
            State::Ending(ref ending) if ending.is_parting() => return self.parting_input(now, input),
            State::Ending(_) => self.ending_input(now, input),
            State::Up => return self.data_input(now, input),
            State::Idle | State::Opening | State::Before(Step::Device) | State::Down => {
                return Input::Dropped { used: input.len(), reason: DropReason::NotUp };
            }
        };
        match used {
            0 => self.handle_input(now, input),
            used => Input::Consumed { used },
        }
    }

    fn encap(&mut self, now: Instant, header: &[u8], payload: &[u8], out: &mut Batch) -> Result<(), DropReason> {
        if !matches!(self.state, State::Up) {
            return Err(DropReason::NotUp);
        }
        if header.len() + payload.len() > FRAME_MAX {
            return Err(DropReason::TooLarge);
        }
        let before = out.byte_len();
        // The last words of a script or of the greeting stand before the first frame.
        if !self.out.is_empty() {
            out.push(&self.out);
            self.out.clear();
        }
        if (if header.is_empty() { payload } else { header }).starts_with(&LCP_FRAME) {
            self.encode_lcp(header, payload, out);
        } else {
            self.encoder.encode(header, payload, out);
        }
        self.pace.spend(now, out.byte_len() - before);
        Ok(())
    }

    fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Dialling(dialogue) => {
                let outcome = dialogue.handle_timeout(now);
                self.dialogue_became(now, outcome);
            }
            State::Greeting(greeting) => {
                if let Greeted::Failed(cause) = greeting.handle_timeout(now, &self.config, &mut self.out) {
                    self.down(cause, true);
                }
            }
            State::Ending(ending) => {
                if ending.handle_timeout(now, &self.config, &mut self.out) {
                    self.hung_up(now);
                }
            }
            State::Before(_) => {
                self.doubt_is_over(now, "waited for a script or a terminal to begin");
            }
            State::Line(_) => {
                self.doubt_is_over(now, "had the line in a terminal");
            }
            State::Script(run) => {
                let progress = run.handle_timeout(now);
                if !self.doubt_is_over(now, "ran a script") {
                    self.script_became(now, progress);
                }
            }
            State::Up => {
                self.doubt_is_over(now, "carried data");
            }
            State::Idle | State::Opening | State::Down => {}
        }
    }

    fn poll_transmit(&mut self, _now: Instant, out: &mut Batch) -> bool {
        if self.out.is_empty() {
            return false;
        }
        out.push(&self.out);
        self.out.clear();
        true
    }

    fn poll_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timeout> {
        match &self.state {
            State::Dialling(dialogue) => dialogue.timeout(),
            State::Greeting(greeting) => Some(greeting.timeout()),
            State::Ending(ending) => Some(ending.timeout()),
            State::Script(run) => Timeout::earliest(self.doubt, Some(run.timeout())),
            State::Before(_) | State::Line(_) | State::Up => self.doubt,
            State::Idle | State::Opening | State::Down => None,
        }
    }
}

impl Link for SerialLink {
    fn open(&mut self, _now: Instant) {
        if matches!(self.state, State::Idle) {
            self.open_port();
        }
    }

    fn opens_port_first(&self) -> bool {
        true
    }

    fn connect(&mut self, now: Instant) {
        self.start_step(now);
    }

    fn send_octets(&mut self, _now: Instant, octets: &[u8]) {
        if matches!(self.state, State::Line(_)) {
            self.out.extend_from_slice(octets);
        }
    }

    fn set_format(&mut self, format: CharacterFormat) {
        let State::Line(terminal) = &mut self.state else { return };
        terminal.has_format = true;
        self.port(PortCommand::Line(LineCommand::Format(format)));
    }

    fn take_octets(&mut self) -> Vec<u8> {
        match &mut self.state {
            State::Line(terminal) => terminal.take_unread(),
            _ => Vec::new(),
        }
    }

    fn resume(&mut self, now: Instant) -> Vec<u8> {
        self.take_line_back(now)
    }

    fn set_credentials(&mut self, credentials: &Credentials) {
        self.credentials = credentials.clone();
    }

    fn port_ready(&mut self, _now: Instant, _port: PortId, facts: &PortFacts) {
        if matches!(self.state, State::Opening) {
            self.has_lines = facts.has_lines;
            self.first_step();
        }
    }

    fn port_closed(&mut self, _now: Instant, _port: PortId, closed: &PortClosed) {
        let cause = match (&self.state, closed) {
            (State::Down | State::Idle, _) => return,
            (State::Ending(ending), _) => ending.cause.clone(),
            (_, PortClosed::Failed(cause)) => cause.clone(),
            (State::Before(Step::Script(_)) | State::Script(_), _) if self.is_modem() => carrier_lost("ran a script"),
            (State::Before(Step::Line(terminal)) | State::Line(terminal), _)
                if self.is_modem() && terminal.what.is_connected() =>
            {
                carrier_lost("had the line in a terminal")
            }
            (State::Up, _) => carrier_lost("watched the carrier"),
            (_, _) => Cause::new(Code::HARDWARE_FAILURE, LayerName::Port)
                .did("waited for the modem")
                .said("the port was closed")
                .advice("check the cable and the adapter"),
        };
        self.down(cause, false);
    }

    fn close(&mut self, now: Instant, cause: &Cause) {
        match &self.state {
            State::Down | State::Ending(_) => {}
            State::Idle => self.down(cause.clone(), false),
            State::Dialling(dialogue) => {
                let line = if dialogue.is_calling() { OnLine::Call } else { OnLine::Nothing };
                self.hang_up(now, cause.clone(), line);
            }
            State::Before(Step::Line(terminal)) if !terminal.what.is_connected() => {
                self.hang_up(now, cause.clone(), OnLine::Nothing);
            }
            // Whoever had the modem may have made it call.
            State::Before(Step::Script(_) | Step::Line(_)) | State::Script(_) | State::Line(_) => {
                self.hang_up(now, cause.clone(), OnLine::Login);
            }
            State::Up => self.hang_up(now, cause.clone(), OnLine::Frames),
            State::Opening | State::Before(Step::Device) | State::Greeting(_) => {
                self.hang_up(now, cause.clone(), OnLine::Nothing)
            }
        }
    }

    fn close_limit(&self) -> Duration {
        // Silence, escape, silence, command.
        Duration::from_secs(4)
    }

    fn is_ending(&self) -> bool {
        matches!(self.state, State::Ending(_))
    }

    fn speed(&self) -> Option<u32> {
        match self.settings.device {
            LineDevice::Modem(_) => self.connect_speed,
            _ => Some(self.settings.line.speed),
        }
    }

    fn busy_until(&self) -> Option<Instant> {
        Some(self.pace.free_at())
    }

    fn set_framing(&mut self, framing: LineFraming) {
        if framing != self.framing {
            self.framing = framing;
            self.encoder = Encoder::new(fcs(framing.send_fcs32), framing.send_accm);
            self.decoder.set(fcs(framing.receive_fcs32), framing.receive_accm);
        }
    }
}

fn fcs(is_long: bool) -> Fcs {
    if is_long { Fcs::Fcs32 } else { Fcs::Fcs16 }
}

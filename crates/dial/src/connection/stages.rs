//! What follows what: the stages, from the first to the teardown.

use super::callback::chosen;
use super::line::nobody_at_terminal;
use super::*;

impl Connection {
    /// Carries the dial as far as it goes now.
    pub(super) fn advance(&mut self, now: Instant) {
        loop {
            self.collect(now);
            self.tell_ending();
            if self.teardown != Teardown::NotYet {
                return self.finish_teardown(now);
            }
            if let Some(cause) = self.loss() {
                if self.stage.is_dialing() {
                    self.attempt_failed(now, cause)
                } else {
                    self.link_lost(now, cause)
                }
                continue;
            }
            if matches!(self.handler, Handler::Running { .. }) {
                return;
            }
            if !self.begun {
                self.begun = true;
                self.begin(now);
                continue;
            }
            match self.next(now) {
                Next::Stay => return,
                Next::Again => {}
                Next::Enter(stage) => self.enter(now, stage),
                Next::Fail(cause) => self.give_up(now, cause),
            }
        }
    }

    /// Tells as soon as an established connection has begun to end, so that nobody takes it for one that carries.
    fn tell_ending(&mut self) {
        let ending = match &self.stage {
            // A link that is to be made again keeps its connection.
            Stage::Connected(_) => !self.comes_back() && (self.layers.down || self.layers.link.is_ending()),
            Stage::Disconnecting(_) => self.connected_at.is_some(),
            _ => false,
        };
        if ending && !self.ending_told {
            self.ending_told = true;
            self.effects.push_back(Effect::Ending);
        }
    }

    /// Changes the stage: the only assignment of it. Derives what is published.
    pub(super) fn enter(&mut self, now: Instant, stage: Stage) {
        self.deadline = None;
        self.begun = false;
        self.stage = stage;
        if let Stage::Connected(_) = &self.stage {
            self.carries_from(now);
            if self.outage_ends() {
                return;
            }
        }
        // Clause A41: whoever dialled was told Connected, and nothing is told after it.
        if self.is_hidden() {
            return;
        }
        let (error, detail) = match &self.stage {
            Stage::OpenPort { after: Some(last) } => (None, self.trying(*last)),
            Stage::Waiting { pause, last } => (None, self.waiting(*pause, *last)),
            Stage::ConnectDevice => (None, Detail::Device(self.device())),
            Stage::DeviceConnected => {
                (None, Detail::Reached { peer: self.facts.peer, protection: self.facts.protection.clone() })
            }
            Stage::Authenticated(token) => (None, token.method().map_or(Detail::None, Detail::Authentication)),
            Stage::Asking(asking) => (None, Detail::Question(asking.question.clone())),
            Stage::Projected(projection) => (None, Detail::Projection(projection.clone())),
            Stage::Failed { cause, .. } => (Some(cause.clone()), Detail::None),
            Stage::Disconnecting(_) => return,
            // Clause A42: the user's own hang-up is no error; the reason stands in the status.
            Stage::Disconnected(cause) => {
                ((cause.code != Code::USER_DISCONNECTION).then(|| cause.clone()), Detail::None)
            }
            _ => (None, Detail::None),
        };
        self.publish(self.stage.state(), error, detail);
        if let Stage::Connected(_) = &self.stage {
            self.promote();
        }
    }

    pub(super) fn publish(&mut self, state: ConnState, error: Option<Cause>, detail: Detail) {
        let notification = Notification::new(self.next_seq, state, error, detail);
        self.next_seq += 1;
        // After the last notification there is nothing left to hold (clauses A39 to A41).
        if self.handler == Handler::Idle && !notification.is_last() {
            self.handler = Handler::Running { seq: notification.seq };
        }
        self.effects.push_back(Effect::Notify(notification));
    }

    /// Starts the work of the stage, once nothing holds it.
    fn begin(&mut self, now: Instant) {
        if self.is_unattended() {
            self.signals.lost = Some(nobody_at_terminal());
            return;
        }
        match &mut self.stage {
            Stage::OpenPort { .. } if self.layers.link.opens_port_first() => self.open_link(now),
            Stage::ConnectDevice if self.layers.link.opens_port_first() => {
                self.layers.link.connect(now);
                self.limit(now, self.link_limit(), "link");
            }
            Stage::ConnectDevice => self.open_link(now),
            Stage::AllDevicesConnected => {
                self.lower_up(now);
                self.limit(now, self.lcp_limit(), "LCP");
            }
            Stage::Authenticate | Stage::AuthRetry { same_link: true } => {
                if self.is_nobody() {
                    // Clause A13: an attempt with nothing could lock an account; ask, or fail, before one is made.
                    self.signals.authentication = Some(Err(Refusal { cause: nobody(), retry: true, dialog: None }));
                } else {
                    self.layers.ppp.authenticate(now, self.plan.credentials.clone());
                }
                self.limit(now, self.authentication_limit(), "authentication");
            }
            Stage::AuthChangePassword(new) => {
                self.layers.ppp.change_password(now, new);
                self.limit(now, self.authentication_limit(), "change of password");
            }
            Stage::AuthRetry { same_link: false } => {
                self.layers.link.close(now, &user_hung_up());
                let limit = self.plan.config.disconnect;
                self.limit(now, limit, "closing the refused link");
            }
            Stage::Asking(asking) if asking.is_interactive() => {
                self.limit(now, self.plan.config.terminal, "terminal");
            }
            Stage::Asking(_) => self.limit(now, self.plan.config.question, "question"),
            Stage::AuthNotify(Outcome::NoCallback) => self.choose_callback(now, CallbackChoice::None),
            Stage::PrepareForCallback(choice) => {
                let choice = choice.clone();
                self.choose_callback(now, choice);
            }
            Stage::WaitForModemReset => self.hang_up_for_callback(now),
            Stage::WaitForCallback => {
                self.layers.link.connect(now);
                self.limit(now, self.link_limit(), "callback");
            }
            Stage::ReAuthenticate => {
                self.lower_up(now);
                self.limit(now, self.lcp_limit() + self.authentication_limit(), "authentication");
            }
            Stage::AuthProject(token) => {
                if let Some(token) = token.take() {
                    self.layers.ppp.project(now, token);
                }
                self.limit(now, self.projection_limit(), "network negotiation");
            }
            Stage::ApplySettings(projection) => {
                self.effects.push_back(Effect::ConfigureNetwork(projection.clone()));
                self.limit(now, self.plan.config.settings, "network settings");
            }
            Stage::Connected(_) => {
                if let Some(idle) = self.idle_limit() {
                    self.limit(now, idle, "idle");
                }
            }
            Stage::Waiting { pause, .. } => {
                let pause = *pause;
                self.limit(now, pause, "next attempt");
            }
            Stage::OpenPort { .. }
            | Stage::PortOpened
            | Stage::DeviceConnected
            | Stage::AuthNotify(_)
            | Stage::AuthCallback(_)
            | Stage::AuthAck(_)
            | Stage::Authenticated(_)
            | Stage::Projected(_)
            | Stage::Failed { .. }
            | Stage::Disconnecting(_)
            | Stage::Disconnected(_) => {}
        }
    }

    fn lower_up(&mut self, now: Instant) {
        let mru = self.signals.link_up.as_ref().map_or(0, |params| params.mru);
        self.set_times();
        self.layers.ppp.lower_up(now, mru);
    }

    pub(super) fn open_link(&mut self, now: Instant) {
        self.phase = Phase::Port(PortPhase::Resolving);
        self.layers.opened = true;
        self.layers.link.open(now);
        self.limit(now, self.plan.config.name, "opening the port");
    }

    /// Decides what follows the present stage, whose work has begun.
    fn next(&mut self, now: Instant) -> Next {
        match &mut self.stage {
            Stage::OpenPort { .. } if self.layers.link.opens_port_first() && !self.signals.port_ready => Next::Stay,
            Stage::OpenPort { .. } => Next::Enter(Stage::PortOpened),
            Stage::PortOpened => self.connect_device(),
            Stage::ConnectDevice if self.signals.link_up.is_some() || self.signals.next_device.is_some() => {
                Next::Enter(Stage::DeviceConnected)
            }
            Stage::ConnectDevice => self.offer_line(now),
            // A chain of devices has a pair of states for each.
            Stage::DeviceConnected if self.signals.next_device.is_some() => self.connect_device(),
            Stage::DeviceConnected => {
                self.chained = None;
                Next::Enter(Stage::AllDevicesConnected)
            }
            Stage::AllDevicesConnected if self.signals.established => Next::Enter(Stage::Authenticate),
            Stage::AuthChangePassword(new) => {
                let new = new.clone();
                match self.verdict() {
                    Some(Outcome::Refused(refusal)) => Next::Enter(Stage::AuthNotify(Outcome::Refused(refusal))),
                    Some(accepted) => {
                        self.plan.credentials.password = new;
                        Next::Enter(Stage::AuthNotify(accepted))
                    }
                    None => Next::Stay,
                }
            }
            Stage::Authenticate | Stage::AuthRetry { same_link: true } | Stage::ReAuthenticate => {
                match self.verdict() {
                    Some(outcome) => Next::Enter(Stage::AuthNotify(outcome)),
                    // pppd and lwIP allow another attempt (R=1) and hang up in the same breath.
                    None if self.signals.lost.is_some() => Next::Enter(Stage::AuthRetry { same_link: false }),
                    None => Next::Stay,
                }
            }
            Stage::AuthNotify(Outcome::MayChoose(offer)) => Next::Enter(Stage::AuthCallback(offer.clone())),
            Stage::AuthNotify(Outcome::CallsBack(choice)) => Next::Enter(Stage::PrepareForCallback(choice.clone())),
            Stage::AuthNotify(Outcome::NoCallback) => match self.verdict() {
                Some(Outcome::Accepted(token)) => Next::Enter(Stage::AuthAck(token)),
                Some(outcome) => Next::Enter(Stage::AuthNotify(outcome)),
                None => Next::Stay,
            },
            Stage::AuthCallback(offer) => {
                let offer = offer.clone();
                self.ask_for_number(&offer)
            }
            Stage::PrepareForCallback(_) if self.signals.callback_agreed => Next::Enter(Stage::WaitForModemReset),
            // The server negotiates again, or has changed its mind.
            Stage::PrepareForCallback(_) => match self.verdict() {
                Some(outcome) => Next::Enter(Stage::AuthNotify(outcome)),
                None => Next::Stay,
            },
            Stage::WaitForModemReset if !self.answering && self.layers.down => {
                self.open_for_callback(now);
                Next::Again
            }
            Stage::WaitForModemReset if self.answering && self.signals.port_ready => {
                Next::Enter(Stage::WaitForCallback)
            }
            Stage::WaitForCallback if self.signals.link_up.is_some() => Next::Enter(Stage::ReAuthenticate),
            Stage::AuthRetry { same_link: false } if self.layers.down => self.start_over(),
            Stage::AuthNotify(Outcome::Accepted(token)) => Next::Enter(Stage::AuthAck(token.clone())),
            Stage::AuthNotify(Outcome::Projecting(token)) => Next::Enter(Stage::AuthProject(Some(token.clone()))),
            Stage::AuthNotify(Outcome::Refused(refusal)) => {
                let refusal = refusal.clone();
                self.ask_or_fail(refusal)
            }
            Stage::Asking(asking) if asking.is_interactive() => self.line_is_back(now),
            Stage::Asking(asking) => match asking.answer.take() {
                Some(answer) => {
                    let kind = asking.question.kind.clone();
                    let same_link = asking.same_link && !self.layers.down && self.signals.lost.is_none();
                    self.answered(&kind, answer, same_link)
                }
                None => Next::Stay,
            },
            Stage::AuthAck(token) => {
                let token = token.clone();
                // It was for the link that was made for it; kept, it would answer an expiry of another day.
                self.new_password = None;
                Next::Enter(Stage::Authenticated(token))
            }
            Stage::Authenticated(token) => Next::Enter(Stage::AuthNotify(Outcome::Projecting(token.clone()))),
            Stage::AuthProject(_) => match self.signals.projection.take() {
                Some(projection) => Next::Enter(Stage::Projected(projection)),
                None => Next::Stay,
            },
            Stage::Projected(projection) => Next::Enter(Stage::ApplySettings(projection.clone())),
            Stage::ApplySettings(projection) => match self.signals.network.take() {
                Some(Ok(())) => Next::Enter(Stage::Connected(projection.clone())),
                Some(Err(cause)) => Next::Fail(cause),
                None => Next::Stay,
            },
            Stage::AllDevicesConnected
            | Stage::AuthRetry { same_link: false }
            | Stage::WaitForModemReset
            | Stage::WaitForCallback
            | Stage::Connected(_)
            | Stage::Waiting { .. }
            | Stage::Failed { .. }
            | Stage::Disconnecting(_)
            | Stage::Disconnected(_) => Next::Stay,
        }
    }

    /// Connects the next device of the chain.
    fn connect_device(&mut self) -> Next {
        self.chained = self.signals.next_device.take();
        Next::Enter(Stage::ConnectDevice)
    }

    /// Tells whether the dial has no credentials at all.
    pub(super) fn is_nobody(&self) -> bool {
        // EAP-TLS does without both: a certificate says who it is. Another method beside it would send nothing.
        let methods = &self.plan.entry.authentication;
        let certificate = !methods.is_empty() && methods.iter().all(|method| *method == AuthMethod::EapTls);
        self.plan.credentials.user.is_empty() && self.plan.credentials.password.is_empty() && !certificate
    }

    /// Puts the refusal as a question where that is wanted and still useful, else lets it end the dial (clause P2).
    fn ask_or_fail(&mut self, refusal: Refusal) -> Next {
        let Refusal { cause: refused, retry: same_link, dialog } = refusal;
        let expired = same_link && matches!(refused.code, Code::PASSWD_EXPIRED | Code::CHANGING_PASSWORD);
        if expired && let Some(new) = self.new_password.take() {
            return Next::Enter(Stage::AuthChangePassword(new));
        }
        let askable = self.is_askable();
        let useful = expired || dialog.is_some() || is_about_credentials(refused.code);
        if !askable || !useful || self.questions >= self.plan.config.questions_max {
            return Next::Fail(refused);
        }
        self.questions += 1;
        let (code, attempts) = (refused.code, self.questions);
        let kind = match dialog {
            Some(dialog) => QuestionKind::EapDialog(dialog),
            None if expired => QuestionKind::PasswordExpired { refused: code, attempts },
            None => QuestionKind::RetryAuthentication { refused: code, attempts },
        };
        self.ask(kind, refused, same_link)
    }

    /// Puts a question, which `refused` ends if it is not answered in time.
    pub(super) fn ask(&mut self, kind: QuestionKind, refused: Cause, same_link: bool) -> Next {
        self.asked += 1;
        let question = Question { id: self.asked, kind };
        Next::Enter(Stage::Asking(Asking { question, refused, same_link, answer: None }))
    }

    /// Tells whether anybody may be asked anything.
    pub(super) fn is_askable(&self) -> bool {
        self.plan.paused_states && self.outage.is_none() && self.handler != Handler::Silent
    }

    /// Does what the user answered.
    fn answered(&mut self, kind: &QuestionKind, answer: Answer, same_link: bool) -> Next {
        if let (QuestionKind::CallbackNumber { numbers, .. }, Answer::CallbackNumber(number)) = (kind, &answer) {
            return if kind.takes(&answer) { chosen(numbers, number) } else { Next::Stay };
        }
        match (kind, answer) {
            (QuestionKind::RetryAuthentication { .. }, Answer::Credentials(credentials)) => {
                self.plan.credentials = credentials;
                Next::Enter(Stage::AuthRetry { same_link })
            }
            (QuestionKind::PasswordExpired { .. }, Answer::NewPassword(new)) if same_link => {
                Next::Enter(Stage::AuthChangePassword(new))
            }
            (QuestionKind::PasswordExpired { .. }, Answer::NewPassword(new)) => {
                self.new_password = Some(new);
                Next::Enter(Stage::AuthRetry { same_link: false })
            }
            (QuestionKind::EapDialog(EapDialog::ServerCertificate { sha256, .. }), Answer::Accept) => {
                self.eap.trust = Trust { pinned_leaf_sha256: Some(*sha256), ..Trust::default() };
                Next::Enter(Stage::AuthRetry { same_link: false })
            }
            (QuestionKind::EapDialog(EapDialog::CertificatePassword), Answer::CertificatePassword(password)) => {
                if let Some(certificate) = &mut self.eap.certificate {
                    certificate.password = password;
                }
                Next::Enter(Stage::AuthRetry { same_link: false })
            }
            // An answer of another kind cannot be meant for this question.
            _ => Next::Stay,
        }
    }

    /// Dials again with fresh layers, for a server that lets nobody try twice on one link.
    fn start_over(&mut self) -> Next {
        self.renew_layers(false);
        Next::Enter(Stage::OpenPort { after: None })
    }

    /// Tells the failure of the present state and takes the link down. Nothing is told after it (clause A41).
    pub(super) fn fail(&mut self, now: Instant, cause: Cause) {
        let state = self.stage.state();
        self.enter(now, Stage::Failed { state, cause: cause.clone() });
        self.take_down(now, &cause);
    }

    pub(super) fn disconnect(&mut self, now: Instant, cause: Cause) {
        self.outage = None;
        self.substate = Substate::None;
        self.enter(now, Stage::Disconnecting(cause.clone()));
        self.take_down(now, &cause);
    }

    /// Starts the orderly disconnect: PPP says goodbye, then the link does.
    fn take_down(&mut self, now: Instant, cause: &Cause) {
        // A handler that still runs holds nothing any more.
        if matches!(self.handler, Handler::Running { .. }) {
            self.handler = Handler::Idle;
        }
        if !self.layers.opened || self.layers.down {
            self.teardown = Teardown::Done;
            self.finish_teardown(now);
            return;
        }
        self.say_goodbye(now, cause);
        let limit = self.plan.config.disconnect.min(self.layers.link.close_limit());
        self.teardown = Teardown::Running { give_up_at: now + limit };
    }

    /// PPP's goodbye, then the link's.
    pub(super) fn say_goodbye(&mut self, now: Instant, cause: &Cause) {
        self.layers.ppp.terminate(now);
        // The Terminate-Request leaves now: once the link is closing it carries nothing. Its answer is not waited
        // for, as the link's own goodbye is acknowledged too.
        self.pump_ppp(now);
        while self.layers.link.poll_transmit(now, &mut self.pending) {}
        self.layers.link.close(now, cause);
    }

    /// Ends the teardown once the link is down or the time is up.
    fn finish_teardown(&mut self, now: Instant) {
        if let Teardown::Running { give_up_at } = self.teardown {
            if !self.layers.down && now < give_up_at {
                return;
            }
            for port in self.ports.drain(..) {
                self.effects.push_back(Effect::Port(port, PortCommand::Close));
            }
            self.teardown = Teardown::Done;
        }
        if self.teardown != Teardown::Done {
            return;
        }
        let cause = match &self.stage {
            Stage::Disconnecting(cause) => {
                let cause = cause.clone();
                self.enter(now, Stage::Disconnected(cause.clone()));
                cause
            }
            // Clause A46: state and error stay readable until the client hangs up.
            Stage::Failed { cause, .. } if self.hang_up_wanted => cause.clone(),
            _ => return,
        };
        self.teardown = Teardown::Finished;
        self.effects.push_back(Effect::Finished(cause));
    }
}

/// What follows a stage.
pub(super) enum Next {
    Stay,
    /// Something was done that may lead on.
    Again,
    Enter(Stage),
    Fail(Cause),
}

/// The refusal of a dial that has no credentials at all.
fn nobody() -> Cause {
    Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::User)
        .did("had neither user name nor password, so nothing was sent")
        .advice("give them with the dial, or store them for the entry")
}

/// Tells whether other credentials could help.
fn is_about_credentials(code: Code) -> bool {
    matches!(
        code,
        Code::AUTHENTICATION_FAILURE | Code::PASSWD_EXPIRED | Code::ACCT_DISABLED | Code::NO_DIALIN_PERMISSION
    )
}

fn user_hung_up() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::User)
}

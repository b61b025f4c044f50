//! A dial of this process that is not over, and how it tells.

use super::context::undisturbed;
use super::eap::INTERACTIVE_MODE;
use super::gate::Gate;
use super::inside::Inside;
use super::notifier::{Notifier, Told};
use super::request::Request;
use crate::process;
use crate::script::Script;
use rasman::{
    Answer, Code, ConnState, Credentials, Detail, EapDialog, Handle, Interaction, Manager, Notification, Question,
    QuestionKind, Started,
};
use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// A dial that was started and is not over.
pub(crate) struct Dialled {
    pub(crate) handle: Handle,
    pub(crate) manager: Manager,
    pub(crate) notifier: Notifier,
    pub(crate) callback_id: usize,
    pub(crate) target: Target,
    pub(crate) gate: Gate,
    /// What logs in on its line, if it comes to that.
    script: Option<Script>,
    source: Mutex<Receiver<Box<Notification>>>,
    pause: Mutex<Option<Pause>>,
    last_state: AtomicU32,
    is_over: AtomicBool,
    /// The handler wants no more calls.
    is_silent: AtomicBool,
}

/// What pauses a dial.
struct Pause {
    question: Question,
    /// What RasInvokeEapUI was given, for the resume to send.
    prepared: Option<Answer>,
}

impl Pause {
    /// Makes the answer that a resume sends.
    ///
    /// # Errors
    /// 703 if RasInvokeEapUI has to come first.
    fn answer(&self, credentials: Credentials, callback_number: String) -> Result<Answer, Code> {
        match (&self.prepared, &self.question.kind) {
            (Some(prepared), _) => Ok(prepared.clone()),
            (None, QuestionKind::PasswordExpired { .. }) => Ok(Answer::NewPassword(credentials.password)),
            (None, QuestionKind::EapDialog(EapDialog::CertificatePassword)) => {
                Ok(Answer::CertificatePassword(credentials.password))
            }
            (None, QuestionKind::EapDialog(_)) => Err(INTERACTIVE_MODE),
            (None, QuestionKind::Interactive(_)) => Ok(Answer::Continue),
            // Clause P6.
            (None, QuestionKind::CallbackNumber { .. }) => Ok(Answer::CallbackNumber(callback_number)),
            (None, _) => Ok(Answer::Credentials(credentials)),
        }
    }
}

/// What is dialled: names are the same whatever their case (clause A17).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) entry: String,
    pub(crate) phonebook: Option<PathBuf>,
}

impl Target {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.phonebook == other.phonebook && self.entry.to_lowercase() == other.entry.to_lowercase()
    }
}

impl Dialled {
    /// Takes a dial into the list of those that are not over.
    pub(crate) fn new(manager: Manager, started: Started, request: Request) -> Arc<Self> {
        let dialled = Arc::new(Self {
            handle: started.handle,
            manager,
            notifier: request.notifier,
            callback_id: request.callback_id,
            target: request.target,
            gate: Gate::new(),
            script: request.script,
            source: Mutex::new(started.notifications),
            pause: Mutex::new(None),
            last_state: AtomicU32::new(ConnState::OpenPort.number()),
            is_over: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
        });
        process::current().dials.add(dialled.handle.0, Arc::clone(&dialled));
        dialled
    }

    /// Gives the handle as programs hold it.
    pub(crate) fn pointer(&self) -> *mut c_void {
        self.handle.0 as usize as *mut c_void
    }

    /// Tells whether it is connected or has ended; who is told of that may not know it yet.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// Waits for what is told next; nothing after the last.
    pub(crate) fn wait(&self) -> Option<Told> {
        // Held until the dial has noted it: another thread's next one comes after it.
        let mut source = self.source();
        if self.is_over() {
            return None;
        }
        let received = source.blocking_recv();
        Some(self.note(received.as_deref()))
    }

    /// Takes what is told next, or has `cx` woken when there is something.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Told>> {
        let mut source = self.source();
        if self.is_over() {
            return Poll::Ready(None);
        }
        let received = source.poll_recv(cx);
        received.map(|received| Some(self.note(received.as_deref())))
    }

    /// Remembers what follows from a notification. None means that the manager is gone, which ends the dial in its state
    /// with 834.
    fn note(&self, received: Option<&Notification>) -> Told {
        let mut told = received.map_or_else(
            || Told {
                seq: None,
                state: self.last_state.load(Relaxed),
                error: Code::RASMAN_SERVICE_STOPPED.0,
                sub_entry: 1,
                is_last: true,
                script: None,
            },
            Told::from,
        );
        *self.pause() = match received.map(|notification| &notification.detail) {
            Some(Detail::Question(Question { id, kind: QuestionKind::Interactive(Interaction::CustomScript) }))
                if self.script.is_some() =>
            {
                told.script = Some(*id);
                None
            }
            Some(Detail::Question(question)) => Some(Pause { question: question.clone(), prepared: None }),
            _ => None,
        };
        self.last_state.store(told.state, Relaxed);
        self.is_over.store(told.is_last, Relaxed);
        told
    }

    /// Calls the handler, and then the program's script if the dial has come to it. With a context both have the signals of
    /// the dialling thread.
    pub(crate) fn tell(self: &Arc<Self>, told: &Told, context: Option<&super::context::Context>) {
        self.call_handler(told, context);
        self.run_script(told, context);
    }

    /// Has the program's script log in, if that is what was told.
    pub(crate) fn run_script(self: &Arc<Self>, told: &Told, context: Option<&super::context::Context>) {
        if let (Some(question), Some(script)) = (told.script, &self.script) {
            script.run(self, question, context);
        }
    }

    /// Calls the handler, unless the dial was hung up or the handler wants no more calls, and lets the dial go on when it
    /// has returned (clause A24).
    fn call_handler(self: &Arc<Self>, told: &Told, context: Option<&super::context::Context>) {
        if self.is_silent.load(Relaxed) {
            return;
        }
        let mut more = true;
        if let Some(inside) = Inside::enter(self) {
            let call = || self.notifier.call(self.pointer(), told);
            more = context.map_or_else(call, |context| context.with_signals(call));
            inside.returned();
        }
        self.is_silent.store(!more, Relaxed);
        self.acknowledge(told, more);
    }

    /// Lets the dial go on; without `more` it does not stand still any more (clause A31).
    pub(crate) fn acknowledge(&self, told: &Told, more: bool) {
        if let Some(seq) = told.seq {
            self.manager.backend().handler_done(self.handle, seq, more);
        }
    }

    /// Answers the question that pauses the dial: in Interactive by giving the line back (clause P3), else with what
    /// RasInvokeEapUI was given (clause P9), with credentials, with a password alone where the question wants one (clause P8),
    /// or with the callback number (clause P6).
    ///
    /// # Errors
    /// 705 if it is not paused (clause P12), 703 if RasInvokeEapUI has to come first; then it stays paused, as it
    /// does if the manager refuses the answer.
    pub(crate) fn resume(&self, credentials: Credentials, callback_number: String) -> Result<(), Code> {
        let (question, answer) = {
            let paused = self.pause();
            let pause = paused.as_ref().ok_or(Code::INVALID_AUTH_STATE)?;
            (pause.question.id, pause.answer(credentials, callback_number)?)
        };
        // Not locked meanwhile: the next question may come before the call returns.
        self.manager.backend().answer(self.handle, question, answer).map_err(crate::call::code_of)?;
        self.pause().take_if(|pause| pause.question.id == question);
        Ok(())
    }

    /// Gives what a method of EAP asks, if that pauses the dial, with the number of the question.
    pub(crate) fn eap_dialog(&self) -> Option<(u32, EapDialog)> {
        match &self.pause().as_ref()?.question {
            Question { id, kind: QuestionKind::EapDialog(dialog) } => Some((*id, dialog.clone())),
            _ => None,
        }
    }

    /// Keeps an answer to a question for the resume.
    ///
    /// # Errors
    /// 705 if that question does not pause the dial any more.
    pub(crate) fn prepare_answer(&self, question: u32, answer: Answer) -> Result<(), Code> {
        let mut paused = self.pause();
        let pause = paused.as_mut().filter(|pause| pause.question.id == question);
        pause.ok_or(Code::INVALID_AUTH_STATE)?.prepared = Some(answer);
        Ok(())
    }

    /// Waits a moment for a handler that is running on another thread: programs free what their handler uses as soon as
    /// RasHangUp has returned (clause A42).
    pub(crate) fn wait_for_handler(&self) {
        if !super::inside::is_in_handler() {
            self.gate.wait_until_left(HANDLER_LIMIT);
        }
    }

    /// The thread that dialled ends: a dial that is not connected is hung up (clause A23).
    pub(crate) fn abandon(&self) {
        if self.is_over() || !self.gate.decide() {
            return;
        }
        let backend = self.manager.backend();
        let stays = undisturbed(|| {
            backend.abandon(self.handle);
            backend.status(self.handle).is_ok_and(|status| status.state == ConnState::Connected)
        });
        self.gate.settle(stays);
    }

    /// Takes it out of the list of dials.
    pub(crate) fn forget(self: &Arc<Self>) {
        process::current().dials.remove(self.handle.0, self);
    }

    fn source(&self) -> MutexGuard<'_, Receiver<Box<Notification>>> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self) -> MutexGuard<'_, Option<Pause>> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long RasHangUp waits for a handler that runs on another thread. That one may wait in turn for whoever hangs up,
/// so there has to be an end.
const HANDLER_LIMIT: Duration = Duration::from_secs(1);

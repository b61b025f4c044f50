//! The dialogue itself.

use super::{Expect, Reply, Step, causes, profile};
use core::fmt;
use rasman_core::{Cause, Duration, Instant, ModemSettings, Timeout};

/// The dialogue with one modem: made ready, then dialling or answering.
///
/// ```text
/// AT, three times -no answer-> silence, +++, silence, ATH, AT, three times -no answer-> 692
///  | OK
///  v
/// command -OK-> next command ... -> ATD -CONNECT-> connected
/// ```
///
/// V.250 has no way to tell whose answer a late one is. So results that cannot belong to the command that waits are
/// passed over, and nothing but `OK` counts for a command before the last.
pub struct Dialogue {
    steps: Vec<Step>,
    /// Waits for a call after the last step instead of dialling.
    answers: bool,
    state: State,
    deadline: Timeout,
    /// What is to be sent.
    out: Vec<u8>,
    /// The last line that was no result.
    heard: String,
    began: Instant,
    registration: Registration,
}

/// What is known of the registration: its state and the end of the answer come in any order.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
struct Registration {
    answered: bool,
    registered: bool,
}

/// What became of a dialogue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It goes on.
    Goes,
    /// What follows on the line is data; the speed in bits a second, if the modem told it.
    Connected(Option<u32>),
    /// It failed.
    Failed(Cause),
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum State {
    /// `AT` was sent so often.
    Sync {
        tries: u32,
        escaped: bool,
    },
    /// Silence before or behind `+++` (V.250 appendix; S12).
    Guard {
        escaped: bool,
    },
    /// `ATH` after an escape.
    HangingUp,
    /// Waits for the answer to a step.
    Step(usize),
    /// Waits for somebody to call.
    Waiting,
    /// `ATA` was sent.
    Answering,
    Over,
}

/// What is to be sent and what was heard may hold secrets; see `Step::shown`.
impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, state, deadline, registration, .. } = self;
        f.debug_struct("Dialogue")
            .field("steps", steps)
            .field("state", state)
            .field("deadline", deadline)
            .field("registration", registration)
            .finish_non_exhaustive()
    }
}

impl Dialogue {
    /// Makes a modem ready and dials.
    #[must_use]
    pub fn call(now: Instant, modem: &ModemSettings) -> Self {
        Self::new(now, profile::steps(modem), false)
    }

    /// Makes a modem ready and waits for a call, at most until `limit` has passed.
    #[must_use]
    pub fn answer(now: Instant, modem: &ModemSettings, limit: Duration) -> Self {
        let mut dialogue = Self::new(now, profile::prepare(modem), true);
        // The last step holds how long the call may take to come.
        dialogue.steps.push(Step { command: "A".to_owned(), expect: Expect::Connect, limit });
        dialogue
    }

    fn new(now: Instant, steps: Vec<Step>, answers: bool) -> Self {
        let state = State::Sync { tries: 0, escaped: false };
        let deadline = Timeout { at: now, why: "modem" };
        let mut dialogue = Self {
            steps,
            answers,
            state,
            deadline,
            out: Vec::new(),
            heard: String::new(),
            began: now,
            registration: Registration::default(),
        };
        dialogue.sync(now, 1, false);
        dialogue
    }

    /// Takes what is to be sent.
    pub fn take_output(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// Tells when [`handle_timeout`](Self::handle_timeout) is wanted.
    #[must_use]
    pub fn timeout(&self) -> Option<Timeout> {
        (self.state != State::Over).then_some(self.deadline)
    }

    /// Tells whether the modem was told to dial or to answer.
    #[must_use]
    pub fn is_calling(&self) -> bool {
        match self.state {
            State::Step(at) => self.steps.get(at).is_some_and(|step| step.expect == Expect::Connect),
            State::Answering => true,
            State::Sync { .. } | State::Guard { .. } | State::HangingUp | State::Waiting | State::Over => false,
        }
    }

    /// Takes a line of the modem.
    pub fn handle_line(&mut self, now: Instant, line: &str) -> Outcome {
        let reply = Reply::parse(line);
        if let Reply::Info(said) = &reply {
            self.note(said);
        }
        match self.state {
            State::Sync { .. } | State::HangingUp if reply == Reply::Ok => self.begin(now, 0),
            // A modem in the middle of a call of somebody else's, or one that got our AT as data.
            State::Sync { .. } | State::HangingUp | State::Guard { .. } | State::Over => Outcome::Goes,
            State::Step(at) => self.answered(now, at, &reply),
            State::Waiting if reply == Reply::Ring => {
                self.send("A");
                self.wait(now, CONNECT, "modem answers");
                self.state = State::Answering;
                Outcome::Goes
            }
            State::Waiting => Outcome::Goes,
            State::Answering => self.called("answered a call", &reply),
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) -> Outcome {
        if now < self.deadline.at {
            return Outcome::Goes;
        }
        match self.state {
            State::Sync { tries, escaped } if tries < SYNC_TRIES => self.sync(now, tries + 1, escaped),
            State::Sync { escaped: false, .. } => {
                self.state = State::Guard { escaped: false };
                self.wait(now, GUARD, "silence before +++");
            }
            State::Sync { escaped: true, .. } => return self.fail(causes::mute(&self.heard, now.since(self.began))),
            State::Guard { escaped: false } => {
                self.out.extend_from_slice(b"+++");
                self.state = State::Guard { escaped: true };
                self.wait(now, GUARD, "silence behind +++");
            }
            State::Guard { escaped: true } => {
                self.send("H0");
                self.state = State::HangingUp;
                self.wait(now, SYNC, "modem hangs up");
            }
            State::HangingUp => self.sync(now, 1, true),
            State::Step(at) => {
                let cause = causes::late(&self.steps[at], &self.heard);
                return self.fail(cause);
            }
            State::Waiting | State::Answering => {
                let last = self.steps.last().expect("an answer has its step");
                let cause = causes::late(last, &self.heard)
                    .did("waited for a call")
                    .advice("check that the number leads to this modem, and whether the other end has a free line");
                return self.fail(cause);
            }
            State::Over => {}
        }
        Outcome::Goes
    }

    fn sync(&mut self, now: Instant, tries: u32, escaped: bool) {
        self.send("");
        self.state = State::Sync { tries, escaped };
        self.wait(now, SYNC, "modem answers AT");
    }

    fn begin(&mut self, now: Instant, at: usize) -> Outcome {
        if self.answers && at + 1 == self.steps.len() {
            self.state = State::Waiting;
            self.wait(now, self.steps[at].limit, "call comes");
            return Outcome::Goes;
        }
        let Some(step) = self.steps.get(at).cloned() else { unreachable!("the last step connects or fails") };
        self.send(&step.command);
        self.state = State::Step(at);
        self.wait(now, step.limit, "modem's answer");
        Outcome::Goes
    }

    fn answered(&mut self, now: Instant, at: usize, reply: &Reply) -> Outcome {
        let step = &self.steps[at];
        let did = format!("sent AT{}", step.shown());
        match (step.expect, reply) {
            (Expect::Connect, _) => self.called(&did, reply),
            (Expect::Ok | Expect::OkOrError, Reply::Ok) => self.begin(now, at + 1),
            (Expect::OkOrError, Reply::Error(_)) => self.begin(now, at + 1),
            (Expect::SimReady, Reply::Info(said)) => match said.strip_prefix("+CPIN:").map(str::trim) {
                None | Some("READY") => Outcome::Goes,
                Some(state) => self.fail(causes::sim(state)),
            },
            (Expect::SimReady, Reply::Ok) => self.begin(now, at + 1),
            (Expect::SimReady, Reply::Error(said)) => self.fail(causes::sim(said)),
            (Expect::Registered, Reply::Info(said)) => self.registration(now, at, said),
            (Expect::Registered, Reply::Ok) => {
                self.registration.answered = true;
                self.registered(now, at)
            }
            (Expect::Ok | Expect::Registered, Reply::Error(said)) => self.fail(causes::refused(&did, said)),
            _ => Outcome::Goes,
        }
    }

    fn called(&mut self, did: &str, reply: &Reply) -> Outcome {
        match reply {
            Reply::Connect(_) => {
                self.state = State::Over;
                Outcome::Connected(reply.speed())
            }
            // A late answer to an earlier command; progress of the call.
            Reply::Ok | Reply::Ring | Reply::Info(_) => Outcome::Goes,
            no => self.fail(causes::not_connected(did, no)),
        }
    }

    /// 3GPP TS 27.007 7.2: `+CREG: n,stat` when asked, `+CREG: stat` later.
    fn registration(&mut self, now: Instant, at: usize, said: &str) -> Outcome {
        let Some((_, values)) = said.split_once("REG:") else { return Outcome::Goes };
        let mut values = values.split(',').map(str::trim);
        let (first, second) = (values.next().unwrap_or_default(), values.next());
        // A location area in quotation marks stands behind the state when it is told later.
        let state = second.filter(|second| !second.starts_with('"')).unwrap_or(first);
        match state {
            "1" | "5" => {
                self.registration.registered = true;
                self.registered(now, at)
            }
            "3" => self.fail(causes::denied()),
            _ => Outcome::Goes,
        }
    }

    /// Goes on once the network has let us in and the modem is ready for the next command.
    fn registered(&mut self, now: Instant, at: usize) -> Outcome {
        match self.registration {
            Registration { answered: true, registered: true } => self.begin(now, at + 1),
            _ => Outcome::Goes,
        }
    }

    fn fail(&mut self, cause: Cause) -> Outcome {
        self.state = State::Over;
        Outcome::Failed(cause)
    }

    fn send(&mut self, command: &str) {
        self.out.extend_from_slice(b"AT");
        self.out.extend_from_slice(command.as_bytes());
        self.out.push(b'\r');
    }

    fn wait(&mut self, now: Instant, limit: Duration, why: &'static str) {
        self.deadline = Timeout { at: now + limit, why };
    }

    /// Keeps what may explain a failure: no echo of ours.
    fn note(&mut self, said: &str) {
        if !said.starts_with("AT") {
            said.clone_into(&mut self.heard);
        }
    }
}

/// How often `AT` is sent: a modem finds the speed of its port by the first ones.
const SYNC_TRIES: u32 = 3;
/// How long a modem may take to answer `AT`.
const SYNC: Duration = Duration::from_secs(1);
/// V.250's guard time is S12 fiftieths of a second, 50 by default; a little more for slow ports.
pub(in crate::modem) const GUARD: Duration = Duration::from_millis(1_100);
/// How long two modems may take to agree on a carrier.
const CONNECT: Duration = Duration::from_secs(60);

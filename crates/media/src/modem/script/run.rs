//! Running a script: octets and time go in, octets and commands for the port come out.

use super::expression::{Scope, System, Value};
use super::literal::translate;
use super::matching::{AddressFinder, Matcher, Pattern};
use super::{Awaited, Command, PortSetting, Script, Source};
use core::net::Ipv4Addr;
use rasman_core::{Cause, CharacterFormat, Code, Credentials, Duration, Instant, LayerName, Secret, Timeout};
use std::collections::VecDeque;

/// A script that runs.
///
/// After a batch of calls: send [`take_output`](Self::take_output), then do [`take_format`](Self::take_format), then read
/// [`timeout`](Self::timeout). Octets that come while it does not wait for any are kept, the last 4096 of them, for what it
/// waits for next.
pub struct Run {
    script: Script,
    /// How the script is called.
    name: String,
    login: Credentials,
    variables: Vec<Value>,
    /// The next step.
    at: usize,
    steps: u32,
    success: bool,
    waits: Waits,
    received: VecDeque<u8>,
    /// The last that came, for people.
    tail: Vec<u8>,
    out: Vec<u8>,
    sent: usize,
    /// What was sent, line by line, the last [`HIDDEN_MAX`] octets of it: a peer may echo it, and it may be a password.
    told: Vec<Secret>,
    /// How characters look on the line, and whether the port was not told yet.
    format: CharacterFormat,
    format_is_new: bool,
    address: Option<Ipv4Addr>,
    /// When it has to be over.
    end: Instant,
}

/// What has become of a script.
#[derive(Debug)]
#[must_use]
pub enum Progress {
    /// It waits.
    Goes,
    /// It has come to its end: PPP begins.
    Done,
    /// It gives up: a person may go on ([`Run::skip`]), else this ends the dial.
    Halted(Cause),
    /// It cannot go on.
    Failed(Cause),
}

enum Waits {
    /// For nothing: it goes on.
    No,
    /// Until a moment.
    Delay(Instant),
    For {
        matcher: Matcher,
        until: Option<Instant>,
    },
    Address {
        finder: AddressFinder,
        to: Receiver,
    },
}

/// What an address that comes is for.
#[derive(Copy, Clone)]
enum Receiver {
    Variable(usize),
    /// The session.
    Session,
    Nobody,
}

/// What happens to a step.
type Done = Result<(), &'static str>;

impl Run {
    /// Gets a script ready; [`start`](Self::start) begins it.
    #[must_use]
    pub fn new(script: Script, name: impl Into<String>, login: Credentials) -> Self {
        let variables = script.variables.iter().map(|kind| kind.initial()).collect();
        Self {
            script,
            name: name.into(),
            login,
            variables,
            at: 0,
            steps: 0,
            success: true,
            waits: Waits::No,
            received: VecDeque::new(),
            tail: Vec::with_capacity(TAIL_MAX * 2),
            out: Vec::new(),
            sent: 0,
            told: Vec::new(),
            format: CharacterFormat::default(),
            format_is_new: false,
            address: None,
            end: Instant::ZERO,
        }
    }

    /// Gives the script's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Begins.
    pub fn start(&mut self, now: Instant) -> Progress {
        self.end = now + LIMIT;
        self.go_on(now)
    }

    /// Takes what comes before it has begun.
    pub fn keep(&mut self, octets: &[u8]) {
        for octet in octets {
            if self.received.len() == RECEIVED_MAX {
                self.received.pop_front();
            }
            self.received.push_back(*octet);
            if self.tail.len() == TAIL_MAX * 2 {
                self.tail.drain(..TAIL_MAX);
            }
            self.tail.push(*octet);
        }
    }

    /// Takes what comes; also gives how much of it that was, which is less than all once the script is over.
    pub fn handle_input(&mut self, now: Instant, octets: &[u8]) -> (usize, Progress) {
        for (at, octet) in octets.iter().enumerate() {
            self.keep(&[*octet]);
            match self.go_on(now) {
                Progress::Goes => {}
                over => return (at + 1, over),
            }
        }
        (octets.len(), Progress::Goes)
    }

    /// Goes on if the time has come.
    pub fn handle_timeout(&mut self, now: Instant) -> Progress {
        match &self.waits {
            Waits::Delay(until) if *until <= now => self.waits = Waits::No,
            Waits::For { until: Some(until), .. } if *until <= now => {
                self.success = false;
                self.waits = Waits::No;
            }
            _ if self.end <= now => return Progress::Failed(self.late()),
            _ => return Progress::Goes,
        }
        self.go_on(now)
    }

    /// Tells when [`handle_timeout`](Self::handle_timeout) is wanted.
    #[must_use]
    pub fn timeout(&self) -> Timeout {
        let own = match &self.waits {
            Waits::Delay(at) => Some(Timeout { at: *at, why: "delay of a script" }),
            Waits::For { until, .. } => until.map(|at| Timeout { at, why: "waitfor of a script" }),
            Waits::No | Waits::Address { .. } => None,
        };
        own.filter(|own| own.at < self.end).unwrap_or(Timeout { at: self.end, why: "end of a script" })
    }

    /// Leaves out the rest, for somebody who has said it; characters look as PPP needs it then.
    pub fn skip(&mut self, now: Instant) -> Progress {
        self.at = self.script.steps.len();
        self.waits = Waits::No;
        self.go_on(now)
    }

    /// Takes what has come and was not looked at.
    pub fn take_received(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.received).into()
    }

    /// Takes what is to be sent.
    pub fn take_output(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// Takes how characters are to look from now on; at the end they look as PPP needs it.
    pub fn take_format(&mut self) -> Option<CharacterFormat> {
        core::mem::take(&mut self.format_is_new).then_some(self.format)
    }

    /// Tells the address that the script has set for this session.
    #[must_use]
    pub fn address(&self) -> Option<Ipv4Addr> {
        self.address
    }

    /// Gives the line on which the script stands.
    #[must_use]
    pub fn line(&self) -> u32 {
        let at = if matches!(self.waits, Waits::No) { self.at } else { self.at.saturating_sub(1) };
        self.script.steps.get(at).map_or(0, |step| step.line)
    }

    fn go_on(&mut self, now: Instant) -> Progress {
        loop {
            if !self.is_satisfied() {
                return Progress::Goes;
            }
            let Some(step) = self.script.steps.get(self.at) else {
                // RFC 1662 5: PPP needs all bits.
                if self.format == CharacterFormat::default() {
                    return Progress::Done;
                }
                self.set_format(now, CharacterFormat::default());
                continue;
            };
            let (line, command) = (step.line, step.command.clone());
            if matches!(command, Command::Halt) {
                return Progress::Halted(self.halted(line));
            }
            self.steps += 1;
            self.at += 1;
            let done = if self.steps > STEPS_MAX { Err("the script goes round without end") } else { Ok(()) };
            if let Err(problem) = done.and_then(|()| self.execute(now, command)) {
                return Progress::Failed(self.failed(line, problem));
            }
        }
    }

    fn execute(&mut self, now: Instant, command: Command) -> Done {
        match command {
            Command::Assign { variable, value: Source::Value(value) } => {
                self.variables[variable] = value.value(self)?
            }
            Command::Assign { variable, value: Source::Received(number) } => {
                return self.wait_for_address(number.as_ref(), Receiver::Variable(variable));
            }
            Command::Transmit { text, raw } => return self.transmit(&text.text(self)?, raw),
            Command::WaitFor { texts, until } => {
                let until = until.map(|seconds| self.seconds(&seconds)).transpose()?.map(|limit| now + limit);
                let matcher = Matcher::new(self.patterns(texts)?);
                self.waits = Waits::For { matcher, until };
            }
            Command::Delay(seconds) => self.waits = Waits::Delay(now + self.seconds(&seconds)?),
            Command::Jump(to) => self.at = to,
            Command::JumpUnless(condition, to) if !condition.boolean(self)? => self.at = to,
            Command::GetIp(number) => return self.wait_for_address(number.as_ref(), Receiver::Nobody),
            Command::SetIp(Source::Received(number)) => {
                return self.wait_for_address(number.as_ref(), Receiver::Session);
            }
            Command::SetIp(Source::Value(text)) => {
                let text = text.text(self)?;
                let address = text.expose_str().and_then(|text| text.trim().parse().ok());
                self.address = Some(address.ok_or("set ipaddr was given no address such as 192.0.2.1")?);
            }
            Command::SetPort(setting) => {
                let mut format = self.format;
                match setting {
                    PortSetting::DataBits(bits) => format.data_bits = bits,
                    PortSetting::Parity(parity) => format.parity = parity,
                    PortSetting::StopBits(bits) => format.stop_bits = bits,
                }
                self.set_format(now, format);
            }
            Command::JumpUnless(..) | Command::SetScreen | Command::Halt => {}
        }
        Ok(())
    }

    fn patterns(&self, texts: Vec<Awaited>) -> Result<Vec<Pattern>, &'static str> {
        let pattern = |awaited: Awaited| {
            let text = translate(awaited.text.text(self)?.expose());
            Ok(Pattern { text, match_case: awaited.match_case, then: awaited.then.unwrap_or(self.at) })
        };
        texts.into_iter().map(pattern).collect()
    }

    fn seconds(&self, seconds: &super::Expression) -> Result<Duration, &'static str> {
        let seconds = u64::try_from(seconds.integer(self)?).map_err(|_| "a number of seconds is negative")?;
        Ok(Duration::from_secs(seconds))
    }

    fn transmit(&mut self, text: &Secret, raw: bool) -> Done {
        let text = if raw { text.clone() } else { Secret::new(translate(text.expose())) };
        self.sent += text.expose().len();
        if self.sent > SENT_MAX {
            return Err("the script sends more than 65536 octets");
        }
        self.out.extend_from_slice(text.expose());
        self.remember(&text);
        Ok(())
    }

    /// Keeps what was sent for [`heard`](Self::heard), but for the user's name. The lines of a text are echoed as lines.
    fn remember(&mut self, text: &Secret) {
        for line in text.expose().split(u8::is_ascii_control) {
            let is_known = line.is_empty() || line == self.login.user.as_bytes();
            if !is_known && !self.told.iter().any(|told| told.expose() == line) {
                self.told.push(Secret::new(line));
            }
        }
        while self.told.iter().map(|told| told.expose().len()).sum::<usize>() > HIDDEN_MAX {
            self.told.remove(0);
        }
    }

    fn wait_for_address(&mut self, number: Option<&super::Expression>, to: Receiver) -> Done {
        let number = number.map_or(Ok(1), |number| number.integer(self))?;
        if number < 1 {
            return Err("getip counts addresses from 1");
        }
        self.waits = Waits::Address { finder: AddressFinder::new(number), to };
        Ok(())
    }

    /// What is sent behind it waits until the port has been told.
    fn set_format(&mut self, now: Instant, format: CharacterFormat) {
        (self.format, self.format_is_new) = (format, true);
        self.waits = Waits::Delay(now);
    }

    /// Looks in what has come for what is waited for; tells whether nothing is any more.
    fn is_satisfied(&mut self) -> bool {
        loop {
            match &mut self.waits {
                Waits::No => return true,
                Waits::Delay(_) => return false,
                Waits::For { matcher, .. } => {
                    // An empty text needs no octet.
                    let found = matcher.found().or_else(|| matcher.take(self.received.pop_front()?));
                    if let Some(then) = found {
                        (self.success, self.at, self.waits) = (true, then, Waits::No);
                    }
                }
                Waits::Address { finder, to } => {
                    let to = *to;
                    if let Some(address) = self.received.pop_front().and_then(|octet| finder.take(octet)) {
                        self.waits = Waits::No;
                        self.received_address(address, to);
                    }
                }
            }
            if !matches!(self.waits, Waits::No) && self.received.is_empty() {
                return false;
            }
        }
    }

    fn received_address(&mut self, address: Ipv4Addr, to: Receiver) {
        match to {
            Receiver::Variable(at) => self.variables[at] = Value::Text(Secret::new(address.to_string())),
            Receiver::Session => self.address = Some(address),
            Receiver::Nobody => {}
        }
    }

    /// `halt` leaves the person in front of the terminal window.
    fn halted(&self, line: u32) -> Cause {
        Cause::new(Code::INTERACTIVE_MODE, LayerName::Modem)
            .did(format!("ran the script {} to \"halt\" on line {line}", self.name))
            .said(self.heard())
            .advice("the login did not go as the script expects; check user name, password and the script")
    }

    fn late(&self) -> Cause {
        let did = format!("ran the script {} for {LIMIT:?}, in the end line {}", self.name, self.line());
        Cause::new(Code::REQUEST_TIMEOUT, LayerName::Modem)
            .did(did)
            .said(self.heard())
            .advice("check what the other end says there; \"until\" lets a script wait less long")
    }

    /// The last line that came, without what was sent, which a peer may echo, and without the password.
    fn heard(&self) -> String {
        let secrets: Vec<&Secret> = self.told.iter().chain([&self.login.password]).filter(|s| !s.is_empty()).collect();
        // What stands first may be the rest of one of them.
        let is_cut = self.tail.len() >= TAIL_MAX;
        let rest = secrets.iter().map(|secret| rest_of(secret.expose(), &self.tail)).max().filter(|_| is_cut);
        let tail = hidden(&self.tail[rest.unwrap_or(0)..], secrets);
        let whole = String::from_utf8_lossy(&tail);
        whole.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }

    fn failed(&self, line: u32, problem: &str) -> Cause {
        Cause::new(Code::SCRIPT_SYNTAX, LayerName::Settings)
            .did(format!("ran the script {} up to line {line}: {problem}", self.name))
            .advice("mend the script on that line")
    }
}

impl Scope for Run {
    fn variable(&self, at: usize) -> Value {
        self.variables[at].clone()
    }

    fn system(&self, system: System) -> Value {
        match system {
            System::UserId => Value::Text(self.login.user.as_str().into()),
            System::Password => Value::Text(self.login.password.clone()),
            System::Success => Value::Boolean(self.success),
            System::Failure => Value::Boolean(!self.success),
        }
    }
}

/// Tells how much of the end of a secret stands at the front.
fn rest_of(secret: &[u8], heard: &[u8]) -> usize {
    (1..secret.len()).rev().find(|length| heard.starts_with(&secret[secret.len() - length..])).unwrap_or(0)
}

/// Puts asterisks in the place of each of these, the longest first: one may be a part of another. Single characters stay,
/// as they would hide every other word.
fn hidden(heard: &[u8], mut secrets: Vec<&Secret>) -> Vec<u8> {
    secrets.sort_by_key(|secret| core::cmp::Reverse(secret.expose().len()));
    let mut left = heard;
    let mut shown = Vec::with_capacity(heard.len());
    while let Some((first, rest)) = left.split_first() {
        let found =
            secrets.iter().map(|secret| secret.expose()).find(|secret| secret.len() > 1 && left.starts_with(secret));
        match found {
            Some(secret) => {
                shown.extend_from_slice(b"***");
                left = &left[secret.len()..];
            }
            None => {
                shown.push(*first);
                left = rest;
            }
        }
    }
    shown
}

/// How long a script may take: people wait for it.
const LIMIT: Duration = Duration::from_secs(180);
/// The most commands that a script executes; real ones have a few dozen.
const STEPS_MAX: u32 = 100_000;
/// The most that it sends.
const SENT_MAX: usize = 64 * 1024;
/// What is kept while it does not listen.
const RECEIVED_MAX: usize = 4096;
/// What is kept of what was sent. An echo that is told is one of the last.
const HIDDEN_MAX: usize = 1024;
/// What is kept for people, at the least.
const TAIL_MAX: usize = 256;

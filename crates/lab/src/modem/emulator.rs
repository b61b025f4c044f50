//! The modem itself, without I/O.

use super::Personality;
use super::host::{Host, Verdict};
use rasman_core::{Duration, Instant};
use std::collections::VecDeque;

/// A modem, without I/O: octets of the computer and of the line go in, and come out.
///
/// It knows as much of V.250 as programs use: `E`, `V`, `Q`, `Z`, `&F`, `S`, `D`, `A`, `H`, `O`, `+CPIN?`, `+CREG?`;
/// everything else is answered `OK`. `+++` with a second of silence on both sides leads back to commands.
pub struct Emulator {
    personality: Personality,
    mode: Mode,
    echo: bool,
    words: bool,
    quiet: bool,
    /// What has come of a command line, or of what a host asks for.
    command: Vec<u8>,
    /// The number behind a host that asks first.
    asked: String,
    last_octet: Instant,
    /// So many `+` have come after a silence.
    pluses: u8,
    /// What the computer is told, and when.
    says: VecDeque<(Instant, Vec<u8>)>,
    to_line: Vec<u8>,
    actions: VecDeque<Action>,
    rings_at: Option<Instant>,
    drops_at: Option<Instant>,
    /// Draws which octets the noise hits.
    noise: u64,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Mode {
    /// On hook.
    Command,
    /// Dialling or answering.
    Calling,
    /// Connected to a host that asks who calls before it lets anybody through.
    Login(Host),
    /// Data passes.
    Online,
    /// Commands, with a carrier.
    OnlineCommand,
}

/// What the modem does on the telephone network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// It dials a number.
    Dial(String),
    /// It picks up.
    Answer,
    /// It hangs up.
    HangUp,
}

impl Emulator {
    /// Switches it on.
    #[must_use]
    pub fn new(personality: Personality) -> Self {
        Self {
            personality,
            mode: Mode::Command,
            echo: true,
            words: true,
            quiet: false,
            command: Vec::new(),
            asked: String::new(),
            last_octet: Instant::ZERO,
            pluses: 0,
            says: VecDeque::new(),
            to_line: Vec::new(),
            actions: VecDeque::new(),
            rings_at: None,
            drops_at: None,
            noise: 0x2545_f491_4f6c_dd1d,
        }
    }

    /// Tells how it behaves.
    #[must_use]
    pub fn personality(&self) -> &Personality {
        &self.personality
    }

    /// Takes octets of the computer.
    pub fn from_computer(&mut self, now: Instant, octets: &[u8]) {
        match self.mode {
            Mode::Online => self.data(now, octets),
            Mode::Login(host) => self.typed_to_host(now, host, octets),
            // V.250 5.6.1: any character aborts.
            Mode::Calling => {
                self.hang_up();
                self.result(now, "NO CARRIER", "3");
            }
            Mode::Command | Mode::OnlineCommand => octets.iter().for_each(|octet| self.typed(now, *octet)),
        }
    }

    /// Takes octets of the line.
    pub fn from_line(&mut self, now: Instant, octets: &[u8]) {
        if self.mode == Mode::Online {
            let mut octets = octets.to_vec();
            self.spoil(&mut octets);
            self.says.push_back((now, octets));
        }
    }

    /// The other end has picked up, or the carrier of a call that was answered is there.
    pub fn connected(&mut self, now: Instant) {
        if self.mode == Mode::Calling {
            self.carrier(now);
            (self.mode, self.pluses, self.last_octet) = (Mode::Online, 0, now);
        }
    }

    fn carrier(&mut self, now: Instant) {
        if self.personality.garbage {
            self.says.push_back((now, b"\r\n\x80\xffx}y~\0".to_vec()));
        }
        let speed = self.personality.speed;
        let words = if speed == 0 { "CONNECT".to_owned() } else { format!("CONNECT {speed}") };
        self.result(now, &words, "1");
        self.drops_at = self.personality.carrier.map(|after| now + after);
    }

    /// The call was not connected.
    pub fn refused(&mut self, now: Instant, words: &str, number: &str) {
        if self.mode == Mode::Calling {
            self.mode = Mode::Command;
            self.result(now, words, number);
        }
    }

    /// The other end has hung up.
    pub fn line_lost(&mut self, now: Instant) {
        let had_one = matches!(self.mode, Mode::Online | Mode::OnlineCommand | Mode::Calling | Mode::Login(_));
        self.rings_at = None;
        if had_one {
            self.hang_up();
            self.result(now, "NO CARRIER", "3");
        }
    }

    /// Somebody calls.
    pub fn ring(&mut self, now: Instant) {
        self.rings_at = Some(now);
        self.handle_timeout(now);
    }

    /// The computer has closed the port: DTR drops.
    pub fn dtr_dropped(&mut self) {
        self.hang_up();
        self.command.clear();
        self.says.clear();
        (self.echo, self.words, self.quiet) = (true, true, false);
    }

    /// Tells whether it can be called.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.mode == Mode::Command && self.rings_at.is_none()
    }

    /// Takes what the computer is told by now.
    pub fn take_for_computer(&mut self, now: Instant) -> Vec<u8> {
        let mut octets = Vec::new();
        while let Some((at, _)) = self.says.front()
            && *at <= now
            && let Some((_, said)) = self.says.pop_front()
        {
            octets.extend(said);
        }
        if self.personality.mute { Vec::new() } else { octets }
    }

    /// Takes what goes to the line.
    pub fn take_for_line(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_line)
    }

    /// Takes the next thing that it does.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Tells when [`handle_timeout`](Self::handle_timeout) or [`take_for_computer`](Self::take_for_computer) is wanted.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let escape = (self.pluses == 3).then(|| self.last_octet + GUARD);
        let said = self.says.front().map(|(at, _)| *at);
        [escape, said, self.rings_at, self.drops_at].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.pluses == 3 && matches!(self.mode, Mode::Online | Mode::Login(_)) && self.last_octet + GUARD <= now {
            (self.pluses, self.mode) = (0, Mode::OnlineCommand);
            self.command.clear();
            self.result(now, "OK", "0");
        }
        if self.rings_at.is_some_and(|at| at <= now) {
            self.rings_at = Some(now + RING);
            self.result(now, "RING", "2");
        }
        if self.drops_at.is_some_and(|at| at <= now) {
            self.line_lost(now);
        }
    }

    fn data(&mut self, now: Instant, octets: &[u8]) {
        self.count_pluses(now, octets);
        let mut octets = octets.to_vec();
        self.spoil(&mut octets);
        self.to_line.extend(octets);
    }

    fn count_pluses(&mut self, now: Instant, octets: &[u8]) {
        let silent = now.since(self.last_octet) >= GUARD;
        self.last_octet = now;
        let only_pluses = octets.iter().all(|octet| *octet == b'+');
        if only_pluses && (silent || self.pluses > 0) && usize::from(self.pluses) + octets.len() <= 3 {
            self.pluses += u8::try_from(octets.len()).unwrap_or(3);
        } else {
            self.pluses = 0;
        }
    }

    fn typed(&mut self, now: Instant, octet: u8) {
        if self.echo || self.personality.always_echo {
            self.say(now, &[octet]);
        }
        if octet != b'\r' {
            if self.command.len() < COMMAND_MAX {
                self.command.push(octet);
            }
            return;
        }
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.command)).trim().to_owned();
        match line.get(..2) {
            Some(at) if at.eq_ignore_ascii_case("AT") => self.execute(now, &line[2..]),
            _ => {}
        }
    }

    fn execute(&mut self, now: Instant, commands: &str) {
        let mut rest = commands;
        while let Some(command) = rest.chars().next() {
            let (verb, behind) = rest.split_at(command.len_utf8());
            let digits = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
            let value = &behind[..digits];
            rest = &behind[digits..];
            match verb.to_ascii_uppercase().as_str() {
                "D" => return self.dial(now, behind),
                "A" => return self.pick_up(),
                "O" if self.mode == Mode::OnlineCommand => {
                    self.mode = Mode::Online;
                    return self.result(now, "CONNECT", "1");
                }
                "E" => self.echo = value != "0",
                "V" => self.words = value != "0",
                "Q" => self.quiet = value == "1",
                "Z" => {
                    self.hang_up();
                    (self.echo, self.words, self.quiet) = (true, true, false);
                }
                "H" => self.hang_up(),
                // An extended command takes the rest of the line.
                "+" => {
                    self.extended(now, behind);
                    rest = "";
                }
                // V.250 6.1.2: the ampersand belongs to the letter behind it.
                "&" => {
                    rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                    rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                }
                "S" => rest = rest.trim_start_matches(|c: char| c == '=' || c == '?' || c.is_ascii_digit()),
                _ => {}
            }
        }
        self.result(now, "OK", "0");
    }

    fn extended(&mut self, now: Instant, command: &str) {
        let says = match command.to_ascii_uppercase().as_str() {
            "CPIN?" => "\r\n+CPIN: READY\r\n",
            "CREG?" => "\r\n+CREG: 1,1\r\n",
            _ => return,
        };
        self.say(now, says.as_bytes());
    }

    fn dial(&mut self, now: Instant, number: &str) {
        let digits: String = number.chars().filter(|c| c.is_ascii_digit() || "*#".contains(*c)).collect();
        self.mode = Mode::Calling;
        match self.personality.refused.iter().find(|(refused, _)| *refused == digits) {
            Some((_, refusal)) => {
                let (words, number) = refusal.says();
                self.refused(now, words, number);
            }
            None if self.personality.login.is_some() => {
                self.carrier(now);
                (self.asked, self.pluses, self.last_octet) = (digits, 0, now);
                self.mode = Mode::Login(Host::default());
                self.says.push_back((now, Host::BANNER.to_vec()));
            }
            None => self.actions.push_back(Action::Dial(digits)),
        }
    }

    fn pick_up(&mut self) {
        self.mode = Mode::Calling;
        self.rings_at = None;
        self.actions.push_back(Action::Answer);
    }

    /// Takes what is typed to the host; whoever it knows is put through.
    fn typed_to_host(&mut self, now: Instant, mut host: Host, octets: &[u8]) {
        let Some(login) = self.personality.login.clone() else { return };
        self.count_pluses(now, octets);
        for octet in octets {
            let (said, verdict) = host.typed(*octet, &login, &mut self.command);
            self.says.push_back((now, said));
            match verdict {
                Verdict::Asks => {}
                Verdict::Through => {
                    (self.mode, self.pluses, self.last_octet) = (Mode::Online, 0, now);
                    self.actions.push_back(Action::Dial(std::mem::take(&mut self.asked)));
                    return;
                }
                Verdict::Drops => return self.line_lost(now),
            }
        }
        self.mode = Mode::Login(host);
    }

    fn hang_up(&mut self) {
        if self.mode != Mode::Command {
            self.mode = Mode::Command;
            self.actions.push_back(Action::HangUp);
            self.command.clear();
        }
        (self.pluses, self.drops_at) = (0, None);
        self.to_line.clear();
    }

    fn result(&mut self, now: Instant, words: &str, number: &str) {
        if self.quiet {
            return;
        }
        let by_words = self.words && !self.personality.numeric;
        let message = if by_words { format!("\r\n{words}\r\n") } else { format!("{number}\r") };
        for _ in 0..if self.personality.twice { 2 } else { 1 } {
            self.say(now, message.as_bytes());
        }
    }

    fn say(&mut self, now: Instant, octets: &[u8]) {
        self.says.push_back((now + self.personality.late, octets.to_vec()));
    }

    /// Changes a bit of one in so many octets.
    fn spoil(&mut self, octets: &mut [u8]) {
        let Some(one_in) = self.personality.noise else { return };
        for octet in octets {
            self.noise ^= self.noise << 13;
            self.noise ^= self.noise >> 7;
            self.noise ^= self.noise << 17;
            if self.noise.is_multiple_of(one_in.into()) {
                *octet ^= 1 << (self.noise >> 61);
            }
        }
    }
}

/// The silence on both sides of `+++` (S12).
const GUARD: Duration = Duration::from_secs(1);
/// From one ring to the next.
const RING: Duration = Duration::from_secs(2);
/// V.250 5.2.1 wants at least 40 characters.
const COMMAND_MAX: usize = 256;

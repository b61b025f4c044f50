//! Reading a script: its structure becomes jumps, its names numbers, and the types of all expressions are checked.

mod value;
mod words;

use super::expression::{Expression, Type};
use super::token::Kind;
use super::{Awaited, Command, PortSetting, Script, Source, Step, SyntaxError};
use rasman_core::{Parity, StopBits};
use words::{RESERVED, Words};

pub(super) fn parse(text: &[u8]) -> Result<Script, SyntaxError> {
    let mut parser = Parser { words: Words::of(text)?, ..Parser::default() };
    parser.script()?;
    Ok(Script { steps: parser.steps, variables: parser.variables.into_iter().map(|(_, kind)| kind).collect() })
}

#[derive(Default)]
struct Parser {
    words: Words,
    depth: usize,
    /// How many operators the present expression has.
    operators: usize,
    steps: Vec<Step>,
    variables: Vec<(String, Type)>,
    labels: Vec<(String, usize)>,
    /// What jumps to a label: the step, which of its texts, the name, the line.
    jumps: Vec<(usize, Option<usize>, String, u32)>,
}

type Parsed<T> = Result<T, SyntaxError>;

impl Parser {
    fn script(&mut self) -> Parsed<()> {
        self.words.keyword("proc")?;
        self.words.keyword("main")?;
        self.declarations()?;
        self.block(&["endproc"])?;
        self.words.keyword("endproc")?;
        if *self.words.peek() != Kind::End {
            self.words.next();
            return self.words.wrong("something follows endproc; a script is the one procedure main");
        }
        self.resolve()
    }

    fn declarations(&mut self) -> Parsed<()> {
        loop {
            let kind = match self.words.word() {
                Some("integer") => Type::Integer,
                Some("string") => Type::Text,
                Some("boolean") => Type::Boolean,
                _ => return Ok(()),
            };
            self.words.next();
            let name = self.words.name()?;
            if self.variables.iter().any(|(known, _)| *known == name) {
                return self.words.wrong(format!("the variable {name} is declared twice"));
            }
            self.variables.push((name, kind));
            if self.variables.len() > VARIABLES_MAX {
                return self.words.wrong(format!("more than {VARIABLES_MAX} variables are declared"));
            }
            if self.words.accept("=") {
                let variable = self.variables.len() - 1;
                let value = self.source(kind)?;
                self.push(Command::Assign { variable, value });
            }
        }
    }

    /// Reads commands up to one of the words.
    fn block(&mut self, ends: &[&str]) -> Parsed<()> {
        self.deeper()?;
        while self.words.word().is_none_or(|word| !ends.contains(&word)) {
            self.statement(ends[0])?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn statement(&mut self, end: &str) -> Parsed<()> {
        let Some(word) = self.words.word().map(str::to_owned) else {
            let is_end = *self.words.peek() == Kind::End;
            self.words.next();
            return self.words.wrong(if is_end {
                format!("{end} is missing")
            } else {
                "a command was expected".to_owned()
            });
        };
        self.words.next();
        match word.as_str() {
            "transmit" => self.transmit(),
            "waitfor" => self.wait_for(),
            "delay" => {
                let seconds = self.expect_type(Type::Integer)?;
                self.push(Command::Delay(seconds));
                Ok(())
            }
            "if" => self.condition(),
            "while" => self.repetition(),
            "goto" => {
                let name = self.words.name()?;
                self.jumps.push((self.steps.len(), None, name, self.words.line));
                self.push(Command::Jump(0));
                Ok(())
            }
            "getip" => {
                let number = self.number_behind()?;
                self.push(Command::GetIp(number));
                Ok(())
            }
            "set" => self.set(),
            "halt" => {
                self.push(Command::Halt);
                Ok(())
            }
            "integer" | "string" | "boolean" => self.words.wrong("variables are declared before the first command"),
            word if RESERVED.contains(&word) => {
                self.words.wrong(format!("\"{word}\" is no command that can stand here"))
            }
            _ => self.label_or_assignment(word),
        }
    }

    fn label_or_assignment(&mut self, name: String) -> Parsed<()> {
        if self.words.accept(":") {
            if self.labels.iter().any(|(known, _)| *known == name) {
                return self.words.wrong(format!("the label {name} stands twice"));
            }
            self.labels.push((name, self.steps.len()));
            return Ok(());
        }
        if !self.words.accept("=") {
            return self.words.wrong(format!("\"{name}\" is no command; \"=\" makes it an assignment, \":\" a label"));
        }
        let (variable, kind) = self.variable(&name)?;
        let value = self.source(kind)?;
        self.push(Command::Assign { variable, value });
        Ok(())
    }

    fn transmit(&mut self) -> Parsed<()> {
        let text = self.expect_type(Type::Text)?;
        let raw = self.words.accept(",");
        if raw {
            self.words.keyword("raw")?;
        }
        self.push(Command::Transmit { text, raw });
        Ok(())
    }

    fn wait_for(&mut self) -> Parsed<()> {
        let mut texts = Vec::new();
        loop {
            let text = self.expect_type(Type::Text)?;
            let mut awaited = Awaited { text, match_case: false, then: None };
            let mut more = self.words.accept(",");
            if more && self.words.accept_word("matchcase") {
                awaited.match_case = true;
                more = self.words.accept(",");
            }
            if !more && self.words.accept_word("then") {
                let name = self.words.name()?;
                self.jumps.push((self.steps.len(), Some(texts.len()), name, self.words.line));
                more = self.words.accept(",");
            }
            texts.push(awaited);
            if texts.len() > TEXTS_MAX {
                return self.words.wrong(format!("waitfor has more than {TEXTS_MAX} texts"));
            }
            if !more {
                break;
            }
        }
        let until = if self.words.accept_word("until") { Some(self.expect_type(Type::Integer)?) } else { None };
        self.push(Command::WaitFor { texts, until });
        Ok(())
    }

    fn condition(&mut self) -> Parsed<()> {
        let condition = self.expect_type(Type::Boolean)?;
        self.words.keyword("then")?;
        let jump = self.steps.len();
        self.push(Command::Halt);
        self.block(&["endif"])?;
        self.words.next();
        self.steps[jump].command = Command::JumpUnless(condition, self.steps.len());
        Ok(())
    }

    fn repetition(&mut self) -> Parsed<()> {
        let condition = self.expect_type(Type::Boolean)?;
        self.words.keyword("do")?;
        let start = self.steps.len();
        self.push(Command::Halt);
        self.block(&["endwhile"])?;
        self.words.next();
        self.push(Command::Jump(start));
        self.steps[start].command = Command::JumpUnless(condition, self.steps.len());
        Ok(())
    }

    fn set(&mut self) -> Parsed<()> {
        let command = match self.words.some_word()?.as_str() {
            "ipaddr" => Command::SetIp(self.source(Type::Text)?),
            "port" => Command::SetPort(self.port_setting()?),
            "screen" => {
                self.words.keyword("keyboard")?;
                match self.words.some_word()?.as_str() {
                    "on" | "off" => Command::SetScreen,
                    _ => return self.words.wrong("set screen keyboard takes on or off"),
                }
            }
            _ => return self.words.wrong("set takes port, screen or ipaddr"),
        };
        self.push(command);
        Ok(())
    }

    fn port_setting(&mut self) -> Parsed<PortSetting> {
        match self.words.some_word()?.as_str() {
            "databits" => match self.words.next() {
                Kind::Number(bits @ 5..=8) => Ok(PortSetting::DataBits(bits.unsigned_abs().to_le_bytes()[0])),
                _ => self.words.wrong("set port databits takes 5, 6, 7 or 8"),
            },
            "stopbits" => match self.words.next() {
                Kind::Number(1) => Ok(PortSetting::StopBits(StopBits::One)),
                Kind::Number(2) => Ok(PortSetting::StopBits(StopBits::Two)),
                _ => self.words.wrong("set port stopbits takes 1 or 2"),
            },
            "parity" => match self.words.some_word()?.as_str() {
                "none" => Ok(PortSetting::Parity(Parity::None)),
                "odd" => Ok(PortSetting::Parity(Parity::Odd)),
                "even" => Ok(PortSetting::Parity(Parity::Even)),
                "mark" => Ok(PortSetting::Parity(Parity::Mark)),
                "space" => Ok(PortSetting::Parity(Parity::Space)),
                _ => self.words.wrong("set port parity takes none, odd, even, mark or space"),
            },
            _ => self.words.wrong("set port takes databits, parity or stopbits"),
        }
    }

    /// Reads what stands behind `=`: an expression, or `getip`, also in parentheses.
    fn source(&mut self, kind: Type) -> Parsed<Source> {
        let enclosed = *self.words.peek() == Kind::Mark("(") && self.words.is_word(1, "getip");
        if !enclosed && !self.words.is_word(0, "getip") {
            return self.expect_type(kind).map(Source::Value);
        }
        if kind != Type::Text {
            return self.words.wrong(format!("getip gives a string, and this takes {}", kind.name()));
        }
        if enclosed {
            self.words.next();
        }
        self.words.next();
        let number = self.number_behind()?;
        if enclosed && !self.words.accept(")") {
            return self.words.wrong("\")\" is missing");
        }
        Ok(Source::Received(number))
    }

    /// Reads the number of `getip`, which stands on its line; the next line is the next command.
    fn number_behind(&mut self) -> Parsed<Option<Expression>> {
        let begins = match self.words.peek() {
            Kind::Number(_) | Kind::Mark("-" | "(") => true,
            Kind::Word(word) => self.variables.iter().any(|(name, _)| name == word),
            _ => false,
        };
        if self.words.stays_on_line() && begins { self.expect_type(Type::Integer).map(Some) } else { Ok(None) }
    }

    /// Gives every jump its step.
    fn resolve(&mut self) -> Parsed<()> {
        for (step, text, name, line) in core::mem::take(&mut self.jumps) {
            let Some(to) = self.labels.iter().find(|(label, _)| *label == name).map(|(_, to)| *to) else {
                return Err(SyntaxError { line, problem: format!("there is no label {name}") });
            };
            match (&mut self.steps[step].command, text) {
                (Command::WaitFor { texts, .. }, Some(at)) => texts[at].then = Some(to),
                (command, _) => *command = Command::Jump(to),
            }
        }
        Ok(())
    }

    /// A script that nests without end would end our stack.
    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.words.wrong(format!("more than {DEPTH_MAX} levels are nested"))
        } else {
            Ok(())
        }
    }

    fn push(&mut self, command: Command) {
        self.steps.push(Step { line: self.words.line, command });
    }
}

/// How deep commands and expressions may be nested.
const DEPTH_MAX: usize = 64;
/// How many variables there may be: each may hold a string.
const VARIABLES_MAX: usize = 256;
/// How many texts may be waited for at once.
const TEXTS_MAX: usize = 32;

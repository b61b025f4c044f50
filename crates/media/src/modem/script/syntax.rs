//! Reading a script: its structure becomes jumps, its names numbers, and the types of all expressions are checked.

use super::expression::{Expression, Operator, System, Type};
use super::token::{Kind, Token, split};
use super::{Awaited, Command, PortSetting, Script, Source, Step, SyntaxError};
use rasman_core::{Parity, StopBits};
use std::collections::VecDeque;

pub(super) fn parse(text: &[u8]) -> Result<Script, SyntaxError> {
    let mut parser = Parser { tokens: split(text)?, line: 1, ..Parser::default() };
    parser.script()?;
    Ok(Script { steps: parser.steps, variables: parser.variables.into_iter().map(|(_, kind)| kind).collect() })
}

#[derive(Default)]
struct Parser {
    tokens: VecDeque<Token>,
    /// Where the last word stood.
    line: u32,
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
        self.keyword("proc")?;
        self.keyword("main")?;
        self.declarations()?;
        self.block(&["endproc"])?;
        self.keyword("endproc")?;
        if *self.peek() != Kind::End {
            self.next();
            return self.wrong("something follows endproc; a script is the one procedure main");
        }
        self.resolve()
    }

    fn declarations(&mut self) -> Parsed<()> {
        loop {
            let kind = match self.word() {
                Some("integer") => Type::Integer,
                Some("string") => Type::Text,
                Some("boolean") => Type::Boolean,
                _ => return Ok(()),
            };
            self.next();
            let name = self.name()?;
            if self.variables.iter().any(|(known, _)| *known == name) {
                return self.wrong(format!("the variable {name} is declared twice"));
            }
            self.variables.push((name, kind));
            if self.variables.len() > VARIABLES_MAX {
                return self.wrong(format!("more than {VARIABLES_MAX} variables are declared"));
            }
            if self.accept("=") {
                let variable = self.variables.len() - 1;
                let value = self.source(kind)?;
                self.push(Command::Assign { variable, value });
            }
        }
    }

    /// Reads commands up to one of the words.
    fn block(&mut self, ends: &[&str]) -> Parsed<()> {
        self.deeper()?;
        while self.word().is_none_or(|word| !ends.contains(&word)) {
            self.statement(ends[0])?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn statement(&mut self, end: &str) -> Parsed<()> {
        let Some(word) = self.word().map(str::to_owned) else {
            let is_end = *self.peek() == Kind::End;
            self.next();
            return self.wrong(if is_end { format!("{end} is missing") } else { "a command was expected".to_owned() });
        };
        self.next();
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
                let name = self.name()?;
                self.jumps.push((self.steps.len(), None, name, self.line));
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
            "integer" | "string" | "boolean" => self.wrong("variables are declared before the first command"),
            word if RESERVED.contains(&word) => self.wrong(format!("\"{word}\" is no command that can stand here")),
            _ => self.label_or_assignment(word),
        }
    }

    fn label_or_assignment(&mut self, name: String) -> Parsed<()> {
        if self.accept(":") {
            if self.labels.iter().any(|(known, _)| *known == name) {
                return self.wrong(format!("the label {name} stands twice"));
            }
            self.labels.push((name, self.steps.len()));
            return Ok(());
        }
        if !self.accept("=") {
            return self.wrong(format!("\"{name}\" is no command; \"=\" makes it an assignment, \":\" a label"));
        }
        let (variable, kind) = self.variable(&name)?;
        let value = self.source(kind)?;
        self.push(Command::Assign { variable, value });
        Ok(())
    }

    fn transmit(&mut self) -> Parsed<()> {
        let text = self.expect_type(Type::Text)?;
        let raw = self.accept(",");
        if raw {
            self.keyword("raw")?;
        }
        self.push(Command::Transmit { text, raw });
        Ok(())
    }

    fn wait_for(&mut self) -> Parsed<()> {
        let mut texts = Vec::new();
        loop {
            let text = self.expect_type(Type::Text)?;
            let mut awaited = Awaited { text, match_case: false, then: None };
            let mut more = self.accept(",");
            if more && self.accept_word("matchcase") {
                awaited.match_case = true;
                more = self.accept(",");
            }
            if !more && self.accept_word("then") {
                let name = self.name()?;
                self.jumps.push((self.steps.len(), Some(texts.len()), name, self.line));
                more = self.accept(",");
            }
            texts.push(awaited);
            if texts.len() > TEXTS_MAX {
                return self.wrong(format!("waitfor has more than {TEXTS_MAX} texts"));
            }
            if !more {
                break;
            }
        }
        let until = if self.accept_word("until") { Some(self.expect_type(Type::Integer)?) } else { None };
        self.push(Command::WaitFor { texts, until });
        Ok(())
    }

    fn condition(&mut self) -> Parsed<()> {
        let condition = self.expect_type(Type::Boolean)?;
        self.keyword("then")?;
        let jump = self.steps.len();
        self.push(Command::Halt);
        self.block(&["endif"])?;
        self.next();
        self.steps[jump].command = Command::JumpUnless(condition, self.steps.len());
        Ok(())
    }

    fn repetition(&mut self) -> Parsed<()> {
        let condition = self.expect_type(Type::Boolean)?;
        self.keyword("do")?;
        let start = self.steps.len();
        self.push(Command::Halt);
        self.block(&["endwhile"])?;
        self.next();
        self.push(Command::Jump(start));
        self.steps[start].command = Command::JumpUnless(condition, self.steps.len());
        Ok(())
    }

    fn set(&mut self) -> Parsed<()> {
        let command = match self.some_word()?.as_str() {
            "ipaddr" => Command::SetIp(self.source(Type::Text)?),
            "port" => Command::SetPort(self.port_setting()?),
            "screen" => {
                self.keyword("keyboard")?;
                match self.some_word()?.as_str() {
                    "on" | "off" => Command::SetScreen,
                    _ => return self.wrong("set screen keyboard takes on or off"),
                }
            }
            _ => return self.wrong("set takes port, screen or ipaddr"),
        };
        self.push(command);
        Ok(())
    }

    fn port_setting(&mut self) -> Parsed<PortSetting> {
        match self.some_word()?.as_str() {
            "databits" => match self.next() {
                Kind::Number(bits @ 5..=8) => Ok(PortSetting::DataBits(bits.unsigned_abs().to_le_bytes()[0])),
                _ => self.wrong("set port databits takes 5, 6, 7 or 8"),
            },
            "stopbits" => match self.next() {
                Kind::Number(1) => Ok(PortSetting::StopBits(StopBits::One)),
                Kind::Number(2) => Ok(PortSetting::StopBits(StopBits::Two)),
                _ => self.wrong("set port stopbits takes 1 or 2"),
            },
            "parity" => match self.some_word()?.as_str() {
                "none" => Ok(PortSetting::Parity(Parity::None)),
                "odd" => Ok(PortSetting::Parity(Parity::Odd)),
                "even" => Ok(PortSetting::Parity(Parity::Even)),
                "mark" => Ok(PortSetting::Parity(Parity::Mark)),
                "space" => Ok(PortSetting::Parity(Parity::Space)),
                _ => self.wrong("set port parity takes none, odd, even, mark or space"),
            },
            _ => self.wrong("set port takes databits, parity or stopbits"),
        }
    }

    /// Reads what stands behind `=`: an expression, or `getip`, also in parentheses.
    fn source(&mut self, kind: Type) -> Parsed<Source> {
        let is_getip =
            |at: usize| matches!(self.tokens.get(at), Some(Token { kind: Kind::Word(word), .. }) if word == "getip");
        let enclosed = *self.peek() == Kind::Mark("(") && is_getip(1);
        if !enclosed && !is_getip(0) {
            return self.expect_type(kind).map(Source::Value);
        }
        if kind != Type::Text {
            return self.wrong(format!("getip gives a string, and this takes {}", kind.name()));
        }
        if enclosed {
            self.next();
        }
        self.next();
        let number = self.number_behind()?;
        if enclosed && !self.accept(")") {
            return self.wrong("\")\" is missing");
        }
        Ok(Source::Received(number))
    }

    /// Reads the number of `getip`, which stands on its line; the next line is the next command.
    fn number_behind(&mut self) -> Parsed<Option<Expression>> {
        let same_line = self.tokens.front().is_some_and(|token| token.line == self.line);
        let begins = match self.peek() {
            Kind::Number(_) | Kind::Mark("-" | "(") => true,
            Kind::Word(word) => self.variables.iter().any(|(name, _)| name == word),
            _ => false,
        };
        if same_line && begins { self.expect_type(Type::Integer).map(Some) } else { Ok(None) }
    }

    // Expressions.

    fn expect_type(&mut self, wanted: Type) -> Parsed<Expression> {
        self.operators = 0;
        let (expression, kind) = self.binary(0)?;
        if kind != wanted {
            return self.wrong(format!("{} was expected, not {}", wanted.name(), kind.name()));
        }
        Ok(expression)
    }

    fn binary(&mut self, level: usize) -> Parsed<(Expression, Type)> {
        if level == Operator::LEVELS {
            return self.unary();
        }
        let (mut left, mut kind) = self.binary(level + 1)?;
        while let Some(operator) = Operator::of(level, self.sign()) {
            self.next();
            let (right, other) = self.binary(level + 1)?;
            self.operators += 1;
            if self.operators > OPERATORS_MAX {
                return self.wrong(format!("the expression has more than {OPERATORS_MAX} operators"));
            }
            let Some(result) = operator.result(kind, other) else {
                return self.wrong(format!("the operator does not take {} and {}", kind.name(), other.name()));
            };
            left = Expression::Binary(operator, Box::new((left, right)));
            kind = result;
        }
        Ok((left, kind))
    }

    fn unary(&mut self) -> Parsed<(Expression, Type)> {
        self.deeper()?;
        // On the line of what wants a value, not of what stands in its place.
        if self.word().is_some_and(|word| RESERVED.contains(&word) && !["true", "false"].contains(&word)) {
            return self.wrong("a value was expected");
        }
        let parsed = match self.next() {
            Kind::Number(number) => (Expression::Integer(number), Type::Integer),
            Kind::Text(text) => (Expression::Text(text), Type::Text),
            Kind::System(name) => match System::find(&name) {
                Some(system) => (Expression::System(system), system.kind()),
                None => return self.wrong(format!("there is no system variable ${name}")),
            },
            Kind::Word(word) if word == "true" || word == "false" => {
                (Expression::Boolean(word == "true"), Type::Boolean)
            }
            Kind::Word(word) => {
                let (variable, kind) = self.variable(&word)?;
                (Expression::Variable(variable), kind)
            }
            Kind::Mark("-") => match self.unary()? {
                (of, Type::Integer) => (Expression::Minus(Box::new(of)), Type::Integer),
                (_, kind) => return self.wrong(format!("\"-\" takes an integer, not {}", kind.name())),
            },
            Kind::Mark("!") => match self.unary()? {
                (_, Type::Text) => return self.wrong("\"!\" does not take a string"),
                (of, kind) => (Expression::Not(Box::new(of)), kind),
            },
            Kind::Mark("(") => {
                let inner = self.binary(0)?;
                if !self.accept(")") {
                    return self.wrong("\")\" is missing");
                }
                inner
            }
            _ => return self.wrong("a value was expected"),
        };
        self.depth -= 1;
        Ok(parsed)
    }

    fn variable(&self, name: &str) -> Parsed<(usize, Type)> {
        match self.variables.iter().position(|(known, _)| known == name) {
            Some(at) => Ok((at, self.variables[at].1)),
            None => self.wrong(format!("the variable {name} is not declared")),
        }
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

    // Words.

    fn peek(&self) -> &Kind {
        self.tokens.front().map_or(&Kind::End, |token| &token.kind)
    }

    fn next(&mut self) -> Kind {
        // The end stays, with its line.
        let Some(token) = self.tokens.pop_front() else { return Kind::End };
        self.line = token.line;
        token.kind
    }

    fn word(&self) -> Option<&str> {
        match self.peek() {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Gives the operator that comes, if one does.
    fn sign(&self) -> &str {
        match self.peek() {
            Kind::Mark(mark) => mark,
            Kind::Word(word) => word,
            _ => "",
        }
    }

    fn accept(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Kind::Mark(found) if *found == mark);
        if found {
            self.next();
        }
        found
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found = self.word() == Some(word);
        if found {
            self.next();
        }
        found
    }

    fn keyword(&mut self, word: &str) -> Parsed<()> {
        match self.next() {
            Kind::Word(found) if found == word => Ok(()),
            _ => self.wrong(format!("\"{word}\" was expected")),
        }
    }

    fn some_word(&mut self) -> Parsed<String> {
        match self.next() {
            Kind::Word(word) => Ok(word),
            _ => self.wrong("a word was expected"),
        }
    }

    /// Reads a name that a script may give.
    fn name(&mut self) -> Parsed<String> {
        match self.next() {
            Kind::Word(word) if !RESERVED.contains(&word.as_str()) => Ok(word),
            Kind::Word(word) => self.wrong(format!("\"{word}\" is a reserved word and no name")),
            _ => self.wrong("a name was expected"),
        }
    }

    fn push(&mut self, command: Command) {
        self.steps.push(Step { line: self.line, command });
    }

    /// A script that nests without end would end our stack.
    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { self.wrong(format!("more than {DEPTH_MAX} levels are nested")) } else { Ok(()) }
    }

    fn wrong<T>(&self, problem: impl Into<String>) -> Parsed<T> {
        Err(SyntaxError { line: self.line, problem: problem.into() })
    }
}

/// The words that are no names.
const RESERVED: [&str; 39] = [
    "and",
    "boolean",
    "databits",
    "delay",
    "do",
    "endif",
    "endproc",
    "endwhile",
    "even",
    "false",
    "getip",
    "goto",
    "halt",
    "if",
    "integer",
    "ipaddr",
    "keyboard",
    "mark",
    "matchcase",
    "none",
    "odd",
    "off",
    "on",
    "or",
    "parity",
    "port",
    "proc",
    "raw",
    "screen",
    "set",
    "space",
    "stopbits",
    "string",
    "then",
    "transmit",
    "true",
    "until",
    "waitfor",
    "while",
];
/// How deep commands and expressions may be nested.
const DEPTH_MAX: usize = 64;
/// How many operators an expression may have: they nest to the left.
const OPERATORS_MAX: usize = 256;
/// How many variables there may be: each may hold a string.
const VARIABLES_MAX: usize = 256;
/// How many texts may be waited for at once.
const TEXTS_MAX: usize = 32;

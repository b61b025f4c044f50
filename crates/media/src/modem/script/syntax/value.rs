//! Values: operators by their levels, operands, and the type of each.

use super::words::RESERVED;
use super::{Parsed, Parser};
use crate::modem::script::expression::{Expression, Operator, System, Type};
use crate::modem::script::token::Kind;

impl Parser {
    pub(super) fn expect_type(&mut self, wanted: Type) -> Parsed<Expression> {
        self.operators = 0;
        let (expression, kind) = self.binary(0)?;
        if kind != wanted {
            return self.words.wrong(format!("{} was expected, not {}", wanted.name(), kind.name()));
        }
        Ok(expression)
    }

    fn binary(&mut self, level: usize) -> Parsed<(Expression, Type)> {
        if level == Operator::LEVELS {
            return self.unary();
        }
        let (mut left, mut kind) = self.binary(level + 1)?;
        while let Some(operator) = Operator::of(level, self.words.sign()) {
            self.words.next();
            let (right, other) = self.binary(level + 1)?;
            self.operators += 1;
            if self.operators > OPERATORS_MAX {
                return self.words.wrong(format!("the expression has more than {OPERATORS_MAX} operators"));
            }
            let Some(result) = operator.result(kind, other) else {
                return self.words.wrong(format!("the operator does not take {} and {}", kind.name(), other.name()));
            };
            left = Expression::Binary(operator, Box::new((left, right)));
            kind = result;
        }
        Ok((left, kind))
    }

    fn unary(&mut self) -> Parsed<(Expression, Type)> {
        self.deeper()?;
        // On the line of what wants a value, not of what stands in its place.
        if self.words.word().is_some_and(|word| RESERVED.contains(&word) && !["true", "false"].contains(&word)) {
            return self.words.wrong("a value was expected");
        }
        let parsed = match self.words.next() {
            Kind::Number(number) => (Expression::Integer(number), Type::Integer),
            Kind::Text(text) => (Expression::Text(text), Type::Text),
            Kind::System(name) => match System::find(&name) {
                Some(system) => (Expression::System(system), system.kind()),
                None => return self.words.wrong(format!("there is no system variable ${name}")),
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
                (_, kind) => return self.words.wrong(format!("\"-\" takes an integer, not {}", kind.name())),
            },
            Kind::Mark("!") => match self.unary()? {
                (_, Type::Text) => return self.words.wrong("\"!\" does not take a string"),
                (of, kind) => (Expression::Not(Box::new(of)), kind),
            },
            Kind::Mark("(") => {
                let inner = self.binary(0)?;
                if !self.words.accept(")") {
                    return self.words.wrong("\")\" is missing");
                }
                inner
            }
            _ => return self.words.wrong("a value was expected"),
        };
        self.depth -= 1;
        Ok(parsed)
    }

    pub(super) fn variable(&self, name: &str) -> Parsed<(usize, Type)> {
        match self.variables.iter().position(|(known, _)| known == name) {
            Some(at) => Ok((at, self.variables[at].1)),
            None => self.words.wrong(format!("the variable {name} is not declared")),
        }
    }
}

/// How many operators an expression may have: they nest to the left.
const OPERATORS_MAX: usize = 256;

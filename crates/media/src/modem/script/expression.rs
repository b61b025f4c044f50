//! Expressions: their types when a script is read, their values when it runs.

use rasman_core::Secret;

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Type {
    Integer,
    Text,
    Boolean,
}

impl Type {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Text => "a string",
            Self::Boolean => "a boolean",
        }
    }

    pub(super) fn initial(self) -> Value {
        match self {
            Self::Integer => Value::Integer(0),
            Self::Text => Value::Text(Secret::default()),
            Self::Boolean => Value::Boolean(false),
        }
    }
}

/// A value. Texts may hold a password.
#[derive(Clone)]
pub(super) enum Value {
    Integer(i32),
    Text(Secret),
    Boolean(bool),
}

/// An expression whose types have been checked.
#[derive(Clone)]
pub(super) enum Expression {
    Integer(i32),
    Text(Vec<u8>),
    Boolean(bool),
    Variable(usize),
    System(System),
    Minus(Box<Self>),
    Not(Box<Self>),
    Binary(Operator, Box<(Self, Self)>),
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum System {
    UserId,
    Password,
    Success,
    Failure,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Multiply,
    Divide,
    Add,
    Subtract,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

/// What an expression may look at.
pub(super) trait Scope {
    fn variable(&self, at: usize) -> Value;
    fn system(&self, system: System) -> Value;
}

impl System {
    pub(super) fn find(name: &str) -> Option<Self> {
        match name {
            "userid" => Some(Self::UserId),
            "password" => Some(Self::Password),
            "success" => Some(Self::Success),
            "failure" => Some(Self::Failure),
            _ => None,
        }
    }

    pub(super) fn kind(self) -> Type {
        match self {
            Self::UserId | Self::Password => Type::Text,
            Self::Success | Self::Failure => Type::Boolean,
        }
    }
}

impl Operator {
    /// Gives the operators of a level, from the loosest on.
    pub(super) fn of(level: usize, sign: &str) -> Option<Self> {
        let found = match sign {
            "or" => (0, Self::Or),
            "and" => (1, Self::And),
            "==" => (2, Self::Equal),
            "!=" => (2, Self::NotEqual),
            "<" => (3, Self::Less),
            ">" => (3, Self::Greater),
            "<=" => (3, Self::LessOrEqual),
            ">=" => (3, Self::GreaterOrEqual),
            "+" => (4, Self::Add),
            "-" => (4, Self::Subtract),
            "*" => (5, Self::Multiply),
            "/" => (5, Self::Divide),
            _ => return None,
        };
        (found.0 == level).then_some(found.1)
    }

    /// How many levels there are.
    pub(super) const LEVELS: usize = 6;

    /// Gives the type of the result, if it takes these.
    pub(super) fn result(self, left: Type, right: Type) -> Option<Type> {
        let allowed = left == right
            && match self {
                Self::Equal | Self::NotEqual => true,
                Self::And | Self::Or => left == Type::Boolean,
                Self::Add => left != Type::Boolean,
                _ => left == Type::Integer,
            };
        let arithmetic = matches!(self, Self::Multiply | Self::Divide | Self::Add | Self::Subtract);
        allowed.then_some(if arithmetic { left } else { Type::Boolean })
    }

    fn apply(self, left: Value, right: Value) -> Result<Value, &'static str> {
        match (left, right) {
            (Value::Integer(a), Value::Integer(b)) => self.integers(a, b),
            (Value::Text(a), Value::Text(b)) => self.texts(&a, &b),
            (Value::Boolean(a), Value::Boolean(b)) => Ok(Value::Boolean(match self {
                Self::And => a && b,
                Self::Or => a || b,
                Self::Equal => a == b,
                _ => a != b,
            })),
            _ => Err("mixes types"),
        }
    }

    fn integers(self, a: i32, b: i32) -> Result<Value, &'static str> {
        let number = |result: Option<i32>| result.map(Value::Integer).ok_or("the result is no 32-bit number");
        match self {
            Self::Multiply => number(a.checked_mul(b)),
            Self::Divide if b == 0 => Err("divides by zero"),
            Self::Divide => number(a.checked_div(b)),
            Self::Add => number(a.checked_add(b)),
            Self::Subtract => number(a.checked_sub(b)),
            Self::Less => Ok(Value::Boolean(a < b)),
            Self::Greater => Ok(Value::Boolean(a > b)),
            Self::LessOrEqual => Ok(Value::Boolean(a <= b)),
            Self::GreaterOrEqual => Ok(Value::Boolean(a >= b)),
            Self::Equal => Ok(Value::Boolean(a == b)),
            Self::NotEqual => Ok(Value::Boolean(a != b)),
            Self::And | Self::Or => Err("mixes types"),
        }
    }

    fn texts(self, a: &Secret, b: &Secret) -> Result<Value, &'static str> {
        match self {
            Self::Add if a.expose().len() + b.expose().len() > STRING_MAX => Err("the string becomes too long"),
            Self::Add => Ok(Value::Text(Secret::new([a.expose(), b.expose()].concat()))),
            Self::Equal => Ok(Value::Boolean(a.same(b))),
            _ => Ok(Value::Boolean(!a.same(b))),
        }
    }
}

impl Expression {
    /// Computes the value.
    ///
    /// # Errors
    /// What the numbers or texts do not allow.
    pub(super) fn value(&self, scope: &impl Scope) -> Result<Value, &'static str> {
        match self {
            Self::Integer(number) => Ok(Value::Integer(*number)),
            Self::Text(text) => Ok(Value::Text(Secret::new(text.as_slice()))),
            Self::Boolean(boolean) => Ok(Value::Boolean(*boolean)),
            Self::Variable(at) => Ok(scope.variable(*at)),
            Self::System(system) => Ok(scope.system(*system)),
            Self::Minus(of) => Operator::Subtract.integers(0, of.integer(scope)?),
            Self::Not(of) => match of.value(scope)? {
                Value::Integer(number) => Ok(Value::Integer(!number)),
                Value::Boolean(boolean) => Ok(Value::Boolean(!boolean)),
                Value::Text(_) => Err("mixes types"),
            },
            Self::Binary(operator, sides) => operator.apply(sides.0.value(scope)?, sides.1.value(scope)?),
        }
    }

    pub(super) fn integer(&self, scope: &impl Scope) -> Result<i32, &'static str> {
        match self.value(scope)? {
            Value::Integer(number) => Ok(number),
            _ => Err("mixes types"),
        }
    }

    pub(super) fn text(&self, scope: &impl Scope) -> Result<Secret, &'static str> {
        match self.value(scope)? {
            Value::Text(text) => Ok(text),
            _ => Err("mixes types"),
        }
    }

    pub(super) fn boolean(&self, scope: &impl Scope) -> Result<bool, &'static str> {
        match self.value(scope)? {
            Value::Boolean(boolean) => Ok(boolean),
            _ => Err("mixes types"),
        }
    }
}

/// The longest string that a script makes.
const STRING_MAX: usize = 4096;

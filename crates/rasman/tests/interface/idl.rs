//! As much of Varlink's language as the interface uses, and a judge of values by it.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// An interface: types, methods and errors by name.
pub(crate) struct Interface {
    pub(crate) types: BTreeMap<String, Fields>,
    pub(crate) methods: BTreeMap<String, (Fields, Fields)>,
    pub(crate) errors: BTreeMap<String, Fields>,
    /// Fields of types, methods and errors that some value had.
    pub(crate) seen: BTreeSet<String>,
}

/// Fields in their order.
pub(crate) type Fields = Vec<(String, Type)>;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Bool,
    Int,
    String,
    Named(String),
    List(Box<Type>),
    Option(Box<Type>),
}

impl Interface {
    pub(crate) fn parse(text: &str) -> Self {
        let code: String = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default())
            .fold(String::new(), |code, line| code + line + " ");
        let mut tokens = Tokens(tokens(&code));
        let mut interface =
            Self { types: BTreeMap::new(), methods: BTreeMap::new(), errors: BTreeMap::new(), seen: BTreeSet::new() };
        tokens.expect("interface");
        tokens.next();
        while let Some(keyword) = tokens.try_next() {
            let name = tokens.next();
            match keyword.as_str() {
                "type" => drop(interface.types.insert(name, tokens.fields())),
                "error" => drop(interface.errors.insert(name, tokens.fields())),
                "method" => {
                    let parameters = tokens.fields();
                    tokens.expect("->");
                    drop(interface.methods.insert(name, (parameters, tokens.fields())));
                }
                _ => panic!("unknown keyword {keyword}"),
            }
        }
        interface
    }

    /// Asserts that a value has the fields that it must have, and no others, all of their types.
    pub(crate) fn judge(&mut self, at: &str, fields: &Fields, value: &Value) {
        let object = value.as_object().unwrap_or_else(|| panic!("{at} is no object: {value}"));
        for name in object.keys() {
            assert!(fields.iter().any(|(field, _)| field == name), "{at}.{name} is not in the interface");
        }
        for (name, kind) in fields {
            let place = format!("{at}.{name}");
            match (object.get(name), kind) {
                (None, Type::Option(_)) => {}
                (None, _) => panic!("{place} is missing in {value}"),
                (Some(value), kind) => {
                    self.seen.insert(place.clone());
                    self.judge_value(&place, kind, value);
                }
            }
        }
    }

    fn judge_value(&mut self, at: &str, kind: &Type, value: &Value) {
        match kind {
            Type::Bool => assert!(value.is_boolean(), "{at}: {value}"),
            Type::Int => assert!(value.is_i64(), "{at}: {value}"),
            Type::String => assert!(value.is_string(), "{at}: {value}"),
            Type::Option(kind) => self.judge_value(at, kind, value),
            Type::List(kind) => {
                for value in value.as_array().unwrap_or_else(|| panic!("{at} is no list: {value}")) {
                    self.judge_value(at, kind, value);
                }
            }
            Type::Named(name) => {
                let fields = self.types.get(name).unwrap_or_else(|| panic!("there is no type {name}")).clone();
                self.judge(name, &fields, value);
            }
        }
    }
}

fn tokens(code: &str) -> std::vec::IntoIter<String> {
    let mut tokens = Vec::new();
    let spaced = ["->", "(", ")", ",", ":", "?", "[]"]
        .iter()
        .fold(code.to_owned(), |code, sign| code.replace(sign, &format!(" {sign} ")));
    tokens.extend(spaced.split_whitespace().map(str::to_owned));
    tokens.into_iter()
}

struct Tokens(std::vec::IntoIter<String>);

impl Tokens {
    fn try_next(&mut self) -> Option<String> {
        self.0.next()
    }

    fn next(&mut self) -> String {
        self.try_next().expect("the interface goes on")
    }

    fn expect(&mut self, token: &str) {
        assert_eq!(self.next(), token);
    }

    fn fields(&mut self) -> Fields {
        self.expect("(");
        let mut fields = Vec::new();
        loop {
            match self.next().as_str() {
                ")" => return fields,
                "," => {}
                name => {
                    self.expect(":");
                    fields.push((name.to_owned(), self.kind()));
                }
            }
        }
    }

    fn kind(&mut self) -> Type {
        match self.next().as_str() {
            "?" => Type::Option(Box::new(self.kind())),
            "[]" => Type::List(Box::new(self.kind())),
            "bool" => Type::Bool,
            "int" => Type::Int,
            "string" => Type::String,
            name => Type::Named(name.to_owned()),
        }
    }
}

//! Both ends of EAP against each other, method by method, through a tunnel that hides nothing.

mod common;
mod hostile;
mod pair;
mod plain;

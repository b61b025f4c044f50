//! Tests of layers in virtual time: two layers over a virtual wire ([`Pair`]), one layer against a script
//! ([`Trace`]), and randomness that repeats ([`SeededRng`]).
//!
//! Everything is generic over [`rasman_core::Layer`] and knows no protocol. Here a layer that repeats a greeting
//! every second until it is answered meets itself over a wire that loses a third of all frames:
//!
//! ```
//! use rasman_core::{Batch, DropReason, Duration, Input, Instant, Layer, Timeout};
//! use rasman_testkit::{Pair, Trace, Weather};
//!
//! #[derive(Default)]
//! struct Greeter { due: Instant, greet: bool, answer: bool, answered: bool }
//!
//! impl Layer for Greeter {
//!     type Event = ();
//!     fn handle_input(&mut self, _: Instant, input: &mut [u8]) -> Input {
//!         match &input[..] {
//!             b"hello" => self.answer = true,
//!             _ => self.answered = true,
//!         }
//!         Input::Consumed { used: input.len() }
//!     }
//!     fn encap(&mut self, _: Instant, _: &[u8], _: &[u8], _: &mut Batch) -> Result<(), DropReason> {
//!         Err(DropReason::NotUp)
//!     }
//!     fn handle_timeout(&mut self, now: Instant) {
//!         if now >= self.due && !self.answered {
//!             self.greet = true;
//!             self.due = now + Duration::from_secs(1);
//!         }
//!     }
//!     fn poll_transmit(&mut self, _: Instant, out: &mut Batch) -> bool {
//!         let (greet, answer) = (std::mem::take(&mut self.greet), std::mem::take(&mut self.answer));
//!         if greet { out.push(b"hello") }
//!         if answer { out.push(b"welcome") }
//!         greet || answer
//!     }
//!     fn poll_event(&mut self) -> Option<()> { None }
//!     fn poll_timeout(&self) -> Option<Timeout> {
//!         (!self.answered).then_some(Timeout { at: self.due, why: "greeting" })
//!     }
//! }
//!
//! let stormy = Weather { loss: 33, ..Weather::default() };
//! let mut pair = Pair::datagrams(Greeter::default(), Greeter::default(), stormy, 7);
//! pair.run_until(|a, b| a.layer.answered && b.layer.answered, 1_000).unwrap();
//!
//! let mut t = Trace::new(Greeter::default());
//! t.at(0).sends([b"hello"]);
//! t.at(999).sends_nothing();
//! t.at(1_000).sends([b"hello"]);
//! t.at(1_500).receives(b"welcome").sends_nothing();
//! t.at(60_000).sends_nothing();
//! ```
#![forbid(unsafe_code)]

pub mod namespace;
mod pair;
mod rng;
mod side;
mod slow_line;
mod trace;
mod wire;

pub use pair::{GaveUp, Pair, Why};
pub use rng::SeededRng;
pub use side::Side;
pub use slow_line::SlowLine;
pub use trace::Trace;
pub use wire::{Chop, Weather, Wire};

//! The synchronous dial: the calling thread waits itself.

use super::dialled::Dialled;
use super::eap::INTERACTIVE_MODE;
use crate::call::{Outcome, code_of};
use rasman::{Code, ConnState, StateClass};
use std::sync::Arc;

/// Waits until the dial is connected, has failed or pauses (clauses S1, S2, S6).
///
/// # Errors
/// What ended the dial, or what it pauses for: 691 when it wants other credentials.
pub(crate) fn wait(dial: &Arc<Dialled>) -> Outcome {
    while let Some(told) = dial.wait() {
        if told.is_last {
            dial.forget();
            return end(told.state, told.error);
        }
        if told.script.is_some() {
            dial.run_script(&told, None);
            continue;
        }
        if ConnState::from_number(told.state).is_some_and(|state| state.class() == StateClass::Paused) {
            return Err(pause(dial, told.state));
        }
    }
    // Somebody else has waited for the same dial.
    Err(Code::INVALID_AUTH_STATE)
}

fn end(state: u32, error: u32) -> Outcome {
    match (error, ConnState::from_number(state)) {
        (0, Some(ConnState::Connected)) => Ok(()),
        (0, _) => Err(Code::USER_DISCONNECTION), // Clause S8.
        (error, _) => Err(Code(error)),
    }
}

fn pause(dial: &Dialled, state: u32) -> Code {
    let asked = if state == ConnState::Interactive.number() { INTERACTIVE_MODE } else { Code::AUTHENTICATION_FAILURE };
    match dial.manager.backend().status(dial.handle) {
        Ok(status) => status.error.map_or(asked, |cause| cause.code),
        Err(error) => code_of(error),
    }
}

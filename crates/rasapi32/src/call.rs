//! The border to C: what every exported function does first and last.

use rasman::Code;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the body of an exported function comes to.
pub(crate) type Outcome = Result<(), Code>;

/// Runs the body of an exported function and gives its code (clause E1).
///
/// A panic is our bug: it does not cross the border but is ERROR_UNKNOWN (635).
pub(crate) fn answer(body: impl FnOnce() -> Outcome) -> u32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => 0,
        Ok(Err(code)) => code.0,
        Err(_) => UNKNOWN,
    }
}

/// Takes the number of a manager's refusal.
pub(crate) fn code_of(error: rasman::Error) -> Code {
    error.code()
}

/// ERROR_UNKNOWN.
const UNKNOWN: u32 = 635;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_a_body_ends_as_a_code_and_a_panic_as_635() {
        assert_eq!(answer(|| Ok(())), 0);
        assert_eq!(answer(|| Err(Code::INVALID_HANDLE)), 6);
        assert_eq!(answer(|| panic!("our bug")), 635);
    }
}

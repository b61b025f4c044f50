//! What follows once the server has said that it would rather call than be called.

use super::stages::Next;
use super::*;

impl Connection {
    /// Gives what the server has said to our authentication, a callback included.
    pub(super) fn verdict(&mut self) -> Option<Outcome> {
        match self.signals.authentication.take() {
            Some(Ok(token)) => Some(Outcome::Accepted(token)),
            Some(Err(refusal)) => Some(Outcome::Refused(refusal)),
            None => self.signals.callback.take().map(|offer| self.called_for(offer)),
        }
    }

    /// Decides what becomes of an offer (clause A63): the number that the dial names goes first, then what the server
    /// insists on; a question comes only where it was asked for, or where nothing else is left.
    fn called_for(&self, offer: CallbackOffer) -> Outcome {
        let choices = !offer.list.is_empty() || offer.by_caller;
        match &self.plan.entry.callback {
            Callback::Number(number) if offer.by_caller => Outcome::CallsBack(CallbackChoice::Number(number.clone())),
            Callback::Number(number) if offer.list.contains(number) => {
                Outcome::CallsBack(CallbackChoice::Listed(number.clone()))
            }
            Callback::Ask if choices && self.is_askable() => Outcome::MayChoose(offer),
            Callback::Number(_) | Callback::Ask if offer.preset => Outcome::CallsBack(CallbackChoice::Preset),
            _ if offer.none => Outcome::NoCallback,
            _ if offer.preset => Outcome::CallsBack(CallbackChoice::Preset),
            _ if self.is_askable() => Outcome::MayChoose(offer),
            _ => Outcome::Refused(Refusal { cause: no_number(), retry: false, dialog: None }),
        }
    }

    /// Puts the question (clause P6), unless it was put too often: the server does not take the answers.
    pub(super) fn ask_for_number(&mut self, offer: &CallbackOffer) -> Next {
        if !self.is_askable() || self.questions >= self.plan.config.questions_max {
            return Next::Fail(no_number());
        }
        self.questions += 1;
        let numbers = if offer.by_caller { Vec::new() } else { offer.list.clone() };
        let kind = QuestionKind::CallbackNumber { numbers, may_decline: offer.none };
        self.ask(kind, no_number(), true)
    }

    pub(super) fn choose_callback(&mut self, now: Instant, choice: CallbackChoice) {
        // An offer that is void by now is followed by another one, or by the end of the link.
        let _ = self.layers.ppp.choose_callback(now, choice);
        self.limit(now, self.authentication_limit(), "agreement on a callback");
    }

    pub(super) fn hang_up_for_callback(&mut self, now: Instant) {
        // The server may have hung up first.
        let agreed = Cause::new(Code::USER_DISCONNECTION, LayerName::Cbcp).did("agreed to be called back");
        self.say_goodbye(now, &agreed);
        let limit = self.plan.config.disconnect.min(self.layers.link.close_limit());
        self.limit(now, limit, "modem hangs up");
    }

    /// Opens the port again, for the call that comes.
    pub(super) fn open_for_callback(&mut self, now: Instant) {
        self.renew_layers(true);
        self.open_link(now);
    }
}

/// Does what the user has chosen.
pub(super) fn chosen(numbers: &[String], number: &str) -> Next {
    let choice = match number {
        "" => return Next::Enter(Stage::AuthNotify(Outcome::NoCallback)),
        number if numbers.is_empty() => CallbackChoice::Number(number.to_owned()),
        number => CallbackChoice::Listed(number.to_owned()),
    };
    Next::Enter(Stage::PrepareForCallback(choice))
}

fn no_number() -> Cause {
    Cause::new(Code::BAD_CALLBACK_NUMBER, LayerName::Cbcp)
        .did("had no number for the server to call back at")
        .said("insists on a callback")
        .advice("dial with a callback number, or answer the question for one")
}

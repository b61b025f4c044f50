//! The server's side of an exchange.

use super::hash::{generate_authenticator_response, generate_nt_response};
use super::message::emit_success;
use super::{Change, FailureMessage, NAME_MAX, ResponseValue, nt_password_hash, session_keys, without_domain};
use crate::{Accounts, Authenticated, ChapPacket};
use rasman_core::{AuthMethod, Cause, Code, LayerName, Malformed, Rng, SessionKeys};
use subtle::ConstantTimeEq;

/// The authentication of one peer: a challenge, and a verdict on each response.
pub struct Server {
    name: String,
    retries: u32,
    id: u8,
    challenge: [u8; 16],
    /// The last response that was judged, and what it was told: a repeated response gets the same answer (RFC 1994
    /// 4.1), and judging it again would burn an attempt.
    judged: Option<Judged>,
}

struct Judged {
    response: Vec<u8>,
    reply: Vec<u8>,
    awaits: Awaits,
}

/// What a server still takes after a refusal.
enum Awaits {
    Nothing,
    Response,
    /// A new password for this user, whose old one was right.
    Change {
        name: Vec<u8>,
    },
}

/// What became of a response.
pub enum Verdict {
    /// It was right.
    Granted {
        /// The Success to send.
        reply: Vec<u8>,
        /// The proof.
        token: Authenticated,
        /// The keys as the server sees them.
        keys: SessionKeys,
    },
    /// It was wrong, or the account may not be used.
    Refused {
        /// The Failure to send.
        reply: Vec<u8>,
        /// Why.
        cause: Cause,
        /// Whether another response is awaited.
        retry: bool,
    },
    /// It is the same response once more: send the same answer once more.
    Repeated {
        /// The answer.
        reply: Vec<u8>,
    },
    /// It answers nothing that was asked: discard it.
    Unexpected,
}

impl Server {
    /// Makes a challenge for a peer that has `retries` further attempts.
    #[must_use]
    pub fn new(name: &str, retries: u32, rng: &mut dyn Rng) -> Self {
        let mut challenge = [0; 16];
        rng.fill(&mut challenge);
        Self { name: name.into(), retries, id: rng.u8(), challenge, judged: None }
    }

    /// Takes a challenge that comes from elsewhere: TTLS derives it from TLS.
    pub(crate) fn with_challenge(name: &str, id: u8, challenge: [u8; 16]) -> Self {
        Self { name: name.into(), retries: 0, id, challenge, judged: None }
    }

    /// Gives the Challenge to send; repeat it as it is until a response comes.
    #[must_use]
    pub fn challenge(&self) -> Vec<u8> {
        ChapPacket::Challenge { id: self.id, value: &self.challenge, name: self.name.as_bytes() }.emit()
    }

    /// Judges a response.
    ///
    /// # Errors
    /// The response has not the form of RFC 2759 4; discard it.
    pub fn response(
        &mut self,
        id: u8,
        value: &[u8],
        name: &[u8],
        accounts: &dyn Accounts,
        rng: &mut dyn Rng,
    ) -> Result<Verdict, Malformed> {
        let response = ResponseValue::parse(value)?;
        if name.len() > NAME_MAX {
            return Err(Malformed { expected: "a name of at most 256 octets", at: value.len() });
        }
        let packet = ChapPacket::Response { id, value, name }.emit();
        match &self.judged {
            None if id != self.id => return Ok(Verdict::Unexpected),
            None => {}
            Some(judged) if judged.response == packet => {
                return Ok(Verdict::Repeated { reply: judged.reply.clone() });
            }
            Some(Judged { awaits: Awaits::Nothing | Awaits::Change { .. }, .. }) => return Ok(Verdict::Unexpected),
            // Peers count the identifier up for a retry, or do not.
            Some(Judged { awaits: Awaits::Response, .. }) => {}
        }
        let verdict = self.judge(id, &response, name, accounts, rng);
        let awaits = match &verdict {
            Verdict::Refused { retry: true, cause, .. } if cause.code == Code::PASSWD_EXPIRED => {
                Awaits::Change { name: name.to_vec() }
            }
            Verdict::Refused { retry: true, .. } => Awaits::Response,
            _ => Awaits::Nothing,
        };
        self.note(packet, &verdict, awaits);
        Ok(verdict)
    }

    /// Judges a Change-Password (RFC 2759 7).
    ///
    /// # Errors
    /// The packet has not the form of RFC 2759 7; discard it.
    pub fn change_password(
        &mut self,
        id: u8,
        value: &[u8],
        accounts: &dyn Accounts,
        rng: &mut dyn Rng,
    ) -> Result<Verdict, Malformed> {
        let change = Change::parse(value)?;
        let packet = ChapPacket::ChangePassword { id, value }.emit();
        let name = match &self.judged {
            Some(judged) if judged.response == packet => {
                return Ok(Verdict::Repeated { reply: judged.reply.clone() });
            }
            Some(Judged { awaits: Awaits::Change { name }, .. }) => name.clone(),
            _ => return Ok(Verdict::Unexpected),
        };
        let verdict = self.judge_change(id, &change, &name, accounts, rng);
        self.note(packet, &verdict, Awaits::Nothing);
        Ok(verdict)
    }

    fn note(&mut self, response: Vec<u8>, verdict: &Verdict, awaits: Awaits) {
        if let Verdict::Granted { reply, .. } | Verdict::Refused { reply, .. } = verdict {
            self.judged = Some(Judged { response, reply: reply.clone(), awaits });
        }
    }

    fn judge(
        &mut self,
        id: u8,
        response: &ResponseValue,
        name: &[u8],
        accounts: &dyn Accounts,
        rng: &mut dyn Rng,
    ) -> Verdict {
        let (user, domain) = split(name);
        let account = accounts.account(&String::from_utf8_lossy(user), &String::from_utf8_lossy(domain));
        // An unknown user costs the same work as a known one.
        let known = account.is_some();
        let (password, state) = account.map(|account| (account.password, account.state)).unwrap_or_default();
        let right = self.is_right(response, user, password.expose()) && known;
        let who = String::from_utf8_lossy(name).into_owned();
        if !right {
            return self.refuse(id, Code::AUTHENTICATION_FAILURE, &who, false, rng);
        }
        if let Some(code) = state.refusal() {
            self.retries = 0;
            let may_change = code == Code::PASSWD_EXPIRED && accounts.changes_passwords();
            return self.refuse(id, code, &who, may_change, rng);
        }
        self.grant(id, response, name, password.expose())
    }

    fn judge_change(
        &mut self,
        id: u8,
        change: &Change,
        name: &[u8],
        accounts: &dyn Accounts,
        rng: &mut dyn Rng,
    ) -> Verdict {
        let (user, domain) = split(name);
        let (user_name, domain) = (String::from_utf8_lossy(user), String::from_utf8_lossy(domain));
        let who = String::from_utf8_lossy(name).into_owned();
        let old = accounts.account(&user_name, &domain).map(|account| account.password).unwrap_or_default();
        let new = change.open(old.expose()).filter(|new| self.is_right(&change.response, user, new.expose()));
        let changed = match &new {
            Some(new) => accounts.change_password(&user_name, &domain, new),
            None => Err(Code::CHANGING_PASSWORD),
        };
        match (changed, new) {
            (Ok(()), Some(new)) => self.grant(id, &change.response, name, new.expose()),
            (Err(code), _) => self.refuse(id, code, &who, false, rng),
            (Ok(()), None) => unreachable!("nothing was changed"),
        }
    }

    fn is_right(&self, response: &ResponseValue, user: &[u8], password: &[u8]) -> bool {
        let expected = generate_nt_response(&self.challenge, &response.peer_challenge, user, password);
        expected.ct_eq(&response.nt_response).into()
    }

    fn grant(&self, id: u8, response: &ResponseValue, name: &[u8], password: &[u8]) -> Verdict {
        let ResponseValue { peer_challenge, nt_response } = response;
        let (user, _) = split(name);
        let proof = generate_authenticator_response(password, nt_response, peer_challenge, &self.challenge, user);
        Verdict::Granted {
            reply: ChapPacket::Success { id, message: &emit_success(&proof) }.emit(),
            token: Authenticated::new(AuthMethod::MsChapV2, String::from_utf8_lossy(name).into_owned()),
            keys: session_keys(&nt_password_hash(password), nt_response, true),
        }
    }

    fn refuse(&mut self, id: u8, code: Code, who: &str, may_change: bool, rng: &mut dyn Rng) -> Verdict {
        let retry = self.retries > 0;
        self.retries = self.retries.saturating_sub(1);
        // RFC 2759 6: C= must be present; it is the challenge of the next attempt.
        rng.fill(&mut self.challenge);
        let text = code.sentence().unwrap_or_default().as_bytes().to_vec();
        let challenge = Some(self.challenge);
        let message = FailureMessage { error: code, retry, challenge, changes_password: true, text }.emit();
        Verdict::Refused {
            reply: ChapPacket::Failure { id, message: &message }.emit(),
            cause: Cause::new(code, LayerName::Auth).did(format!("judged the MS-CHAPv2 response of {who}")),
            retry: retry || may_change,
        }
    }
}

/// Splits a name into user and domain.
fn split(name: &[u8]) -> (&[u8], &[u8]) {
    let user = without_domain(name);
    (user, &name[..name.len().saturating_sub(user.len() + 1)])
}

#[cfg(test)]
mod tests {
    use super::super::Attempt;
    use super::*;
    use crate::AccountState;
    use crate::testing::{Alice, Counter, credentials};
    use rasman_core::Secret;

    /// Alice without the right to change her password.
    struct Fixed(AccountState);

    impl Accounts for Fixed {
        fn account(&self, user: &str, domain: &str) -> Option<crate::Account> {
            Alice::new(self.0).account(user, domain)
        }
    }

    fn challenge_of(server: &Server) -> (u8, [u8; 16]) {
        let packet = server.challenge();
        let Ok(ChapPacket::Challenge { id, value, name: b"lab" }) = ChapPacket::parse(&packet) else { panic!() };
        (id, value.try_into().unwrap())
    }

    fn judge(server: &mut Server, attempt: &Attempt, state: AccountState) -> Verdict {
        let Ok(ChapPacket::Response { id, value, name }) = ChapPacket::parse(attempt.packet()) else { panic!() };
        server.response(id, value, name, &Fixed(state), &mut Counter(77)).unwrap()
    }

    fn message(reply: &[u8]) -> Vec<u8> {
        match ChapPacket::parse(reply) {
            Ok(ChapPacket::Success { message, .. } | ChapPacket::Failure { message, .. }) => message.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_ends_prove_themselves_and_have_the_same_keys() {
        let mut server = Server::new("lab", 0, &mut Counter(0));
        let (id, challenge) = challenge_of(&server);
        let attempt = Attempt::new(&credentials("alice", "wonderland"), id, challenge, &mut Counter(50));
        let Verdict::Granted { reply, token, keys } = judge(&mut server, &attempt, AccountState::Usable) else {
            panic!()
        };
        let (ours, client) = attempt.verify(&message(&reply)).unwrap();
        assert_eq!(ours, token);
        assert_eq!(client.master_send, keys.master_receive);
        assert_eq!(client.master_receive, keys.master_send);

        // RFC 1994 4.1: "MUST allow repeated Response packets"
        let Verdict::Repeated { reply: again } = judge(&mut server, &attempt, AccountState::Usable) else { panic!() };
        assert_eq!(again, reply);
    }

    #[test]
    fn a_retry_answers_the_challenge_of_the_failure() {
        let mut server = Server::new("lab", 1, &mut Counter(0));
        let (id, challenge) = challenge_of(&server);
        let wrong = Attempt::new(&credentials("alice", "wrong"), id, challenge, &mut Counter(50));
        let Verdict::Refused { reply, retry: true, .. } = judge(&mut server, &wrong, AccountState::Usable) else {
            panic!()
        };
        let Some(challenge) = wrong.refused(&message(&reply)).retry else { panic!() };
        let right = Attempt::new(&credentials("alice", "wonderland"), id + 1, challenge, &mut Counter(60));
        let Verdict::Granted { reply, .. } = judge(&mut server, &right, AccountState::Usable) else { panic!() };
        assert!(right.verify(&message(&reply)).is_ok());
    }

    #[test]
    fn attempts_are_counted() {
        let mut server = Server::new("lab", 1, &mut Counter(0));
        let (id, challenge) = challenge_of(&server);
        let mut attempts = 0;
        for i in 0..5 {
            let wrong = Attempt::new(&credentials("nobody", ""), id + i, challenge, &mut Counter(50 + i));
            attempts += u32::from(matches!(judge(&mut server, &wrong, AccountState::Usable), Verdict::Refused { .. }));
        }
        assert_eq!(attempts, 2);
    }

    #[test]
    fn the_state_of_an_account_is_told_to_who_knows_its_password() {
        for (state, code) in [
            (AccountState::RestrictedHours, 646),
            (AccountState::Disabled, 647),
            (AccountState::PasswordExpired, 648),
            (AccountState::NoDialIn, 649),
        ] {
            for (password, code) in [("wonderland", code), ("wrong", 691)] {
                let mut server = Server::new("lab", 3, &mut Counter(0));
                let (id, challenge) = challenge_of(&server);
                let attempt = Attempt::new(&credentials("alice", password), id, challenge, &mut Counter(50));
                let Verdict::Refused { reply, retry, .. } = judge(&mut server, &attempt, state) else { panic!() };
                assert_eq!(attempt.refused(&message(&reply)).cause.code, Code(code));
                assert_eq!(retry, code == 691);
            }
        }
    }

    #[test]
    fn an_expired_password_is_changed_by_who_knows_the_old_one() {
        for (new, code) in [("looking-glass", None), ("short", Some(709))] {
            let accounts = Alice::new(AccountState::PasswordExpired);
            let mut server = Server::new("lab", 0, &mut Counter(0));
            let (id, challenge) = challenge_of(&server);
            let old = credentials("alice", "wonderland");
            let attempt = Attempt::new(&old, id, challenge, &mut Counter(50));
            let Ok(ChapPacket::Response { id, value, name }) = ChapPacket::parse(attempt.packet()) else { panic!() };
            let verdict = server.response(id, value, name, &accounts, &mut Counter(77)).unwrap();
            let Verdict::Refused { reply, retry: true, .. } = verdict else { panic!() };
            let challenge = attempt.refused(&message(&reply)).change.unwrap();
            let change = Attempt::change(&old, &Secret::from(new), id + 1, challenge, &mut Counter(90)).unwrap();
            let packet = change.packet().to_vec();
            let Ok(ChapPacket::ChangePassword { id, value }) = ChapPacket::parse(&packet) else { panic!() };
            match (server.change_password(id, value, &accounts, &mut Counter(77)).unwrap(), code) {
                (Verdict::Granted { reply, keys, .. }, None) => {
                    let (_, ours) = change.verify(&message(&reply)).unwrap();
                    assert_eq!(ours.master_send, keys.master_receive);
                    assert!(accounts.account("alice", "").unwrap().password.same(&Secret::from(new)));
                    let again = server.change_password(id, value, &accounts, &mut Counter(77)).unwrap();
                    assert!(matches!(again, Verdict::Repeated { .. }));
                }
                (Verdict::Refused { reply, retry: false, .. }, Some(code)) => {
                    assert_eq!(change.refused(&message(&reply)).cause.code, Code(code));
                }
                _ => panic!("{new}"),
            }
        }
    }

    #[test]
    fn nobody_changes_a_password_that_has_not_expired() {
        let accounts = Alice::usable();
        let mut server = Server::new("lab", 0, &mut Counter(0));
        let (_, challenge) = challenge_of(&server);
        let old = credentials("alice", "wonderland");
        let change = Attempt::change(&old, &Secret::from("looking-glass"), 1, challenge, &mut Counter(90)).unwrap();
        let value = change.change_value().unwrap();
        let verdict = server.change_password(1, value, &accounts, &mut Counter(77)).unwrap();
        assert!(matches!(verdict, Verdict::Unexpected));
        assert!(server.change_password(1, &value[1..], &accounts, &mut Counter(77)).is_err());
    }

    #[test]
    fn a_response_to_another_challenge_is_discarded() {
        let mut server = Server::new("lab", 0, &mut Counter(0));
        let (id, challenge) = challenge_of(&server);
        let attempt = Attempt::new(&credentials("alice", "wonderland"), id ^ 1, challenge, &mut Counter(50));
        assert!(matches!(judge(&mut server, &attempt, AccountState::Usable), Verdict::Unexpected));
    }
}

//! CHAP with MD5 (RFC 1994): the server learns no password, and proves nothing.

use crate::weak;
use crate::{Accounts, Authenticated, ChapPacket};
use rasman_core::{AuthMethod, Cause, Code, Credentials, LayerName, Rng};
use subtle::ConstantTimeEq;

/// RFC 1994 4.1: MD5 over identifier, secret and challenge.
#[must_use]
pub fn response_value(id: u8, secret: &[u8], challenge: &[u8]) -> [u8; 16] {
    weak::md5(&[&[id], secret, challenge])
}

/// One response to one challenge; repeat it as it is.
pub struct Attempt {
    id: u8,
    challenge: Vec<u8>,
    packet: Vec<u8>,
    user: String,
}

impl Attempt {
    /// Answers a challenge.
    #[must_use]
    pub fn new(credentials: &Credentials, id: u8, challenge: &[u8]) -> Self {
        let user = credentials.qualified_user();
        let value = response_value(id, credentials.password.expose(), challenge);
        let packet = ChapPacket::Response { id, value: &value, name: user.as_bytes() }.emit();
        Self { id, challenge: challenge.to_vec(), packet, user }
    }

    /// Gives the Response to send.
    #[must_use]
    pub fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// Gives the identifier that the verdict must carry.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.id
    }

    /// Tells whether this answers that challenge.
    #[must_use]
    pub fn answers(&self, id: u8, challenge: &[u8]) -> bool {
        self.id == id && self.challenge == challenge
    }

    /// Takes a Success.
    pub fn accepted(&self) -> Authenticated {
        Authenticated::new(AuthMethod::Chap, self.user.clone())
    }

    /// Takes the message of a Failure.
    #[must_use]
    pub fn refused(&self, message: &[u8]) -> Cause {
        Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth)
            .did(format!("sent the CHAP response of {}", self.user))
            .said(message)
            .advice("check the user name, the password and the domain")
    }
}

/// The authentication of one peer.
pub struct Server {
    name: String,
    id: u8,
    challenge: [u8; 16],
    /// The response that was judged, and what it was told: RFC 1994 4.1 demands the same answer to a repeated one.
    judged: Option<(Vec<u8>, Vec<u8>)>,
}

/// What became of a response.
pub enum Verdict {
    /// It was right.
    Granted {
        /// The Success to send.
        reply: Vec<u8>,
        /// The proof.
        token: Authenticated,
    },
    /// It was wrong, or the account may not be used.
    Refused {
        /// The Failure to send.
        reply: Vec<u8>,
        /// Why.
        cause: Cause,
    },
    /// It is the same response once more.
    Repeated {
        /// The answer that it had.
        reply: Vec<u8>,
    },
    /// It answers nothing that was asked: discard it.
    Unexpected,
}

impl Server {
    /// Makes a challenge.
    #[must_use]
    pub fn new(name: &str, rng: &mut dyn Rng) -> Self {
        let mut challenge = [0; 16];
        rng.fill(&mut challenge);
        Self { name: name.into(), id: rng.u8(), challenge, judged: None }
    }

    /// Gives the Challenge to send; repeat it as it is until a response comes.
    #[must_use]
    pub fn challenge(&self) -> Vec<u8> {
        ChapPacket::Challenge { id: self.id, value: &self.challenge, name: self.name.as_bytes() }.emit()
    }

    /// Judges a response.
    pub fn response(&mut self, id: u8, value: &[u8], name: &[u8], accounts: &dyn Accounts) -> Verdict {
        let packet = ChapPacket::Response { id, value, name }.emit();
        match &self.judged {
            Some((response, reply)) if *response == packet => return Verdict::Repeated { reply: reply.clone() },
            None if id == self.id => {}
            Some(_) | None => return Verdict::Unexpected,
        }
        let verdict = self.judge(id, value, name, accounts);
        if let Verdict::Granted { reply, .. } | Verdict::Refused { reply, .. } = &verdict {
            self.judged = Some((packet, reply.clone()));
        }
        verdict
    }

    fn judge(&self, id: u8, value: &[u8], name: &[u8], accounts: &dyn Accounts) -> Verdict {
        let who = String::from_utf8_lossy(name).into_owned();
        match check(id, &self.challenge, value, &who, accounts) {
            Ok(()) => Verdict::Granted {
                reply: ChapPacket::Success { id, message: b"Access granted" }.emit(),
                token: Authenticated::new(AuthMethod::Chap, who),
            },
            Err(code) => {
                let message = code.sentence().unwrap_or_default().as_bytes();
                Verdict::Refused {
                    reply: ChapPacket::Failure { id, message }.emit(),
                    cause: Cause::new(code, LayerName::Auth).did(format!("judged the CHAP response of {who}")),
                }
            }
        }
    }
}

/// Checks a response against the account's password.
pub(crate) fn check(id: u8, challenge: &[u8], value: &[u8], who: &str, accounts: &dyn Accounts) -> Result<(), Code> {
    let (domain, user) = who.rsplit_once('\\').unwrap_or(("", who));
    let account = accounts.account(user, domain);
    let known = account.is_some();
    let (password, state) = account.map(|account| (account.password, account.state)).unwrap_or_default();
    let expected = response_value(id, password.expose(), challenge);
    let right = bool::from(expected[..].ct_eq(value)) && known;
    if !right {
        return Err(Code::AUTHENTICATION_FAILURE);
    }
    state.refusal().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccountState;
    use crate::testing::{Alice, Counter, credentials};

    fn exchange(password: &str, accounts: &Alice) -> (Attempt, Verdict, Server) {
        let mut server = Server::new("lab", &mut Counter(0));
        let packet = server.challenge();
        let Ok(ChapPacket::Challenge { id, value, .. }) = ChapPacket::parse(&packet) else { panic!() };
        let attempt = Attempt::new(&credentials("alice", password), id, value);
        let response = attempt.packet().to_vec();
        let Ok(ChapPacket::Response { id, value, name }) = ChapPacket::parse(&response) else { panic!() };
        let verdict = server.response(id, value, name, accounts);
        (attempt, verdict, server)
    }

    #[test]
    fn rfc_1994_4_1_the_response_is_md5_of_identifier_secret_and_challenge() {
        assert_eq!(response_value(b'm', b"essage ", b"digest"), 0xf96b697d7cb7938d525a2f31aaf161d0_u128.to_be_bytes());
    }

    #[test]
    fn the_right_secret_is_granted_and_a_repeated_response_has_the_same_answer() {
        let (attempt, verdict, mut server) = exchange("wonderland", &Alice::usable());
        let Verdict::Granted { reply, token } = verdict else { panic!() };
        assert_eq!(attempt.accepted(), token);
        let Ok(ChapPacket::Response { id, value, name }) = ChapPacket::parse(attempt.packet()) else { panic!() };
        let Verdict::Repeated { reply: again } = server.response(id, value, name, &Alice::usable()) else { panic!() };
        assert_eq!(again, reply);
        assert!(matches!(server.response(id, &[0; 16], name, &Alice::usable()), Verdict::Unexpected));
    }

    #[test]
    fn wrong_secrets_and_unusable_accounts_are_refused() {
        for (password, state, code) in [
            ("wrong", AccountState::Usable, 691),
            ("wrong", AccountState::Disabled, 691),
            ("wonderland", AccountState::NoDialIn, 649),
        ] {
            let (attempt, verdict, _) = exchange(password, &Alice::new(state));
            let Verdict::Refused { cause, .. } = verdict else { panic!() };
            assert_eq!(cause.code, Code(code));
            assert_eq!(attempt.refused(b"no").code, Code::AUTHENTICATION_FAILURE);
        }
    }
}

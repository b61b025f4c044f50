//! The client's side of an exchange.

use super::hash::{check_authenticator_response, generate_authenticator_response, generate_nt_response};
use super::message::parse_success;
use super::{FailureMessage, NAME_MAX, ResponseValue, nt_password_hash, session_keys, without_domain};
use crate::{Authenticated, ChapPacket};
use rasman_core::{AuthMethod, Cause, Code, Credentials, LayerName, Rng, SessionKeys};

/// One response to one challenge.
///
/// Repeat [`Attempt::packet`] as it is when the challenge is repeated or nothing comes: a new one would be another
/// attempt.
pub struct Attempt {
    id: u8,
    challenge: [u8; 16],
    packet: Vec<u8>,
    expected: [u8; 20],
    keys: SessionKeys,
    user: String,
}

impl Attempt {
    /// Answers a challenge.
    #[must_use]
    pub fn new(credentials: &Credentials, id: u8, challenge: [u8; 16], rng: &mut dyn Rng) -> Self {
        let mut peer_challenge = [0; 16];
        rng.fill(&mut peer_challenge);
        Self::with_peer_challenge(credentials, id, challenge, peer_challenge)
    }

    fn with_peer_challenge(credentials: &Credentials, id: u8, challenge: [u8; 16], peer_challenge: [u8; 16]) -> Self {
        let password = credentials.password.expose();
        let name = credentials.qualified_user();
        let name = &name.as_bytes()[..name.len().min(NAME_MAX)];
        // RFC 2759 8.2: "without any associated Windows NT domain name"
        let user = without_domain(name);
        let nt_response = generate_nt_response(&challenge, &peer_challenge, user, password);
        let value = ResponseValue { peer_challenge, nt_response }.emit();
        Self {
            id,
            challenge,
            packet: ChapPacket::Response { id, value: &value, name }.emit(),
            expected: generate_authenticator_response(password, &nt_response, &peer_challenge, &challenge, user),
            keys: session_keys(&nt_password_hash(password), &nt_response, false),
            user: String::from_utf8_lossy(name).into_owned(),
        }
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
    pub fn answers(&self, id: u8, challenge: &[u8; 16]) -> bool {
        self.id == id && self.challenge == *challenge
    }

    /// Checks the proof in the message of a Success.
    ///
    /// # Errors
    /// 778 if the server does not prove that it knows the password: the session must end (RFC 2759 5).
    pub fn verify(&self, message: &[u8]) -> Result<(Authenticated, SessionKeys), Cause> {
        let proven = parse_success(message).is_some_and(|s| check_authenticator_response(&self.expected, &s));
        if !proven {
            return Err(Cause::new(Code::UNABLE_TO_AUTHENTICATE_SERVER, LayerName::Auth)
                .did(format!("checked the server's proof that it knows the password of {}", self.user))
                .said(message)
                .advice("do not trust this server: it let us in without knowing the password"));
        }
        Ok((Authenticated::new(AuthMethod::MsChapV2, self.user.clone()), self.keys.clone()))
    }

    /// Reads the message of a Failure.
    #[must_use]
    pub fn refused(&self, message: &[u8]) -> Refusal {
        let failure = FailureMessage::parse(message);
        let code = ras_code(failure.error);
        // A retry needs a challenge; one that is refused for its account cannot be mended by trying again.
        let retry = failure.challenge.filter(|_| failure.retry);
        let mut said = format!("E={} R={}", failure.error.0, u8::from(failure.retry)).into_bytes();
        if !failure.text.is_empty() {
            said.extend_from_slice(b" M=");
            said.extend_from_slice(&failure.text);
        }
        let cause = Cause::new(code, LayerName::Auth)
            .did(format!("sent the MS-CHAPv2 response of {}", self.user))
            .said(said)
            .advice(advice(code));
        Refusal { cause, retry }
    }
}

/// A server's refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Why.
    pub cause: Cause,
    /// The challenge of the next attempt if the server allows one. Its identifier is the refused one plus 1.
    pub retry: Option<[u8; 16]>,
}

/// Maps the errors of RFC 2759 6 to themselves and all others to 691.
fn ras_code(error: Code) -> Code {
    match error {
        Code::RESTRICTED_LOGON_HOURS
        | Code::ACCT_DISABLED
        | Code::PASSWD_EXPIRED
        | Code::NO_DIALIN_PERMISSION
        | Code::AUTHENTICATION_FAILURE
        | Code::CHANGING_PASSWORD => error,
        _ => Code::AUTHENTICATION_FAILURE,
    }
}

/// What a user can do about a refusal.
fn advice(code: Code) -> &'static str {
    match code {
        Code::RESTRICTED_LOGON_HOURS => "dial at an hour at which the account may log on",
        Code::ACCT_DISABLED => "ask the server's administrator to enable the account",
        Code::PASSWD_EXPIRED => "set a new password by other means, then dial again",
        Code::NO_DIALIN_PERMISSION => "ask the server's administrator for the right to dial in",
        Code::CHANGING_PASSWORD => "choose a password that the server's rules allow",
        _ => "check the user name, the password and the domain",
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::tests::{AUTHENTICATOR, NT_RESPONSE, PEER};
    use super::*;
    use rasman_core::Secret;

    fn attempt(user: &str, domain: &str) -> Attempt {
        let credentials =
            Credentials { user: user.into(), domain: domain.into(), password: Secret::from("clientPass") };
        Attempt::with_peer_challenge(&credentials, 9, AUTHENTICATOR, PEER)
    }

    #[test]
    fn rfc_2759_9_2_whole_exchange() {
        let attempt = attempt("User", "");
        let value = ResponseValue { peer_challenge: PEER, nt_response: NT_RESPONSE }.emit();
        let response = ChapPacket::Response { id: 9, value: &value, name: b"User" };
        assert_eq!(ChapPacket::parse(attempt.packet()), Ok(response));
        let (token, keys) = attempt.verify(b"S=407A5589115FD0D6209F510FE9C04566932CDA56").unwrap();
        assert_eq!((token.method(), token.user()), (AuthMethod::MsChapV2, "User"));
        assert_eq!(keys.master_receive, 0x8B7CDC149B993A1BA118CB153F56DCCB_u128.to_be_bytes());
    }

    #[test]
    fn the_domain_goes_over_the_wire_but_not_into_the_hash() {
        for attempt in [attempt("User", "DOM"), attempt("DOM\\User", "")] {
            let value = ResponseValue { peer_challenge: PEER, nt_response: NT_RESPONSE }.emit();
            let response = ChapPacket::Response { id: 9, value: &value, name: b"DOM\\User" };
            assert_eq!(ChapPacket::parse(attempt.packet()), Ok(response));
        }
    }

    #[test]
    fn a_server_without_the_password_is_not_trusted() {
        for message in [&b""[..], b"S=", b"M=Welcome", b"S=407A5589115FD0D6209F510FE9C04566932CDA57 M=Access granted"] {
            let Err(cause) = attempt("User", "").verify(message) else { panic!("{message:?} was believed") };
            assert_eq!(cause.code, Code::UNABLE_TO_AUTHENTICATE_SERVER);
        }
    }

    #[test]
    fn refusals_keep_the_servers_reason() {
        let refusal = |message: &str| attempt("User", "").refused(message.as_bytes());
        for (error, code) in
            [(646, 646), (647, 647), (648, 648), (649, 649), (691, 691), (709, 709), (0, 691), (4711, 691)]
        {
            let refusal = refusal(&format!("E={error} R=0 C=00112233445566778899AABBCCDDEEFF V=3"));
            assert_eq!((refusal.cause.code, refusal.retry), (Code(code), None));
            assert!(refusal.cause.said.starts_with(&format!("E={error}")));
        }
        assert!(refusal("E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=again").retry.is_some());
        assert!(refusal("E=691 R=1 V=3 M=again").retry.is_none());
    }
}

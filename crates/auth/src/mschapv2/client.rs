//! The client's side of an exchange.

use super::hash::{check_authenticator_response, generate_authenticator_response, generate_nt_response};
use super::message::parse_success;
use super::{Change, FailureMessage, NAME_MAX, ResponseValue, nt_password_hash, session_keys, without_domain};
use crate::{Authenticated, ChapPacket};
use rasman_core::{AuthMethod, Cause, Code, Credentials, LayerName, Rng, Secret, SessionKeys};

/// One response to one challenge.
///
/// Repeat [`Attempt::packet`] as it is when the challenge is repeated or nothing comes: a new one would be another
/// attempt.
pub struct Attempt {
    id: u8,
    challenge: [u8; 16],
    answer: Answer,
    name: Vec<u8>,
    packet: Vec<u8>,
    expected: [u8; 20],
    keys: SessionKeys,
}

/// How a challenge was answered.
enum Answer {
    Response([u8; 49]),
    /// With a new password.
    Change(Vec<u8>),
}

impl Attempt {
    /// Answers a challenge.
    #[must_use]
    pub fn new(credentials: &Credentials, id: u8, challenge: [u8; 16], rng: &mut dyn Rng) -> Self {
        let mut peer_challenge = [0; 16];
        rng.fill(&mut peer_challenge);
        Self::with_peer_challenge(credentials, id, challenge, peer_challenge)
    }

    /// Answers the challenge of a Failure with a new password (RFC 2759 7); `None` if that has more than 256
    /// characters. `credentials` has the old one.
    #[must_use]
    pub fn change(
        credentials: &Credentials,
        new: &Secret,
        id: u8,
        challenge: [u8; 16],
        rng: &mut dyn Rng,
    ) -> Option<Self> {
        let changed = Credentials { password: new.clone(), ..credentials.clone() };
        let mut attempt = Self::new(&changed, id, challenge, rng);
        let Answer::Response(response) = &attempt.answer else { unreachable!("made a response") };
        let response = ResponseValue::parse(response).expect("our own response");
        let change = Change::new(credentials.password.expose(), new.expose(), response, rng)?.emit();
        attempt.packet = ChapPacket::ChangePassword { id, value: &change }.emit();
        attempt.answer = Answer::Change(change);
        Some(attempt)
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
            answer: Answer::Response(value),
            expected: generate_authenticator_response(password, &nt_response, &peer_challenge, &challenge, user),
            keys: session_keys(&nt_password_hash(password), &nt_response, false),
            name: name.to_vec(),
        }
    }

    /// Gives the Response or Change-Password to send.
    #[must_use]
    pub fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// Gives the value of a Response, for methods with headers of their own; `None` for a change of password.
    #[must_use]
    pub fn response(&self) -> Option<&[u8; 49]> {
        match &self.answer {
            Answer::Response(value) => Some(value),
            Answer::Change(_) => None,
        }
    }

    /// Gives the value of a Change-Password.
    #[must_use]
    pub fn change_value(&self) -> Option<&[u8]> {
        match &self.answer {
            Answer::Response(_) => None,
            Answer::Change(value) => Some(value),
        }
    }

    /// Gives the name as it goes over the wire.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
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
        let keys = self.proven(message)?;
        Ok((Authenticated::new(AuthMethod::MsChapV2, self.user()), keys))
    }

    /// The same for a method that gives a token of its own.
    pub(crate) fn proven(&self, message: &[u8]) -> Result<SessionKeys, Cause> {
        let proven = parse_success(message).is_some_and(|s| check_authenticator_response(&self.expected, &s));
        if !proven {
            return Err(Cause::new(Code::UNABLE_TO_AUTHENTICATE_SERVER, LayerName::Auth)
                .did(format!("checked the server's proof that it knows the password of {}", self.user()))
                .said(message)
                .advice("do not trust this server: it let us in without knowing the password"));
        }
        Ok(self.keys.clone())
    }

    /// Reads the message of a Failure.
    #[must_use]
    pub fn refused(&self, message: &[u8]) -> Refusal {
        let failure = FailureMessage::parse(message);
        let changing = self.change_value().is_some();
        let code = match ras_code(failure.error) {
            // Whatever it names, what was refused is the change.
            Code::PASSWD_EXPIRED if changing => Code::CHANGING_PASSWORD,
            code => code,
        };
        // RFC 2759 7 asks for the packet after E=648, whatever R says, and V=3; pppd and FreeRADIUS say R=0 there.
        let may_change = failure.changes_password && (code == Code::PASSWD_EXPIRED || changing && failure.retry);
        let change = failure.challenge.filter(|_| may_change);
        // A retry needs a challenge; one that is refused for its account cannot be mended by trying again.
        let retry = failure.challenge.filter(|_| failure.retry && !changing);
        let mut said = format!("E={} R={}", failure.error.0, u8::from(failure.retry)).into_bytes();
        if !failure.text.is_empty() {
            said.extend_from_slice(b" M=");
            said.extend_from_slice(&failure.text);
        }
        let what = if changing { "asked to change the password" } else { "sent the MS-CHAPv2 response" };
        let cause =
            Cause::new(code, LayerName::Auth).did(format!("{what} of {}", self.user())).said(said).advice(advice(code));
        Refusal { cause, retry, change }
    }

    fn user(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

/// A server's refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Why.
    pub cause: Cause,
    /// The challenge of the next attempt if the server allows one. Its identifier is the refused one plus 1.
    pub retry: Option<[u8; 16]>,
    /// The challenge of [`Attempt::change`] if the password has expired and the server takes a new one. Its identifier
    /// is likewise the refused one plus 1.
    pub change: Option<[u8; 16]>,
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
        Code::PASSWD_EXPIRED => {
            "choose a new password: allow questions (paused states) in the dial, or set it by other means"
        }
        Code::NO_DIALIN_PERMISSION => "ask the server's administrator for the right to dial in",
        Code::CHANGING_PASSWORD => "choose a password that the server's rules allow",
        _ => "check the user name, the password and the domain",
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::tests::{AUTHENTICATOR, NT_RESPONSE, PEER};
    use super::*;

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
        assert_eq!((token.method(), token.user()), (Some(AuthMethod::MsChapV2), "User"));
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
        let expired = "E=648 R=0 C=00112233445566778899AABBCCDDEEFF";
        assert!(refusal(&format!("{expired} V=3")).change.is_some());
        assert!(refusal(&format!("{expired} V=2")).change.is_none());
        assert!(refusal("E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3").change.is_none());
    }
}

//! PAP (RFC 1334 2): the password in clear, for whoever answers.
//!
//! ```text
//! client                                 server
//!    | -- Authenticate-Request: name, password -> |   Request::emit        Server::request
//!    | <- Authenticate-Ack / -Nak: text --------- |   verdict
//! ```

use crate::{AccountState, Accounts, Authenticated};
use rasman_core::{AuthMethod, Cause, Code, Credentials, LayerName, Malformed, Reader};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A packet of PAP.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum PapPacket<'a> {
    /// RFC 1334 2.2.1: who wants to come in.
    Request {
        /// Matches the answer to it.
        id: u8,
        /// The user's name, at most 255 octets.
        peer: &'a [u8],
        /// The password, at most 255 octets.
        password: &'a [u8],
    },
    /// RFC 1334 2.2.2: they may.
    Ack {
        /// The identifier of the request.
        id: u8,
        /// Text for people.
        message: &'a [u8],
    },
    /// RFC 1334 2.2.2: they may not.
    Nak {
        /// The identifier of the request.
        id: u8,
        /// Text for people.
        message: &'a [u8],
    },
}

impl<'a> PapPacket<'a> {
    /// Reads a packet: the information field of a PPP frame. Octets behind its Length are padding.
    ///
    /// # Errors
    /// What was expected and where.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut header = Reader::new(bytes);
        let code = header.u8("PAP code")?;
        let id = header.u8("PAP identifier")?;
        let length = usize::from(header.u16("PAP length")?);
        let body = length.checked_sub(4).ok_or(Malformed { expected: "PAP length of 4 or more", at: 2 })?;
        let mut body = Reader::new(header.take(body, "PAP packet of its length")?);
        if code == REQUEST {
            let size = usize::from(body.u8("Peer-ID Length")?);
            let peer = body.take(size, "Peer-ID")?;
            let size = usize::from(body.u8("Passwd-Length")?);
            return Ok(Self::Request { id, peer, password: body.take(size, "Password")? });
        }
        // The text is optional in practice: some servers leave even its length out.
        let message = match body.is_empty() {
            true => &[][..],
            false => {
                let size = usize::from(body.u8("Msg-Length")?);
                body.take(size, "Message")?
            }
        };
        match code {
            ACK => Ok(Self::Ack { id, message }),
            NAK => Ok(Self::Nak { id, message }),
            _ => Err(Malformed { expected: "PAP code of 1 to 3", at: 0 }),
        }
    }

    /// Writes the packet as bytes; what does not fit its fields is cut off.
    #[must_use]
    pub fn emit(&self) -> Zeroizing<Vec<u8>> {
        let (code, id, fields) = match *self {
            Self::Request { id, peer, password } => (REQUEST, id, [Some(peer), Some(password)]),
            Self::Ack { id, message } => (ACK, id, [Some(message), None]),
            Self::Nak { id, message } => (NAK, id, [Some(message), None]),
        };
        // Reserved at once: a vector that grows would leave copies of the password behind.
        let mut out = Zeroizing::new(Vec::with_capacity(4 + 2 * 256));
        out.extend_from_slice(&[code, id, 0, 0]);
        for field in fields.into_iter().flatten() {
            let size = u8::try_from(field.len()).unwrap_or(u8::MAX);
            out.push(size);
            out.extend_from_slice(&field[..usize::from(size)]);
        }
        let length = u16::try_from(out.len()).expect("two fields of 255 octets");
        out[2..4].copy_from_slice(&length.to_be_bytes());
        out
    }
}

/// The client's request; repeat it as it is until an answer comes.
pub struct Request {
    id: u8,
    packet: Zeroizing<Vec<u8>>,
    user: String,
}

impl Request {
    /// Makes the request.
    ///
    /// # Errors
    /// 691 if name or password do not fit into the packet: nothing is sent then.
    pub fn new(credentials: &Credentials, id: u8) -> Result<Self, Cause> {
        let user = credentials.qualified_user();
        let password = credentials.password.expose();
        if user.len() > FIELD_MAX || password.len() > FIELD_MAX {
            return Err(Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth)
                .did("had a name or a password of more than 255 octets, which PAP cannot carry")
                .advice("allow another method in the entry"));
        }
        let packet = PapPacket::Request { id, peer: user.as_bytes(), password }.emit();
        Ok(Self { id, packet, user })
    }

    /// Gives the packet to send.
    #[must_use]
    pub fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// Reads an answer: the token, or the refusal. `None` if it is none to this request.
    #[must_use]
    pub fn answered(&self, packet: &PapPacket<'_>) -> Option<Result<Authenticated, Cause>> {
        match *packet {
            PapPacket::Ack { id, .. } if id == self.id => {
                Some(Ok(Authenticated::new(AuthMethod::Pap, self.user.clone())))
            }
            PapPacket::Nak { id, message } if id == self.id => {
                Some(Err(Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth)
                    .did(format!("sent the name and the password of {} by PAP", self.user))
                    .said(message)
                    .advice("check the user name, the password and the domain")))
            }
            _ => None,
        }
    }
}

/// What became of a request.
pub enum Verdict {
    /// It was right.
    Granted {
        /// The answer to send.
        reply: Vec<u8>,
        /// The proof.
        token: Authenticated,
    },
    /// It was wrong, or the account may not be used.
    Refused {
        /// The answer to send.
        reply: Vec<u8>,
        /// Why.
        cause: Cause,
    },
}

/// Judges a request.
#[must_use]
pub fn judge(id: u8, peer: &[u8], password: &[u8], accounts: &dyn Accounts) -> Verdict {
    let who = String::from_utf8_lossy(peer).into_owned();
    match check_password(&who, password, accounts) {
        Ok(()) => Verdict::Granted {
            reply: PapPacket::Ack { id, message: b"Access granted" }.emit().to_vec(),
            token: Authenticated::new(AuthMethod::Pap, who),
        },
        Err(code) => Verdict::Refused {
            reply: PapPacket::Nak { id, message: code.sentence().unwrap_or_default().as_bytes() }.emit().to_vec(),
            cause: Cause::new(code, LayerName::Auth).did(format!("judged the password of {who}")),
        },
    }
}

/// Compares a password in clear with the account's, in a time that depends on the lengths alone.
pub(crate) fn check_password(who: &str, password: &[u8], accounts: &dyn Accounts) -> Result<(), Code> {
    let (domain, user) = who.rsplit_once('\\').unwrap_or(("", who));
    let account = accounts.account(user, domain);
    let known = account.is_some();
    let (expected, state) = account.map(|account| (account.password, account.state)).unwrap_or_default();
    let right = bool::from(expected.expose().ct_eq(password)) && known;
    match (right, AccountState::refusal(state)) {
        (false, _) => Err(Code::AUTHENTICATION_FAILURE),
        (true, Some(code)) => Err(code),
        (true, None) => Ok(()),
    }
}

const REQUEST: u8 = 1;
const ACK: u8 = 2;
const NAK: u8 = 3;
/// RFC 1334 2.2.1: the lengths are octets.
const FIELD_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Alice, credentials};

    #[test]
    fn rfc_1334_2_2_packets_survive_emit_and_parse() {
        for packet in [
            PapPacket::Request { id: 7, peer: b"DOM\\alice", password: b"wonderland" },
            PapPacket::Request { id: 0, peer: b"", password: b"" },
            PapPacket::Ack { id: 9, message: b"" },
            PapPacket::Nak { id: 255, message: b"no" },
        ] {
            let mut bytes = packet.emit().to_vec();
            assert!(PapPacket::parse(&bytes) == Ok(packet));
            bytes.extend_from_slice(b"padding");
            assert!(PapPacket::parse(&bytes) == Ok(packet));
        }
        assert!(PapPacket::parse(&[2, 1, 0, 4]) == Ok(PapPacket::Ack { id: 1, message: b"" }));
    }

    #[test]
    fn short_and_lying_packets_are_malformed() {
        for bytes in [&[][..], &[1, 1, 0, 4], &[1, 1, 0, 6, 2, 0], &[2, 1, 0, 3], &[2, 1, 0, 5, 1], &[4, 1, 0, 4]] {
            assert!(PapPacket::parse(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn the_right_password_is_granted_and_each_state_has_its_code() {
        let request = Request::new(&credentials("alice", "wonderland"), 3).unwrap();
        let Ok(PapPacket::Request { id, peer, password }) = PapPacket::parse(request.packet()) else { panic!() };
        let Verdict::Granted { reply, token } = judge(id, peer, password, &Alice::usable()) else { panic!() };
        let answer = PapPacket::parse(&reply).unwrap();
        assert_eq!(request.answered(&answer).unwrap().unwrap(), token);
        for (password, state, code) in [
            ("wrong", AccountState::Usable, 691),
            ("wonderland", AccountState::Disabled, 647),
            ("wonderland", AccountState::PasswordExpired, 648),
        ] {
            let verdict = judge(3, b"alice", password.as_bytes(), &Alice::new(state));
            let Verdict::Refused { reply, cause } = verdict else { panic!() };
            assert_eq!(cause.code, Code(code));
            let refused = request.answered(&PapPacket::parse(&reply).unwrap()).unwrap().unwrap_err();
            assert_eq!(refused.code, Code::AUTHENTICATION_FAILURE);
        }
        assert!(request.answered(&PapPacket::Ack { id: 4, message: b"" }).is_none());
    }

    #[test]
    fn what_does_not_fit_is_not_sent() {
        assert!(Request::new(&credentials("alice", &"x".repeat(256)), 1).is_err());
    }
}

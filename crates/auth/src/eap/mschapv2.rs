//! EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2): the packets of MS-CHAPv2 in EAP.
//!
//! A request has the form of a CHAP packet: OpCode, MS-CHAPv2-ID and MS-Length stand where CHAP has Code, Identifier and
//! Length. So does a response, but for those to Success and Failure, which are the OpCode alone.

use super::method::{Context, Method, ServerMethod, State, Verdict, no_keys};
use crate::ChapPacket;
use crate::mschapv2::{self, Attempt, Server};
use rasman_core::{Cause, Code, Credentials, DropReason, LayerName, Rng, Secret, SessionKeys};

/// The peer's end.
pub(super) struct MsChapV2 {
    credentials: Credentials,
    attempt: Option<Attempt>,
    state: State,
    /// Identifier and challenge of the next attempt, while the request is left open.
    open: Option<(u8, [u8; 16])>,
    keys: SessionKeys,
}

impl MsChapV2 {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, attempt: None, state: State::Running, open: None, keys: no_keys() }
    }

    fn answer(&mut self, id: u8, challenge: [u8; 16], rng: &mut dyn Rng) -> Vec<u8> {
        let attempt = self.attempt.insert(Attempt::new(&self.credentials, id, challenge, rng));
        self.state = State::Running;
        attempt.packet().to_vec()
    }

    fn success(&mut self, message: &[u8]) -> Result<Vec<u8>, DropReason> {
        let attempt = self.attempt.as_ref().ok_or(DropReason::Unexpected("a Success before a response"))?;
        match attempt.proven(message) {
            Ok(keys) => {
                self.keys = keys;
                self.state = State::Proven;
                Ok(vec![SUCCESS])
            }
            Err(cause) => {
                self.state = State::Failed { cause, dialog: None };
                Ok(vec![FAILURE])
            }
        }
    }

    fn failure(&mut self, id: u8, message: &[u8]) -> Result<Option<Vec<u8>>, DropReason> {
        let attempt = self.attempt.as_ref().ok_or(DropReason::Unexpected("a Failure before a response"))?;
        let refusal = attempt.refused(message);
        let expired = refusal.change.is_some();
        match refusal.change.or(refusal.retry) {
            Some(challenge) => {
                self.open = Some((id.wrapping_add(1), challenge));
                self.state = State::Paused { cause: refusal.cause, expired };
                Ok(None)
            }
            None => {
                self.state = State::Refused(refusal.cause);
                Ok(Some(vec![FAILURE]))
            }
        }
    }
}

impl Method for MsChapV2 {
    fn request(&mut self, _: u8, data: &[u8], rng: &mut dyn Rng) -> Result<Option<Vec<u8>>, DropReason> {
        match ChapPacket::parse(data).map_err(|malformed| DropReason::Malformed(malformed.expected))? {
            ChapPacket::Challenge { id, value, .. } if self.attempt.is_none() => {
                let challenge = value.try_into().map_err(|_| DropReason::Malformed("a challenge of 16 octets"))?;
                Ok(Some(self.answer(id, challenge, rng)))
            }
            ChapPacket::Success { message, .. } => self.success(message).map(Some),
            ChapPacket::Failure { id, message } => self.failure(id, message),
            ChapPacket::Challenge { .. } => Err(DropReason::Unexpected("a second challenge")),
            ChapPacket::Response { .. } | ChapPacket::ChangePassword { .. } => {
                Err(DropReason::Unexpected("a response in a request"))
            }
        }
    }

    fn state(&self) -> State {
        self.state.clone()
    }

    fn keys(&self) -> SessionKeys {
        self.keys.clone()
    }

    fn retry(&mut self, credentials: &Credentials, rng: &mut dyn Rng) -> Option<Vec<u8>> {
        let (id, challenge) = self.open.take()?;
        self.credentials = credentials.clone();
        Some(self.answer(id, challenge, rng))
    }

    fn change_password(&mut self, new: &Secret, rng: &mut dyn Rng) -> Option<Vec<u8>> {
        let (id, challenge) = self.open?;
        let change = Attempt::change(&self.credentials, new, id, challenge, rng)?;
        let packet = change.packet().to_vec();
        self.open = None;
        self.state = State::Running;
        self.attempt = Some(change);
        Some(packet)
    }
}

/// The server's end.
pub(super) struct MsChapV2Server {
    server: Server,
    state: ServerState,
}

enum ServerState {
    Judging,
    /// Success is out; its acknowledgement ends it.
    Granted {
        user: String,
        keys: SessionKeys,
    },
    /// Failure is out.
    Refused(Cause),
}

impl MsChapV2Server {
    pub(super) fn new(name: &str, retries: u32, rng: &mut dyn Rng) -> Self {
        Self { server: Server::new(name, retries, rng), state: ServerState::Judging }
    }

    fn judged(&mut self, verdict: mschapv2::Verdict) -> Result<Verdict, DropReason> {
        let reply = match verdict {
            mschapv2::Verdict::Granted { reply, token, keys } => {
                self.state = ServerState::Granted { user: token.user().to_owned(), keys };
                reply
            }
            mschapv2::Verdict::Refused { reply, cause, retry } => {
                self.state = if retry { ServerState::Judging } else { ServerState::Refused(cause) };
                reply
            }
            mschapv2::Verdict::Repeated { reply } => reply,
            mschapv2::Verdict::Unexpected => return Err(DropReason::Unexpected("a response to another challenge")),
        };
        Ok(Verdict::Request(reply))
    }
}

impl ServerMethod for MsChapV2Server {
    fn start(&mut self, _: u8, _: &mut dyn Rng) -> Vec<u8> {
        self.server.challenge()
    }

    fn response(&mut self, _: u8, _: u8, data: &[u8], context: &mut Context<'_>) -> Result<Verdict, DropReason> {
        match (&self.state, data) {
            (ServerState::Granted { user, keys }, [SUCCESS]) => {
                return Ok(Verdict::Granted { user: user.clone(), keys: keys.clone() });
            }
            (ServerState::Refused(cause), [FAILURE, ..]) => return Ok(Verdict::Refused(cause.clone())),
            // The peer does not believe us, or has nothing else to try.
            (ServerState::Granted { .. } | ServerState::Judging, [FAILURE]) => {
                let cause = Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth);
                return Ok(Verdict::Refused(cause.did("waited for another response").said("gave up")));
            }
            _ => {}
        }
        let malformed = |malformed: rasman_core::Malformed| DropReason::Malformed(malformed.expected);
        match ChapPacket::parse(data).map_err(malformed)? {
            ChapPacket::Response { id, value, name } => {
                let verdict = self.server.response(id, value, name, context.accounts, context.rng);
                self.judged(verdict.map_err(malformed)?)
            }
            ChapPacket::ChangePassword { id, value } => {
                let verdict = self.server.change_password(id, value, context.accounts, context.rng);
                self.judged(verdict.map_err(malformed)?)
            }
            _ => Err(DropReason::Unexpected("an EAP-MSCHAPv2 packet other than a response")),
        }
    }
}

const SUCCESS: u8 = 3;
const FAILURE: u8 = 4;

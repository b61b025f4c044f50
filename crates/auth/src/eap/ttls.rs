//! EAP-TTLS (RFC 5281) version 0, with MS-CHAPv2 or PAP inside.

use super::avp::{self, Avp};
use super::method::{Context, State};
use super::tls::{Ids, Inner, ServerInner, broken};
use super::{Tunnel, TunnelError};
use crate::mschapv2::{Attempt, Server, Verdict};
use crate::{ChapPacket, pap};
use rasman_core::{AuthMethod, Cause, Code, Credentials, LayerName, Rng, SessionKeys};
use zeroize::Zeroizing;

/// The peer's end.
pub(super) struct Ttls {
    credentials: Credentials,
    method: AuthMethod,
    attempt: Option<Attempt>,
    state: State,
}

impl Ttls {
    pub(super) fn new(credentials: Credentials, method: AuthMethod) -> Self {
        Self { credentials, method, attempt: None, state: State::Running }
    }

    /// RFC 5281 11.2.5: the password, with zeros to a multiple of 16 octets so that its length stays hidden.
    fn pap(&mut self, tunnel: &mut dyn Tunnel) -> Result<(), TunnelError> {
        let password = self.credentials.password.expose();
        let padded = password.len().max(1).next_multiple_of(16);
        // Reserved at once: vectors that grow would leave copies behind.
        let mut hidden = Zeroizing::new(Vec::with_capacity(padded));
        hidden.extend_from_slice(password);
        hidden.resize(padded, 0);
        let user = self.credentials.qualified_user();
        let mut avps = Zeroizing::new(Vec::with_capacity(32 + user.len() + padded));
        avp::push(&mut avps, avp::USER_NAME, user.as_bytes());
        avp::push(&mut avps, avp::USER_PASSWORD, &hidden);
        // The server has proved itself by its certificate, and gives its verdict outside.
        self.state = State::Proven;
        tunnel.send(&avps)
    }

    /// RFC 5281 11.2.4.
    fn ms_chap_v2(&mut self, tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> Result<(), TunnelError> {
        let (challenge, ident) = implicit_challenge(tunnel)?;
        let attempt = self.attempt.insert(Attempt::new(&self.credentials, ident, challenge, rng));
        let value = attempt.response().expect("a new attempt is a response");
        let mut response = vec![ident, 0];
        response.extend_from_slice(&value[..48]);
        let mut avps = Vec::new();
        avp::push(&mut avps, avp::USER_NAME, attempt.name());
        avp::push(&mut avps, avp::MS_CHAP_CHALLENGE, &challenge);
        avp::push(&mut avps, avp::MS_CHAP2_RESPONSE, &response);
        tunnel.send(&avps)
    }

    fn take(&mut self, avp: &Avp<'_>) -> Result<(), TunnelError> {
        let (Some(attempt), [ident, message @ ..]) = (&self.attempt, avp.data) else { return Ok(()) };
        if *ident != attempt.id() {
            return Ok(());
        }
        if avp.is(avp::MS_CHAP2_SUCCESS) {
            attempt.proven(message)?;
            self.state = State::Proven;
        } else if avp.is(avp::MS_CHAP_ERROR) {
            self.state = State::Refused(attempt.refused(message).cause);
        }
        Ok(())
    }
}

impl Inner for Ttls {
    fn opened(&mut self, tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> Result<(), TunnelError> {
        match self.method {
            AuthMethod::TtlsPap => self.pap(tunnel),
            _ => self.ms_chap_v2(tunnel, rng),
        }
    }

    fn plain(&mut self, _: u8, plain: &[u8], _: &mut dyn Tunnel, _: &mut dyn Rng) -> Result<(), TunnelError> {
        let pairs = avp::parse(plain).map_err(|malformed| broken(malformed.expected))?;
        pairs.iter().try_for_each(|avp| self.take(avp))
    }

    fn state(&self) -> State {
        self.state.clone()
    }
}

/// The server's end.
pub(super) struct TtlsServer {
    name: String,
    methods: Vec<AuthMethod>,
    state: ServerState,
}

enum ServerState {
    Waiting,
    /// The proof of MS-CHAPv2 is out; the peer's acknowledgement ends it.
    Proving(String),
    Ended(Result<String, Cause>),
}

impl TtlsServer {
    pub(super) fn new(name: &str, methods: Vec<AuthMethod>) -> Self {
        Self { name: name.into(), methods, state: ServerState::Waiting }
    }

    fn judge(
        &mut self,
        pairs: &[Avp<'_>],
        tunnel: &mut dyn Tunnel,
        context: &mut Context<'_>,
    ) -> Result<(), TunnelError> {
        let find = |which| pairs.iter().find(|avp| avp.is(which)).map(|avp| avp.data);
        let name = find(avp::USER_NAME).ok_or_else(|| broken("a User-Name"))?;
        let may = |method| self.methods.contains(&method);
        if let Some(password) = find(avp::USER_PASSWORD).filter(|_| may(AuthMethod::TtlsPap)) {
            self.judge_pap(name, password, context);
            return Ok(());
        }
        let challenge = find(avp::MS_CHAP_CHALLENGE).filter(|_| may(AuthMethod::TtlsMsChapV2));
        match (challenge, find(avp::MS_CHAP2_RESPONSE)) {
            (Some(challenge), Some(response)) => self.judge_ms_chap_v2(name, challenge, response, tunnel, context),
            _ => Err(broken("a method that is allowed here")),
        }
    }

    fn judge_pap(&mut self, name: &[u8], password: &[u8], context: &Context<'_>) {
        let who = String::from_utf8_lossy(name).into_owned();
        let end = password.iter().rposition(|octet| *octet != 0).map_or(0, |at| at + 1);
        let judged = pap::check_password(&who, &password[..end], context.accounts);
        self.state = ServerState::Ended(match judged {
            Ok(()) => Ok(who),
            Err(code) => Err(Cause::new(code, LayerName::Auth).did(format!("judged the password of {who}"))),
        });
    }

    fn judge_ms_chap_v2(
        &mut self,
        name: &[u8],
        challenge: &[u8],
        response: &[u8],
        tunnel: &mut dyn Tunnel,
        context: &mut Context<'_>,
    ) -> Result<(), TunnelError> {
        let (expected, ident) = implicit_challenge(tunnel)?;
        let [their_ident, _flags, value @ ..] = response else { return Err(broken("a MS-CHAP2-Response")) };
        // RFC 5281 11.2.4: the challenge is not the peer's to choose.
        if challenge != expected || *their_ident != ident || value.len() != 48 {
            return Err(broken("a response to the challenge that TLS gives"));
        }
        let mut server = Server::with_challenge(&self.name, ident, expected);
        let value = [value, &[0]].concat();
        let verdict = server.response(ident, &value, name, context.accounts, context.rng);
        match verdict.map_err(|malformed| broken(malformed.expected))? {
            Verdict::Granted { reply, token, .. } => {
                let Ok(ChapPacket::Success { message, .. }) = ChapPacket::parse(&reply) else {
                    unreachable!("what is granted is told by a Success")
                };
                let mut avps = Vec::new();
                // RFC 2548 2.3.3: ident and 42 octets; the text behind them is CHAP's alone.
                avp::push(&mut avps, avp::MS_CHAP2_SUCCESS, &[&[ident], &message[..PROOF]].concat());
                self.state = ServerState::Proving(token.user().to_owned());
                tunnel.send(&avps)
            }
            Verdict::Refused { cause, .. } => {
                self.state = ServerState::Ended(Err(cause));
                Ok(())
            }
            Verdict::Repeated { .. } | Verdict::Unexpected => unreachable!("a new server judges its first response"),
        }
    }
}

impl ServerInner for TtlsServer {
    fn opened(&mut self, _: u8, _: &mut dyn Tunnel, _: &mut Context<'_>) -> Result<(), TunnelError> {
        Ok(())
    }

    fn plain(
        &mut self,
        _: Ids,
        plain: &[u8],
        tunnel: &mut dyn Tunnel,
        context: &mut Context<'_>,
    ) -> Result<(), TunnelError> {
        match (&self.state, plain) {
            (ServerState::Proving(user), []) => self.state = ServerState::Ended(Ok(user.clone())),
            (ServerState::Waiting, [_, ..]) => {
                let pairs = avp::parse(plain).map_err(|malformed| broken(malformed.expected))?;
                self.judge(&pairs, tunnel, context)?;
            }
            // An acknowledgement: the peer's turn again.
            (ServerState::Waiting | ServerState::Ended(_), _) => {}
            (ServerState::Proving(_), _) => return Err(broken("an acknowledgement")),
        }
        Ok(())
    }

    fn ended(&self) -> Option<Result<(String, Option<SessionKeys>), Cause>> {
        match &self.state {
            ServerState::Ended(ended) => Some(ended.clone().map(|user| (user, None))),
            ServerState::Waiting | ServerState::Proving(_) => None,
        }
    }
}

/// RFC 5281 11.1, RFC 9427 2.3: challenge and identifier come from TLS, so that nobody can choose them.
fn implicit_challenge(tunnel: &dyn Tunnel) -> Result<([u8; 16], u8), TunnelError> {
    let mut out = [0; 17];
    tunnel.export("ttls challenge", None, &mut out)?;
    let [challenge @ .., ident] = out;
    Ok((challenge, ident))
}

/// The octets of `S=` and the digits behind it.
const PROOF: usize = 42;

/// What a wrong password is called where the inside gives no verdict of its own.
pub(super) fn refused(user: &str) -> Cause {
    Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth)
        .did(format!("authenticated {user} by EAP"))
        .said("EAP Failure")
        .advice("check the user name, the password and the domain")
}

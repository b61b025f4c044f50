//! EAP-TLS (RFC 5216, RFC 9190): the handshake is all; both ends show certificates.

use super::method::{Context, State};
use super::tls::{Ids, Inner, ServerInner, broken};
use super::{Tunnel, TunnelError};
use rasman_core::{Cause, Rng, SessionKeys};

/// The peer's end.
#[derive(Default)]
pub(super) struct TlsOnly {
    proven: bool,
}

impl Inner for TlsOnly {
    fn opened(&mut self, tunnel: &mut dyn Tunnel, _: &mut dyn Rng) -> Result<(), TunnelError> {
        // With TLS 1.3 the server's Finished comes before it has seen our certificate, so it promises more.
        self.proven = !tunnel.is_tls13();
        Ok(())
    }

    fn plain(&mut self, _: u8, plain: &[u8], _: &mut dyn Tunnel, _: &mut dyn Rng) -> Result<(), TunnelError> {
        // RFC 9190 2.1.1: the protected success indication is one octet of zero.
        if plain != COMMITMENT {
            return Err(broken("an octet of zero"));
        }
        self.proven = true;
        Ok(())
    }

    fn state(&self) -> State {
        if self.proven { State::Proven } else { State::Running }
    }
}

/// The server's end.
#[derive(Default)]
pub(super) struct TlsOnlyServer {
    user: Option<String>,
}

impl ServerInner for TlsOnlyServer {
    fn opened(&mut self, _: u8, tunnel: &mut dyn Tunnel, context: &mut Context<'_>) -> Result<(), TunnelError> {
        if tunnel.is_tls13() {
            return tunnel.send(COMMITMENT);
        }
        self.user = Some(context.identity.to_owned());
        Ok(())
    }

    fn plain(
        &mut self,
        _: Ids,
        plain: &[u8],
        _: &mut dyn Tunnel,
        context: &mut Context<'_>,
    ) -> Result<(), TunnelError> {
        if !plain.is_empty() {
            return Err(broken("nothing"));
        }
        self.user = Some(context.identity.to_owned());
        Ok(())
    }

    fn ended(&self) -> Option<Result<(String, Option<SessionKeys>), Cause>> {
        self.user.clone().map(|user| Ok((user, None)))
    }
}

const COMMITMENT: &[u8] = &[0];

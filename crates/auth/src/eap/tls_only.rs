//! EAP-TLS (RFC 5216, RFC 9190): the handshake is all; both ends show certificates.

use super::method::{Context, State};
use super::tls::{Ids, Inner, ServerInner, broken};
use super::{Tunnel, TunnelError};
use crate::Account;
use rasman_core::{Cause, Code, LayerName, Rng, SessionKeys};

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
    judged: Option<Result<String, Cause>>,
    /// The peer has nothing more to say.
    done: bool,
}

impl ServerInner for TlsOnlyServer {
    fn opened(&mut self, _: u8, tunnel: &mut dyn Tunnel, context: &mut Context<'_>) -> Result<(), TunnelError> {
        let judged = judge(tunnel, context);
        // RFC 9190 2.1.1: the octet of zero promises success, so whoever is refused has none.
        self.done = judged.is_err() || !tunnel.is_tls13();
        self.judged = Some(judged);
        if self.done { Ok(()) } else { tunnel.send(COMMITMENT) }
    }

    fn plain(&mut self, _: Ids, plain: &[u8], _: &mut dyn Tunnel, _: &mut Context<'_>) -> Result<(), TunnelError> {
        if !plain.is_empty() {
            return Err(broken("nothing"));
        }
        self.done = true;
        Ok(())
    }

    fn ended(&self) -> Option<Result<(String, Option<SessionKeys>), Cause>> {
        let judged = self.judged.clone().filter(|_| self.done)?;
        Some(judged.map(|user| (user, None)))
    }
}

/// Finds whom to let in. RFC 5216 5.2: the certificate says who it is; what was claimed before it does not count.
fn judge(tunnel: &dyn Tunnel, context: &Context<'_>) -> Result<String, Cause> {
    let names = tunnel.peer_names();
    // A certificate may have several names: the one that was claimed goes first if it is among them.
    let claimed = names.iter().filter(|name| *name == context.identity);
    let known = claimed.chain(&names).find_map(|name| Some((name, account(name, context)?)));
    let Some((name, account)) = known else {
        let did = format!("looked for an account of the certificate's names ({})", names.join(", "));
        return Err(refused(Code::AUTHENTICATION_FAILURE, did));
    };
    let refusal = account.state.refusal().map(|code| refused(code, format!("judged the certificate of {name}")));
    refusal.map_or(Ok(name.clone()), Err)
}

fn account(name: &str, context: &Context<'_>) -> Option<Account> {
    let (domain, user) = name.rsplit_once('\\').unwrap_or(("", name));
    context.accounts.account(user, domain)
}

fn refused(code: Code, did: String) -> Cause {
    Cause::new(code, LayerName::Auth).did(did).advice("use a certificate that names a user who may dial in")
}

const COMMITMENT: &[u8] = &[0];

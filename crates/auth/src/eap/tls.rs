//! What EAP-TLS, PEAP and TTLS share: a tunnel in fragments, and a method inside it.
//!
//! ```text
//! peer                                              server
//!   | <-- Start ------------------------------------- |
//!   | --- ClientHello ------------------------------> |
//!   | <-- ServerHello ... in fragments -------------- |    each fragment is acknowledged by an empty packet
//!   | --- ... Finished -----------------------------> |
//!   | <-- ... --------------------------------------- |
//!   |     the inside: Inner::opened, Inner::plain     |
//! ```

use super::framing::{Framing, Taken};
use super::method::{Context, Method, ServerMethod, State, Verdict, no_keys};
use super::{EapType, Tunnel, TunnelError};
use rasman_core::{Cause, Code, Credentials, DropReason, LayerName, Rng, Secret, SessionKeys};
use zeroize::Zeroizing;

/// What happens inside a peer's tunnel.
pub(crate) trait Inner: Send {
    /// The tunnel is open and the server has our last word of the handshake: the inside may begin.
    fn opened(&mut self, tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> Result<(), TunnelError>;

    /// Takes what came through the tunnel in the request `id`; never empty.
    fn plain(&mut self, id: u8, plain: &[u8], tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> Result<(), TunnelError>;

    fn state(&self) -> State;

    /// Gives the keys, if it has others than the tunnel's.
    fn keys(&self) -> Option<SessionKeys> {
        None
    }

    /// As [`Method::retry`]: what it says goes into the tunnel. Tells whether it said anything.
    fn retry(&mut self, credentials: &Credentials, tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> bool {
        let _ = (credentials, tunnel, rng);
        false
    }

    /// As [`Method::change_password`].
    fn change_password(&mut self, new: &Secret, tunnel: &mut dyn Tunnel, rng: &mut dyn Rng) -> bool {
        let _ = (new, tunnel, rng);
        false
    }
}

/// A method with TLS at the peer's end.
pub(crate) struct TlsPeer<I> {
    kind: EapType,
    tunnel: Box<dyn Tunnel>,
    framing: Framing,
    inner: I,
    started: bool,
    opened: bool,
    failed: Option<TunnelError>,
    keys: SessionKeys,
}

impl<I: Inner> TlsPeer<I> {
    pub(crate) fn new(kind: EapType, tunnel: Box<dyn Tunnel>, inner: I) -> Self {
        Self {
            kind,
            tunnel,
            framing: Framing::new(0),
            inner,
            started: false,
            opened: false,
            failed: None,
            keys: no_keys(),
        }
    }

    /// Lets the tunnel and the inside work on a whole message, or on an acknowledgement if it is empty.
    fn advance(&mut self, id: u8, message: &[u8], rng: &mut dyn Rng) -> Result<(), TunnelError> {
        let mut plain = Zeroizing::new(Vec::new());
        if !message.is_empty() {
            self.tunnel.input(message, &mut plain)?;
        }
        let mut output = self.tunnel.output();
        // With TLS 1.3 our Finished goes first, and alone: servers look for the inside in the packet behind it.
        if self.tunnel.is_open() && !self.opened && output.is_empty() {
            self.opened = true;
            self.keys = key_material(self.kind, &*self.tunnel)?;
            self.inner.opened(&mut *self.tunnel, rng)?;
        }
        if self.opened && !plain.is_empty() {
            self.inner.plain(id, &plain, &mut *self.tunnel, rng)?;
        }
        output.extend_from_slice(&self.tunnel.output());
        self.framing.queue(output);
        Ok(())
    }

    fn respond(&mut self, id: u8, message: &[u8], rng: &mut dyn Rng) -> Option<Vec<u8>> {
        if let Err(error) = self.advance(id, message, rng) {
            self.failed = Some(error);
            // The alert, so that the server's log has the reason.
            let alert = self.tunnel.output();
            self.framing.queue(alert);
        }
        match self.state() {
            State::Paused { .. } => None,
            _ => Some(self.framing.next()),
        }
    }

    /// What was queued in the tunnel after a pause.
    fn resumed(&mut self, said: bool) -> Option<Vec<u8>> {
        said.then(|| {
            let output = self.tunnel.output();
            self.framing.queue(output);
            self.framing.next()
        })
    }
}

impl<I: Inner> Method for TlsPeer<I> {
    fn request(&mut self, id: u8, data: &[u8], rng: &mut dyn Rng) -> Result<Option<Vec<u8>>, DropReason> {
        match self.framing.take(data)? {
            Taken::Start(_) if self.started => Err(DropReason::Unexpected("a second Start")),
            Taken::Start(_) => {
                self.started = true;
                let hello = self.tunnel.output();
                self.framing.queue(hello);
                Ok(Some(self.framing.next()))
            }
            _ if !self.started => Err(DropReason::Unexpected("TLS before Start")),
            Taken::Ack if self.framing.is_sending() => Ok(Some(self.framing.next())),
            Taken::More => Ok(Some(self.framing.ack())),
            Taken::Whole(_) if self.framing.is_sending() => Err(DropReason::Unexpected("TLS amid our fragments")),
            Taken::Ack => Ok(self.respond(id, &[], rng)),
            Taken::Whole(message) => Ok(self.respond(id, &message, rng)),
        }
    }

    fn state(&self) -> State {
        match &self.failed {
            Some(TunnelError { cause, dialog }) => State::Failed { cause: cause.clone(), dialog: dialog.clone() },
            None if self.opened => self.inner.state(),
            None => State::Running,
        }
    }

    fn keys(&self) -> SessionKeys {
        self.inner.keys().unwrap_or_else(|| self.keys.clone())
    }

    fn retry(&mut self, credentials: &Credentials, rng: &mut dyn Rng) -> Option<Vec<u8>> {
        let said = self.inner.retry(credentials, &mut *self.tunnel, rng);
        self.resumed(said)
    }

    fn change_password(&mut self, new: &Secret, rng: &mut dyn Rng) -> Option<Vec<u8>> {
        let said = self.inner.change_password(new, &mut *self.tunnel, rng);
        self.resumed(said)
    }
}

/// What happens inside a server's tunnel.
pub(crate) trait ServerInner: Send {
    /// The tunnel is open and it is our turn.
    fn opened(&mut self, next: u8, tunnel: &mut dyn Tunnel, context: &mut Context<'_>) -> Result<(), TunnelError>;

    /// Takes what came through the tunnel in the response `id`, or an acknowledgement if it is empty.
    fn plain(
        &mut self,
        ids: Ids,
        plain: &[u8],
        tunnel: &mut dyn Tunnel,
        context: &mut Context<'_>,
    ) -> Result<(), TunnelError>;

    /// Gives the end: whom, with which keys if not the tunnel's; or why not.
    fn ended(&self) -> Option<Result<(String, Option<SessionKeys>), Cause>>;
}

/// The identifiers of a response and of the request that may follow.
#[derive(Copy, Clone)]
pub(crate) struct Ids {
    pub(crate) response: u8,
    pub(crate) next: u8,
}

/// A method with TLS at the server's end.
pub(crate) struct TlsServer<I> {
    kind: EapType,
    tunnel: Box<dyn Tunnel>,
    framing: Framing,
    inner: I,
    opened: bool,
    /// It has failed, and the alert is on its way.
    failed: Option<Cause>,
    keys: SessionKeys,
}

impl<I: ServerInner> TlsServer<I> {
    pub(crate) fn new(kind: EapType, tunnel: Box<dyn Tunnel>, inner: I) -> Self {
        let framing = Framing::new(0);
        Self { kind, tunnel, framing, inner, opened: false, failed: None, keys: no_keys() }
    }

    fn advance(&mut self, ids: Ids, message: &[u8], context: &mut Context<'_>) -> Result<(), TunnelError> {
        let mut plain = Zeroizing::new(Vec::new());
        if !message.is_empty() {
            self.tunnel.input(message, &mut plain)?;
        }
        let mut output = self.tunnel.output();
        if self.opened {
            self.inner.plain(ids, &plain, &mut *self.tunnel, context)?;
        } else if self.tunnel.is_open() && output.is_empty() {
            self.opened = true;
            self.keys = mirrored(key_material(self.kind, &*self.tunnel)?);
            self.inner.opened(ids.next, &mut *self.tunnel, context)?;
            if !plain.is_empty() {
                self.inner.plain(ids, &plain, &mut *self.tunnel, context)?;
            }
        }
        output.extend_from_slice(&self.tunnel.output());
        self.framing.queue(output);
        Ok(())
    }

    fn judge(&mut self, ids: Ids, message: &[u8], context: &mut Context<'_>) -> Verdict {
        if let Some(cause) = &self.failed {
            return Verdict::Refused(cause.clone());
        }
        if let Err(TunnelError { cause, .. }) = self.advance(ids, message, context) {
            let alert = self.tunnel.output();
            if alert.is_empty() {
                return Verdict::Refused(cause);
            }
            self.failed = Some(cause);
            self.framing.queue(alert);
            return Verdict::Request(self.framing.next());
        }
        match self.inner.ended() {
            Some(Ok((user, keys))) => Verdict::Granted { user, keys: keys.unwrap_or_else(|| self.keys.clone()) },
            Some(Err(cause)) => Verdict::Refused(cause),
            None => Verdict::Request(self.framing.next()),
        }
    }
}

impl<I: ServerInner> ServerMethod for TlsServer<I> {
    fn start(&mut self, _: u8, _: &mut dyn Rng) -> Vec<u8> {
        self.framing.start()
    }

    fn response(&mut self, id: u8, next: u8, data: &[u8], context: &mut Context<'_>) -> Result<Verdict, DropReason> {
        let ids = Ids { response: id, next };
        match self.framing.take(data)? {
            Taken::Start(_) => Err(DropReason::Unexpected("a Start in a response")),
            Taken::Ack if self.framing.is_sending() => Ok(Verdict::Request(self.framing.next())),
            Taken::More => Ok(Verdict::Request(self.framing.ack())),
            Taken::Whole(_) if self.framing.is_sending() => Err(DropReason::Unexpected("TLS amid our fragments")),
            Taken::Ack => Ok(self.judge(ids, &[], context)),
            Taken::Whole(message) => Ok(self.judge(ids, &message, context)),
        }
    }
}

/// Derives the tunnel's keys as the peer sees them: RFC 5216 2.3, RFC 5281 8, RFC 9190 2.3, RFC 9427 2.1.
///
/// The first 32 octets are what the peer sends with, the next 32 what it receives with.
fn key_material(kind: EapType, tunnel: &dyn Tunnel) -> Result<SessionKeys, TunnelError> {
    let material = raw_key_material(kind, tunnel)?;
    Ok(SessionKeys { master_send: material[..32].to_vec(), master_receive: material[32..64].to_vec() })
}

/// The whole of it; with TLS 1.3 its length is part of the derivation.
pub(crate) fn raw_key_material(kind: EapType, tunnel: &dyn Tunnel) -> Result<Zeroizing<[u8; 128]>, TunnelError> {
    let mut material = Zeroizing::new([0; 128]);
    match (tunnel.is_tls13(), kind) {
        (true, kind) => tunnel.export("EXPORTER_EAP_TLS_Key_Material", Some(&[kind.0]), &mut *material)?,
        (false, EapType::TTLS) => tunnel.export("ttls keying material", None, &mut *material)?,
        (false, _) => tunnel.export("client EAP encryption", None, &mut *material)?,
    }
    Ok(material)
}

/// Gives keys as the other end sees them.
pub(crate) fn mirrored(keys: SessionKeys) -> SessionKeys {
    SessionKeys { master_send: keys.master_receive.clone(), master_receive: keys.master_send.clone() }
}

/// The cause of a peer or server that breaks the rules inside a tunnel.
pub(crate) fn broken(what: &'static str) -> TunnelError {
    Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth).did(format!("expected {what} inside EAP's TLS")).into()
}

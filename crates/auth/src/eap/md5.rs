//! EAP-MD5 (RFC 3748 5.4): CHAP in EAP. No keys, and the server proves nothing.

use super::method::{Context, Method, ServerMethod, State, Verdict, no_keys};
use crate::chap_md5;
use rasman_core::{Cause, Credentials, DropReason, LayerName, Malformed, Reader, Rng, SessionKeys};

/// The peer's end.
pub(super) struct Md5 {
    credentials: Credentials,
    answered: bool,
}

impl Md5 {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, answered: false }
    }
}

impl Method for Md5 {
    fn request(&mut self, id: u8, data: &[u8], _: &mut dyn Rng) -> Result<Option<Vec<u8>>, DropReason> {
        let (challenge, _) = parse(data).map_err(|malformed| DropReason::Malformed(malformed.expected))?;
        let value = chap_md5::response_value(id, self.credentials.password.expose(), challenge);
        self.answered = true;
        Ok(Some(emit(&value, self.credentials.qualified_user().as_bytes())))
    }

    fn state(&self) -> State {
        if self.answered { State::Proven } else { State::Running }
    }

    fn keys(&self) -> SessionKeys {
        no_keys()
    }
}

/// The server's end.
pub(super) struct Md5Server {
    name: String,
    challenge: [u8; 16],
}

impl Md5Server {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.into(), challenge: [0; 16] }
    }
}

impl ServerMethod for Md5Server {
    fn start(&mut self, _: u8, rng: &mut dyn Rng) -> Vec<u8> {
        rng.fill(&mut self.challenge);
        emit(&self.challenge, self.name.as_bytes())
    }

    fn response(&mut self, id: u8, _: u8, data: &[u8], context: &mut Context<'_>) -> Result<Verdict, DropReason> {
        let (value, name) = parse(data).map_err(|malformed| DropReason::Malformed(malformed.expected))?;
        // RFC 3748 5.1: the identity may be another's; who has the password counts.
        let who = match name.is_empty() {
            true => context.identity.to_owned(),
            false => String::from_utf8_lossy(name).into_owned(),
        };
        Ok(match chap_md5::check(id, &self.challenge, value, &who, context.accounts) {
            Ok(()) => Verdict::Granted { user: who, keys: no_keys() },
            Err(code) => {
                Verdict::Refused(Cause::new(code, LayerName::Auth).did(format!("judged the EAP-MD5 response of {who}")))
            }
        })
    }
}

/// Reads Value-Size, Value, Name.
fn parse(data: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let mut reader = Reader::new(data);
    let size = usize::from(reader.u8("Value-Size")?);
    if size == 0 {
        return Err(reader.malformed("a Value-Size of one or more"));
    }
    Ok((reader.take(size, "Value")?, reader.rest()))
}

fn emit(value: &[u8; 16], name: &[u8]) -> Vec<u8> {
    let mut data = vec![16];
    data.extend_from_slice(value);
    data.extend_from_slice(&name[..name.len().min(NAME_MAX)]);
    data
}

/// The most octets of a name that are sent.
const NAME_MAX: usize = 256;

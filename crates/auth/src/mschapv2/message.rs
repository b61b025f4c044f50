//! What MS-CHAPv2 puts into CHAP's fields: the value of a Response, the messages of Success and Failure.

use rasman_core::{Code, Malformed, Reader, Secret, hex};
use zeroize::Zeroizing;

/// The value of a Response (RFC 2759 4): 49 octets.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct ResponseValue {
    /// The peer's own challenge.
    pub peer_challenge: [u8; 16],
    /// The proof of the password.
    pub nt_response: [u8; 24],
}

impl ResponseValue {
    /// Reads the value of a Response. Reserved octets and flags are not looked at (RFC 2759 4: they must be zero).
    ///
    /// # Errors
    /// What was expected and where.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(value);
        let peer_challenge = reader.array("16 octets of Peer-Challenge")?;
        reader.take(8, "8 reserved octets")?;
        let nt_response = reader.array("24 octets of NT-Response")?;
        reader.u8("Flags")?;
        if !reader.is_empty() {
            return Err(reader.malformed("the end of a Response value of 49 octets"));
        }
        Ok(Self { peer_challenge, nt_response })
    }

    /// Writes the value.
    #[must_use]
    pub fn emit(&self) -> [u8; 49] {
        let mut value = [0; 49];
        value[..16].copy_from_slice(&self.peer_challenge);
        value[24..48].copy_from_slice(&self.nt_response);
        value
    }
}

/// Reads the authenticator response from the message of a Success (RFC 2759 5: `S=<40 hex> M=<text>`).
///
/// The digits must be upper case by the RFC; lower case is read as well. SoftEther leaves `M=` out.
pub(super) fn parse_success(message: &[u8]) -> Option<[u8; 20]> {
    let digits = message.strip_prefix(b"S=")?;
    hex::decode_array(digits.get(..40)?)
}

/// Writes the message of a Success.
pub(super) fn emit_success(authenticator_response: &[u8; 20]) -> Vec<u8> {
    format!("S={} M=Access granted", hex::encode_upper(authenticator_response)).into_bytes()
}

/// The message of a Failure (RFC 2759 6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailureMessage {
    /// `E=`: why, as a RAS code.
    pub error: Code,
    /// `R=`: another attempt is allowed.
    pub retry: bool,
    /// `C=`: the challenge of that attempt.
    pub challenge: Option<[u8; 16]>,
    /// `V=3`: a new password can be sent (RFC 2759 7).
    pub changes_password: bool,
    /// `M=`: text for people, as it came.
    pub text: Vec<u8>,
}

impl FailureMessage {
    /// Reads a message; never fails, since a refusal in bad form is a refusal. What is not said is 691, no retry,
    /// no challenge, no text; a message of another form altogether is text.
    #[must_use]
    pub fn parse(message: &[u8]) -> Self {
        let mut parsed = Self {
            error: Code::AUTHENTICATION_FAILURE,
            retry: false,
            challenge: None,
            changes_password: false,
            text: Vec::new(),
        };
        let mut rest = message.trim_ascii();
        let mut fields = 0;
        while !rest.is_empty() {
            if let Some(text) = rest.strip_prefix(b"M=") {
                parsed.text = text.to_vec();
                return parsed;
            }
            let end = rest.iter().position(|octet| *octet == b' ').unwrap_or(rest.len());
            let (field, behind) = rest.split_at(end);
            fields += usize::from(parsed.field(field));
            rest = behind.trim_ascii_start();
        }
        if fields == 0 {
            parsed.text = message.to_vec();
        }
        parsed
    }

    /// Takes one `X=value`; tells whether it is a known one.
    fn field(&mut self, field: &[u8]) -> bool {
        match field {
            [b'E', b'=', digits @ ..] => {
                let number = core::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
                self.error = number.map_or(Code::AUTHENTICATION_FAILURE, Code);
            }
            [b'R', b'=', flag @ ..] => self.retry = flag == b"1",
            [b'C', b'=', digits @ ..] => self.challenge = hex::decode_array(digits),
            [b'V', b'=', version @ ..] => self.changes_password = version == b"3",
            _ => return false,
        }
        true
    }

    /// Writes the message. `C=` must be present (RFC 2759 6), so it is zero if there is none.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let challenge = hex::encode_upper(&self.challenge.unwrap_or_default());
        let retry = u8::from(self.retry);
        let version = if self.changes_password { 3 } else { 2 };
        let mut message = format!("E={} R={retry} C={challenge} V={version} M=", self.error.0).into_bytes();
        message.extend_from_slice(&self.text);
        message
    }
}

/// Reads a password in little-endian UTF-16 into UTF-8; `None` if it is not UTF-16.
pub(super) fn from_unicode(octets: &[u8]) -> Option<Secret> {
    let units = octets.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    // Reserved at once: a vector that grows would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(octets.len() * 2));
    for character in char::decode_utf16(units) {
        let mut encoded = [0; 4];
        text.extend_from_slice(character.ok()?.encode_utf8(&mut encoded).as_bytes());
        encoded.fill(0);
    }
    Some(Secret::new(text.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_value_survives_emit_and_parse() {
        let value = ResponseValue { peer_challenge: [1; 16], nt_response: [2; 24] };
        assert_eq!(ResponseValue::parse(&value.emit()), Ok(value));
        assert!(ResponseValue::parse(&[0; 48]).is_err());
        assert!(ResponseValue::parse(&[0; 50]).is_err());
    }

    #[test]
    fn a_success_is_read_with_and_without_text() {
        let s = core::array::from_fn(|i| i as u8);
        assert_eq!(parse_success(&emit_success(&s)), Some(s));
        assert_eq!(parse_success(b"S=000102030405060708090a0b0c0d0e0f10111213"), Some(s)); // SoftEther: no M=
        assert_eq!(parse_success(b"S=000102030405060708090a0b0c0d0e0f1011121"), None);
        assert_eq!(parse_success(b"Welcome"), None);
    }

    #[test]
    fn failures_are_read_as_peers_write_them() {
        let softether = FailureMessage::parse(b"E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3");
        assert_eq!(softether.error, Code::AUTHENTICATION_FAILURE);
        assert!(!softether.retry && softether.challenge.is_some() && softether.text.is_empty());
        assert!(softether.changes_password);

        let pppd = FailureMessage::parse(b"E=648 R=1 C=00112233445566778899aabbccddeeff V=3 M=Password expired R=0");
        assert_eq!(
            (pppd.error, pppd.retry, &pppd.text[..]),
            (Code::PASSWD_EXPIRED, true, &b"Password expired R=0"[..])
        );
        assert_eq!(pppd.challenge, Some(0x00112233445566778899aabbccddeeff_u128.to_be_bytes()));

        let prose = FailureMessage::parse(b"I don't like you.  Go 'way.");
        assert_eq!((prose.retry, &prose.text[..]), (false, &b"I don't like you.  Go 'way."[..]));
        assert_eq!(FailureMessage::parse(b"E=99999999999 R=1").error, Code::AUTHENTICATION_FAILURE);
        assert_eq!(FailureMessage::parse(b"R=1 C=0011").challenge, None);
    }

    #[test]
    fn a_failure_survives_emit_and_parse() {
        let failure = FailureMessage {
            error: Code::ACCT_DISABLED,
            retry: true,
            challenge: Some([0xA5; 16]),
            changes_password: true,
            text: b"no M=ore".to_vec(),
        };
        assert_eq!(FailureMessage::parse(&failure.emit()), failure);
    }
}

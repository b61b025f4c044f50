//! The packets of CHAP (RFC 1994 4), which MS-CHAPv2 keeps.

use rasman_core::{Malformed, Reader};

/// A CHAP packet.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ChapPacket<'a> {
    /// RFC 1994 4.1: the authenticator's challenge.
    Challenge {
        /// Its identifier.
        id: u8,
        /// The challenge, at most 255 octets.
        value: &'a [u8],
        /// Who asks.
        name: &'a [u8],
    },
    /// RFC 1994 4.1: the answer.
    Response {
        /// The identifier of the challenge.
        id: u8,
        /// The response, at most 255 octets.
        value: &'a [u8],
        /// Who answers.
        name: &'a [u8],
    },
    /// RFC 1994 4.2: the response was right.
    Success {
        /// The identifier of the response.
        id: u8,
        /// Text, with MS-CHAPv2 also the server's proof.
        message: &'a [u8],
    },
    /// RFC 1994 4.2: the response was wrong.
    Failure {
        /// The identifier of the response.
        id: u8,
        /// Text, with MS-CHAPv2 also code and next challenge.
        message: &'a [u8],
    },
    /// RFC 2759 7: a new password, and the response that it makes.
    ChangePassword {
        /// One more than the identifier of the Failure that asks for it.
        id: u8,
        /// What [`mschapv2::Change`](crate::mschapv2::Change) reads.
        value: &'a [u8],
    },
}

impl<'a> ChapPacket<'a> {
    /// Reads a packet: the information field of a PPP frame. Octets behind its Length are padding.
    ///
    /// # Errors
    /// What was expected and where.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut header = Reader::new(bytes);
        let code = header.u8("CHAP code")?;
        let id = header.u8("CHAP identifier")?;
        let length = usize::from(header.u16("CHAP length")?);
        let body = length.checked_sub(4).ok_or(Malformed { expected: "CHAP length of 4 or more", at: 2 })?;
        let mut body = Reader::new(header.take(body, "CHAP packet of its length")?);
        match code {
            CHALLENGE | RESPONSE => {
                let size = body.u8("CHAP value size")?;
                let value = body.take(usize::from(size), "CHAP value")?;
                let name = body.rest();
                Ok(match code {
                    CHALLENGE => Self::Challenge { id, value, name },
                    _ => Self::Response { id, value, name },
                })
            }
            SUCCESS => Ok(Self::Success { id, message: body.rest() }),
            FAILURE => Ok(Self::Failure { id, message: body.rest() }),
            CHANGE_PASSWORD => Ok(Self::ChangePassword { id, value: body.rest() }),
            _ => Err(Malformed { expected: "CHAP code of 1 to 4 or 7", at: 0 }),
        }
    }

    /// Writes the packet as bytes; what does not fit its fields is cut off.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let (code, id, value, text) = match *self {
            Self::Challenge { id, value, name } => (CHALLENGE, id, Some(value), name),
            Self::Response { id, value, name } => (RESPONSE, id, Some(value), name),
            Self::Success { id, message } => (SUCCESS, id, None, message),
            Self::Failure { id, message } => (FAILURE, id, None, message),
            Self::ChangePassword { id, value } => (CHANGE_PASSWORD, id, None, value),
        };
        let mut out = vec![code, id, 0, 0];
        if let Some(value) = value {
            let size = u8::try_from(value.len()).unwrap_or(u8::MAX);
            out.push(size);
            out.extend_from_slice(&value[..usize::from(size)]);
        }
        let room = usize::from(u16::MAX) - out.len();
        out.extend_from_slice(&text[..text.len().min(room)]);
        let length = u16::try_from(out.len()).unwrap_or(u16::MAX);
        out[2..4].copy_from_slice(&length.to_be_bytes());
        out
    }
}

const CHALLENGE: u8 = 1;
const RESPONSE: u8 = 2;
const SUCCESS: u8 = 3;
const FAILURE: u8 = 4;
const CHANGE_PASSWORD: u8 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_survive_emit_and_parse() {
        for packet in [
            ChapPacket::Challenge { id: 7, value: &[1; 16], name: b"server" },
            ChapPacket::Response { id: 7, value: &[2; 49], name: b"DOM\\user" },
            ChapPacket::Success { id: 0, message: b"" },
            ChapPacket::Failure { id: 255, message: b"E=691 R=0" },
            ChapPacket::ChangePassword { id: 8, value: &[3; 582] },
        ] {
            let mut bytes = packet.emit();
            assert_eq!(ChapPacket::parse(&bytes), Ok(packet));
            bytes.extend_from_slice(b"padding");
            assert_eq!(ChapPacket::parse(&bytes), Ok(packet));
        }
    }

    #[test]
    fn short_and_lying_packets_are_malformed() {
        for bytes in
            [&[][..], &[1, 1, 0], &[1, 1, 0, 3], &[1, 1, 0, 9, 0], &[1, 1, 0, 6, 2, 0], &[9, 1, 0, 4], &[1, 1, 0, 4]]
        {
            assert!(ChapPacket::parse(bytes).is_err(), "{bytes:?}");
        }
    }
}

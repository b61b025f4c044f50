//! Attributes ([MS-SSTP] 2.2.4 to 2.2.8).

use super::numbers::{AttributeId, HashProtocols, Status};
use rasman_core::{Frame, Malformed, Reader};

/// What the client is asked to prove ([MS-SSTP] 2.2.6).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct BindingRequest {
    /// The hash protocols that the server takes.
    pub hashes: HashProtocols,
    /// The server's nonce.
    pub nonce: [u8; 32],
}

/// The client's proof that TLS and the authentication inside end at the same two parties ([MS-SSTP] 2.2.7).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// The hash protocol used: exactly one.
    pub hash: HashProtocols,
    /// The server's nonce.
    pub nonce: [u8; 32],
    /// The digest of the server's certificate; a SHA-1 digest is followed by 12 zero bytes.
    pub cert_hash: [u8; 32],
    /// The Compound MAC; a SHA-1 MAC is followed by 12 zero bytes.
    pub mac: [u8; 32],
}

/// What was wrong, and with which attribute ([MS-SSTP] 2.2.8).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusInfo {
    /// The attribute, or [`AttributeId::NO_ERROR`] if it was none.
    pub attribute: AttributeId,
    /// What was wrong.
    pub status: Status,
    /// The value that was not accepted, its first 64 bytes; usually empty.
    pub value: Vec<u8>,
}

impl StatusInfo {
    /// Says that `status` holds of `attribute`.
    #[must_use]
    pub fn new(attribute: AttributeId, status: Status) -> Self {
        Self { attribute, status, value: Vec::new() }
    }

    /// [MS-SSTP] 2.2.8: AttribValue is cut at 64 bytes.
    pub const VALUE_MAX: usize = 64;

    /// Reads the value of the attribute. The length was 12 at least, but for the short form.
    pub(super) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(value);
        // sorz/sstp-server leaves out Reserved1 and AttribID: `00 02 00 08`, then the status.
        let long = value.len() != 4;
        let attribute = if long { read_padded_u8(&mut reader, "AttribID")? } else { 0 };
        let status = Status(reader.u32("status")?);
        let rest = reader.rest();
        let value = rest.get(..Self::VALUE_MAX).unwrap_or(rest).to_vec();
        Ok(Self { attribute: AttributeId(attribute), status, value })
    }

    pub(super) fn write(&self, frame: &mut Frame<'_>) {
        let value = self.value.get(..Self::VALUE_MAX).unwrap_or(&self.value);
        header(frame, AttributeId::STATUS_INFO, 12 + value.len());
        frame.slice(&[0, 0, 0, self.attribute.0]);
        frame.u32(self.status.0);
        frame.slice(value);
    }
}

impl BindingRequest {
    pub(super) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(value);
        let hashes = HashProtocols(read_padded_u8(&mut reader, "Hash Protocol Bitmask")?);
        let nonce = reader.array("nonce")?;
        at_end(&reader, "end of the Crypto Binding Request")?;
        Ok(Self { hashes, nonce })
    }

    pub(super) fn write(&self, frame: &mut Frame<'_>) {
        header(frame, AttributeId::CRYPTO_BINDING_REQUEST, 40);
        frame.slice(&[0, 0, 0, self.hashes.0]);
        frame.slice(&self.nonce);
    }
}

impl Binding {
    pub(super) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(value);
        let hash = HashProtocols(read_padded_u8(&mut reader, "Hash Protocol")?);
        let nonce = reader.array("nonce")?;
        let cert_hash = reader.array("Cert Hash")?;
        let mac = reader.array("Compound MAC")?;
        at_end(&reader, "end of the Crypto Binding")?;
        Ok(Self { hash, nonce, cert_hash, mac })
    }

    pub(super) fn write(&self, frame: &mut Frame<'_>) {
        header(frame, AttributeId::CRYPTO_BINDING, 104);
        frame.slice(&[0, 0, 0, self.hash.0]);
        frame.slice(&self.nonce);
        frame.slice(&self.cert_hash);
        frame.slice(&self.mac);
    }
}

/// Reads Encapsulated Protocol ID ([MS-SSTP] 2.2.5).
pub(super) fn read_protocol(value: &[u8]) -> Result<u16, Malformed> {
    let mut reader = Reader::new(value);
    let protocol = reader.u16("Protocol ID")?;
    at_end(&reader, "end of the Encapsulated Protocol ID")?;
    Ok(protocol)
}

/// Writes Encapsulated Protocol ID.
pub(super) fn write_protocol(protocol: u16, frame: &mut Frame<'_>) {
    header(frame, AttributeId::ENCAPSULATED_PROTOCOL_ID, 6);
    frame.u16(protocol);
}

/// Reads the next attribute of a message: its number and its value.
pub(super) fn next<'a>(reader: &mut Reader<'a>) -> Result<(AttributeId, &'a [u8]), Malformed> {
    let [_, id, high, low] = reader.array("attribute header")?;
    // 2.2.4: the length counts the header; the four bits before it are ignored on receipt.
    let length = usize::from(u16::from_be_bytes([high, low]) & 0x0fff);
    let length = length.checked_sub(4).ok_or(reader.malformed("attribute length of 4 or more"))?;
    Ok((AttributeId(id), reader.take(length, "attribute value")?))
}

/// Writes an attribute's header; `length` counts it.
fn header(frame: &mut Frame<'_>, id: AttributeId, length: usize) {
    frame.slice(&[0, id.0]);
    frame.u16(u16::try_from(length).expect("attributes are short"));
}

/// Reads three reserved bytes and the one after them.
fn read_padded_u8(reader: &mut Reader<'_>, expected: &'static str) -> Result<u8, Malformed> {
    Ok(reader.array::<4>(expected)?[3])
}

fn at_end(reader: &Reader<'_>, expected: &'static str) -> Result<(), Malformed> {
    if reader.is_empty() { Ok(()) } else { Err(reader.malformed(expected)) }
}

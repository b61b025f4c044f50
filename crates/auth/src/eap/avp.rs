//! The attribute-value pairs inside TTLS (RFC 5281 10.1), which have the form of Diameter's.
//!
//! ```text
//! | code: 32 bits | flags: V M | length: 24 bits | vendor, if V: 32 bits | data | zeros to 4 octets |
//! ```

use rasman_core::{Malformed, Reader};

/// A pair; a vendor of 0 is the IETF's.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Avp<'a> {
    pub(crate) vendor: u32,
    pub(crate) code: u32,
    pub(crate) data: &'a [u8],
}

/// RFC 5281 11.2.5.
pub(crate) const USER_NAME: (u32, u32) = (0, 1);
pub(crate) const USER_PASSWORD: (u32, u32) = (0, 2);
/// RFC 2548 2.
const MICROSOFT: u32 = 311;
pub(crate) const MS_CHAP_ERROR: (u32, u32) = (MICROSOFT, 2);
pub(crate) const MS_CHAP_CHALLENGE: (u32, u32) = (MICROSOFT, 11);
pub(crate) const MS_CHAP2_RESPONSE: (u32, u32) = (MICROSOFT, 25);
pub(crate) const MS_CHAP2_SUCCESS: (u32, u32) = (MICROSOFT, 26);

impl Avp<'_> {
    pub(crate) fn is(&self, which: (u32, u32)) -> bool {
        (self.vendor, self.code) == which
    }
}

/// Reads all pairs.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Avp<'_>>, Malformed> {
    let mut reader = Reader::new(bytes);
    let mut pairs = Vec::new();
    while !reader.is_empty() {
        let code = reader.u32("AVP code")?;
        let flags_and_length = reader.u32("AVP flags and length")?;
        let has_vendor = flags_and_length >> 24 & VENDOR != 0;
        let length = (flags_and_length & 0x00ff_ffff) as usize;
        let header = if has_vendor { 12 } else { 8 };
        let vendor = if has_vendor { reader.u32("AVP vendor")? } else { 0 };
        let size = length.checked_sub(header).ok_or(reader.malformed("an AVP length of its header or more"))?;
        let data = reader.take(size, "AVP data")?;
        // The padding of the last one is left out by some.
        let padding = (4 - length % 4) % 4;
        reader.take(padding.min(reader.remaining()), "AVP padding")?;
        pairs.push(Avp { vendor, code, data });
    }
    Ok(pairs)
}

/// Appends a pair that has to be understood.
pub(crate) fn push(out: &mut Vec<u8>, (vendor, code): (u32, u32), data: &[u8]) {
    let header = if vendor == 0 { 8 } else { 12 };
    let length = u32::try_from(header + data.len()).unwrap_or(u32::MAX) & 0x00ff_ffff;
    let flags = MANDATORY | if vendor == 0 { 0 } else { VENDOR };
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(&(flags << 24 | length).to_be_bytes());
    if vendor != 0 {
        out.extend_from_slice(&vendor.to_be_bytes());
    }
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(4), 0);
}

const VENDOR: u32 = 0x80;
const MANDATORY: u32 = 0x40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_survive_push_and_parse() {
        let mut bytes = Vec::new();
        push(&mut bytes, USER_NAME, b"alice");
        push(&mut bytes, MS_CHAP_CHALLENGE, &[7; 16]);
        assert_eq!(bytes.len(), 16 + 28);
        let pairs = parse(&bytes).unwrap();
        assert!(pairs[0].is(USER_NAME) && pairs[0].data == b"alice");
        assert!(pairs[1].is(MS_CHAP_CHALLENGE) && pairs[1].data == [7; 16]);
        assert!(parse(&bytes[..13]).is_ok());
    }

    #[test]
    fn short_and_lying_pairs_are_malformed() {
        for bytes in
            [&[0, 0, 0, 1][..], &[0, 0, 0, 1, 0, 0, 0, 7], &[0, 0, 0, 1, 0, 0, 0, 9], &[0, 0, 0, 1, 0x80, 0, 0, 8]]
        {
            assert!(parse(bytes).is_err(), "{bytes:?}");
        }
    }
}

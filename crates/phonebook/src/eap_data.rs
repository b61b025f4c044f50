//! What Windows keeps for a method of EAP: `CustomAuthData`.
//!
//! ```text
//! "1DBC" type:u32 size:u32 | what the method keeps, [MS-GPWL] 2.2.3.1 |   and perhaps further ones
//!
//! EAP-TLS  version size flags hash-size hash[20] names\0 count more-hashes   2.2.3.1.1
//! PEAP     version size inner-count flags                                   2.2.3.1.2
//!          | version size flags count (hash-size hash[20])* names\0 |       2.2.3.1.2.1
//!          | version size type inner-data |  identity\0                     2.2.3.1.2.2
//! ```
//!
//! Numbers have 32 bits, the least octet first; texts are UTF-16. The frame around it is not described in public: it is
//! what phone books have that people show. Without it the octets are taken as the method's own. What a newer Windows
//! appends to a structure is passed over.

use rasman_core::{Malformed, Reader};

/// What it says, as far as a dial heeds it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct EapData {
    /// The server's certificate is not looked at.
    pub(crate) trusts_anybody: bool,
    /// The names that it may have, as they stand there: some are regular expressions.
    pub(crate) server_names: Vec<String>,
    /// The SHA-1 digests of the roots that may sign it.
    pub(crate) roots: Vec<[u8; 20]>,
    /// PEAP's server has to bind.
    pub(crate) crypto_binding: bool,
    /// What is told in place of the user's name; nothing if that is told.
    pub(crate) identity: Option<String>,
    /// The type of the method inside PEAP.
    pub(crate) inner: Option<u32>,
}

impl EapData {
    /// Reads what is kept for the type of EAP `kind`.
    ///
    /// # Errors
    /// Why it says nothing, as the rest of a sentence.
    pub(crate) fn read(octets: &[u8], kind: u32) -> Result<Self, String> {
        let mut reader = Reader::new(own_part(octets, kind)?);
        let read = match kind {
            EAP_TLS => eap_tls(&mut reader),
            PEAP => peap(&mut reader),
            // Whose password it is, which here the dial says (2.2.3.1.3).
            EAP_MSCHAPV2 | EAP_MD5 => return Ok(Self::default()),
            _ => return Err(format!("is of EAP's type {kind}, whose data nobody has described")),
        };
        read.map_err(|malformed| format!("is cut off or damaged: {} is missing", malformed.expected))
    }
}

/// Takes the frame off.
fn own_part(octets: &[u8], kind: u32) -> Result<&[u8], String> {
    if !octets.starts_with(FRAME) {
        return Ok(octets);
    }
    let mut reader = Reader::new(octets);
    let mut seen = Vec::new();
    while ahead(&reader).starts_with(FRAME) {
        let part = frame(&mut reader).map_err(|malformed| format!("is cut off: {} is missing", malformed.expected))?;
        if part.0 == kind {
            return Ok(part.1);
        }
        seen.push(part.0.to_string());
    }
    Err(format!("is for EAP's type {}, and CustomAuthKey is {kind}", seen.join(" and ")))
}

fn ahead<'a>(reader: &Reader<'a>) -> &'a [u8] {
    let mut ahead = *reader;
    ahead.rest()
}

fn frame<'a>(reader: &mut Reader<'a>) -> Result<(u32, &'a [u8]), Malformed> {
    reader.take(FRAME.len(), "the frame")?;
    let kind = u32_le(reader, "the type")?;
    let size = u32_le(reader, "the size")?;
    Ok((kind, reader.take(usize::try_from(size).unwrap_or(usize::MAX), "the end")?))
}

fn eap_tls(reader: &mut Reader<'_>) -> Result<EapData, Malformed> {
    let _version = u32_le(reader, "the version")?;
    let _size = u32_le(reader, "the size")?;
    let flags = u32_le(reader, "the flags")?;
    let first = digest(reader)?;
    let names = text(reader);
    // Old versions end behind the name; the count has the first one in it.
    let count = if reader.remaining() == 0 { 0 } else { u32_le(reader, "the count of authorities")? };
    let further = count.saturating_sub(1);
    Ok(server(flags, digests(reader, further, first)?, &names))
}

fn peap(reader: &mut Reader<'_>) -> Result<EapData, Malformed> {
    let _version = u32_le(reader, "the version")?;
    let _size = u32_le(reader, "the size")?;
    let inner_count = u32_le(reader, "the count of methods inside")?;
    let flags = u32_le(reader, "the flags")?;
    let behind = sizes_end(reader);
    let mut data = peap_tls(reader)?;
    if inner_count > 0 {
        // The sizes that Windows writes count up to four octets more than a structure has, so it is where its version is.
        if version_of(reader) != Some(INNER_VERSION) {
            *reader = behind;
        }
        data.inner = Some(inner(reader)?);
    }
    data.crypto_binding = flags & PEAP_ENFORCE_CRYPTO_BINDING != 0;
    data.identity = (flags & PEAP_IDENTITY_PRIVACY != 0).then(|| identity(reader));
    Ok(data)
}

fn peap_tls(reader: &mut Reader<'_>) -> Result<EapData, Malformed> {
    reader.take(8, "the version and the size of what TLS needs")?;
    let flags = u32_le(reader, "the flags of TLS")?;
    let count = u32_le(reader, "the count of authorities")?;
    let roots = digests(reader, count, None)?;
    Ok(server(flags, roots, &text(reader)))
}

/// Takes the method inside; gives its type.
fn inner(reader: &mut Reader<'_>) -> Result<u32, Malformed> {
    let _version = u32_le(reader, "the version of the method inside")?;
    let size = u32_le(reader, "the size of the method inside")?;
    let kind = u32_le(reader, "the type of the method inside")?;
    // As above: three octets more than there are.
    let rest = usize::try_from(size).unwrap_or(usize::MAX).saturating_sub(INNER_HEADER + 3).min(reader.remaining());
    reader.take(rest, "the method inside")?;
    Ok(kind)
}

/// Takes the last text, behind octets that are none of it.
fn identity(reader: &mut Reader<'_>) -> String {
    let rest = reader.rest();
    let begin = rest.iter().position(|octet| *octet != 0).unwrap_or(rest.len());
    text(&mut Reader::new(&rest[begin..]))
}

/// Gives what is behind a structure by the size that it tells.
fn sizes_end<'a>(reader: &Reader<'a>) -> Reader<'a> {
    let mut behind = *reader;
    let size = u32_le(&mut Reader::new(ahead(reader).get(4..).unwrap_or_default()), "the size").unwrap_or_default();
    let known = usize::try_from(size).unwrap_or(usize::MAX).min(behind.remaining());
    let _ = behind.take(known, "what is there");
    behind
}

fn version_of(reader: &Reader<'_>) -> Option<u32> {
    u32_le(&mut { *reader }, "the version").ok()
}

/// What is said of the server, in both structures.
fn server(flags: u32, roots: Vec<[u8; 20]>, names: &str) -> EapData {
    let names = if flags & NO_VALIDATE_NAME != 0 { "" } else { names };
    let server_names = names.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    EapData { trusts_anybody: flags & NO_VALIDATE_SERVER_CERT != 0, server_names, roots, ..EapData::default() }
}

fn digests(reader: &mut Reader<'_>, count: u32, first: Option<[u8; 20]>) -> Result<Vec<[u8; 20]>, Malformed> {
    let mut all: Vec<_> = first.into_iter().collect();
    for _ in 0..count {
        all.extend(digest(reader)?);
    }
    all.dedup();
    Ok(all)
}

/// A digest behind its size; of none there are zeroes.
fn digest(reader: &mut Reader<'_>) -> Result<Option<[u8; 20]>, Malformed> {
    let size = u32_le(reader, "the size of an authority's digest")?;
    let digest = reader.array("an authority's digest")?;
    match size {
        0 => Ok(None),
        20 => Ok(Some(digest)),
        _ => Err(reader.malformed("the size of an authority's digest")),
    }
}

/// Takes a text up to its NUL, or to the end.
fn text(reader: &mut Reader<'_>) -> String {
    let units = core::iter::from_fn(|| {
        let unit = reader.array("a character").ok().map(u16::from_le_bytes)?;
        (unit != 0).then_some(unit)
    });
    let units: Vec<u16> = units.collect();
    String::from_utf16_lossy(&units)
}

fn u32_le(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Malformed> {
    reader.array(what).map(u32::from_le_bytes)
}

/// Makes one of our names of one of Windows', which may be a regular expression (2.2.3.1.1).
///
/// `.*\.` and the like at the begin become `*.`, which is narrower: one label. Nothing for what says more.
pub(crate) fn host_of(pattern: &str) -> Option<String> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let (any, rest) = ANY_LABEL
        .iter()
        .find_map(|any| Some(("*.", inner.strip_prefix(any)?.strip_prefix("\\.")?)))
        .unwrap_or(("", inner));
    let name = rest.replace("\\.", ".").replace("\\-", "-");
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    (plain && !name.is_empty()).then(|| format!("{any}{name}"))
}

/// What stands for a label in regular expressions that people write.
const ANY_LABEL: [&str; 5] = [".*", ".+", "[^.]*", "[^.]+", "[a-z0-9-]+"];

const FRAME: &[u8] = b"1DBC";

/// Of PEAP_INNER_METHOD_PROPERTY.
const INNER_VERSION: u32 = 1;
const INNER_HEADER: usize = 12;

pub(crate) const EAP_MD5: u32 = 4;
/// The key of an entry that has it.
pub(crate) const KEY: &str = "CustomAuthData";
pub(crate) const EAP_TLS: u32 = 13;
pub(crate) const PEAP: u32 = 25;
pub(crate) const EAP_MSCHAPV2: u32 = 26;

/// EapTlsNoValidateServerCert, PeapTlsPhase1NoValidateServerCert.
const NO_VALIDATE_SERVER_CERT: u32 = 2;
/// EapTlsNoValidateName, PeapTlsPhase1NoValidateName.
const NO_VALIDATE_NAME: u32 = 4;
/// PeapEnforceCryptoBinding.
const PEAP_ENFORCE_CRYPTO_BINDING: u32 = 4;
/// PeapEnableIdentityPrivacy.
const PEAP_IDENTITY_PRIVACY: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn le(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    fn with_size(mut structure: Vec<u8>) -> Vec<u8> {
        let size = u32::try_from(structure.len()).unwrap();
        structure[4..8].copy_from_slice(&size.to_le_bytes());
        structure
    }

    fn framed(kind: u32, data: &[u8]) -> Vec<u8> {
        [FRAME, &le(&[kind, u32::try_from(data.len()).unwrap()]), data].concat()
    }

    fn tls(flags: u32, names: &str, further: &[u8]) -> Vec<u8> {
        let count = u32::try_from(further.len()).unwrap() + 1;
        let mut data = [le(&[2, 0, flags, 20]), vec![1; 20], utf16(names), le(&[count])].concat();
        for octet in further {
            data.extend([le(&[20]), vec![*octet; 20]].concat());
        }
        with_size(data)
    }

    fn peap_of(flags: u32, tls_flags: u32, names: &str, inner: &[u8], identity: &str) -> Vec<u8> {
        let phase1 = with_size([le(&[1, 0, tls_flags, 1, 20]), vec![9; 20], utf16(names)].concat());
        let inner = with_size([le(&[1, 0]), inner.to_vec()].concat());
        with_size([le(&[1, 0, 1, flags]), phase1, inner, utf16(identity)].concat())
    }

    #[test]
    fn eap_tls_names_servers_and_authorities() {
        let mut data = tls(1 | 16, "radius.example.com; *.x", &[2, 3]);
        data.extend([0xFE, 0, 6, 0]); // What a newer Windows appends.
        for octets in [data.clone(), framed(13, &data), [framed(25, b"other"), framed(13, &data)].concat()] {
            let read = EapData::read(&octets, 13).unwrap();
            assert_eq!(read.server_names, ["radius.example.com", "*.x"]);
            assert_eq!(read.roots, [[1; 20], [2; 20], [3; 20]]);
            assert!(!read.trusts_anybody);
        }
        let read = EapData::read(&tls(2 | 4, "radius.example.com", &[]), 13).unwrap();
        assert!(read.trusts_anybody && read.server_names.is_empty());
        let none = with_size([le(&[2, 0, 0, 0]), vec![0; 20], utf16("")].concat());
        assert_eq!(EapData::read(&none, 13), Ok(EapData::default()));
    }

    #[test]
    fn peap_demands_binding_and_hides_the_user() {
        let mschap = [le(&[26]), le(&[1, 0])].concat();
        let read =
            EapData::read(&framed(25, &peap_of(1 | 4 | 16, 0x31, "nps.corp", &mschap, "anonymous")), 25).unwrap();
        assert_eq!((read.crypto_binding, read.identity.as_deref(), read.inner), (true, Some("anonymous"), Some(26)));
        assert_eq!((read.server_names, read.roots), (vec!["nps.corp".to_owned()], vec![[9; 20]]));
        let read = EapData::read(&peap_of(1, 0, "", &[le(&[13]), tls(0, "x", &[])].concat(), ""), 25).unwrap();
        assert_eq!((read.crypto_binding, read.identity, read.inner), (false, None, Some(13)));
    }

    /// As Windows 10 and 11 write it: sizes that count the room for a first character or octet, and its padding.
    #[test]
    fn sizes_that_count_too_much_mislead_nobody() {
        let tls = [le(&[2, 42 + 4, 0x31, 0]), utf16("nps.corp")].concat();
        let inner = le(&[1, 12 + 8 + 3, 26, 1, 0]);
        for gap in [0, 3] {
            let identity = [vec![0; gap], utf16("guest"), vec![0; 4]].concat();
            let data = [le(&[1, 0, 1, 16]), tls.clone(), inner.clone(), identity].concat();
            let read = EapData::read(&data, 25).unwrap();
            assert_eq!((read.inner, read.identity.as_deref()), (Some(26), Some("guest")), "{gap}");
            assert_eq!(read.server_names, ["nps.corp"]);
        }
        // What a size counts and nothing is known of is passed over.
        let tls = [le(&[2, 42 - 8 + 4, 0x31, 0]), utf16("nps.corp"), le(&[7])].concat();
        let data = [le(&[1, 0, 1, 0]), tls, inner].concat();
        assert_eq!(EapData::read(&data, 25).unwrap().inner, Some(26));
    }

    #[test]
    fn what_is_cut_off_or_for_another_method_says_nothing_and_why() {
        let whole = framed(25, &peap_of(4, 0, "nps", &le(&[26]), ""));
        for end in 0..whole.len() {
            assert!(EapData::read(&whole[..end], 25).is_err(), "{end}");
        }
        let problem = |octets: &[u8], kind| EapData::read(octets, kind).unwrap_err();
        assert_eq!(problem(&whole, 13), "is for EAP's type 25, and CustomAuthKey is 13");
        assert!(problem(b"<xml/>", 21).contains("type 21"));
        assert!(problem(&[], 25).contains("the version is missing"));
        let many = with_size(le(&[1, 0, 0, u32::MAX, u32::MAX]));
        let many = [le(&[1, 0, 0, 0]), many].concat();
        assert!(problem(&many, 25).contains("is missing"));
    }

    #[test]
    fn windows_own_default_for_eap_mschapv2_is_read() {
        let shown = [&b"1DBC"[..], &le(&[26, 8, 1, 0, 0])].concat();
        assert_eq!(EapData::read(&shown, 26), Ok(EapData::default()));
    }

    #[test]
    fn regular_expressions_become_names_where_they_mean_one() {
        for (pattern, name) in [
            ("radius.example.com", Some("radius.example.com")),
            (r"^radius\.example\.com$", Some("radius.example.com")),
            (r".*\.example\.com", Some("*.example.com")),
            (r"^[^.]+\.corp\.example$", Some("*.corp.example")),
            (r".*example\.com", None),
            (r"(a|b)\.example\.com", None),
            ("*.x", None),
            ("", None),
        ] {
            assert_eq!(host_of(pattern).as_deref(), name, "{pattern}");
        }
    }
}

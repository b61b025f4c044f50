//! Domain names as DHCP carries them (RFC 1035 3.1, 4.1.4; RFC 3397, RFC 8415 10).

/// Reads a list of names; ends at the first that makes no sense. Pointers lead back within the list (RFC 3397 2).
pub(super) fn parse_list(bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() && names.len() < NAMES_MAX {
        let Some((name, next)) = parse(bytes, at) else { break };
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
        at = next;
    }
    names
}

/// Reads one name; gives it and where the next one begins.
fn parse(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut next = None;
    // Each label takes one step and each pointer too, so a loop of pointers ends.
    for _ in 0..STEPS_MAX {
        let length = usize::from(*bytes.get(at)?);
        match length {
            0 => return Some((name, next.unwrap_or(at + 1))),
            1..=63 => {
                append(&mut name, bytes.get(at + 1..at + 1 + length)?)?;
                at += 1 + length;
            }
            0xc0.. => {
                next.get_or_insert(at + 2);
                at = (length & 0x3f) << 8 | usize::from(*bytes.get(at + 1)?);
            }
            _ => return None,
        }
    }
    None
}

fn append(name: &mut String, label: &[u8]) -> Option<()> {
    if name.len() + label.len() + 1 > NAME_MAX {
        return None;
    }
    if !name.is_empty() {
        name.push('.');
    }
    name.push_str(&plain(label)?);
    Some(())
}

/// Takes a name written as text (DHCP option 15), without the zero that some servers add.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    let name = plain(bytes)?;
    let name = name.trim_end_matches('.');
    (!name.is_empty() && name.len() <= NAME_MAX && !name.contains("..")).then(|| name.to_owned())
}

/// What goes into a resolver's settings must be a name and nothing else.
fn plain(bytes: &[u8]) -> Option<String> {
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    bytes.iter().all(allowed).then(|| bytes.iter().map(|b| char::from(b.to_ascii_lowercase())).collect())
}

/// Writes a list of names.
pub(super) fn emit_list(names: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in names {
        for label in name.split('.').filter(|label| (1..=63).contains(&label.len())) {
            bytes.push(label.len() as u8);
            bytes.extend_from_slice(label.as_bytes());
        }
        bytes.push(0);
    }
    bytes
}

/// More than any resolver looks through.
const NAMES_MAX: usize = 16;
/// RFC 1035 2.3.4, less the octets that only the wire has.
const NAME_MAX: usize = 253;
/// Labels of one octet in a name of the greatest length, and as many pointers.
const STEPS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3397_4_the_example() {
        let bytes = b"\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04";
        assert_eq!(parse_list(bytes), ["eng.apple.com", "marketing.apple.com"]);
    }

    #[test]
    fn lists_survive_writing_and_reading_and_bad_ones_end() {
        let names = ["corp.example".to_owned(), "lab.test".to_owned()];
        assert_eq!(parse_list(&emit_list(&names)), names);
        assert!(parse_list(b"\xc0\x00").is_empty(), "a pointer to itself");
        assert!(parse_list(b"\x03a b\x00").is_empty());
        assert!(parse_list(b"\x40a").is_empty());
        assert!(parse_list(&[b"\x3f".as_slice(), &[b'a'; 63]].concat().repeat(8)).is_empty());
        assert_eq!(parse_list(&b"\x01a\x00\x01b\x00".repeat(100)), ["a", "b"]);
        assert_eq!(text(b"Corp.Example.\0").as_deref(), Some("corp.example"));
        for bad in [&b""[..], b"\0", b"a\nsearch b", b"a..b", &[b'a'; 254]] {
            assert_eq!(text(bad), None);
        }
    }
}

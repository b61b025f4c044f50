//! A server that demands PAP: nobody should agree.

/// Rewrites a Configure-Request of LCP so that it demands PAP (RFC 1661 6.2, RFC 1334 2.1) instead of whatever it
/// demanded; gives nothing for other frames.
pub(crate) fn demanded(frame: &[u8]) -> Option<Vec<u8>> {
    let packet = frame.strip_prefix(&[0xff, 0x03]).unwrap_or(frame);
    let [0xc0, 0x21, CONFIGURE_REQUEST, identifier, _, _, options @ ..] = packet else { return None };
    let mut rewritten = vec![0xff, 0x03, 0xc0, 0x21, CONFIGURE_REQUEST, *identifier, 0, 0];
    let mut rest = options;
    while let [kind, length, ..] = rest {
        let (option, behind) = rest.split_at_checked(usize::from(*length).max(2))?;
        let option = if *kind == AUTHENTICATION_PROTOCOL { &[3, 4, 0xc0, 0x23] } else { option };
        rewritten.extend_from_slice(option);
        rest = behind;
    }
    let length = u16::try_from(rewritten.len() - 4).ok()?;
    rewritten[6..8].copy_from_slice(&length.to_be_bytes());
    Some(rewritten)
}

const CONFIGURE_REQUEST: u8 = 1;
const AUTHENTICATION_PROTOCOL: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demand_changes_and_the_rest_stays() {
        let request = [0xff, 0x03, 0xc0, 0x21, 1, 7, 0, 15, 3, 5, 0xc2, 0x23, 0x81, 5, 6, 1, 2, 3, 4];
        let expected = [0xff, 0x03, 0xc0, 0x21, 1, 7, 0, 14, 3, 4, 0xc0, 0x23, 5, 6, 1, 2, 3, 4];
        assert_eq!(demanded(&request).unwrap(), expected);
        assert_eq!(demanded(&[0xff, 0x03, 0xc0, 0x21, 2, 7, 0, 4]), None);
        assert_eq!(demanded(&[0xc0, 0x21, 1, 7, 0, 6, 3, 200]), None);
        assert_eq!(demanded(&[]), None);
    }
}

//! After which failures a dial goes on: with the next medium, a further attempt, a lost link made again.

use rasman_core::{Cause, Code, LayerName};

/// Tells whether another server or a later attempt could have another end.
///
/// What [`FINAL`] lists has none, nor has what went wrong on this side: settings, the user, the manager, local ports.
pub(crate) fn may_help(cause: &Cause) -> bool {
    let ours = matches!(cause.layer, LayerName::Settings | LayerName::Manager | LayerName::User | LayerName::Network);
    !ours && FINAL.binary_search(&cause.code.0).is_err() && cause.code != LOGON_DENIED
}

/// The codes after which nothing is tried again, in the order of their numbers; all others are worth another attempt.
///
/// Refused credentials and missing rights first of all: a password that is offered again and again locks the account.
const FINAL: &[u32] = &[
    // The call or its settings: not allowed, no such handle, not supported, wrong, a name that exists.
    5, 6, 50, 87, 123, 183, //
    // The user hung up.
    631, //
    // Hours, account disabled, password expired, no right to dial in.
    646, 647, 648, 649, //
    // Name or password.
    691, //
    // A question that nobody may be asked, a callback number.
    703, 704, //
    // Account expired, password not changed, and a server that does not know the password: it may be another's.
    708, 709, 778, //
    // No certificate for EAP, the server's policy, an idea that is gone.
    798, 812, 816, //
    // Ends that somebody wanted: idle, log-off, user switch, hibernation, suspend, the manager's stop.
    828, 830, 831, 832, 833, 834, //
    // The user's certificate for EAP, and its password.
    853, 854, 855, 856, 861, 862, 863, 869, //
    // What a person has to do first: compliance, a plug-in, an action.
    875, 876, 877, //
    // The same refusals in the words of servers that authenticate the other way round.
    920, 921, 922, 923, 924, //
    // Idle once more; one connection a user, hours, device, method.
    926, 937, 940, 941, 942, 944, //
    // IKE: credentials, no certificate of ours.
    13801, 13806,
];

/// SEC_E_LOGON_DENIED: a wrong password with EAP.
const LOGON_DENIED: Code = Code(0x8009_030C);

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_on(code: u32, layer: LayerName) -> bool {
        may_help(&Cause::new(Code(code), layer))
    }

    #[test]
    fn the_table_is_sorted_and_every_code_in_it_has_a_name() {
        assert!(FINAL.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(FINAL.iter().all(|code| Code(*code).name().is_some()), "{FINAL:?}");
    }

    #[test]
    fn m8_what_is_about_credentials_or_rights_is_never_tried_again() {
        for code in [646, 647, 648, 649, 691, 708, 709, 778, 812, 853, 920, 924, 937, 13801, 0x8009_030C] {
            assert!(!goes_on(code, LayerName::Auth), "{code}");
        }
    }

    #[test]
    fn h16_what_somebody_wanted_is_never_tried_again() {
        for code in [631, 828, 830, 831, 832, 833, 834] {
            assert!(!goes_on(code, LayerName::Lcp), "{code}");
        }
    }

    #[test]
    fn m8_a_server_that_is_not_there_or_does_not_agree_is_worth_another_attempt() {
        // Name, TCP, TLS with its certificates, HTTP, SSTP, LCP, the method, IPCP, losses.
        for code in [868, 809, 807, 808, 810, 0x800B_0101, 0x800B_0109, 0x800B_010F, 0x8009_2013, 919] {
            assert!(goes_on(code, LayerName::Tls), "{code}");
        }
        for code in [628, 629, 630, 651, 676, 678, 680, 718, 720, 721, 722, 731, 733, 734, 735, 737, 738, 741, 742] {
            assert!(goes_on(code, LayerName::Lcp), "{code}");
        }
        for code in [800, 815, 829, 930, 931, 932, 13805, 12_345] {
            assert!(goes_on(code, LayerName::Sstp), "{code}");
        }
    }

    #[test]
    fn what_went_wrong_on_this_side_is_not_tried_again() {
        for layer in [LayerName::Settings, LayerName::Manager, LayerName::User, LayerName::Network] {
            assert!(!goes_on(602, layer) && !goes_on(638, layer) && !goes_on(633, layer));
        }
    }
}

//! Exchanges that go well, and those that end as they should.

use crate::common::{Alice, Counter, Mend, binding, credentials, demanding, peer, peer_of, server, talk};
use rasman_auth::eap::{EapPacket, EapType, Step};
use rasman_auth::{Account, AccountState, Accounts};
use rasman_core::{AuthMethod, Code, Credentials, Secret};

const EAP: [AuthMethod; 6] = [
    AuthMethod::EapTls,
    AuthMethod::PeapMsChapV2,
    AuthMethod::TtlsMsChapV2,
    AuthMethod::TtlsPap,
    AuthMethod::EapMsChapV2,
    AuthMethod::EapMd5,
];

#[test]
fn each_method_lets_alice_in_with_the_same_keys_at_both_ends() {
    for method in EAP {
        for tls13 in [false, true] {
            let (mut peer, mut server) = (peer(&[method], "wonderland", tls13), server(&[method], 0, tls13));
            let end = talk(&mut peer, &mut server, &Alice::new(AccountState::Usable), Mend::Nothing);
            let (token, ours) = end.peer.unwrap_or_else(|cause| panic!("{method}, TLS 1.3 {tls13}: {cause}"));
            let (theirs_token, theirs) = end.server.unwrap().unwrap();
            assert_eq!((token.method(), token.user()), (Some(method), "alice"));
            assert_eq!(token, theirs_token);
            assert!(ours.master_send == theirs.master_receive && ours.master_receive == theirs.master_send, "{method}");
            let length = match method {
                AuthMethod::EapMd5 => 0,
                AuthMethod::EapMsChapV2 => 16,
                _ => 32,
            };
            assert_eq!((ours.master_send.len(), ours.master_receive.len()), (length, length), "{method}");
        }
    }
}

#[test]
fn each_method_with_a_password_tells_why_alice_is_refused() {
    for method in EAP.into_iter().filter(|method| *method != AuthMethod::EapTls) {
        for tls13 in [false, true] {
            let (mut peer, mut server) = (peer(&[method], "wrong", tls13), server(&[method], 0, tls13));
            let end = talk(&mut peer, &mut server, &Alice::new(AccountState::Usable), Mend::Nothing);
            assert_eq!(end.peer.err().unwrap().code, Code::AUTHENTICATION_FAILURE, "{method}");
            assert!(end.server.unwrap().is_err());
        }
    }
}

#[test]
fn the_state_of_an_account_is_told_where_ms_chap_v2_is_inside() {
    for method in [AuthMethod::EapMsChapV2, AuthMethod::PeapMsChapV2] {
        for (state, code) in [
            (AccountState::RestrictedHours, 646),
            (AccountState::Disabled, 647),
            (AccountState::PasswordExpired, 648),
            (AccountState::NoDialIn, 649),
        ] {
            let (mut peer, mut server) = (peer(&[method], "wonderland", true), server(&[method], 0, true));
            let end = talk(&mut peer, &mut server, &Alice::new(state), Mend::Nothing);
            assert_eq!(end.peer.err().unwrap().code, Code(code), "{method}");
        }
    }
}

#[test]
fn rfc_5216_5_2_the_certificate_says_who_comes_in_and_not_the_claim() {
    for tls13 in [false, true] {
        let mallory = Credentials { user: "mallory".into(), ..credentials("") };
        let (mut peer, mut server) =
            (peer_of(mallory, &[AuthMethod::EapTls], tls13), server(&[AuthMethod::EapTls], 0, tls13));
        let end = talk(&mut peer, &mut server, &Alice::new(AccountState::Usable), Mend::Nothing);
        assert_eq!(end.server.unwrap().unwrap().0.user(), "alice", "TLS 1.3 {tls13}");
    }
}

/// Knows no user.
struct Nobody;

impl Accounts for Nobody {
    fn account(&self, _: &str, _: &str) -> Option<Account> {
        None
    }
}

#[test]
fn a_certificate_comes_in_only_with_an_account_that_may() {
    let refused = |accounts: &dyn Accounts, tls13| {
        let (mut peer, mut server) = (peer(&[AuthMethod::EapTls], "", tls13), server(&[AuthMethod::EapTls], 0, tls13));
        let end = talk(&mut peer, &mut server, accounts, Mend::Nothing);
        assert!(end.peer.is_err(), "TLS 1.3 {tls13}");
        end.server.unwrap().err().map(|cause| cause.code)
    };
    for tls13 in [false, true] {
        for state in [AccountState::Disabled, AccountState::NoDialIn, AccountState::RestrictedHours] {
            assert_eq!(refused(&Alice::new(state), tls13), state.refusal());
        }
        assert_eq!(refused(&Nobody, tls13), Some(Code::AUTHENTICATION_FAILURE));
    }
}

#[test]
fn other_credentials_are_tried_within_the_exchange() {
    for method in [AuthMethod::EapMsChapV2, AuthMethod::PeapMsChapV2] {
        let (mut peer, mut server) = (peer(&[method], "wrong", true), server(&[method], 1, true));
        let mend = Mend::Credentials(credentials("wonderland"));
        let end = talk(&mut peer, &mut server, &Alice::new(AccountState::Usable), mend);
        assert!(end.peer.is_ok() && end.pauses == 1, "{method}");
    }
}

#[test]
fn an_expired_password_is_changed_within_the_exchange() {
    for method in [AuthMethod::EapMsChapV2, AuthMethod::PeapMsChapV2] {
        let accounts = Alice::new(AccountState::PasswordExpired);
        let (mut peer, mut server) = (peer(&[method], "wonderland", false), server(&[method], 0, false));
        let mend = Mend::NewPassword(Secret::from("looking-glass"));
        let end = talk(&mut peer, &mut server, &accounts, mend);
        let (_, ours) = end.peer.unwrap_or_else(|cause| panic!("{method}: {cause}"));
        let (_, theirs) = end.server.unwrap().unwrap();
        assert_eq!(ours.master_send, theirs.master_receive, "{method}");
        let (mut peer, mut server) =
            (crate::common::peer(&[method], "looking-glass", false), crate::common::server(&[method], 0, false));
        assert!(talk(&mut peer, &mut server, &accounts, Mend::Nothing).peer.is_ok());
    }
}

#[test]
fn rfc_3748_5_3_a_nak_leads_to_a_method_that_both_allow() {
    let mut peer = peer(&[AuthMethod::PeapMsChapV2, AuthMethod::EapMsChapV2], "wonderland", true);
    let mut server = server(&[AuthMethod::EapMd5, AuthMethod::EapTls, AuthMethod::EapMsChapV2], 0, true);
    let end = talk(&mut peer, &mut server, &Alice::new(AccountState::Usable), Mend::Nothing);
    assert_eq!(end.peer.unwrap().0.method(), Some(AuthMethod::EapMsChapV2));
}

#[test]
fn a_downgrade_is_refused_and_explained() {
    let (mut peer, mut server) = (peer(&[AuthMethod::EapTls], "x", true), server(&[AuthMethod::EapMd5], 0, true));
    let end = talk(&mut peer, &mut server, &Alice::new(AccountState::Usable), Mend::Nothing);
    let cause = end.peer.err().unwrap();
    assert_eq!(cause.code, Code::PEER_REFUSED_AUTH);
    assert!(cause.did.contains("EAP-TLS alone") && cause.said == "offered EAP-MD5", "{cause}");
    assert_eq!(end.server.unwrap().err().unwrap().code, Code::PEER_REFUSED_AUTH);
}

#[test]
fn rfc_3748_5_3_2_an_expanded_request_has_an_expanded_nak() {
    let mut peer = peer(&[AuthMethod::EapMsChapV2, AuthMethod::EapMd5], "wonderland", true);
    let request = EapPacket::Request { id: 9, kind: EapType::EXPANDED, data: &[0, 1, 0x37, 0, 0, 0, 1, 5] }.emit();
    let Ok(Step::Send(nak)) = peer.input(&request, &mut Counter(0)) else { panic!() };
    let expected = [0, 0, 0, 0, 0, 0, 3, 254, 0, 0, 0, 0, 0, 0, 26, 254, 0, 0, 0, 0, 0, 0, 4];
    assert_eq!(EapPacket::parse(&nak), Ok(EapPacket::Response { id: 9, kind: EapType::EXPANDED, data: &expected }));
}

#[test]
fn rfc_3748_5_7_a_standard_method_in_expanded_form_is_answered_in_that_form() {
    let mut peer = peer(&[AuthMethod::EapMd5], "wonderland", true);
    let mut data = vec![0, 0, 0, 0, 0, 0, 4, 16];
    data.extend_from_slice(&[7; 16]);
    let request = EapPacket::Request { id: 9, kind: EapType::EXPANDED, data: &data }.emit();
    let Ok(Step::Send(response)) = peer.input(&request, &mut Counter(0)) else { panic!() };
    let Ok(EapPacket::Response { kind: EapType::EXPANDED, data, .. }) = EapPacket::parse(&response) else { panic!() };
    assert_eq!(data[..8], [0, 0, 0, 0, 0, 0, 4, 16]);
}

#[test]
fn rfc_3748_5_2_a_notification_is_acknowledged_at_any_time() {
    let mut peer = peer(&[AuthMethod::EapMd5], "wonderland", true);
    let request = EapPacket::Request { id: 3, kind: EapType::NOTIFICATION, data: b"Your password expires" }.emit();
    let Ok(Step::Send(response)) = peer.input(&request, &mut Counter(0)) else { panic!() };
    let expected = EapPacket::Response { id: 3, kind: EapType::NOTIFICATION, data: &[] };
    assert_eq!(EapPacket::parse(&response), Ok(expected));
}

#[test]
fn rfc_3748_4_1_a_repeated_request_has_the_same_answer_and_costs_no_attempt() {
    let (mut peer, mut server) =
        (peer(&[AuthMethod::EapMsChapV2], "wonderland", true), server(&[AuthMethod::EapMsChapV2], 0, true));
    let accounts = Alice::new(AccountState::Usable);
    let identity = server.start();
    let mut answer = |request: &[u8]| match peer.input(request, &mut Counter(0)) {
        Ok(Step::Send(response)) => response,
        _ => panic!(),
    };
    let response = answer(&identity);
    let Ok(rasman_auth::eap::ServerStep::Send(challenge)) = server.input(&response, &accounts, &mut Counter(9)) else {
        panic!()
    };
    let first = answer(&challenge);
    assert_eq!(answer(&challenge), first);
    // The server has moved on; the identity that crossed is answered by the same challenge.
    let Ok(rasman_auth::eap::ServerStep::Send(again)) = server.input(&response, &accounts, &mut Counter(9)) else {
        panic!()
    };
    assert_eq!(again, challenge);
}

#[test]
fn rfc_3748_4_2_a_success_before_its_time_is_discarded() {
    let mut peer = peer(&EAP, "wonderland", true);
    let success = EapPacket::Success { id: 1 }.emit();
    assert!(peer.input(&success, &mut Counter(0)).is_err());
    let mut server = server(&[AuthMethod::EapMsChapV2], 0, true);
    let Ok(Step::Send(_)) = peer.input(&server.start(), &mut Counter(0)) else { panic!() };
    assert!(peer.input(&success, &mut Counter(0)).is_err());
    assert!(peer.accepted_otherwise().is_none());
}

#[test]
fn the_outer_identity_hides_the_user_only_where_tls_follows() {
    for (methods, expected) in
        [(&[AuthMethod::PeapMsChapV2][..], "anonymous"), (&[AuthMethod::PeapMsChapV2, AuthMethod::EapMd5], "alice")]
    {
        let eap = rasman_core::EapSettings { outer_identity: "anonymous".into(), ..Default::default() };
        let settings = rasman_auth::eap::PeerSettings { methods: methods.to_vec(), eap, ..Default::default() };
        let mut peer = rasman_auth::eap::Peer::new(settings, credentials("wonderland"));
        let request = EapPacket::Request { id: 3, kind: EapType::IDENTITY, data: &[] }.emit();
        let Ok(Step::Send(response)) = peer.input(&request, &mut Counter(0)) else { panic!() };
        assert_eq!(&response[5..], expected.as_bytes());
    }
}

/// [MS-PEAP] 3.1.1: isCryptoRequired.
#[test]
fn a_server_of_peap_without_binding_is_refused_where_it_is_demanded() {
    for (demanded, binds) in [(false, false), (false, true), (true, true), (true, false)] {
        let (mut peer, mut server) = (demanding(demanded), binding(binds));
        let end = talk(&mut peer, &mut server, &Alice::new(AccountState::Usable), Mend::Nothing);
        if demanded && !binds {
            assert_eq!(end.peer.err().unwrap().code, Code::PEAP_CRYPTOBINDING_NOTRECEIVED);
            assert!(end.server.is_none_or(|ended| ended.is_err()), "the server was told");
            continue;
        }
        let ((_, ours), (_, theirs)) = (end.peer.unwrap(), end.server.unwrap().unwrap());
        assert!(ours.master_send == theirs.master_receive && ours.master_receive == theirs.master_send);
    }
}

#[test]
fn a_method_without_tls_at_hand_fails_before_it_begins() {
    let settings = rasman_auth::eap::PeerSettings { methods: vec![AuthMethod::EapTls], ..Default::default() };
    let mut peer = rasman_auth::eap::Peer::new(settings, credentials("x"));
    let request = EapPacket::Request { id: 3, kind: EapType::TLS, data: &[0x20] }.emit();
    let Ok(Step::Failed { cause, .. }) = peer.input(&request, &mut Counter(0)) else { panic!() };
    assert_eq!(cause.code, Code::NOT_SUPPORTED);
    assert!(peer.input(&request, &mut Counter(0)).is_err());
}

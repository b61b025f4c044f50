//! Whole dials of a lab by each authentication method, over real sockets and TLS, with the embedded manager.

use rasman::{
    Answer, AuthMethod, ClientCertificate, Code, ConnState, Detail, Dial, Dialing, EapDialog, Entry, Manager,
    QuestionKind, Secret,
};
use rasman_dial::Config as Limits;
use rasman_lab::User;
use rasman_tests::eap::{encrypted_key, entry_with, lab_with, legacy_pkcs12, pkcs12};
use rasman_tests::harness::{self, ENTRY, credentials, dial, dial_as};
use sha1::Digest;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const LONG: Duration = Duration::from_secs(60);

fn manager_of(entry: Entry) -> Manager {
    harness::manager_with(vec![entry], Limits::default())
}

/// What was told last, and which questions were put; `answer` answers them.
async fn follow(
    dialing: &mut Dialing,
    mut answer: impl FnMut(&QuestionKind) -> Answer,
) -> (ConnState, u32, Vec<QuestionKind>, Option<AuthMethod>) {
    let (mut last, mut asked, mut method) = ((ConnState::OpenPort, 0), Vec::new(), None);
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("it is told in time") {
        last = (notification.state, notification.error_number());
        match &notification.detail {
            Detail::Question(question) => {
                asked.push(question.kind.clone());
                dialing.answer(question.id, answer(&question.kind)).expect("the question is open");
            }
            Detail::Authentication(agreed) => method = Some(*agreed),
            _ => {}
        }
    }
    (last.0, last.1, asked, method)
}

async fn plain(manager: &Manager, dial: Dial) -> (ConnState, u32, Option<AuthMethod>) {
    let mut dialing = manager.dial(dial).expect("the dial starts");
    let (state, error, _, method) = follow(&mut dialing, |kind| panic!("{kind:?} was not to be asked")).await;
    // Hung up while the dial holds the handle: one that failed is given back by the drop, and may be gone at once.
    let hanging_up = dialing.connection().hang_up().expect("known");
    drop(dialing);
    timeout(LONG, hanging_up).await.expect("it goes in time");
    (state, error, method)
}

#[tokio::test]
async fn each_method_connects_with_the_crypto_binding_of_its_keys() {
    for tls12_only in [false, true] {
        for method in AuthMethod::ALL {
            let lab = lab_with(&[*method], "", tls12_only);
            let manager = manager_of(entry_with(&lab, &[*method]));
            let (state, error, agreed) = plain(&manager, dial()).await;
            assert_eq!((state, error, agreed), (ConnState::Connected, 0, Some(*method)), "{method}, 1.2 {tls12_only}");
        }
    }
}

#[tokio::test]
async fn a_crypto_binding_of_peap_that_is_demanded_has_to_come() {
    for (fault, ended) in [("", (ConnState::Connected, 0)), ("no-crypto-binding", (ConnState::Authenticate, 824))] {
        let lab = lab_with(&[AuthMethod::PeapMsChapV2], fault, false);
        let mut entry = entry_with(&lab, &[AuthMethod::PeapMsChapV2]);
        let (state, error, _) = plain(&manager_of(entry.clone()), dial()).await;
        assert_eq!((state, error), (ConnState::Connected, 0), "{fault}: an old server will do");
        entry.eap.require_crypto_binding = true;
        let (state, error, _) = plain(&manager_of(entry), dial()).await;
        assert_eq!((state, error), ended, "{fault}");
    }
}

#[tokio::test]
async fn an_authority_of_eap_is_found_by_its_digest() {
    let lab = lab_with(&[AuthMethod::PeapMsChapV2], "", false);
    let mut entry = entry_with(&lab, &[AuthMethod::PeapMsChapV2]);
    for (sha1, ended) in [
        (sha1::Sha1::digest(&lab.facts().ca_der).into(), (ConnState::Connected, 0)),
        ([7; 20], (ConnState::Authenticate, 864)),
    ] {
        entry.eap.root_sha1 = vec![sha1];
        let (state, error, _) = plain(&manager_of(entry.clone()), dial()).await;
        assert_eq!((state, error), ended);
    }
}

#[tokio::test]
async fn each_method_tells_a_wrong_password_as_691() {
    for method in AuthMethod::ALL.iter().filter(|method| **method != AuthMethod::EapTls) {
        let lab = lab_with(&[*method], "", false);
        let manager = manager_of(entry_with(&lab, &[*method]));
        let (state, error, _) = plain(&manager, dial_as("wrong")).await;
        assert_eq!((state, error), (ConnState::AuthNotify, 691), "{method}");
    }
}

#[tokio::test]
async fn the_state_of_an_account_is_told_by_the_methods_that_can() {
    for method in [AuthMethod::MsChapV2, AuthMethod::EapMsChapV2, AuthMethod::PeapMsChapV2] {
        for (fault, code) in [
            ("account=restricted-hours", 646),
            ("account=disabled", 647),
            ("account=password-expired", 648),
            ("account=no-dial-in", 649),
        ] {
            let lab = lab_with(&[method], fault, false);
            let manager = manager_of(entry_with(&lab, &[method]));
            let (state, error, _) = plain(&manager, dial()).await;
            assert_eq!((state, error), (ConnState::AuthNotify, code), "{method}, {fault}");
        }
    }
}

#[tokio::test]
async fn p3_p8_an_expired_password_is_changed_and_the_new_one_counts() {
    for method in [AuthMethod::MsChapV2, AuthMethod::EapMsChapV2, AuthMethod::PeapMsChapV2] {
        let lab = lab_with(&[method], "account=password-expired", false);
        let manager = manager_of(entry_with(&lab, &[method]));
        let mut dialing = manager.dial(dial().paused_states(true)).unwrap();
        let (state, error, asked, _) = follow(&mut dialing, |_| Answer::NewPassword("looking-glass".into())).await;
        assert_eq!((state, error), (ConnState::Connected, 0), "{method}");
        assert_eq!(asked, [QuestionKind::PasswordExpired { refused: Code::PASSWD_EXPIRED, attempts: 1 }], "{method}");
        let connection = dialing.connection();
        drop(dialing);
        timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
        // The old password is wrong from now on, and the new one has not expired.
        assert_eq!(plain(&manager, dial_as("wonderland")).await.1, 691, "{method}");
        assert_eq!(plain(&manager, dial_as("looking-glass")).await.1, 0, "{method}");
    }
}

#[tokio::test]
async fn a_new_password_that_the_server_does_not_take_is_709() {
    let lab = lab_with(&[AuthMethod::MsChapV2], "account=password-expired", false);
    let manager = manager_of(entry_with(&lab, &[AuthMethod::MsChapV2]));
    let mut dialing = manager.dial(dial().paused_states(true)).unwrap();
    let (state, error, ..) = follow(&mut dialing, |_| Answer::NewPassword("short".into())).await;
    assert_eq!((state, error), (ConnState::AuthNotify, 709));
}

#[tokio::test]
async fn p7_other_credentials_are_asked_for_with_each_method() {
    for method in AuthMethod::ALL.iter().filter(|method| **method != AuthMethod::EapTls) {
        let lab = lab_with(&[*method], "", false);
        let manager = manager_of(entry_with(&lab, &[*method]));
        let mut dialing = manager.dial(dial_as("wrong").paused_states(true)).unwrap();
        let (state, error, asked, _) = follow(&mut dialing, |_| Answer::Credentials(credentials("wonderland"))).await;
        assert_eq!((state, error, asked.len()), (ConnState::Connected, 0, 1), "{method}");
    }
}

#[tokio::test]
async fn p9_a_certificate_that_is_not_trusted_is_asked_about_or_is_the_error() {
    let lab = lab_with(&[AuthMethod::PeapMsChapV2], "", false);
    let other = lab_with(&[AuthMethod::PeapMsChapV2], "", false);
    let mut entry = entry_with(&lab, &[AuthMethod::PeapMsChapV2]);
    entry.eap.trust.added_roots = vec![other.facts().ca_der.clone()];
    let manager = manager_of(entry);
    let (state, error, _) = plain(&manager, dial()).await;
    assert_eq!((state, error), (ConnState::AuthNotify, Code::EAP_SERVER_ROOT_CERT_NOT_FOUND.0));

    let mut dialing = manager.dial(dial().paused_states(true)).unwrap();
    let (state, error, asked, _) = follow(&mut dialing, |_| Answer::Accept).await;
    assert_eq!((state, error), (ConnState::Connected, 0));
    assert!(matches!(asked[..], [QuestionKind::EapDialog(EapDialog::ServerCertificate { .. })]), "{asked:?}");
}

#[tokio::test]
async fn the_name_of_eaps_server_counts_also_with_a_wildcard() {
    let lab = lab_with(&[AuthMethod::TtlsPap], "", false);
    for (name, code) in [("*.lab.test", 0), ("*.other.test", 857), ("radius.other.test", 857)] {
        let mut entry = entry_with(&lab, &[AuthMethod::TtlsPap]);
        entry.eap.server_names = vec![name.to_owned()];
        assert_eq!(plain(&manager_of(entry), dial()).await.1, code, "{name}");
    }
}

#[tokio::test]
async fn a_method_that_the_entry_does_not_allow_is_refused_at_lcp_and_within_eap() {
    for (server, client) in [
        (AuthMethod::Pap, AuthMethod::MsChapV2),
        (AuthMethod::Chap, AuthMethod::MsChapV2),
        (AuthMethod::Pap, AuthMethod::EapTls),
        (AuthMethod::EapMd5, AuthMethod::PeapMsChapV2),
        (AuthMethod::MsChapV2, AuthMethod::PeapMsChapV2),
    ] {
        let lab = lab_with(&[server], "", false);
        let manager = manager_of(entry_with(&lab, &[client]));
        let mut dialing = manager.dial(dial()).unwrap();
        let (_, error, ..) = follow(&mut dialing, |_| Answer::Accept).await;
        let status = dialing.connection().status().unwrap();
        let cause = status.error.expect("it failed");
        assert_eq!(error, Code::PEER_REFUSED_AUTH.0, "{server} for {client}: {cause}");
        assert!(!cause.did.is_empty() && !cause.advice.is_empty(), "{cause}");
    }
}

#[tokio::test]
async fn the_entrys_order_decides_what_is_proposed() {
    let lab = lab_with(&[AuthMethod::EapMd5, AuthMethod::EapMsChapV2, AuthMethod::PeapMsChapV2], "", false);
    let manager = manager_of(entry_with(&lab, &[AuthMethod::PeapMsChapV2, AuthMethod::EapMsChapV2]));
    assert_eq!(plain(&manager, dial()).await.2, Some(AuthMethod::PeapMsChapV2));
}

#[tokio::test]
async fn a_pkcs12_file_wants_its_password() {
    let lab = lab_with(&[AuthMethod::EapTls], "", false);
    let mut entry = entry_with(&lab, &[AuthMethod::EapTls]);
    let Some(file) = pkcs12(&lab.facts().user_pem, "sesame") else {
        return println!("SKIPPED a_pkcs12_file_wants_its_password: there is no openssl to make one");
    };
    entry.eap.certificate = Some(ClientCertificate { file, ..Default::default() });
    let manager = manager_of(entry);
    assert_eq!(plain(&manager, dial()).await.1, Code::EAPTLS_PASSWD_INVALID.0);
    let mut dialing = manager.dial(dial().paused_states(true)).unwrap();
    let (state, error, asked, _) = follow(&mut dialing, |_| Answer::CertificatePassword("sesame".into())).await;
    assert_eq!((state, error), (ConnState::Connected, 0));
    assert_eq!(asked, [QuestionKind::EapDialog(EapDialog::CertificatePassword)]);
}

/// Triple DES for the key and RC2 for the certificates, as Windows exports them.
#[tokio::test]
async fn a_pkcs12_file_of_windows_is_read() {
    let lab = lab_with(&[AuthMethod::EapTls], "", false);
    let mut entry = entry_with(&lab, &[AuthMethod::EapTls]);
    let Some(file) = legacy_pkcs12(&lab.facts().user_pem, "sesame") else {
        return println!("SKIPPED a_pkcs12_file_of_windows_is_read: there is no openssl that makes one");
    };
    entry.eap.certificate = Some(ClientCertificate { file, password: "sesame".into(), ..Default::default() });
    assert_eq!(plain(&manager_of(entry), dial()).await.1, 0);
}

#[tokio::test]
async fn an_encrypted_key_wants_its_password() {
    let lab = lab_with(&[AuthMethod::EapTls], "", false);
    let mut entry = entry_with(&lab, &[AuthMethod::EapTls]);
    let own = lab.facts().user_pem.clone();
    let Some(key) = encrypted_key(&own, "sesame") else {
        return println!("SKIPPED an_encrypted_key_wants_its_password: there is no openssl to make one");
    };
    let certificate = ClientCertificate { file: own.into_bytes(), key: Secret::new(key), ..Default::default() };
    entry.eap.certificate = Some(certificate.clone());
    let manager = manager_of(entry.clone());
    assert_eq!(plain(&manager, dial()).await.1, Code::EAPTLS_PASSWD_INVALID.0);
    let mut dialing = manager.dial(dial().paused_states(true)).unwrap();
    let (state, error, asked, _) = follow(&mut dialing, |_| Answer::CertificatePassword("sesame".into())).await;
    assert_eq!((state, error), (ConnState::Connected, 0));
    assert_eq!(asked, [QuestionKind::EapDialog(EapDialog::CertificatePassword)]);
    entry.eap.certificate = Some(ClientCertificate { password: "sesame".into(), ..certificate });
    assert_eq!(plain(&manager_of(entry), dial()).await.1, 0);
}

#[tokio::test]
async fn a60_the_password_of_a_pkcs12_file_comes_with_the_dial() {
    let lab = lab_with(&[AuthMethod::EapTls], "", false);
    let mut entry = entry_with(&lab, &[AuthMethod::EapTls]);
    let Some(file) = pkcs12(&lab.facts().user_pem, "sesame") else {
        return println!(
            "SKIPPED a60_the_password_of_a_pkcs12_file_comes_with_the_dial: there is no openssl to make one"
        );
    };
    entry.eap.certificate = Some(ClientCertificate { file, ..Default::default() });
    let manager = manager_of(entry);
    let (state, error, method) = plain(&manager, dial().eap_user_data("sesame")).await;
    assert_eq!((state, error, method), (ConnState::Connected, 0, Some(AuthMethod::EapTls)));
    assert_eq!(plain(&manager, dial().eap_user_data("wrong")).await.1, Code::EAPTLS_PASSWD_INVALID.0);
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_by_the_server() {
    for tls12_only in [false, true] {
        let lab = lab_with(&[AuthMethod::EapTls], "", tls12_only);
        let other = lab_with(&[AuthMethod::EapTls], "", tls12_only);
        let mut entry = entry_with(&lab, &[AuthMethod::EapTls]);
        let file = other.facts().user_pem.clone().into_bytes();
        entry.eap.certificate = Some(ClientCertificate { file, ..Default::default() });
        let (_, error, _) = plain(&manager_of(entry), dial()).await;
        assert_eq!(error, Code::EAP_USER_CERT_OTHER_ERROR.0, "TLS 1.2 {tls12_only}");
    }
}

#[tokio::test]
async fn users_are_told_apart_whatever_the_method() {
    let mut config = rasman_lab::Config::default();
    config.users = vec![User::new("alice", "wonderland"), User::new("bob", "builder")];
    config.authentication = vec![AuthMethod::TtlsMsChapV2];
    let lab = rasman_lab::spawn(config).unwrap();
    let manager = manager_of(entry_with(&lab, &[AuthMethod::TtlsMsChapV2]));
    let bob = rasman::Credentials { user: "bob".into(), ..credentials("builder") };
    let not_bob = rasman::Credentials { user: "bob".into(), ..credentials("wonderland") };
    assert_eq!(plain(&manager, Dial::entry(ENTRY).credentials(bob)).await.1, 0);
    assert_eq!(plain(&manager, Dial::entry(ENTRY).credentials(not_bob)).await.1, 691);
}

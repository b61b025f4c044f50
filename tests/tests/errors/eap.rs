//! What rows about EAP dial with.

use rasman::{AuthMethod, ClientCertificate, Entry};
use rasman_lab::Running;
use rasman_tests::eap::{entry_with, lab_with};

/// A lab that demands one method of EAP, and what is wrong with the entry that dials it.
pub(super) struct Eap {
    pub(super) method: AuthMethod,
    wrong: String,
}

impl Eap {
    /// Reads a row's setup: `eap METHOD`, and what is wrong behind it.
    pub(super) fn of(setup: &str) -> Option<Self> {
        let (method, wrong) = setup.strip_prefix("eap ").map(|rest| rest.split_once(' ').unwrap_or((rest, "")))?;
        let method = AuthMethod::from_word(method).unwrap_or_else(|| panic!("no method {method}"));
        Some(Self { method, wrong: wrong.to_owned() })
    }

    pub(super) fn entry(&self, lab: &Running) -> Entry {
        let mut entry = entry_with(lab, &[self.method]);
        let own = &lab.facts().user_pem;
        let (chain, key) = parts(own);
        let pem = |file: &str, key: &str| ClientCertificate {
            file: file.as_bytes().to_vec(),
            key: key.into(),
            ..ClientCertificate::default()
        };
        match self.wrong.as_str() {
            "" => {}
            "must-bind" => entry.eap.require_crypto_binding = true,
            "other-name" => entry.eap.server_names = vec!["radius.example.com".to_owned()],
            "other-pin" => entry.eap.trust.pinned_leaf_sha256 = Some([7; 32]),
            "others-certificate" => entry.eap.certificate = Some(pem(&others(self.method), "")),
            "no-certificate" => entry.eap.certificate = Some(pem(key, "")),
            "no-key" => entry.eap.certificate = Some(pem(chain, "")),
            "others-key" => entry.eap.certificate = Some(pem(chain, parts(&others(self.method)).1)),
            "encrypted-key" => entry.eap.certificate = Some(pem(chain, ENCRYPTED_KEY)),
            "closed-pkcs12" => {
                entry.eap.certificate = Some(ClientCertificate { file: PKCS12.to_vec(), ..Default::default() });
            }
            other => panic!("no setup {other}"),
        }
        entry
    }
}

/// Certificate and key of a PEM file.
fn parts(pem: &str) -> (&str, &str) {
    pem.split_at(pem.find("-----BEGIN PRIVATE KEY-----").expect("the lab's file has a key"))
}

/// The user's certificate and key of a lab that nobody dials.
fn others(method: AuthMethod) -> String {
    lab_with(&[method], "", false).facts().user_pem.clone()
}

/// A key in a file that the password "sesame" opens.
const ENCRYPTED_KEY: &str = include_str!("../../../crates/net/src/tls/eap/scrypt.pem");

/// A certificate and its key in a file that the password "sesame" opens.
const PKCS12: &[u8] = include_bytes!("user.p12");

//! Whether a certificate was revoked, by OCSP: the answers are OpenSSL's.

use super::*;
use crate::tls::eap::judged_for_test;
use crate::tls::issued::Certificate;
use crate::tls::ocsp::{self, Status};
use rasman_core::EapSettings;
use rasman_core::Revocation::{self, IfPossible, Required, Unchecked};
use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, SerialNumber};
use rustls::RootCertStore;
use rustls::pki_types::UnixTime;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whom to ask, as an extension (RFC 5280 4.2.2.1).
pub(in crate::tls) fn names_responder(url: &str) -> CustomExtension {
    let access =
        [&[6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 0x86, u8::try_from(url.len()).unwrap()], url.as_bytes()].concat();
    let of = |inner: &[u8]| [&[0x30, u8::try_from(inner.len()).unwrap()], inner].concat();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], of(&of(&access)))
}

/// A responder of OpenSSL's: it knows which of an authority's certificates are good and which were revoked.
#[derive(Clone)]
struct Responder(Arc<Folder>);

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const GOOD: u8 = 0x42;
const REVOKED: u8 = 0x43;
const UNKNOWN: u8 = 0x44;

impl Responder {
    /// One whose answers the authority signs itself. None without openssl.
    fn of(ca: &Ca) -> Option<Self> {
        Self::signing(ca, &ca.der(), &ca.0.key().serialize_pem())
    }

    /// One whose answers another certificate of the authority signs.
    fn delegated(ca: &Ca, purposes: Vec<ExtendedKeyUsagePurpose>) -> Option<Self> {
        let (chain, key) = ca.issue(|params| params.extended_key_usages = purposes);
        Self::signing(ca, &chain[0], &pem("PRIVATE KEY", &key))
    }

    fn signing(ca: &Ca, signer: &[u8], key: &str) -> Option<Self> {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        Command::new("openssl").arg("version").stdout(Stdio::null()).status().ok().filter(|status| status.success())?;
        let name = format!("rasman-ocsp-{}-{}", std::process::id(), FOLDERS.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).expect("a folder of the test's own");
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file of the test's own");
        write("ca.pem", &pem("CERTIFICATE", &ca.der()));
        write("signer.pem", &pem("CERTIFICATE", signer));
        write("signer.key", key);
        // OpenSSL's list of certificates: state, end, when revoked, serial number, file, name.
        let line =
            |state, revoked: &str, serial| format!("{state}\t490101000000Z\t{revoked}\t{serial:02X}\tunknown\t/CN=x\n");
        write("index.txt", &[line('V', "", GOOD), line('R', "240101000000Z", REVOKED)].concat());
        Some(Self(Arc::new(Folder(folder))))
    }

    fn answer(&self, question: &[u8]) -> Vec<u8> {
        static QUESTIONS: AtomicU32 = AtomicU32::new(0);
        let number = QUESTIONS.fetch_add(1, Ordering::Relaxed);
        let path = |name: &str| self.0.0.join(name);
        let (asked, answered) = (path(&format!("{number}.req")), path(&format!("{number}.resp")));
        std::fs::write(&asked, question).unwrap();
        let given = |name: &str, path: &Path| [name.into(), path.as_os_str().to_owned()];
        let made = Command::new("openssl")
            .args(["ocsp", "-ndays", "1"])
            .args(given("-index", &path("index.txt")))
            .args(given("-CA", &path("ca.pem")))
            .args(given("-rsigner", &path("signer.pem")))
            .args(given("-rkey", &path("signer.key")))
            .args(given("-reqin", &asked))
            .args(given("-respout", &answered))
            .output()
            .expect("openssl was there before");
        std::fs::read(&answered).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&made.stderr)))
    }

    /// Answers by HTTP; gives where.
    async fn serve(&self) -> String {
        let own = self.clone();
        serve(move |question| own.answer(question)).await
    }
}

async fn serve(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ocsp", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let question = question(&mut tcp).await;
            let _ = tcp.write_all(&[b"HTTP/1.0 200 OK\r\n\r\n".as_slice(), &answer(&question)].concat()).await;
        }
    });
    url
}

/// Reads a request to its end, which its head tells.
async fn question(tcp: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    loop {
        let head = request.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&request[..head]).into_owned();
            assert!(text.contains("Content-Type: application/ocsp-request"), "{text}");
            let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
            if request.len() == head + length.parse::<usize>().unwrap() {
                return request.split_off(head);
            }
        }
        assert!(tcp.read_buf(&mut request).await.unwrap() > 0, "the question ends early");
    }
}

fn pem(kind: &str, der: &[u8]) -> String {
    let mut openssl = Command::new("openssl")
        .args(["base64"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is there");
    openssl.stdin.take().unwrap().write_all(der).unwrap();
    let text = openssl.wait_with_output().unwrap().stdout;
    format!("-----BEGIN {kind}-----\n{}-----END {kind}-----\n", String::from_utf8(text).unwrap())
}

fn leaf(ca: &Ca, serial: u8, url: &str) -> (Vec<Vec<u8>>, Vec<u8>) {
    ca.issue(|params| {
        params.serial_number = Some(SerialNumber::from_slice(&[serial]));
        params.custom_extensions.push(names_responder(url));
    })
}

async fn dialled(ca: &Ca, serial: u8, url: &str, revocation: Revocation) -> Result<(), Code> {
    let (chain, key) = leaf(ca, serial, url);
    shaken(ca, &Acceptor::new(chain, key).unwrap(), revocation).await
}

async fn shaken(ca: &Ca, acceptor: &Acceptor, revocation: Revocation) -> Result<(), Code> {
    let mut spec = trusting(ca);
    spec.trust.revocation = revocation;
    let (client, _server) = shake(&spec, acceptor).await;
    client.map(drop).map_err(|cause| cause.code)
}

const DEAD: &str = "http://127.0.0.1:1/ocsp";

/// Whether openssl is missing, in which case the test is skipped by name.
macro_rules! or_skip {
    ($made:expr, $name:literal) => {
        match $made {
            Some(made) => made,
            None => return println!(concat!("SKIPPED ", $name, ": there is no openssl to answer")),
        }
    };
}

#[test]
fn responders_are_asked_and_believed_if_the_issuer_made_them() {
    run(async {
        let (ca, stranger) = (Ca::new(), Ca::new());
        let name = "responders_are_asked_and_believed_if_the_issuer_made_them";
        let Some(own) = Responder::of(&ca) else { return println!("SKIPPED {name}: there is no openssl to answer") };
        let delegated = Responder::delegated(&ca, vec![ExtendedKeyUsagePurpose::OcspSigning]).unwrap();
        let (own, delegated) = (own.serve().await, delegated.serve().await);
        let presumptuous = Responder::delegated(&ca, vec![ExtendedKeyUsagePurpose::ServerAuth]).unwrap().serve().await;
        let foreign =
            Responder::signing(&ca, &stranger.der(), &stranger.0.key().serialize_pem()).unwrap().serve().await;
        let garbage = serve(|_| b"no answer".to_vec()).await;
        let (fine, offline) = (Ok(()), Err(Code::CRYPT_REVOCATION_OFFLINE));
        let revoked = Err(Code::VPN_BAD_CERT);
        for (url, serial, expected) in [
            (&own, GOOD, [fine, fine, fine]),
            (&own, REVOKED, [fine, revoked, revoked]),
            (&own, UNKNOWN, [fine, fine, offline]),
            (&delegated, GOOD, [fine, fine, fine]),
            (&delegated, REVOKED, [fine, revoked, revoked]),
            (&presumptuous, REVOKED, [fine, fine, offline]),
            (&foreign, REVOKED, [fine, fine, offline]),
            (&garbage, GOOD, [fine, fine, offline]),
            (&DEAD.to_owned(), GOOD, [fine, fine, offline]),
        ] {
            for (revocation, expected) in [Unchecked, IfPossible, Required].into_iter().zip(expected) {
                assert_eq!(dialled(&ca, serial, url, revocation).await, expected, "{url} {serial:x} {revocation:?}");
            }
        }
    });
}

#[test]
fn a_stapled_answer_is_believed_and_nobody_asked() {
    run(async {
        let ca = Ca::new();
        let responder = or_skip!(Responder::of(&ca), "a_stapled_answer_is_believed_and_nobody_asked");
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().into()).unwrap();
        let (revoked, offline) = (Err(Code::VPN_BAD_CERT), Err(Code::CRYPT_REVOCATION_OFFLINE));
        for (serial, of, expected) in [(GOOD, GOOD, Ok(())), (REVOKED, REVOKED, revoked), (REVOKED, GOOD, offline)] {
            let (chain, key) = leaf(&ca, serial, DEAD);
            let (asked, _) = leaf(&ca, of, DEAD);
            let asked = Certificate::read(&asked[0]).unwrap();
            let answer = responder.answer(&ocsp::question(&asked, &asked.issuer(&[], &roots).unwrap()));
            for tls12_only in [false, true] {
                let acceptor = Acceptor::stapling_for_test(chain.clone(), key.clone(), answer.clone(), tls12_only);
                assert_eq!(shaken(&ca, &acceptor, Required).await, expected, "{serial:x} {of:x} {tls12_only}");
                assert_eq!(shaken(&ca, &acceptor, Unchecked).await, Ok(()));
            }
        }
    });
}

#[test]
fn the_server_of_eap_is_judged_by_what_it_staples() {
    let ca = Ca::new();
    let responder = or_skip!(Responder::of(&ca), "the_server_of_eap_is_judged_by_what_it_staples");
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().into()).unwrap();
    let answer = |der: &[u8]| {
        let leaf = Certificate::read(der).unwrap();
        responder.answer(&ocsp::question(&leaf, &leaf.issuer(&[], &roots).unwrap()))
    };
    let judged = |revocation, serial, stapled: bool| {
        let (chain, _) = leaf(&ca, serial, DEAD);
        let trust = Trust { added_roots: vec![ca.der()], revocation, ..Trust::default() };
        let settings = EapSettings { trust, server_names: vec!["localhost".into()], ..EapSettings::default() };
        let answer = if stapled { answer(&chain[0]) } else { Vec::new() };
        judged_for_test(&settings, &chain[0], &answer).map_err(|cause| cause.code)
    };
    let (revoked, unknown) = (Err(Code::EAP_SERVER_CERT_REVOKED), Err(Code::EAP_SERVER_CERT_OTHER_ERROR));
    for (serial, stapled, expected) in [
        (GOOD, true, [Ok(()), Ok(()), Ok(())]),
        (REVOKED, true, [Ok(()), revoked, revoked]),
        (UNKNOWN, true, [Ok(()), Ok(()), unknown]),
        (GOOD, false, [Ok(()), Ok(()), unknown]),
    ] {
        for (revocation, expected) in [Unchecked, IfPossible, Required].into_iter().zip(expected) {
            assert_eq!(judged(revocation, serial, stapled), expected, "{serial:x} {stapled} {revocation:?}");
        }
    }
}

#[test]
fn no_answer_that_is_spoilt_panics_and_none_that_is_old_counts() {
    let ca = Ca::new();
    let responder = or_skip!(Responder::of(&ca), "no_answer_that_is_spoilt_panics_and_none_that_is_old_counts");
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().into()).unwrap();
    let (chain, _) = leaf(&ca, REVOKED, DEAD);
    let leaf = Certificate::read(&chain[0]).unwrap();
    let issuer = leaf.issuer(&[], &roots).unwrap();
    let answer = responder.answer(&ocsp::question(&leaf, &issuer));
    let now = UnixTime::now();
    let judge = |answer: &[u8], now| ocsp::judge(answer, &leaf, &issuer, now);
    let at = |seconds: i64| {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(now.as_secs().wrapping_add_signed(seconds)))
    };
    assert_eq!(judge(&answer, now), Ok(Status::Revoked));
    assert_eq!(judge(&answer, at(-3_600)), Err("is of a time to come"));
    assert_eq!(judge(&answer, at(3 * 86_400)), Err("is over"));
    for n in 0..answer.len() {
        assert!(judge(&answer[..n], now).is_err(), "cut at {n}");
        let mut bad = answer.clone();
        bad[n] ^= 0xff;
        assert_ne!(judge(&bad, now), Ok(Status::Good), "spoilt at {n}");
    }
}

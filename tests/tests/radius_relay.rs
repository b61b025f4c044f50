//! Whole dials of a lab that has its clients judged by a RADIUS server, which is ours as well.

use rasman::{AuthMethod, Code, ConnState, Entry};
use rasman_auth::eap::{Server, ServerSettings};
use rasman_auth::{Account, AccountState, Accounts};
use rasman_lab::Running;
use rasman_net::tls::eap::EapAcceptor;
use rasman_tests::harness::{dial, dial_as};
use rasman_tests::radius::{self, Answering, dialled, lab_before};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);

struct Alice;

impl Accounts for Alice {
    fn account(&self, user: &str, _: &str) -> Option<Account> {
        let known = user == rasman_lab::DEFAULT_USER;
        known.then(|| Account { password: rasman_lab::DEFAULT_PASSWORD.into(), state: AccountState::Usable })
    }
}

/// An authority, and what shows its certificates.
struct Pki {
    ca: Vec<u8>,
    user_pem: String,
    tunnels: Arc<EapAcceptor>,
}

impl Pki {
    fn make() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "an authority of RADIUS");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let (key, user_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let leaf = CertificateParams::new(vec!["radius.test".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        let mut user = CertificateParams::new(Vec::new()).unwrap();
        user.distinguished_name.push(DnType::CommonName, rasman_lab::DEFAULT_USER);
        let user = user.signed_by(&user_key, &ca).unwrap();
        let authorities = [ca.der().to_vec()];
        let tunnels = EapAcceptor::new(&[leaf.der().to_vec()], &key.serialize_der(), &authorities, false).unwrap();
        let user_pem = user.pem() + &user_key.serialize_pem();
        Self { ca: ca.der().to_vec(), user_pem, tunnels: Arc::new(tunnels) }
    }

    /// Starts a RADIUS server for one authentication; the thread tells whether the peer was let in.
    fn server(&self, method: AuthMethod) -> (SocketAddr, JoinHandle<bool>) {
        let mut answering = Answering::start();
        let address = answering.address();
        let tunnels = Arc::<EapAcceptor>::clone(&self.tunnels);
        let thread = std::thread::spawn(move || {
            answering.serve(&Alice, &mut rasman_net::random::SystemRng, |rng| {
                let tunnels = Arc::<EapAcceptor>::clone(&tunnels);
                let settings = ServerSettings {
                    name: "radius".into(),
                    methods: vec![method],
                    retries: 0,
                    crypto_binding: true,
                    tunnels,
                };
                Server::new(settings, rng)
            })
        });
        (address, thread)
    }

    fn entry(&self, lab: &Running, method: AuthMethod) -> Entry {
        let own = self.user_pem.clone().into_bytes();
        radius::entry(lab, method, vec![self.ca.clone()], "radius.test", own)
    }
}

fn methods() -> impl Iterator<Item = AuthMethod> {
    AuthMethod::ALL.iter().copied().filter(|method| method.is_eap())
}

#[tokio::test]
async fn each_method_of_eap_is_judged_elsewhere_and_its_keys_bind_sstp() {
    let pki = Pki::make();
    for method in methods() {
        let (radius, served) = pki.server(method);
        let lab = lab_before(radius);
        let told = dialled(pki.entry(&lab, method), dial()).await;
        assert_eq!(told, (ConnState::Connected, 0), "{method}");
        assert!(served.join().expect("the server ends"), "{method}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_691_by_the_word_of_the_server() {
    let pki = Pki::make();
    for method in methods().filter(|method| *method != AuthMethod::EapTls) {
        let (radius, served) = pki.server(method);
        let lab = lab_before(radius);
        let told = dialled(pki.entry(&lab, method), dial_as("wrong")).await;
        assert_eq!(told, (ConnState::AuthNotify, Code::AUTHENTICATION_FAILURE.0), "{method}");
        assert!(!served.join().expect("the server ends"), "{method}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_refuses_and_the_lab_says_why() {
    let pki = Pki::make();
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let lab = lab_before(address);
    let mut events = lab.events();
    let told = dialled(pki.entry(&lab, AuthMethod::EapMsChapV2), dial()).await;
    assert_eq!(told.1, Code::AUTHENTICATION_FAILURE.0);
    let ended = timeout(LONG, async {
        loop {
            if let rasman_lab::Event::Ended { cause } = events.recv().await.expect("the lab runs").event {
                return cause;
            }
        }
    });
    let cause = ended.await.expect("it is told in time");
    assert!(cause.did.contains(&format!("asked the RADIUS server at {address}")), "{cause}");
}

#[test]
fn a_server_and_its_secret_go_together() {
    let mut config = rasman_lab::Config::default();
    config.radius = Some(SocketAddr::from(([127, 0, 0, 1], 1812)));
    let error = rasman_lab::spawn(config).err().expect("it has no secret");
    assert!(error.to_string().contains("--radius-secret-file"), "{error}");
}

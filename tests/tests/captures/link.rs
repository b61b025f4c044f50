//! Two ends of a link in virtual time, and every frame that either sends.

use rasman_auth::{Account, AccountState, Accounts};
use rasman_core::{AuthMethod, ClientCertificate, EapSettings, Trust};
use rasman_core::{Batch, Code, Credentials, Duration, Instant, Layer, Secret};
use rasman_net::tls::eap::{EapAcceptor, EapTunnels};
use rasman_ppp::{
    CallbackChoice, CallbackPolicy, Checksum, ClientConfig, ClientEap, Echo, Event, Framing, Ipv6Wish, Mppe, Ppp,
    ServerConfig,
};
use rasman_testkit::SeededRng;
use rasman_tests::fuzz_ppp::far_network;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The one user, whose password may have expired.
struct Alice(AccountState);

impl Accounts for Alice {
    fn account(&self, user: &str, _domain: &str) -> Option<Account> {
        (user == "alice").then(|| Account { password: Secret::from("wonderland"), state: self.0 })
    }

    fn changes_passwords(&self) -> bool {
        true
    }

    fn change_password(&self, _: &str, _: &str, _: &Secret) -> Result<(), Code> {
        Ok(())
    }
}

/// What EAP's TLS shows at both ends.
pub(crate) struct Pki {
    ca: Vec<u8>,
    own: Vec<u8>,
    acceptor: Arc<EapAcceptor>,
}

impl Pki {
    pub(crate) fn make() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let (key, user_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let leaf = CertificateParams::new(vec!["eap.test".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        let mut user = CertificateParams::new(Vec::new()).unwrap();
        user.distinguished_name.push(DnType::CommonName, "alice");
        let user = user.signed_by(&user_key, &ca).unwrap();
        let roots = [ca.der().to_vec()];
        let acceptor = EapAcceptor::new(&[leaf.der().to_vec()], &key.serialize_der(), &roots, false).unwrap();
        let own = (user.pem() + &user_key.serialize_pem()).into_bytes();
        Self { ca: ca.der().to_vec(), own, acceptor: Arc::new(acceptor) }
    }

    fn settings(&self) -> EapSettings {
        EapSettings {
            trust: Trust { added_roots: vec![self.ca.clone()], ..Trust::default() },
            server_names: vec!["eap.test".to_owned()],
            certificate: Some(ClientCertificate { file: self.own.clone(), ..ClientCertificate::default() }),
            ..EapSettings::default()
        }
    }
}

/// How a link is to go.
pub(crate) struct Plan<'a> {
    pub(crate) pki: &'a Pki,
    pub(crate) client: Vec<AuthMethod>,
    pub(crate) server: Vec<AuthMethod>,
    pub(crate) password: &'static str,
    pub(crate) state: AccountState,
    pub(crate) mppe: Option<Mppe>,
    pub(crate) callback: Option<CallbackPolicy>,
    pub(crate) checksum: Checksum,
}

impl<'a> Plan<'a> {
    /// Both ends want one method, and the password is right.
    pub(crate) fn good(pki: &'a Pki, method: AuthMethod) -> Self {
        let (client, server) = (vec![method], vec![method]);
        let has_keys = !matches!(method, AuthMethod::Pap | AuthMethod::Chap | AuthMethod::EapMd5);
        let mppe = has_keys.then(Mppe::default);
        let (password, state, checksum) = ("wonderland", AccountState::Usable, Checksum::Carrier);
        Self { pki, client, server, password, state, mppe, callback: None, checksum }
    }

    fn client(&self) -> ClientConfig {
        ClientConfig {
            authentication: self.client.clone(),
            eap: ClientEap { settings: self.pki.settings(), tunnels: Arc::new(EapTunnels) },
            request_nbns: true,
            ipv6: Ipv6Wish::Ask,
            inform: true,
            mppe: self.mppe.clone(),
            header_compression: true,
            callback: self.callback.is_some().then_some(Duration::from_secs(5)),
            echo: ECHO,
            framing: Framing { checksum: self.checksum, ..Framing::default() },
            identification: Some("rasman".to_owned()),
            ..ClientConfig::default()
        }
    }

    fn server(&self) -> ServerConfig {
        ServerConfig {
            authentication: self.server.clone(),
            tunnels: Arc::<EapAcceptor>::clone(&self.pki.acceptor),
            retries: 1,
            dns: vec![Ipv4Addr::new(10, 66, 0, 53)],
            ipv6: Ipv6Wish::Ask,
            far: far_network(),
            header_compression: true,
            callback: self.callback.clone(),
            mppe: self.mppe.clone(),
            name: "lab".to_owned(),
            ..ServerConfig::new(Arc::new(Alice(self.state)), Ipv4Addr::new(10, 66, 0, 1), Ipv4Addr::new(10, 66, 0, 2))
        }
    }
}

/// Two ends; a client first, then a server.
pub(crate) struct Pair {
    ends: [Ppp; 2],
    now: Instant,
    password: &'static str,
    pub(crate) frames: Vec<Vec<u8>>,
}

impl Pair {
    /// Dials, and goes on until nothing is said any more.
    pub(crate) fn dial(plan: &Plan<'_>) -> Self {
        let client = Ppp::client(plan.client(), Box::new(SeededRng::new(1)));
        let server = Ppp::server(plan.server(), Box::new(SeededRng::new(2)));
        let (now, password) = (Instant::ZERO, plan.password);
        let mut pair = Self { ends: [client, server], now, password, frames: Vec::new() };
        pair.ends.iter_mut().for_each(|end| end.lower_up(now, 1500));
        pair.settle();
        // What comes before the other end is ready for it is said again.
        (0..3).for_each(|_| pair.wait(Duration::from_secs(3)));
        pair
    }

    /// Whether packets flow.
    pub(crate) fn is_up(&self) -> bool {
        self.ends.iter().all(|end| end.projection().is_some())
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.ends[0].is_encrypted()
    }

    /// Lets a frame arrive at both ends, as if the other had sent it.
    pub(crate) fn hear(&mut self, protocol: u16, code: u8, body: &[u8]) {
        let length = u16::try_from(4 + body.len()).unwrap().to_be_bytes();
        let frame = [&[0xff, 3][..], &protocol.to_be_bytes(), &[code, 200], &length, body].concat();
        for end in &mut self.ends {
            let _ = end.handle_input(self.now, &mut frame.clone());
        }
        self.settle();
    }

    /// The client sends a packet that is lost, or one that arrives.
    pub(crate) fn send(&mut self, arrives: bool) {
        let mut out = Batch::new();
        self.ends[0].encap(self.now, &[0x45; 20], &[0; 20], &mut out).unwrap();
        for sent in out.frames().filter(|_| arrives) {
            let _ = self.ends[1].handle_input(self.now, &mut sent.to_vec());
        }
        self.settle();
    }

    /// The client sends the `n`-th segment of a transfer; gives its frame.
    pub(crate) fn send_segment(&mut self, n: u8) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 44, 0, n, 0x40, 0, 64, 6, 0, 0, 10, 66, 0, 2, 10, 66, 0, 1];
        packet.extend([0x03, 0xe8, 0, 80, 0, 0, 0, 4 * n, 0, 0, 0, 1, 0x50, 0x10, 0x20, 0, 0, 0, 0, 0, n, n, n, n]);
        let mut out = Batch::new();
        self.ends[0].encap(self.now, &[], &packet, &mut out).unwrap();
        out.as_bytes().to_vec()
    }

    /// Time passes in silence.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now += time;
        self.ends.iter_mut().for_each(|end| end.handle_timeout(self.now));
        self.settle();
    }

    pub(crate) fn terminate(&mut self) {
        self.ends[0].terminate(self.now);
        self.settle();
    }

    /// Carries frames until there are none, opening the client's gates.
    fn settle(&mut self) {
        for _ in 0..200 {
            let before = self.frames.len();
            [0, 1].into_iter().for_each(|from| self.carry(from));
            if self.frames.len() == before {
                break;
            }
        }
    }

    fn carry(&mut self, from: usize) {
        let mut out = Batch::new();
        while self.ends[from].poll_transmit(self.now, &mut out) {}
        for sent in out.frames() {
            self.frames.push(sent.to_vec());
            let _ = self.ends[1 - from].handle_input(self.now, &mut sent.to_vec());
        }
        while let Some(event) = self.ends[from].poll_event() {
            if from == 0 {
                self.told(event);
            }
        }
    }

    fn told(&mut self, event: Event) {
        let (client, now) = (&mut self.ends[0], self.now);
        match event {
            Event::LinkEstablished { .. } => client.authenticate(now, credentials(self.password)),
            Event::Authenticated { token, .. } => client.project(now, token),
            Event::CallbackOffered(_) => {
                let _ = client.choose_callback(now, CallbackChoice::Number("5550100".to_owned()));
            }
            Event::AuthenticationRefused { cause, retry: true, .. } if cause.code == Code::PASSWD_EXPIRED => {
                client.change_password(now, &Secret::from("looking-glass"));
            }
            _ => {}
        }
    }
}

fn credentials(password: &str) -> Credentials {
    Credentials { user: "alice".into(), domain: String::new(), password: Secret::from(password) }
}

const ECHO: Option<Echo> = Some(Echo { interval: Duration::from_secs(30), failures: 3 });

//! Asking the server, and asking again.

use super::RadiusServer;
use super::packet::{
    ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST, FRAMED_MTU, FRAMED_PROTOCOL, NAS_IDENTIFIER,
    NAS_PORT_TYPE, Packet, REPLY_MESSAGE, SERVICE_TYPE, STATE, USER_NAME,
};
use rasman_auth::eap::{Ask, Verdict};
use rasman_core::{Cause, Code, LayerName, Rng, SessionKeys};
use rasman_net::random::SystemRng;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

/// The conversation of one client with the server.
pub struct Conversation {
    server: RadiusServer,
    /// What we call ourselves.
    name: String,
    identifier: u8,
    /// What the server wants back with the next request (RFC 2865 5.24).
    state: Option<Vec<u8>>,
}

impl Conversation {
    /// Makes one with a server; `name` is the lab's.
    #[must_use]
    pub fn new(server: RadiusServer, name: impl Into<String>) -> Self {
        Self { server, name: name.into(), identifier: 0, state: None }
    }

    /// Has a response judged. It takes half a minute at the most.
    pub async fn judge(&mut self, ask: &Ask) -> Verdict {
        if ask.begins {
            self.state = None;
        }
        self.identifier = self.identifier.wrapping_add(1);
        let mut authenticator = [0; 16];
        SystemRng.fill(&mut authenticator);
        let request = self.request(ask, authenticator).signed_request(self.server.secret.expose());
        match self.exchange(&request, &authenticator).await {
            Ok(reply) => self.understand(&reply, &authenticator),
            Err(error) => Verdict::Failed(self.unanswered(&error)),
        }
    }

    fn request(&self, ask: &Ask, authenticator: [u8; 16]) -> Packet {
        let mut request = Packet::new(ACCESS_REQUEST, self.identifier, authenticator);
        request.push(USER_NAME, cut(ask.user.as_bytes()));
        request.push(NAS_IDENTIFIER, cut(self.name.as_bytes()));
        for (kind, value) in
            [(SERVICE_TYPE, FRAMED), (FRAMED_PROTOCOL, PPP), (NAS_PORT_TYPE, VIRTUAL), (FRAMED_MTU, EAP_MTU)]
        {
            request.push(kind, &value.to_be_bytes());
        }
        if let Some(state) = &self.state {
            request.push(STATE, state);
        }
        request.push_eap(&ask.response);
        request
    }

    /// Sends the request until the server answers: the same octets each time, so that it can tell (RFC 2865 2.5).
    async fn exchange(&self, request: &[u8], authenticator: &[u8; 16]) -> io::Result<Packet> {
        let socket = UdpSocket::bind((unspecified(self.server.address.ip()), 0)).await?;
        socket.connect(self.server.address).await?;
        let mut wait = FIRST_WAIT;
        let give_up_at = Instant::now() + LIMIT;
        while Instant::now() < give_up_at {
            socket.send(request).await?;
            let until = give_up_at.min(Instant::now() + wait);
            match timeout_at(until, self.reply(&socket, authenticator)).await {
                Ok(reply) => return reply,
                Err(_) => wait *= 2,
            }
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {} s", LIMIT.as_secs())))
    }

    /// Waits for the reply; what is not by somebody with the secret is not heard (RFC 2865 3).
    async fn reply(&self, socket: &UdpSocket, authenticator: &[u8; 16]) -> io::Result<Packet> {
        let mut buffer = vec![0; DATAGRAM_MAX];
        loop {
            let length = socket.recv(&mut buffer).await?;
            match Packet::parse(&buffer[..length]) {
                Ok(reply)
                    if reply.identifier == self.identifier
                        && reply.answers(authenticator, self.server.secret.expose()) =>
                {
                    return Ok(reply);
                }
                Ok(_) => tracing::warn!("a RADIUS reply is not by who has the secret, or not to the last request"),
                Err(error) => tracing::debug!(expected = error.expected, "what came is no packet of RADIUS"),
            }
        }
    }

    fn understand(&mut self, reply: &Packet, authenticator: &[u8; 16]) -> Verdict {
        let eap = reply.eap();
        match reply.code {
            ACCESS_CHALLENGE => {
                self.state = reply.find(STATE).map(<[u8]>::to_vec);
                Verdict::Challenge(eap)
            }
            ACCESS_ACCEPT => Verdict::Accept {
                packet: eap,
                user: reply.find(USER_NAME).map(|name| String::from_utf8_lossy(name).into_owned()),
                keys: reply.mppe_keys(self.server.secret.expose(), authenticator).unwrap_or_else(no_keys),
            },
            ACCESS_REJECT => {
                let words = reply.all(REPLY_MESSAGE).map(String::from_utf8_lossy).collect::<Vec<_>>();
                let said = if words.is_empty() { "Access-Reject".to_owned() } else { words.join(" ") };
                Verdict::Reject { packet: Some(eap).filter(|eap| !eap.is_empty()), said }
            }
            code => Verdict::Failed(self.cause().said(format!("answered with a packet of code {code}"))),
        }
    }

    fn unanswered(&self, error: &io::Error) -> Cause {
        let advice = "check that it runs there, that it knows this machine as a client, and that both have one secret";
        self.cause().said(error.to_string()).advice(advice)
    }

    fn cause(&self) -> Cause {
        Cause::new(Code::REQUEST_TIMEOUT, LayerName::Auth)
            .did(format!("asked the RADIUS server at {}", self.server.address))
    }
}

fn unspecified(of: IpAddr) -> IpAddr {
    match of {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

fn cut(text: &[u8]) -> &[u8] {
    &text[..text.len().min(253)]
}

fn no_keys() -> SessionKeys {
    SessionKeys { master_send: Vec::new(), master_receive: Vec::new() }
}

/// RFC 5080 2.2.1: IRT; it doubles with each repetition.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// RFC 5080 2.2.1: MRD.
const LIMIT: Duration = Duration::from_secs(30);
/// RFC 2865 3; what is longer is cut, and then none of the server's.
const DATAGRAM_MAX: usize = 4096;
/// RFC 2865 5.6: Framed.
const FRAMED: u32 = 2;
/// RFC 2865 5.7: PPP.
const PPP: u32 = 1;
/// RFC 2865 5.41: Virtual.
const VIRTUAL: u32 = 5;
/// The largest EAP packet that every link carries (RFC 3579 2.4).
const EAP_MTU: u32 = 1400;

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_core::Secret;

    const SECRET: &[u8] = b"testing123";

    fn conversation(address: std::net::SocketAddr) -> Conversation {
        Conversation::new(RadiusServer { address, secret: Secret::new(SECRET) }, "vpn.lab.test")
    }

    fn ask(begins: bool) -> Ask {
        Ask { user: "alice".to_owned(), response: vec![2, 9, 0, 10, 1, b'a', b'l', b'i', b'c', b'e'], begins }
    }

    async fn server() -> (UdpSocket, std::net::SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    async fn request(server: &UdpSocket) -> (Packet, std::net::SocketAddr) {
        let mut buffer = [0; DATAGRAM_MAX];
        let (length, from) = server.recv_from(&mut buffer).await.unwrap();
        (Packet::parse(&buffer[..length]).unwrap(), from)
    }

    fn challenge(to: &Packet, state: &[u8]) -> Packet {
        let mut reply = Packet::new(ACCESS_CHALLENGE, to.identifier, to.authenticator);
        reply.push(STATE, state);
        reply.push_eap(&[1, 10, 0, 6, 4, 0]);
        reply
    }

    #[tokio::test]
    async fn only_who_has_the_secret_and_answers_this_request_is_heard() {
        let (server, address) = server().await;
        let mut conversation = conversation(address);
        let answers = async {
            let (asked, from) = request(&server).await;
            let mut accept = Packet::new(ACCESS_ACCEPT, asked.identifier, asked.authenticator);
            accept.push_eap(&[3, 9, 0, 4]);
            server.send_to(b"noise", from).await.unwrap();
            server.send_to(&accept.signed_reply(b"guessed"), from).await.unwrap();
            let mut other = accept.clone();
            other.authenticator = [0; 16];
            server.send_to(&other.signed_reply(SECRET), from).await.unwrap();
            let mut other = accept;
            other.identifier = asked.identifier.wrapping_add(1);
            server.send_to(&other.signed_reply(SECRET), from).await.unwrap();
            server.send_to(&challenge(&asked, b"one").signed_reply(SECRET), from).await.unwrap();
        };
        let question = ask(true);
        let (verdict, ()) = tokio::join!(conversation.judge(&question), answers);
        assert!(matches!(verdict, Verdict::Challenge(eap) if eap == [1, 10, 0, 6, 4, 0]));
    }

    #[tokio::test]
    async fn the_state_goes_back_until_another_conversation_begins() {
        let (server, address) = server().await;
        let mut conversation = conversation(address);
        for (begins, sent, expected) in [
            (true, b"one", None),
            (false, b"two", Some(&b"one"[..])),
            (true, b"six", None),
            (false, b"end", Some(b"six")),
        ] {
            let answers = async {
                let (asked, from) = request(&server).await;
                assert_eq!((asked.find(USER_NAME), asked.find(STATE)), (Some(&b"alice"[..]), expected));
                assert_eq!(
                    (asked.eap(), asked.find(NAS_IDENTIFIER)),
                    (ask(begins).response, Some(&b"vpn.lab.test"[..]))
                );
                server.send_to(&challenge(&asked, sent).signed_reply(SECRET), from).await.unwrap();
            };
            let question = ask(begins);
            let (verdict, ()) = tokio::join!(conversation.judge(&question), answers);
            assert!(matches!(verdict, Verdict::Challenge(_)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_request_is_sent_four_times_in_half_a_minute() {
        // A socket that nobody reads while time jumps.
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        silent.set_nonblocking(true).unwrap();
        let verdict = conversation(silent.local_addr().unwrap()).judge(&ask(true)).await;
        let Verdict::Failed(cause) = verdict else { panic!("nobody has answered") };
        assert!(cause.did.starts_with("asked the RADIUS server at 127.0.0.1:"), "{cause}");
        assert_eq!(cause.said, "no answer in 30 s");
        let mut buffer = [0; DATAGRAM_MAX];
        let mut sent = Vec::new();
        while let Ok(length) = silent.recv(&mut buffer) {
            sent.push(buffer[..length].to_vec());
        }
        assert_eq!(sent.len(), 4);
        assert!(sent.iter().all(|request| *request == sent[0]));
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_told_at_once() {
        let (server, address) = server().await;
        drop(server);
        let Verdict::Failed(cause) = conversation(address).judge(&ask(true)).await else { panic!("nobody is there") };
        assert!(cause.said.contains("refused"), "{cause}");
    }
}

//! One session: the only place where its layers meet a socket and the clock.

use crate::call::Call;
use crate::faults::{CallFault, NotTls, Stage, StageFault};
use crate::gate::Gate;
use crate::impostor;
use crate::inner::Inside;
use crate::judge::Judge;
use crate::lab::Lab;
use crate::modem::PhoneLine;
use crate::stats::count;
use crate::told::Told;
use crate::users::Users;
use crate::wrong_keys::WrongKeys;
use crate::{Event, Faults};
use rasman_auth::eap::ServerTunnels;
use rasman_core::{AuthMethod, Cause, Code, Instant, LayerName, PortClosed};
use rasman_media::modem::SerialLink;
use rasman_media::sstp;
use rasman_net::clock::{self, sleep_until};
use rasman_net::pump::Pump;
use rasman_net::random::SystemRng;
use rasman_net::tls::{End, TlsStream};
use rasman_ppp::{CallbackCall, CallbackPolicy, Checksum, Framing, Ipv6Wish, Mppe, Negotiation, Ppp, ServerConfig};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Serves one TCP connection to its end. `orders` changes when every client is to be sent away.
pub(crate) async fn run(lab: Rc<Lab>, tcp: TcpStream, peer: SocketAddr, number: u64, mut orders: watch::Receiver<u64>) {
    let mut told = Told::new(&lab, number, peer);
    let faults = lab.faults_of(number);
    let opened = tokio::select! {
        opened = open(&lab, &faults, tcp) => opened,
        _ = orders.changed() => Err(sent_away()),
    };
    let tls = match opened {
        Ok(tls) => tls,
        Err(cause) => return told.because(cause),
    };
    told.wire(tls.counters());
    told.tell(Event::TlsUp { protection: tls.facts().protection.clone() });
    if faults.refusal == Some(CallFault::NoSstp) {
        return told.because(impostor::web_server(tls).await);
    }
    let call = layers(&lab, faults, told);
    drive(call, Pump::new(tls), Judge::new(&lab.config), orders).await;
}

/// Does everything before the layers: TCP and TLS with their faults.
async fn open(lab: &Lab, faults: &Faults, tcp: TcpStream) -> Result<TlsStream, Cause> {
    // A socket that is gone already says so when it is read.
    let _ = tcp.set_nodelay(true);
    if faults.refuse {
        let _ = tcp.set_zero_linger();
        return Err(asked_for("reset TCP"));
    }
    tokio::time::sleep(faults.delay(Stage::Tcp)).await;
    match faults.at_stage {
        Some((Stage::Tcp, StageFault::Drop)) => return Err(asked_for("closed TCP")),
        Some((Stage::Tls, StageFault::Drop)) => {
            impostor::wait_for_client(&tcp).await;
            // What is left unread would make the end a reset, of which the client may or may not hear.
            while tcp.try_read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
            return Err(asked_for("closed TCP after the ClientHello"));
        }
        Some((Stage::Tcp | Stage::Tls, StageFault::Silent)) => {
            impostor::listen_only(&tcp).await;
            return Err(asked_for("said nothing until the client left"));
        }
        Some((Stage::Tcp | Stage::Tls, StageFault::Garbage)) => {
            return Err(impostor::not_tls(tcp, NotTls::Noise).await);
        }
        Some(_) | None => {}
    }
    if let Some(what) = faults.not_tls {
        return Err(impostor::not_tls(tcp, what).await);
    }
    if !faults.delay(Stage::Tls).is_zero() {
        impostor::wait_for_client(&tcp).await;
        tokio::time::sleep(faults.delay(Stage::Tls)).await;
    }
    let limit = lab.config.handshake_limit;
    let accepted = tokio::time::timeout(limit, lab.certificates.acceptor(faults.certificate).accept(tcp)).await;
    accepted.unwrap_or_else(|_| {
        Err(Cause::new(Code::VPN_TIMEOUT, LayerName::Tls).did(format!("waited {limit:?} for the TLS handshake")))
    })
}

/// Serves one call over a serial line to its end, and the one that follows if the client is called back.
pub(crate) async fn run_line(lab: Rc<Lab>, line: PhoneLine, number: u64, mut orders: watch::Receiver<u64>) {
    let policy = lab.config.callback.clone();
    let Some(call) = serve_line(&lab, line, number, policy, orders.clone()).await else { return };
    let line = tokio::select! {
        line = call_back(&lab, &call) => line,
        _ = orders.changed() => None,
    };
    let Some(line) = line else { return tracing::info!(session = number, "nobody answers the call back") };
    count(&lab.counters.accepted);
    let number = lab.counters.accepted.load(Relaxed);
    let _ = serve_line(&lab, line, number, None, orders).await;
}

/// Calls a client; one that is not ready yet is busy, and called again.
async fn call_back(lab: &Lab, call: &CallbackCall) -> Option<PhoneLine> {
    tokio::time::sleep(call.delay).await;
    for _ in 0..CALLS_BACK {
        let (line, answered) = lab.exchange.ring(&call.number)?;
        if let Ok(Ok(())) = tokio::time::timeout(RINGS, answered).await {
            return Some(line);
        }
        tokio::time::sleep(CALL_AGAIN).await;
    }
    None
}

/// Serves one call; gives the one that both agreed on.
async fn serve_line(
    lab: &Rc<Lab>,
    line: PhoneLine,
    number: u64,
    callback: Option<CallbackPolicy>,
    orders: watch::Receiver<u64>,
) -> Option<CallbackCall> {
    let mut told = Told::new(lab, number, SocketAddr::from(([0, 0, 0, 0], 0)));
    let faults = lab.faults_of(number);
    let server = server(lab, &faults, &mut told);
    let restart = Negotiation::restart_on_line(line.speed);
    let negotiation = Negotiation { restart, ..server.negotiation.clone() };
    let config = ServerConfig {
        framing: line_framing(lab.config.fcs32),
        header_compression: true,
        callback,
        negotiation,
        ..server
    };
    let ppp = Ppp::server(config, Box::new(SystemRng));
    let call = Call::new(
        SerialLink::connected(),
        ppp,
        Gate::new(faults, Stage::Lcp),
        Rc::clone(&lab.web),
        Inside::of(&lab.config),
        told,
    );
    drive(call, Pump::new(line.port), Judge::new(&lab.config), orders).await
}

fn layers(lab: &Lab, faults: Faults, mut told: Told) -> Call {
    let config = &lab.config;
    let refusal = match faults.refusal {
        None | Some(CallFault::NoSstp) => sstp::Refusal::None,
        Some(CallFault::Http(status)) => sstp::Refusal::HttpStatus(status),
        Some(CallFault::Nak(status)) => sstp::Refusal::Nak(status),
    };
    let mut limits = sstp::Config::default();
    limits.hello = config.hello;
    let link = sstp::ServerConfig { config: limits, hashes: config.hashes, refusal };
    let link = sstp::Server::new(link, Box::new(SystemRng));
    let ppp = Ppp::server(server(lab, &faults, &mut told), Box::new(SystemRng));
    Call::new(link, ppp, Gate::new(faults, Stage::Http), Rc::clone(&lab.web), Inside::of(config), told)
}

/// What the answering end of PPP is asked to do.
fn server(lab: &Lab, faults: &Faults, told: &mut Told) -> ServerConfig {
    let config = &lab.config;
    let address = if faults.no_address { None } else { told.lease() };
    let users = Users { users: lab.users.clone(), state: faults.account };
    let authentication = match config.radius {
        Some(_) => AuthMethod::ALL.iter().copied().filter(|method| method.is_eap()).collect(),
        None => config.authentication.clone(),
    };
    ServerConfig {
        authentication,
        eap_elsewhere: config.radius.is_some(),
        tunnels: tunnels(lab, faults),
        crypto_binding: !faults.no_crypto_binding,
        name: config.name.clone(),
        retries: config.retries,
        dns: config.dns.clone(),
        ipv6: if config.far.ipv6.is_some() { Ipv6Wish::Ask } else { Ipv6Wish::Off },
        far: config.far.clone(),
        mppe: (!config.mppe.is_empty()).then(|| Mppe { strengths: config.mppe.clone(), ..Mppe::default() }),
        ..ServerConfig::new(Arc::new(users), config.gateway, address.unwrap_or(Ipv4Addr::UNSPECIFIED))
    }
}

/// Gives where the TLS inside EAP comes from.
fn tunnels(lab: &Lab, faults: &Faults) -> Arc<dyn ServerTunnels> {
    let good = lab.certificates.eap(faults.eap_certificate);
    if faults.wrong_eap_keys { Arc::new(WrongKeys(good)) } else { good }
}

/// Moves bytes and time until the call is over.
async fn drive(
    mut call: Call,
    mut pump: Pump,
    mut judge: Judge,
    mut orders: watch::Receiver<u64>,
) -> Option<CallbackCall> {
    let facts = pump.port().facts().clone();
    call.start(clock::now(), &facts);
    let goodbye = loop {
        let turned = turn(&mut call, &mut pump, clock::now());
        call.told().wire(pump.port().counters());
        if let Err(cause) = turned {
            call.port_closed(clock::now(), &PortClosed::Failed(cause));
            break false;
        }
        if call.is_cut() {
            call.told().because(asked_for("closed TCP"));
            break false;
        }
        if call.wants_close() || call.over().is_some() {
            break true;
        }
        if let Some(question) = call.take_question() {
            judge.ask(question);
        }
        let wake = call.next_wake(clock::now(), pump.port().send_room() > 0);
        let has_room = pump.has_room_for_device();
        tokio::select! {
            () = pump.ready() => {
                if let Some(closed) = exchange(&mut call, &mut pump, clock::now()) {
                    call.port_closed(clock::now(), &closed);
                }
            }
            () = call.notified(has_room) => {}
            () = sleep_until(wake) => call.handle_timeout(clock::now()),
            (number, verdict) = judge.verdict() => call.judged(clock::now(), number, verdict),
            _ = orders.changed() => call.hang_up(clock::now(), &sent_away()),
        }
    };
    if goodbye {
        // What was said last leaves first; a client that reads nothing is left without a goodbye.
        let _ = tokio::time::timeout(GOODBYE_LIMIT, pump.close()).await;
        call.port_closed(clock::now(), &PortClosed::ByUs);
    } else {
        drop(pump);
    }
    let cause = call.over().cloned();
    if let Some(cause) = cause {
        call.told().because(cause);
    }
    call.take_callback()
}

/// Moves everything that can be moved without waiting.
fn turn(call: &mut Call, pump: &mut Pump, now: Instant) -> Result<(), Cause> {
    call.release(now, pump.port().send_room());
    send(call, pump)?;
    call.send_from(now, pump)?;
    pump.write()
}

/// Sends what the layers have to say.
fn send(call: &mut Call, pump: &mut Pump) -> Result<(), Cause> {
    std::mem::swap(&mut call.out, pump.out());
    let sent = pump.send();
    call.out.clear();
    sent
}

/// Reads from and writes to the port; tells how it closed, if it did.
fn exchange(call: &mut Call, pump: &mut Pump, now: Instant) -> Option<PortClosed> {
    let received = pump.receive(|input, _| call.take(now, input), |_| {});
    call.flush();
    match received.and_then(|end| pump.write().map(|()| end)) {
        Ok(None) => None,
        Ok(Some(End::CloseNotify | End::Eof)) => Some(PortClosed::ByPeer),
        Err(cause) => Some(PortClosed::Failed(cause)),
    }
}

fn asked_for(did: &str) -> Cause {
    Cause::new(Code::DISCONNECTION, LayerName::Manager).did(format!("{did}, as the fault asks"))
}

fn sent_away() -> Cause {
    Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager).did("sent every client away")
}

/// What is asked for on a line of octets.
fn line_framing(fcs32: bool) -> Framing {
    let checksum = if fcs32 { Checksum::Fcs32 } else { Checksum::Fcs16 };
    Framing { accm: Some(0), compress_protocol: true, compress_address: true, checksum }
}

/// How often a client is called back, for how long it rings, and how long to wait before the next time.
const CALLS_BACK: u32 = 5;
const RINGS: Duration = Duration::from_secs(60);
const CALL_AGAIN: Duration = Duration::from_secs(3);
/// How long a port may take to say goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

//! Many connections for a long time: bulk and small packets, hang-ups at any moment, dials again; then nothing may be left.
//!
//! It goes in rounds. At the end of a round everything is hung up, and what the processes hold at rest is compared with
//! what they held before: memory and descriptors that grow from round to round are leaks, and whatever takes longer than
//! a minute is a stall.

use crate::harness;
use rasman::{Connection, Dial, Entry, Manager};
use rasman_lab::Facts;
use rasman_testkit::SeededRng;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::{JoinSet, LocalSet};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many connections there are at most.
    pub connections: usize,
    /// How many rounds; the first one warms up, so fewer than three show no growth.
    pub rounds: usize,
    /// How long a round is, until its last connections are hung up.
    pub round: Duration,
    /// The most bytes of one transfer.
    pub bulk: u64,
    /// Further processes that are watched, such as the lab's.
    pub watched: Vec<u32>,
    /// Where the random choices begin.
    pub seed: u64,
}

/// What happened in a round.
#[derive(Clone, Default, Debug)]
pub struct Round {
    /// Dials that ended in Connected.
    pub dials: u64,
    /// Hang-ups in the midst of a dial or of a transfer.
    pub cut: u64,
    /// Transfers that ended whole, with the right bytes.
    pub transfers: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What the processes held at rest, all hung up.
    pub rest: Rest,
}

/// What the watched processes hold together.
#[derive(Copy, Clone, Default, Debug)]
pub struct Rest {
    /// Open descriptors.
    pub descriptors: usize,
    /// Resident memory, in bytes.
    pub resident: u64,
    /// The part of it that this process has.
    pub own: u64,
}

/// Gives entries to the lab of these facts, named by numbers; they speak IPv6 if it does.
#[must_use]
pub fn entries(facts: &Facts, count: usize) -> Vec<Entry> {
    let mut model = harness::entry_to(facts);
    model.network.ipv6 = facts.gateway6.is_some();
    (0..count).map(|number| Entry { name: number.to_string(), ..model.clone() }).collect()
}

/// Does it with a manager that knows the [`entries`]; `told` gets each round when it is over.
///
/// # Errors
/// The first thing that went wrong: a stall, wrong bytes, a failed dial, growth.
pub async fn run(manager: &Manager, facts: &Facts, plan: &Plan, told: impl Fn(&Round)) -> Result<(), String> {
    let before = Rest::of(plan).map_err(text)?;
    let mut rests: Vec<Rest> = Vec::new();
    for number in 0..plan.rounds {
        let mut round = one_round(manager, facts, plan, number as u64).await?;
        if !manager.connections().is_empty() {
            return Err("connections are left that nobody has".into());
        }
        round.rest = at_rest(plan, before.descriptors).await?;
        rests.push(round.rest);
        told(&round);
    }
    grown(&rests)
}

/// What grows is in its later half at no rest as small as it was at all of the earlier half. What an allocator keeps of
/// one round's burst it gives to the next.
fn grown(rests: &[Rest]) -> Result<(), String> {
    // The first round makes what is made once.
    let (early, late) = rests.get(1..).unwrap_or_default().split_at(rests.len() / 2);
    let most = early.iter().map(|rest| rest.resident).max();
    let least = late.iter().map(|rest| rest.resident).min();
    let (Some(most), Some(least)) = (most, least) else { return Ok(()) };
    if least <= most + (most / 4).max(GROWTH) {
        return Ok(());
    }
    Err(format!("the memory at rest grew from {} to {} KiB", most / 1024, least / 1024))
}

async fn one_round(manager: &Manager, facts: &Facts, plan: &Plan, number: u64) -> Result<Round, String> {
    let round = Rc::new(RefCell::new(Round::default()));
    let bulk = Rc::new(expected(plan.bulk));
    let end = Instant::now() + plan.round;
    let local = LocalSet::new();
    let mut lines = JoinSet::new();
    for line in 0..plan.connections as u64 {
        let line = Line {
            manager: manager.clone(),
            gateway: facts.gateway.into(),
            gateway6: facts.gateway6.map(IpAddr::from),
            entry: line.to_string(),
            by_ipv6: false,
            rng: SeededRng::new(plan.seed ^ (number << 32 | line)),
            round: Rc::clone(&round),
            bulk: Rc::clone(&bulk),
        };
        lines.spawn_local_on(line.until(end), &local);
    }
    local
        .run_until(async {
            while let Some(ended) = lines.join_next().await {
                ended.map_err(text)??;
            }
            Ok::<_, String>(())
        })
        .await?;
    Ok(round.take())
}

/// One line: at most one connection at a time.
struct Line {
    manager: Manager,
    gateway: IpAddr,
    /// The lab's address of IPv6, if it has one.
    gateway6: Option<IpAddr>,
    entry: String,
    /// This call's streams go by IPv6.
    by_ipv6: bool,
    rng: SeededRng,
    round: Rc<RefCell<Round>>,
    bulk: Rc<Vec<u8>>,
}

impl Line {
    async fn until(mut self, end: Instant) -> Result<(), String> {
        while Instant::now() < end {
            let what = format!("connection {}", self.entry);
            self.call(end).await.map_err(|error| format!("{what}: {error}"))?;
        }
        Ok(())
    }

    /// Dials, uses it for a while, hangs up.
    async fn call(&mut self, end: Instant) -> Result<(), String> {
        let dial = Dial::entry(self.entry.clone()).credentials(harness::credentials(rasman_lab::DEFAULT_PASSWORD));
        let dialing = self.manager.dial(dial).map_err(text)?;
        if self.rng.chance(10) {
            let connection = dialing.connection();
            tokio::time::sleep(Duration::from_micros(self.rng.below(20_000))).await;
            self.round.borrow_mut().cut += 1;
            return hang_up(&connection).await;
        }
        let connection = in_time("a dial", dialing.finish()).await?.map_err(text)?;
        self.round.borrow_mut().dials += 1;
        let proxy = connection.status().map_err(text)?.doors.socks.ok_or("it has no proxy")?;
        if self.gateway6.is_some() && self.rng.chance(50) {
            in_time("IPv6", has_ipv6(&connection)).await??;
            self.by_ipv6 = true;
        } else {
            self.by_ipv6 = false;
        }
        for _ in 0..=self.rng.below(6) {
            if Instant::now() >= end {
                break;
            }
            if self.rng.chance(15) {
                return self.cut_off(proxy, &connection).await;
            }
            let bytes = in_time("a transfer", self.transfer(proxy)).await??;
            let mut round = self.round.borrow_mut();
            round.transfers += 1;
            round.bytes += bytes;
        }
        hang_up(&connection).await
    }

    /// Down, up, or a request of small packets.
    async fn transfer(&mut self, proxy: SocketAddr) -> Result<u64, String> {
        let length = self.rng.below(self.bulk.len() as u64) as usize;
        match self.rng.below(3) {
            0 => self.down(proxy, length).await,
            1 => self.up(proxy, length).await,
            _ => self.small(proxy).await,
        }
    }

    async fn down(&self, proxy: SocketAddr, length: usize) -> Result<u64, String> {
        let mut stream = self.asking(proxy, &format!("GET /bulk/{length}"), &[]).await?;
        let (head, came, digest) = received(&mut stream).await?;
        if came != length || !head.contains(&digest) {
            return Err(format!("{came} of {length} bytes came, or others than were sent"));
        }
        Ok(length as u64)
    }

    async fn up(&self, proxy: SocketAddr, length: usize) -> Result<u64, String> {
        let sent = &self.bulk[..length];
        let answer = self.ask(proxy, "POST /sink", sent).await?;
        let digest = rasman_core::hex::encode(&harness::sha256(sent));
        let (_, told) = parted(&answer)?;
        match String::from_utf8_lossy(told).contains(&digest) {
            true => Ok(length as u64),
            false => Err(format!("of {length} bytes others came than were sent")),
        }
    }

    async fn ask(&self, proxy: SocketAddr, what: &str, body: &[u8]) -> Result<Vec<u8>, String> {
        let mut stream = self.asking(proxy, what, body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.map_err(text)?;
        Ok(answer)
    }

    /// Sends a request.
    async fn asking(&self, proxy: SocketAddr, what: &str, body: &[u8]) -> Result<tokio::net::TcpStream, String> {
        let mut stream = self.stream(proxy).await.map_err(text)?;
        let length = body.len();
        let head = format!("{what} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.map_err(text)?;
        stream.write_all(body).await.map_err(text)?;
        Ok(stream)
    }

    /// A request in packets of one byte.
    async fn small(&self, proxy: SocketAddr) -> Result<u64, String> {
        let mut stream = self.stream(proxy).await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        for byte in request {
            stream.write_all(&[*byte]).await.map_err(text)?;
            tokio::task::yield_now().await;
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.map_err(text)?;
        let (_, page) = parted(&answer)?;
        if page.is_empty() { Err("an empty page came".into()) } else { Ok((request.len() + answer.len()) as u64) }
    }

    /// Hangs up while data flows; the program's stream has to end then.
    async fn cut_off(&mut self, proxy: SocketAddr, connection: &Connection) -> Result<(), String> {
        let mut stream = in_time("a stream", self.stream(proxy)).await?.map_err(text)?;
        let request = format!("GET /bulk/{CUT} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.map_err(text)?;
        let mut block = vec![0; 16 << 10];
        let read = in_time("the first bytes", stream.read(&mut block)).await?.map_err(text)?;
        if read == 0 {
            return Err("a stream ended before anybody hung up".into());
        }
        self.round.borrow_mut().cut += 1;
        let drained = async { while matches!(stream.read(&mut block).await, Ok(1..)) {} };
        let (hung_up, ended) = tokio::join!(hang_up(connection), in_time("the end of a stream", drained));
        hung_up.and(ended)
    }

    async fn stream(&self, proxy: SocketAddr) -> std::io::Result<tokio::net::TcpStream> {
        let gateway = self.gateway6.filter(|_| self.by_ipv6).unwrap_or(self.gateway);
        harness::socks(proxy, gateway, 80).await
    }
}

/// Waits until a connection has an address of IPv6, which comes after Connected.
async fn has_ipv6(connection: &Connection) -> Result<(), String> {
    loop {
        let learned = connection.status().map_err(text)?.learned;
        if learned.ipv6.is_some_and(|setup| !setup.addresses.is_empty()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn hang_up(connection: &Connection) -> Result<(), String> {
    let closed = connection.closed();
    // It may have ended by itself meanwhile.
    if let Ok(ending) = connection.hang_up() {
        in_time("a hang-up", ending).await?;
    }
    in_time("the end of a connection", closed).await.map(drop)
}

async fn in_time<R>(what: &str, future: impl Future<Output = R>) -> Result<R, String> {
    tokio::time::timeout(STALLED, future).await.map_err(|_| format!("{what} stalls"))
}

/// Reads an answer to its end: its head, how long its body is, and the digest of that. The body is not kept, so that at rest
/// there is what a connection holds and not what a program received.
async fn received(stream: &mut tokio::net::TcpStream) -> Result<(String, usize, String), String> {
    let (mut block, mut front) = (vec![0; 32 << 10], Vec::new());
    let head = loop {
        let read = stream.read(&mut block).await.map_err(text)?;
        front.extend_from_slice(&block[..read]);
        match parted(&front) {
            Ok((head, _)) => break head.to_owned(),
            Err(why) if read == 0 => return Err(why),
            Err(_) => {}
        }
    };
    let (_, body) = parted(&front)?;
    let (mut hash, mut length) = (Sha256::new_with_prefix(body), body.len());
    loop {
        let read = stream.read(&mut block).await.map_err(text)?;
        if read == 0 {
            return Ok((head, length, rasman_core::hex::encode(&hash.finalize())));
        }
        hash.update(&block[..read]);
        length += read;
    }
}

fn parted(answer: &[u8]) -> Result<(&str, &[u8]), String> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("an answer without a head")?;
    let head = std::str::from_utf8(&answer[..end]).map_err(text)?;
    if head.starts_with("HTTP/1.1 200") { Ok((head, &answer[end + 4..])) } else { Err(head.to_owned()) }
}

fn expected(length: u64) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 251) as u8).collect()
}

/// Waits until no more descriptors are open than before; the peer closes its own a moment later.
async fn at_rest(plan: &Plan, before: usize) -> Result<Rest, String> {
    let begun = Instant::now();
    loop {
        let rest = Rest::of(plan).map_err(text)?;
        if rest.descriptors <= before + ONCE {
            return Ok(rest);
        }
        if begun.elapsed() > STALLED {
            return Err(format!("{} descriptors are open at rest, and were {before}", rest.descriptors));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Rest {
    fn of(plan: &Plan) -> std::io::Result<Self> {
        let mut sum = Self::default();
        for process in std::iter::once("self".to_owned()).chain(plan.watched.iter().map(u32::to_string)) {
            sum.descriptors += std::fs::read_dir(format!("/proc/{process}/fd"))?.count();
            let memory = std::fs::read_to_string(format!("/proc/{process}/statm"))?;
            let pages = memory.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
            let resident = pages.ok_or_else(|| std::io::Error::other("no statm"))? * rustix::param::page_size() as u64;
            sum.resident += resident;
            if process == "self" {
                sum.own = resident;
            }
        }
        Ok(sum)
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// Nothing here takes as long.
const STALLED: Duration = Duration::from_secs(60);
/// Descriptors that are opened once, with the first connection.
const ONCE: usize = 8;
/// By how much the memory at rest may vary, in bytes.
const GROWTH: u64 = 16 << 20;
/// Bytes that nobody waits for to the end.
const CUT: u64 = 64 << 20;

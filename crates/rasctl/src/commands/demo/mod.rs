//! `rasctl demo`: the main job on real input, with proof.
//!
//! A lab runs as another process; an embedded manager dials it over TLS on the loopback interface, carries traffic
//! through the tunnel by SOCKS5, and hangs up without a trace. Then the same with a wrong password. Every claim that
//! is printed is checked, and the exit code is 0 only if all of them held.

mod lab_process;
mod leftovers;
mod socks;
mod traffic;

use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint, json};
use crate::runtime::block_on;
use clap::Args;
use lab_process::LabProcess;
use leftovers::Leftovers;
use rasman::{
    Cause, Code, ConnState, Connection, Credentials, DataPath, Dial, Dialing, Entry, HangUp, Manager, Medium,
    Notification, Rootless, Trust,
};
use rasman_core::hex;
use serde_json::json;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Settings of the demo.
#[derive(Args)]
pub(crate) struct DemoArguments {
    /// How many MiB to carry each way
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    bulk: u64,
}

/// Runs both scenes.
pub(crate) fn run(arguments: &DemoArguments, context: &Context) -> Result<Exit, Failure> {
    let mut stage = Stage::new(context.output);
    let result = block_on(async {
        stage.title("A dial that succeeds");
        success(&mut stage, arguments.bulk << 20).await?;
        stage.title("A dial with a wrong password");
        refusal(&mut stage).await
    });
    match result? {
        Ok(()) => Ok(stage.verdict()),
        Err(error) => Err(Failure::system("the demo could not run", &error)),
    }
}

/// The success: every state, real traffic, a hang-up without a trace.
async fn success(stage: &mut Stage, bulk: u64) -> io::Result<()> {
    let before = Leftovers::now()?;
    let mut lab = LabProcess::start().await?;
    stage.line("lab", format_args!("process {}, SSTP over TLS at {}", lab.facts.pid, lab.facts.address));
    let manager = manager(&lab)?;

    let (dialing, start) = stage.dial(&manager, rasman_lab::DEFAULT_PASSWORD)?;
    let connection = dialing.connection();
    let told = stage.follow(dialing, start).await;
    stage.check("the last notification is Connected, without an error", is_connected(&told));
    let Ok(status) = connection.status() else {
        stage.check("the connection is there", false);
        return Ok(());
    };
    if let Some(projection) = &status.projection {
        stage.line("network", projection);
    }
    stage.check("an address was given", status.projection.is_some());
    if let Some(proxy) = status.doors.socks {
        stage.line("proxy", format_args!("socks5h://{proxy}, names resolved inside"));
        carry(stage, proxy, lab.facts.gateway, &lab.facts.page_sha256, bulk).await;
    }
    let counted = lab.stats().await?;
    let (outer, inner) =
        (counted.tls_bytes_in + counted.tls_bytes_out, counted.inner_bytes_in + counted.inner_bytes_out);
    stage.line("wire", format_args!("{} of TLS at the lab's socket for {} of IP packets", bytes(outer), bytes(inner)));
    stage.check("all of it went through TLS", outer > inner && inner >= 2 * bulk);

    stage.hang_up(&connection).await;
    stage.check("the handle is not valid any more", connection.status().is_err());
    leave(stage, manager, lab, &before).await
}

/// The refusal: the state, the same state with the error, nothing more; and plain words.
async fn refusal(stage: &mut Stage) -> io::Result<()> {
    let before = Leftovers::now()?;
    let lab = LabProcess::start().await?;
    stage.line("lab", format_args!("process {}, SSTP over TLS at {}", lab.facts.pid, lab.facts.address));
    let manager = manager(&lab)?;

    let (dialing, start) = stage.dial(&manager, "looking-glass")?;
    let connection = dialing.connection();
    let told = stage.follow(dialing, start).await;
    let pair: Vec<(ConnState, u32)> = told.iter().rev().take(2).map(|n| (n.state, n.error_number())).collect();
    let rule = [(ConnState::AuthNotify, Code::AUTHENTICATION_FAILURE.0), (ConnState::AuthNotify, 0)];
    stage.check("the state was told with 0, then with 691, then nothing", pair == rule);
    if let Some(cause) = told.last().and_then(|n| n.error.as_ref()) {
        stage.explain(cause);
    }
    // `follow` dropped the dial, which hangs a failed one up; its end is awaited, not guessed.
    let cause = connection.closed().await;
    stage.check("the reason survives the hang-up", cause.code == Code::AUTHENTICATION_FAILURE);
    leave(stage, manager, lab, &before).await
}

/// Carries a page and bulk data through the tunnel.
async fn carry(stage: &mut Stage, proxy: SocketAddr, gateway: Ipv4Addr, page_sha256: &[u8; 32], bulk: u64) {
    match traffic::page(proxy, gateway).await {
        Ok(page) => {
            let hash = hex::encode(&page.sha256);
            stage.line("page", format_args!("\"{}\", {} bytes, SHA-256 {}...", page.title, page.length, &hash[..16]));
            stage.check("the page is the lab's, byte for byte", page.sha256 == *page_sha256);
        }
        Err(error) => stage.failed("fetching the page", &error),
    }
    match traffic::download(proxy, gateway, bulk).await {
        Ok(transfer) => stage.transfer("down", &transfer),
        Err(error) => stage.failed("the download", &error),
    }
    match traffic::upload(proxy, gateway, bulk).await {
        Ok(transfer) => stage.transfer("up", &transfer),
        Err(error) => stage.failed("the upload", &error),
    }
}

/// Ends a scene and proves that nothing of it is left.
async fn leave(stage: &mut Stage, manager: Manager, mut lab: LabProcess, before: &Leftovers) -> io::Result<()> {
    let sessions = lab.stats().await?.sessions;
    stage.check("the lab has no session left", sessions == 0);
    manager.shut_down().await;
    drop(manager);
    let pid = lab.facts.pid;
    let clean = lab.stop().await?;
    stage.check("the lab ended cleanly", clean);
    let after = Leftovers::now()?;
    stage.line(
        "left",
        format_args!("{after}, process {pid} {}", if leftovers::is_alive(pid) { "alive" } else { "gone" }),
    );
    stage.check("no thread, socket or process is left", after == *before && !leftovers::is_alive(pid));
    Ok(())
}

/// An embedded manager that knows the lab.
fn manager(lab: &LabProcess) -> io::Result<Manager> {
    let mut entry = Entry::sstp("lab", lab.facts.address.ip().to_string());
    let Medium::Sstp(sstp) = &mut entry.medium else { unreachable!("made one line above") };
    sstp.port = lab.facts.address.port();
    sstp.trust = Trust { added_roots: vec![lab.facts.ca_der.clone()], ..Trust::default() };
    let socks = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    entry.data_path = DataPath::Rootless(Rootless { socks, ..Rootless::default() });
    let settings = rasmand::Settings { entries: vec![entry], ..Default::default() };
    rasmand::embedded(settings).map_err(io::Error::other)
}

fn is_connected(told: &[Notification]) -> bool {
    told.last().is_some_and(|last| last.state == ConnState::Connected && last.error.is_none())
}

fn bytes(count: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // For people to read.
    let mib = count as f64 / f64::from(1 << 20);
    format!("{mib:.1} MiB")
}

/// Prints, and remembers what was not true.
struct Stage {
    output: Output,
    failures: Vec<String>,
    checks: u32,
}

impl Stage {
    fn new(output: Output) -> Self {
        Self { output, failures: Vec::new(), checks: 0 }
    }

    fn title(&self, title: &str) {
        self.output.line(format_args!("\n{}", self.output.painter().paint(Paint::Title, title)));
        self.output.json(&json!({ "event": "scene", "title": title }));
    }

    fn line(&self, what: &str, text: impl std::fmt::Display) {
        let name = self.output.painter().paint(Paint::Dim, format_args!("{what:<8}"));
        self.output.line(format_args!("  {name} {text}"));
        self.output.json(&json!({ "event": "fact", "about": what, "text": text.to_string() }));
    }

    fn check(&mut self, claim: &str, held: bool) {
        self.checks += 1;
        let painter = self.output.painter();
        let mark = if held { painter.paint(Paint::Good, "ok") } else { painter.paint(Paint::Bad, "NOT TRUE") };
        self.output.line(format_args!("  {:<8} {claim}: {mark}", ""));
        self.output.json(&json!({ "event": "claim", "claim": claim, "held": held }));
        if !held {
            self.failures.push(claim.to_owned());
        }
    }

    fn failed(&mut self, what: &str, error: &io::Error) {
        self.line("error", format_args!("{what}: {error}"));
        self.check(&format!("{what} worked"), false);
    }

    /// Dials and tells how long the call took.
    fn dial(&mut self, manager: &Manager, password: &str) -> io::Result<(Dialing, Instant)> {
        let user = rasman_lab::DEFAULT_USER.to_owned();
        let credentials = Credentials { user, domain: String::new(), password: password.into() };
        let dial = Dial::entry("lab").credentials(credentials);
        let start = Instant::now();
        let dialing = manager.dial(dial).map_err(io::Error::other)?;
        let returned = start.elapsed();
        self.line("dial", format_args!("returned after {:.1} µs", returned.as_secs_f64() * 1e6));
        let state = dialing.connection().status().map(|status| status.state);
        self.check("it returned before the dial was done", !matches!(state, Ok(ConnState::Connected) | Err(_)));
        Ok((dialing, start))
    }

    /// Prints each notification as it comes.
    async fn follow(&mut self, mut dialing: Dialing, start: Instant) -> Vec<Notification> {
        let mut told = Vec::new();
        while let Some(notification) = dialing.next().await {
            let elapsed = start.elapsed();
            self.output.line(format_args!("  {}", self.output.painter().notification(elapsed, "", &notification)));
            self.output.json(&json::notification(elapsed, &notification));
            told.push(notification);
        }
        told
    }

    fn explain(&self, cause: &Cause) {
        self.line("why", cause.code.sentence().unwrap_or_default());
        self.line("layer", cause.layer);
        for (what, text) in [("we", &cause.did), ("the peer", &cause.said), ("try", &cause.advice)] {
            if !text.is_empty() {
                self.line(what, text);
            }
        }
    }

    fn transfer(&mut self, direction: &str, transfer: &traffic::Transfer) {
        let seconds = transfer.elapsed.as_secs_f64();
        #[allow(clippy::cast_precision_loss)] // For people to read.
        let rate = transfer.length as f64 * 8.0 / seconds / 1e9;
        let hash = &hex::encode(&transfer.sha256)[..16];
        let size = bytes(transfer.length);
        self.line(direction, format_args!("{size} in {seconds:.2} s, {rate:.2} Gbit/s, SHA-256 {hash}..."));
        self.check("both ends have the same hash", transfer.sha256 == transfer.peer_sha256);
    }

    async fn hang_up(&mut self, connection: &Connection) {
        let start = Instant::now();
        let gone = match connection.hang_up() {
            Ok(hanging_up) => tokio::time::timeout(HANG_UP_MAX, hanging_up).await.ok(),
            Err(_) => None,
        };
        let millis = start.elapsed().as_secs_f64() * 1_000.0;
        self.line("hang-up", format_args!("done after {millis:.2} ms"));
        let by_user = matches!(&gone, Some(HangUp::Gone(cause)) if cause.code == Code::USER_DISCONNECTION);
        self.check("the connection is gone, by the user's wish", by_user);
    }

    fn verdict(&self) -> Exit {
        let painter = self.output.painter();
        self.output.json(&json!({ "event": "verdict", "claims": self.checks, "not_true": self.failures }));
        self.output.line("");
        if self.failures.is_empty() {
            let text = painter.paint(Paint::Good, "All of it was true.");
            self.output.line(format_args!("{text} ({} claims checked)", self.checks));
            return Exit::Success;
        }
        for failure in &self.failures {
            self.output.line(format_args!("{} {failure}", painter.paint(Paint::Bad, "not true:")));
        }
        Exit::Failure
    }
}

/// Longer than any orderly disconnect takes.
const HANG_UP_MAX: Duration = Duration::from_secs(10);

//! TLS alone, between the same two ends: what a tunnel in TLS can be at the most.

use super::world::{SERVER, World};
use crate::Results;
use rasman_core::{TlsSpec, Trust};
use rasman_net::tls::{self, Acceptor, End, Received};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};

/// Serves so many bytes to everybody who comes; writes its port and its certificate's digest first.
pub(crate) fn process(_: impl Iterator<Item = OsString>) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    match runtime.block_on(serve()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tls: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> io::Result<()> {
    let made = rcgen::generate_simple_self_signed(["plain.test".to_owned()]).map_err(io::Error::other)?;
    let (leaf, key) = (made.cert.der().to_vec(), made.signing_key.serialize_der());
    let acceptor = Acceptor::new(vec![leaf], key).map_err(io::Error::other)?;
    let listener = TcpListener::bind((SERVER, 0)).await?;
    let digest: String = acceptor.leaf().sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{} {digest}", listener.local_addr()?.port());
    let block = vec![0x5A; 64 << 10];
    loop {
        let (tcp, _) = listener.accept().await?;
        let mut stream = acceptor.accept(tcp).await.map_err(io::Error::other)?;
        let mut left = BULK;
        while left > 0 {
            while left > 0 && stream.send_room() >= block.len() {
                stream.queue(&block).map_err(io::Error::other)?;
                left = left.saturating_sub(block.len());
            }
            if stream.try_write().map_err(io::Error::other)? > 0 {
                stream.writable().await?;
            }
        }
        let _ = stream.close().await;
    }
}

/// Takes what it serves.
pub(super) async fn measure(results: &mut Results, world: &World) -> io::Result<()> {
    let server = world.start(&["tls-server".to_owned()])?;
    let (port, digest) = server.said.trim().split_once(' ').ok_or_else(|| io::Error::other("no port"))?;
    let port = port.parse().map_err(io::Error::other)?;
    let bytes = (0..32).map(|at| u8::from_str_radix(&digest[at * 2..at * 2 + 2], 16));
    let pin: Vec<u8> = bytes.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let trust = Trust { pinned_leaf_sha256: pin.try_into().ok(), ..Trust::default() };
    let spec = TlsSpec { host: SERVER.to_owned(), port, server_name: String::new(), trust, proxy: None };
    let mut samples = Vec::new();
    for run in 0..RUNS + 1 {
        let gbit_s = take(&spec).await?;
        if run > 0 {
            samples.push(gbit_s);
        }
    }
    results.add("tls_plain_gbit_s", 0.5, &mut samples);
    Ok(())
}

async fn take(spec: &TlsSpec) -> io::Result<f64> {
    let tcp = TcpStream::connect((SERVER, spec.port)).await?;
    let mut stream = tls::connect(spec, tcp).await.map_err(io::Error::other)?;
    let (mut plain, mut total, start) = (Vec::new(), 0, Instant::now());
    loop {
        match stream.try_read(&mut plain).map_err(io::Error::other)? {
            Received::Bytes(0) => stream.readable().await?,
            Received::Bytes(count) => {
                total += count;
                plain.clear();
            }
            Received::End(End::CloseNotify | End::Eof) => break,
        }
    }
    #[allow(clippy::cast_precision_loss)] // Far below 2^52.
    let gbit_s = total as f64 * 8.0 / start.elapsed().as_secs_f64() / 1e9;
    if total >= BULK { Ok(gbit_s) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

const RUNS: usize = 5;
const BULK: usize = 1 << 30;

//! Programs with traffic: plain sockets of the system, as any program has them.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Instant;

/// Serves `D` and a number of 8 octets (so many bytes), `U` (takes all, tells how many), `P` (sends back what comes).
pub(crate) fn serve(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let port = arguments.next().and_then(|port| port.to_str()?.parse::<u16>().ok()).unwrap_or(0);
    let Ok(listener) = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)) else { return ExitCode::FAILURE };
    println!("listening");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve_one(stream));
        }
    });
    let mut line = String::new();
    let _ = io::stdin().read_line(&mut line);
    ExitCode::SUCCESS
}

fn serve_one(mut stream: TcpStream) -> io::Result<()> {
    let _ = stream.set_nodelay(true);
    let mut what = [0];
    stream.read_exact(&mut what)?;
    let mut block = vec![0x5A; BLOCK];
    match what[0] {
        b'D' => {
            let mut left = [0; 8];
            stream.read_exact(&mut left)?;
            let mut left = u64::from_be_bytes(left);
            while left > 0 {
                let count = left.min(BLOCK as u64);
                stream.write_all(&block[..count as usize])?;
                left -= count;
            }
            Ok(())
        }
        b'U' => {
            let mut total = 0_u64;
            loop {
                match stream.read(&mut block)? {
                    0 => return stream.write_all(&total.to_be_bytes()),
                    count => total += count as u64,
                }
            }
        }
        _ => loop {
            match stream.read(&mut block)? {
                0 => return Ok(()),
                count => stream.write_all(&block[..count])?,
            }
        },
    }
}

/// Makes traffic: `down|up BYTES TARGET [PROXY]` prints Gbit/s, `ping COUNT TARGET` the median microseconds.
pub(crate) fn client(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    match run(&words) {
        Ok(value) => {
            println!("{value}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("traffic {words:?}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> io::Result<f64> {
    let [what, count, target, proxy @ ..] = words else { return Err(io::Error::other("too few words")) };
    let count: u64 = count.parse().map_err(io::Error::other)?;
    let target: SocketAddrV4 = target.parse().map_err(io::Error::other)?;
    let mut stream = match proxy.first() {
        None => TcpStream::connect(target)?,
        Some(proxy) => through(proxy.parse().map_err(io::Error::other)?, target)?,
    };
    stream.set_nodelay(true)?;
    match what.as_str() {
        "down" => down(&mut stream, count),
        "up" => up(&mut stream, count),
        _ => ping(&mut stream, count),
    }
}

fn down(stream: &mut TcpStream, bytes: u64) -> io::Result<f64> {
    let start = Instant::now();
    stream.write_all(&[&b"D"[..], &bytes.to_be_bytes()].concat())?;
    let (mut block, mut total) = (vec![0; BLOCK], 0);
    loop {
        match stream.read(&mut block)? {
            0 if total == bytes => return Ok(gbit_s(bytes, start)),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => total += count as u64,
        }
    }
}

fn up(stream: &mut TcpStream, bytes: u64) -> io::Result<f64> {
    let start = Instant::now();
    stream.write_all(b"U")?;
    let block = vec![0x5A; BLOCK];
    for _ in 0..bytes / BLOCK as u64 {
        stream.write_all(&block)?;
    }
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut total = [0; 8];
    stream.read_exact(&mut total)?;
    if u64::from_be_bytes(total) == bytes / BLOCK as u64 * BLOCK as u64 {
        Ok(gbit_s(bytes, start))
    } else {
        Err(io::Error::other("not all of it arrived"))
    }
}

fn ping(stream: &mut TcpStream, count: u64) -> io::Result<f64> {
    stream.write_all(b"P")?;
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        stream.write_all(b"x")?;
        stream.read_exact(&mut [0])?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn through(proxy: SocketAddr, target: SocketAddrV4) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(proxy)?;
    stream.write_all(&[5, 1, 0])?;
    stream.read_exact(&mut [0; 2])?;
    stream.write_all(&[&[5, 1, 0, 1][..], &target.ip().octets(), &target.port().to_be_bytes()].concat())?;
    let mut reply = [0; 10];
    stream.read_exact(&mut reply)?;
    if reply[1] == 0 { Ok(stream) } else { Err(io::Error::other(format!("the proxy said {}", reply[1]))) }
}

#[allow(clippy::cast_precision_loss)] // Far below 2^52.
fn gbit_s(bytes: u64, start: Instant) -> f64 {
    bytes as f64 * 8.0 / start.elapsed().as_secs_f64() / 1e9
}

const BLOCK: usize = 256 << 10;

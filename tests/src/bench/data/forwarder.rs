//! What our tunnel is compared with: packets from one device of the system to another, split and merged in between, with
//! no tunnel at all.

use super::world::{Process, World, run};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Arc;
use tun_rs::{DeviceBuilder, GROTable, IDEAL_BATCH_SIZE, SyncDevice, VIRTIO_NET_HDR_LEN};

/// The far end's address through it.
pub(super) const FAR: &str = "10.98.0.1";

/// Starts it between both ends, with packets as large as in our tunnel.
pub(super) fn start(world: &World, mtu: u16) -> io::Result<Process> {
    let process = Process::start(None, &["forward".to_owned(), world.far_pid().to_string()])?;
    let mtu = mtu.to_string();
    let link = ["ip", "link", "set", "dev", "fwd1", "mtu", &mtu, "txqueuelen", "5000", "gso_max_segs", "128", "up"];
    world.far(&["ip", "addr", "add", "10.98.0.1", "peer", "10.98.0.2", "dev", "fwd1"])?;
    world.far(&link)?;
    run("ip", &["addr", "add", "10.98.0.2", "peer", "10.98.0.1", "dev", "fwd0"])?;
    run("ip", &["link", "set", "dev", "fwd0", "mtu", &mtu, "txqueuelen", "5000", "gso_max_segs", "128", "up"])?;
    Ok(process)
}

/// The process: a thread for each direction.
pub(crate) fn process(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match forward(arguments.next()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("forward: {error}");
            ExitCode::FAILURE
        }
    }
}

fn forward(far: Option<OsString>) -> io::Result<()> {
    let far = far.ok_or_else(|| io::Error::other("forward wants a process"))?;
    let near = Arc::new(device("fwd0")?);
    let namespace = File::open(format!("/proc/{}/ns/net", far.display()))?;
    // A device is made in the namespace of the thread that makes it.
    let other = std::thread::spawn(move || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
        device("fwd1")
    });
    let far = Arc::new(other.join().map_err(|_| io::Error::other("a thread panicked"))??);
    let (from, to) = (Arc::clone(&near), Arc::clone(&far));
    std::thread::spawn(move || pump(&from, &to));
    std::thread::spawn(move || pump(&far, &near));
    println!("forwarding");
    let mut line = String::new();
    io::stdin().read_line(&mut line).map(drop)
}

fn device(name: &str) -> io::Result<SyncDevice> {
    DeviceBuilder::new().name(name).offload(true).enable(false).build_sync()
}

fn pump(from: &SyncDevice, to: &SyncDevice) {
    let mut whole = vec![0; VIRTIO_NET_HDR_LEN + 65_535];
    let mut split = vec![vec![0; 4096]; IDEAL_BATCH_SIZE];
    let mut merge: Vec<Vec<u8>> = vec![Vec::new(); IDEAL_BATCH_SIZE];
    let (mut sizes, mut table) = (vec![0; IDEAL_BATCH_SIZE], GROTable::new());
    loop {
        let Ok(count) = from.recv_multiple(&mut whole, &mut split, &mut sizes, VIRTIO_NET_HDR_LEN) else { continue };
        for (index, packet) in split[..count].iter().enumerate() {
            merge[index].clear();
            merge[index].extend_from_slice(&packet[..VIRTIO_NET_HDR_LEN + sizes[index]]);
        }
        // What the other side does not take is lost, as anywhere.
        let _ = to.send_multiple(&mut table, &mut merge[..count], VIRTIO_NET_HDR_LEN);
    }
}

//! tshark reads captures of our packets.

use std::process::Command;

use super::{dir, ready, skip};

/// Gives tshark's line for each of these PPP frames; nothing if it is not prepared.
///
/// # Panics
/// When it cannot read the capture.
#[must_use]
pub fn tshark(test: &str, frames: &[Vec<u8>]) -> Option<String> {
    if let Err(why) = ready("tshark") {
        skip(test, &why);
        return None;
    }
    let file = std::env::temp_dir().join(format!("{test}-{}.pcap", std::process::id()));
    std::fs::write(&file, capture(frames)).expect("a temporary file can be written");
    let root = dir().join("tshark/root/usr");
    let mut command = Command::new(root.join("bin/tshark"));
    command.env("LD_LIBRARY_PATH", root.join("lib/x86_64-linux-gnu")).arg("-n").arg("-r").arg(&file);
    let output = command.output().expect("a prepared tshark can be started");
    let _ = std::fs::remove_file(&file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A capture in the classic format of pcap, of link type PPP.
fn capture(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file: Vec<u8> = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, LINKTYPE_PPP].map(u32::to_le_bytes).concat();
    for (frame, number) in frames.iter().zip(0_u32..) {
        let length = u32::try_from(frame.len()).expect("a frame is short");
        file.extend([number, 0, length, length].map(u32::to_le_bytes).concat());
        file.extend(frame);
    }
    file
}

const LINKTYPE_PPP: u32 = 9;

//! The data plane: our tunnel beside a forwarder without a tunnel, each end of a cable in a network namespace.
//!
//! ```text
//!   traffic          this process: the manager          cable          lab            far: kernel TCP
//!   near namespace:  device <--------------------> near ==== far <--------------> device    far namespace
//!                    device <------------- forwarder: splits and merges -------> device
//! ```
//!
//! All of them are processes of their own. The program runs itself again within `unshare -rn`, so no privilege is needed
//! but for user namespaces and /dev/net/tun.

mod forwarder;
mod idle;
mod plain;
mod traffic;
mod tunnel;
mod world;

pub(crate) use forwarder::process as forward;
pub(crate) use idle::weigh;
pub(crate) use plain::process as serve_tls;
pub(crate) use traffic::{client as generate_traffic, serve as serve_traffic};

use crate::Results;
use std::ffi::OsString;
use std::io;
use std::process::Command;
use world::World;

/// Measures in namespaces of its own; tells why not where there are none.
pub(crate) fn measure(results: &mut Results) -> io::Result<()> {
    let possible = Command::new("unshare").args(["-rn", "test", "-c", "/dev/net/tun"]).status();
    if !possible.is_ok_and(|status| status.success()) {
        println!("the data plane is not measured: there are no user namespaces or no /dev/net/tun");
        return Ok(());
    }
    let file = std::env::temp_dir().join(format!("rasman-bench-{}.json", std::process::id()));
    let status = Command::new("unshare").arg("-rn").arg(std::env::current_exe()?).arg("data").arg(&file).status()?;
    let text = std::fs::read(&file);
    let _ = std::fs::remove_file(&file);
    if !status.success() {
        return Err(io::Error::other("the data plane could not be measured"));
    }
    results.0.extend(serde_json::from_slice::<std::collections::BTreeMap<String, f64>>(&text?)?);
    Ok(())
}

/// Measures within the namespaces, and writes the figures to a file.
pub(crate) fn inside(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let file = arguments.next().ok_or_else(|| io::Error::other("data wants a file"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut results = Results::default();
    let world = World::make()?;
    let parts: Vec<String> = arguments.map(|part| part.to_string_lossy().into_owned()).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    runtime.block_on(async {
        if wanted("tunnel") {
            tunnel::device(&mut results, &world).await?;
        }
        if wanted("rootless") {
            tunnel::rootless(&mut results, &world).await?;
        }
        if wanted("tls") {
            plain::measure(&mut results, &world).await?;
        }
        if wanted("dials") {
            idle::dials(&mut results, &world).await?;
        }
        if wanted("idle") {
            idle::connections(&mut results, &world).await?;
        }
        io::Result::Ok(())
    })?;
    std::fs::write(file, serde_json::to_vec_pretty(&results.0)?)
}

//! Labs that have their clients judged by RADIUS, and dials of them.

use super::SECRET;
use crate::harness::{self, manager_with};
use rasman::{AuthMethod, ClientCertificate, ConnState, Dial, EapSettings, Entry, Secret, Trust};
use rasman_lab::Running;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

/// Starts a lab before a RADIUS server that shares [`SECRET`].
///
/// # Panics
/// If it does not start.
#[must_use]
pub fn lab_before(radius: SocketAddr) -> Running {
    let mut config = rasman_lab::Config::default();
    config.radius = Some(radius);
    config.radius_secret = Secret::new(SECRET);
    rasman_lab::spawn(config).expect("the lab starts")
}

/// Gives an entry that leads to the lab and lets the server behind it judge by one method: who signed its certificate,
/// which name is in it, and the user's own certificate as PEM.
#[must_use]
pub fn entry(lab: &Running, method: AuthMethod, roots: Vec<Vec<u8>>, name: &str, own: Vec<u8>) -> Entry {
    let mut entry = harness::entry(lab);
    entry.authentication = vec![method];
    entry.eap = EapSettings {
        trust: Trust { added_roots: roots, ..Trust::default() },
        server_names: vec![name.to_owned()],
        certificate: Some(ClientCertificate { file: own, ..Default::default() }),
        ..EapSettings::default()
    };
    entry
}

/// Dials an entry; gives what was told last.
///
/// # Panics
/// If the dial hangs.
pub async fn dialled(entry: Entry, dial: Dial) -> (ConnState, u32) {
    let manager = manager_with(vec![entry], rasman_dial::Config::default());
    let mut dialing = manager.dial(dial).expect("the dial starts");
    let mut last = (ConnState::OpenPort, 0);
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("it is told in time") {
        last = (notification.state, notification.error_number());
    }
    let hanging_up = dialing.connection().hang_up().expect("known");
    drop(dialing);
    timeout(LONG, hanging_up).await.expect("it goes in time");
    last
}

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

//! A network device of the system for one connection: TUN, with offload both ways.
//!
//! ```text
//! program -> kernel TCP -> route -> device --receive: super-packet, split--> MSS clamp -> encap -> TLS
//! program <- kernel TCP <---------- device <--deliver, flush: merged-- MSS clamp <- decap <- TLS
//! ```
//!
//! What keeps the tunnel's own packets out of the tunnel, and who removes what, is said at [`Rule`].

mod family;
pub(crate) mod fuzzing;
mod gro;
mod gso;
mod mss;
mod netlink;
mod networks;
mod packets;
mod refusals;
mod rule;
mod setup;

pub use mss::clamp;
pub use rule::{Journal, NotARule, Rule};
pub use setup::remove_leftovers;

use gro::Merge;
use gso::Read;
use packets::{Buffers, SEGMENTS_MAX, is_ip};
use rasman_core::{Cause, Code, Ipv4Net, Ipv6Setup, LayerName, Projection, TunSettings};
use refusals::Refusals;
use setup::Setup;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tun_rs::{DeviceBuilder, SyncDevice};

/// A device with its addresses, routes and rules. Dropped, it takes them all along.
pub struct Tun {
    // Before the device: what leads into it goes first.
    setup: Setup,
    device: AsyncFd<SyncDevice>,
    name: String,
    mtu: u16,
    drops: Drops,
    gone: bool,
}

/// Packets that were discarded at the device.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Drops {
    /// From programs: not IP, of a wrong length, or more than one super-packet may have.
    pub sent: u64,
    /// From the tunnel: not IP, of a wrong length, or refused by the kernel.
    pub received: u64,
}

impl Tun {
    /// Makes a device for a projection, and leads packets into it.
    ///
    /// Packets to `outside`, the server's addresses, never go into it.
    ///
    /// # Errors
    /// 5 without the right, 608 without TUN in the kernel, 602 if the name is taken, 611 if the kernel refuses an
    /// address, a route or a rule. Nothing is left behind.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn open(
        settings: &TunSettings,
        projection: &Projection,
        outside: &[IpAddr],
        journal: Option<Arc<dyn Journal>>,
    ) -> Result<Self, Cause> {
        let device = open_device(settings.name.as_deref())?;
        let failed = |error: io::Error| failed("read the name of the device", &error);
        let name = device.name().map_err(failed)?;
        let index = device.if_index().map_err(failed)?;
        let setup = Setup::new(settings, index, journal)?;
        // SAFETY: the device owns its descriptor, which stays open and the same for as long as the `AsyncFd` has it.
        let device = unsafe { AsyncFd::register_with_interest(device, INTEREST) };
        let device = device.map_err(|error| failed(error.into_parts().1))?;
        let mut tun = Self { setup, device, name, mtu: 0, drops: Drops::default(), gone: false };
        tun.reconfigure(projection, outside)?;
        tracing::debug!(device = tun.name, mtu = tun.mtu, "a device is there");
        Ok(tun)
    }

    /// Adapts addresses, MTU and routes to another projection; the device stays, and with it what is bound to it.
    ///
    /// # Errors
    /// 611 if the kernel refuses.
    pub fn reconfigure(&mut self, projection: &Projection, outside: &[IpAddr]) -> Result<(), Cause> {
        self.mtu = self.setup.settings().mtu.map_or(projection.mtu, |mtu| mtu.min(projection.mtu));
        let segments = u32::try_from(SEGMENTS_MAX).expect("a small number");
        self.setup.apply(projection, self.mtu, segments, outside)
    }

    /// Leads further networks into the tunnel, in place of those that were named before.
    ///
    /// # Errors
    /// 611 if the kernel refuses.
    pub fn lead(&mut self, networks: &[Ipv4Net]) -> Result<(), Cause> {
        self.setup.lead(networks)
    }

    /// Sets IPv6 up as the far network tells: addresses, routes and, if the entry wants it, the default route. `None` takes
    /// addresses and routes away; where the default route has led inside it does so to the end.
    ///
    /// A device of less than 1280 bytes carries no IPv6 (RFC 8200 5).
    ///
    /// # Errors
    /// 611 if the kernel refuses.
    pub fn lead6(&mut self, setup: Option<&Ipv6Setup>) -> Result<(), Cause> {
        self.setup.lead6(setup, self.mtu)
    }

    /// Sees to it that packets to these addresses of servers do not go into the tunnel from now on.
    ///
    /// # Errors
    /// 611 if the kernel refuses.
    pub fn keep_outside(&mut self, addresses: &[IpAddr]) -> Result<(), Cause> {
        self.setup.keep_outside(addresses)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The largest packet, in bytes.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        self.mtu
    }

    /// Tells whether everything goes into it, the questions to name servers included.
    #[must_use]
    pub fn has_default_route(&self) -> bool {
        self.setup.settings().default_route
    }

    /// Tells what was discarded here so far.
    #[must_use]
    pub fn drops(&self) -> Drops {
        self.drops
    }

    /// Tells why it is no more, if somebody took it away.
    #[must_use]
    pub fn gone(&self) -> Option<Cause> {
        self.gone.then(|| {
            Cause::new(DEVICE_DOES_NOT_EXIST, LayerName::Network)
                .did(format!("found the device {} removed", self.name))
                .advice("somebody on this machine removed it; dial again")
        })
    }

    /// Waits until there is something to [receive](Self::receive). Cancel-safe.
    pub async fn ready(&self) {
        // An error comes again from reading.
        let _ = self.device.ready(INTEREST).await;
    }

    /// Takes what programs send with one read: a packet, or a super-packet split into packets. Tells whether there may
    /// be more.
    ///
    /// `sink` gets the first byte and the length of each packet, and what writes it to where it goes.
    pub fn receive(&mut self, mut sink: impl FnMut(u8, usize, &mut dyn FnMut(&mut [u8]))) -> bool {
        let (mtu, clamped, drops) = (self.mtu, self.mtus(), &mut self.drops);
        let received = Buffers::with(|buffers| {
            let length = try_read(&self.device, |device| device.recv(&mut buffers.whole))?;
            let whole = buffers.whole.get_mut(..length).unwrap_or_default();
            match Read::parse(whole).ok().filter(|read| read.count() <= SEGMENTS_MAX && read.is_ip()) {
                Some(read) => drops.sent += hand_over(&read, mtu, clamped, &mut sink),
                None => drops.sent += 1,
            }
            Ok(())
        });
        match received {
            Ok(()) => true,
            Err(error) => self.not_received(&error),
        }
    }

    fn mtus(&self) -> Mtus {
        Mtus { v4: self.mtu, v6: self.setup.mtu6().unwrap_or(self.mtu) }
    }

    fn not_received(&mut self, error: &io::Error) -> bool {
        match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::WouldBlock, _) => false,
            (io::ErrorKind::Interrupted, _) => true,
            (_, number) => {
                tracing::debug!(device = self.name, number, "the device cannot be read");
                self.gone = true;
                false
            }
        }
    }

    /// Takes a packet for programs; they get it with the next [`flush`](Self::flush) at the latest.
    pub fn deliver(&mut self, packet: &mut [u8]) {
        if !is_ip(packet) {
            self.drops.received += 1;
            return;
        }
        clamp(packet, self.mtus().of(packet));
        self.hand_in(|merge, write| merge.push(packet, write));
    }

    /// Hands what was delivered to the kernel, merged where packets follow one another.
    pub fn flush(&mut self) {
        self.hand_in(|merge, write| merge.flush(write));
    }

    /// Gives the kernel what `merge` has for it, and counts what it refuses.
    fn hand_in(&mut self, merge: impl FnOnce(&mut Merge, &mut dyn FnMut(&[u8]))) {
        let mut refusals = Refusals::default();
        let device = self.device.get_ref();
        let mut write = |bytes: &[u8]| refusals.write(bytes, |bytes| device.send(bytes));
        Buffers::with(|buffers| merge(&mut buffers.merge, &mut write));
        self.drops.received += refusals.packets();
        self.gone |= refusals.device_is_gone();
        if let Some(error) = refusals.last() {
            tracing::trace!(device = self.name, %error, "the kernel refused a packet");
        }
    }
}

impl Drop for Tun {
    fn drop(&mut self) {
        // The memory of what waits is shared: it must not be taken for another device's.
        self.flush();
    }
}

/// The largest packet of each version, in bytes.
#[derive(Copy, Clone)]
struct Mtus {
    v4: u16,
    v6: u16,
}

impl Mtus {
    fn of(self, packet: &[u8]) -> u16 {
        if packet.first().is_some_and(|first| first >> 4 == 6) { self.v6 } else { self.v4 }
    }
}

/// Hands the packets of a read over; tells how many are too long.
fn hand_over(
    read: &Read<'_>,
    mtu: u16,
    clamped: Mtus,
    sink: &mut impl FnMut(u8, usize, &mut dyn FnMut(&mut [u8])),
) -> u64 {
    let mut too_long = 0;
    for index in 0..read.count() {
        let length = read.len(index);
        if length > usize::from(mtu) {
            too_long += 1;
            continue;
        }
        sink(read.first(), length, &mut |space| {
            read.write(index, space);
            clamp(space, clamped.of(space));
        });
    }
    too_long
}

/// Reads if there is something to read or an error; else that is known from now on.
///
/// `AsyncFd::try_io` takes one interest alone, and never reads for two.
fn try_read<R>(device: &AsyncFd<SyncDevice>, read: impl FnOnce(&SyncDevice) -> io::Result<R>) -> io::Result<R> {
    let ready = pin!(device.ready(INTEREST));
    match ready.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(guard) => match guard?.try_io(|device| read(device.get_ref())) {
            Ok(result) => result,
            Err(_would_block) => Err(io::ErrorKind::WouldBlock.into()),
        },
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

fn open_device(name: Option<&str>) -> Result<SyncDevice, Cause> {
    if !std::path::Path::new("/dev/net/tun").exists() {
        return Err(Cause::new(DEVICE_DOES_NOT_EXIST, LayerName::Network)
            .did("looked for /dev/net/tun")
            .advice("load the kernel's module with: modprobe tun; or dial rootless"));
    }
    // The kernel would attach us to a persistent device of that name, which is somebody else's.
    if let Some(name) = name
        && exists(name)
    {
        return Err(taken(name));
    }
    let builder = DeviceBuilder::new().name(name.unwrap_or(NAME_PATTERN)).offload(true).enable(false);
    let device = builder.build_sync().map_err(|error| match (error.raw_os_error(), name) {
        (Some(DEVICE_BUSY), Some(name)) => taken(name),
        _ => failed("made a network device", &error),
    })?;
    set_nonblocking(&device).map_err(|error| failed("made a network device", &error))?;
    Ok(device)
}

fn exists(name: &str) -> bool {
    use rustix::net::{AddressFamily, SocketType, netdevice::name_to_index, socket};
    socket(AddressFamily::INET, SocketType::DGRAM, None).is_ok_and(|any| name_to_index(any, name).is_ok())
}

fn set_nonblocking(device: &SyncDevice) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(device)?;
    Ok(rustix::fs::fcntl_setfl(device, flags | rustix::fs::OFlags::NONBLOCK)?)
}

fn taken(name: &str) -> Cause {
    Cause::new(Code::PORT_ALREADY_OPEN, LayerName::Network)
        .did(format!("found a network device {name}"))
        .advice("choose another name, or leave it to us")
}

/// Explains what the kernel refused.
fn failed(did: &str, error: &io::Error) -> Cause {
    let (code, advice) = match error.kind() {
        io::ErrorKind::PermissionDenied => (
            Code::ACCESS_DENIED,
            "a network device needs CAP_NET_ADMIN: dial through the system's manager or as root, or dial rootless",
        ),
        _ => (ROUTE_NOT_AVAILABLE, "compare with: ip address; ip route; ip rule"),
    };
    Cause::new(code, LayerName::Network).did(format!("{did}: {error}")).advice(advice)
}

/// A device that is taken away tells so as an error.
const INTEREST: Interest = Interest::READABLE.add(Interest::ERROR);
/// The kernel puts the first free number in.
const NAME_PATTERN: &str = "ras%d";
/// ERROR_DEVICE_DOES_NOT_EXIST.
const DEVICE_DOES_NOT_EXIST: Code = Code(608);
/// ERROR_ROUTE_NOT_AVAILABLE.
const ROUTE_NOT_AVAILABLE: Code = Code(611);
/// EBUSY.
const DEVICE_BUSY: i32 = 16;

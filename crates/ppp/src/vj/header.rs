//! The headers of a TCP segment over IPv4, as compression looks at them.

/// The most octets of both headers with all their options.
pub(super) const HEADERS_MAX: usize = 120;
/// And without any.
const HEADERS_MIN: usize = 40;
/// TCP's number in an IP header (RFC 9293).
pub(super) const TCP: u8 = 6;

pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;
pub(super) const URG: u8 = 0x20;

/// The IP and TCP headers of one segment.
#[derive(Clone)]
pub(super) struct Headers {
    octets: [u8; HEADERS_MAX],
    length: u8,
}

impl Headers {
    /// Takes the headers at the front of a packet whose IP protocol is `protocol`; nothing if they are not whole, or the
    /// packet is a fragment or of another length than it says.
    pub(super) fn of(front: &[u8], packet_length: usize, protocol: u8) -> Option<Self> {
        let ip = usize::from(front.first()?.checked_sub(0x40)?) * 4;
        if !(20..=60).contains(&ip) || *front.get(9)? != protocol || front.len() < HEADERS_MIN {
            return None;
        }
        // RFC 791: More Fragments, Fragment Offset.
        let whole = u16::from_be_bytes([front[6], front[7]]) & 0x3fff == 0;
        let tcp = usize::from(*front.get(ip + 12)? >> 4) * 4;
        let length = ip + tcp;
        let says = usize::from(u16::from_be_bytes([front[2], front[3]]));
        if !whole || tcp < 20 || says != packet_length || packet_length < length {
            return None;
        }
        let mut octets = [0; HEADERS_MAX];
        octets[..length].copy_from_slice(front.get(..length)?);
        octets[9] = TCP;
        Some(Self { octets, length: length as u8 })
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.length)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.octets[..self.len()]
    }

    /// Tells whether both are of one connection: addresses and ports (RFC 1144 3.2.1).
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.octets[12..20] == other.octets[12..20] && self.tcp()[..4] == other.tcp()[..4]
    }

    /// Tells whether all is alike that differences cannot say: the IP header but for length, identification and
    /// checksum, its options, TCP's length, reserved bits and options; and the flags but for PSH and URG.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        let (mine, its) = (self.as_bytes(), other.as_bytes());
        let (ip, options) = (self.ip_length(), self.ip_length() + 20);
        const SAID: u8 = PSH | URG;
        mine.len() == its.len()
            && mine[..2] == its[..2]
            && mine[6..10] == its[6..10]
            && mine[20..ip] == its[20..ip]
            && mine[ip + 12] == its[ip + 12]
            && mine[ip + 13] & !SAID == its[ip + 13] & !SAID
            && mine[options..] == its[options..]
    }

    fn ip_length(&self) -> usize {
        usize::from(self.octets[0] & 0x0f) * 4
    }

    fn tcp(&self) -> &[u8] {
        &self.octets[self.ip_length()..self.len()]
    }

    /// Gives how many octets of data the segment carries.
    pub(super) fn data_length(&self) -> u16 {
        self.ip_u16(2).wrapping_sub(u16::from(self.length))
    }

    pub(super) fn ip_u16(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.octets[at], self.octets[at + 1]])
    }

    pub(super) fn set_ip_u16(&mut self, at: usize, value: u16) {
        self.octets[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }

    pub(super) fn tcp_u16(&self, at: usize) -> u16 {
        self.ip_u16(self.ip_length() + at)
    }

    pub(super) fn set_tcp_u16(&mut self, at: usize, value: u16) {
        self.set_ip_u16(self.ip_length() + at, value);
    }

    pub(super) fn tcp_u32(&self, at: usize) -> u32 {
        u32::from(self.tcp_u16(at)) << 16 | u32::from(self.tcp_u16(at + 2))
    }

    pub(super) fn grow_tcp_u32(&mut self, at: usize, by: u16) {
        let value = self.tcp_u32(at).wrapping_add(by.into());
        self.set_tcp_u16(at, (value >> 16) as u16);
        self.set_tcp_u16(at + 2, value as u16);
    }

    pub(super) fn flags(&self) -> u8 {
        self.octets[self.ip_length() + 13]
    }

    pub(super) fn set_flag(&mut self, flag: u8, set: bool) {
        let flags = &mut self.octets[self.ip_length() + 13];
        *flags = if set { *flags | flag } else { *flags & !flag };
    }

    /// Sets the length of the packet and its IP checksum (RFC 791).
    pub(super) fn set_length(&mut self, length: u16) {
        self.set_ip_u16(LENGTH, length);
        self.set_ip_u16(IP_CHECKSUM, 0);
        let words = self.octets[..self.ip_length()].chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]]));
        let mut sum: u32 = words.map(u32::from).sum();
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        self.set_ip_u16(IP_CHECKSUM, !(sum as u16));
    }
}

/// Where fields stand in the IP header.
pub(super) const LENGTH: usize = 2;
pub(super) const ID: usize = 4;
const IP_CHECKSUM: usize = 10;
/// And in TCP's.
pub(super) const SEQ: usize = 4;
pub(super) const ACKNO: usize = 8;
pub(super) const WND: usize = 14;
pub(super) const CHECKSUM: usize = 16;
pub(super) const URP: usize = 18;

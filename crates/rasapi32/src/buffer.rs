//! The size protocol of everything that fills a caller's buffer (the Z clauses).

use crate::abi::{Sized32, read_size, write_versioned};
use rasman::Code;

/// ERROR_BUFFER_TOO_SMALL.
pub(crate) const BUFFER_TOO_SMALL: Code = Code(603);
/// ERROR_BUFFER_INVALID.
pub(crate) const BUFFER_INVALID: Code = Code(610);
/// ERROR_INVALID_SIZE.
pub(crate) const INVALID_SIZE: Code = Code(632);

/// Where an enumeration goes: checked arguments of a caller.
pub(crate) struct Array<T> {
    array: *mut T,
    size: *mut u32,
    count: *mut u32,
    /// The bytes that the caller has.
    room: u32,
    /// The bytes of one element in the caller's version.
    stride: u32,
}

impl<T: Sized32> Array<T> {
    /// Checks the arguments of an enumeration, in the order of clause Z3.
    ///
    /// # Errors
    /// 87 for a null size or count, 632 for a dwSize that no version has, even where the size is 0.
    ///
    /// # Safety
    /// Unless null, `size` and `count` point at four bytes that can be read and written, and `array` at as many as `*size`
    /// says. Where that is 0 the first four are read all the same, for the caller's dwSize.
    pub(crate) unsafe fn check(array: *mut T, size: *mut u32, count: *mut u32) -> Result<Self, Code> {
        if size.is_null() || count.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: the caller answers for it.
        let room = unsafe { size.read_unaligned() };
        // Clause Z4: without a buffer its size means nothing.
        if array.is_null() {
            return Ok(Self { array, size, count, room: 0, stride: T::size() });
        }
        if (1..4).contains(&room) {
            return Ok(Self { array, size, count, room: 0, stride: T::size() });
        }
        // SAFETY: the caller answers for the first four bytes.
        let stride = unsafe { read_size(array) };
        if !T::is_size(stride) {
            return Err(INVALID_SIZE);
        }
        Ok(Self { array, size, count, room, stride })
    }

    /// Writes the elements, or tells how much room they need (clauses Z1, Z2, Z5 to Z7).
    ///
    /// # Errors
    /// 603 if they do not fit.
    ///
    /// # Safety
    /// As for [`Array::check`], since which nothing of it has changed.
    pub(crate) unsafe fn fill(self, elements: &[T]) -> Result<(), Code> {
        let needed = elements.len() * self.stride as usize;
        let (Ok(bytes), Ok(count)) = (u32::try_from(needed), u32::try_from(elements.len())) else {
            return Err(Code(8));
        };
        // SAFETY: the caller answers for both.
        unsafe {
            self.size.write_unaligned(bytes);
            self.count.write_unaligned(count);
        }
        if bytes > self.room {
            return Err(BUFFER_TOO_SMALL);
        }
        for (index, element) in elements.iter().enumerate() {
            // SAFETY: all elements of this stride fit into the room that the caller answers for.
            unsafe {
                let to = self.array.cast::<u8>().add(index * self.stride as usize);
                write_versioned(to.cast::<T>(), element, self.stride);
            }
        }
        Ok(())
    }
}

/// Where a structure goes that data follow (clause Z8): dwSize is the fixed part, the size argument the whole buffer.
pub(crate) struct Tailed<T> {
    buffer: *mut T,
    size: *mut u32,
    room: u32,
    version: u32,
}

impl<T: Sized32> Tailed<T> {
    /// Checks the arguments.
    ///
    /// # Errors
    /// 87 for a null size; 632 for a dwSize that no version has.
    ///
    /// # Safety
    /// Unless null, `size` points at four bytes that can be read and written, and `buffer` at as many as `*size` says.
    pub(crate) unsafe fn check(buffer: *mut T, size: *mut u32) -> Result<Self, Code> {
        if size.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: the caller answers for it.
        let room = unsafe { size.read_unaligned() };
        if buffer.is_null() || room < 4 {
            return Ok(Self { buffer, size, room: 0, version: T::size() });
        }
        // SAFETY: at least four bytes are readable.
        let version = unsafe { read_size(buffer) };
        if !T::is_size(version) {
            return Err(INVALID_SIZE);
        }
        Ok(Self { buffer, size, room, version })
    }

    /// The bytes of the fixed part in the caller's version.
    #[must_use]
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// Tells whether the caller has given the whole fixed part.
    #[must_use]
    pub(crate) fn has_fixed_part(&self) -> bool {
        self.room >= self.version
    }

    /// Writes the structure with `tail` behind it, or tells how much room they need.
    ///
    /// # Errors
    /// 603 if they do not fit.
    ///
    /// # Safety
    /// As for [`Tailed::check`], since which nothing of it has changed.
    pub(crate) unsafe fn fill(self, value: &T, tail: &[u8]) -> Result<(), Code> {
        let Ok(needed) = u32::try_from(self.version as usize + tail.len()) else { return Err(Code(8)) };
        // SAFETY: the caller answers for it.
        unsafe { self.size.write_unaligned(needed) };
        if needed > self.room {
            return Err(BUFFER_TOO_SMALL);
        }
        // SAFETY: both parts fit into the room that the caller answers for.
        unsafe {
            write_versioned(self.buffer, value, self.version);
            let to = self.buffer.cast::<u8>().add(self.version as usize);
            core::ptr::copy_nonoverlapping(tail.as_ptr(), to, tail.len());
        }
        Ok(())
    }
}

/// Writes bytes without a structure, or tells how much room they need.
///
/// # Errors
/// 603 if they do not fit or there is no buffer for them.
///
/// # Safety
/// `size` points at four bytes that can be read and written, and `buffer`, unless null, at as many as those say.
pub(crate) unsafe fn fill_bytes(buffer: *mut u8, size: *mut u32, bytes: &[u8]) -> Result<(), Code> {
    // SAFETY: the caller answers for it.
    let room = unsafe { size.read_unaligned() } as usize;
    let Ok(needed) = u32::try_from(bytes.len()) else { return Err(Code(8)) };
    // SAFETY: likewise.
    unsafe { size.write_unaligned(needed) };
    if bytes.is_empty() {
        return Ok(());
    }
    if buffer.is_null() || bytes.len() > room {
        return Err(BUFFER_TOO_SMALL);
    }
    // SAFETY: they fit into the room that the caller answers for.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len()) };
    Ok(())
}

/// Gives the memory of a list of units.
pub(crate) fn bytes_of<C: crate::text::Char>(units: &[C]) -> &[u8] {
    // SAFETY: u8 and u16 have no padding, and any bytes may be read as u8.
    unsafe { core::slice::from_raw_parts(units.as_ptr().cast(), size_of_val(units)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{Layout, RASDEVINFO};

    type Device = RASDEVINFO<u8>;

    fn devices(count: usize) -> Vec<Device> {
        let one = Device { szDeviceType: crate::text::array("vpn"), ..Device::zeroed() };
        vec![one; count]
    }

    /// Asks for `devices` with an array of `room` bytes of which the first says `version`.
    fn ask(
        devices: &[Device],
        room: Option<usize>,
        version: u32,
        mut size: u32,
    ) -> (Result<(), Code>, u32, u32, Vec<u8>) {
        let mut memory = vec![0xee_u8; room.unwrap_or_default()];
        let mut count = 77;
        if memory.len() >= 4 {
            memory[..4].copy_from_slice(&version.to_ne_bytes());
        }
        let array = if room.is_some() { memory.as_mut_ptr().cast() } else { core::ptr::null_mut() };
        // SAFETY: the memory is as long as the size says, or longer.
        let result = unsafe {
            Array::<Device>::check(array, &raw mut size, &raw mut count).and_then(|array| array.fill(devices))
        };
        (result, size, count, memory)
    }

    #[test]
    fn z1_z4_z5_without_a_buffer_the_size_is_told() {
        assert!(matches!(ask(&devices(2), None, 0, 0), (Err(BUFFER_TOO_SMALL), 304, 2, _)));
        assert!(matches!(ask(&devices(2), None, 0, 10_000), (Err(BUFFER_TOO_SMALL), 304, 2, _)));
        assert!(matches!(ask(&[], None, 0, 0), (Ok(()), 0, 0, _)));
    }

    #[test]
    fn z3_the_order_of_checks() {
        let mut number = 0;
        // SAFETY: null is never read.
        unsafe {
            let refused = Err(Code::INVALID_PARAMETER);
            let null = core::ptr::null_mut();
            assert_eq!(Array::<Device>::check(null, null.cast(), &raw mut number).map(drop), refused);
            assert_eq!(Array::<Device>::check(null, &raw mut number, null.cast()).map(drop), refused);
        }
        for wrong in [0, 151, 153] {
            assert_eq!(ask(&devices(1), Some(304), wrong, 0).0, Err(INVALID_SIZE));
            assert_eq!(ask(&devices(1), Some(304), wrong, 304).0, Err(INVALID_SIZE));
        }
        assert!(matches!(ask(&devices(1), Some(304), 152, 0), (Err(BUFFER_TOO_SMALL), 152, 1, _)));
        assert!(matches!(ask(&devices(1), Some(304), 152, 151), (Err(BUFFER_TOO_SMALL), 152, 1, _)));
        assert!(matches!(ask(&devices(1), Some(304), 152, 304), (Ok(()), 152, 1, _)));
        assert!(matches!(ask(&devices(1), Some(2), 152, 2), (Err(BUFFER_TOO_SMALL), 152, 1, _)));
    }

    #[test]
    fn z2_z6_all_elements_get_their_size_and_nothing_beyond_is_touched() {
        let (result, size, count, memory) = ask(&devices(2), Some(400), 152, 400);
        assert_eq!((result, size, count), (Ok(()), 304, 2));
        assert_eq!(memory[152..156], 152_u32.to_ne_bytes());
        assert!(memory[304..].iter().all(|byte| *byte == 0xee));
    }

    #[test]
    fn z7_the_stride_is_the_callers() {
        use crate::abi::RASENTRYNAME;
        let mut memory = [0xee_u8; 600];
        memory[..4].copy_from_slice(&264_u32.to_ne_bytes());
        let (mut size, mut count) = (600, 0);
        let name = |name| RASENTRYNAME::<u8> { szEntryName: crate::text::array(name), ..Layout::zeroed() };
        // SAFETY: the memory is as long as the size says.
        let result = unsafe {
            Array::check(memory.as_mut_ptr().cast(), &raw mut size, &raw mut count)
                .and_then(|array| array.fill(&[name("first"), name("second")]))
        };
        assert_eq!((result, size, count), (Ok(()), 528, 2));
        assert_eq!(&memory[268..275], b"second\0");
    }

    #[test]
    fn z8_the_tail_follows_the_version_of_the_caller() {
        use crate::abi::RASCTRYINFO;
        let mut memory = [0xee_u8; 32];
        memory[..4].copy_from_slice(&20_u32.to_ne_bytes());
        for (room, expected) in [(23, Err(BUFFER_TOO_SMALL)), (24, Ok(()))] {
            let mut size = room;
            // SAFETY: the memory is longer than the size says.
            let result = unsafe {
                Tailed::check(memory.as_mut_ptr().cast(), &raw mut size)
                    .and_then(|tailed| tailed.fill(&RASCTRYINFO::zeroed(), b"abc\0"))
            };
            assert_eq!((result, size), (expected, 24));
        }
        assert_eq!(&memory[20..], b"abc\0\xee\xee\xee\xee\xee\xee\xee\xee");
    }
}

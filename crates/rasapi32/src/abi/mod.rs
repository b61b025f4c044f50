//! The structures of `ras.h` as 64-bit Windows lays them out (clauses X1 to X5).
//!
//! Everything here is packed to four bytes, so a member may be misaligned: it is read and written by value, never by
//! reference. `C` is the character of the variant: `u8` for A (UTF-8), `u16` for W (UTF-16). Sizes and offsets stand beside
//! the members and are checked when this is compiled; the tests compare them with `windows-sys` and with `ras.h`.
//!
//! A structure grew with the versions of Windows, and `dwSize` tells which one the caller means. Every version is a prefix
//! of the newest, so an old one is read over zeroes (clause A10) and written as a prefix (clause Z7).
#![allow(non_camel_case_types, non_snake_case, missing_docs, reason = "Windows' own names, documented in ras.h")]

mod autodial;
mod connection;
pub mod constants;
mod credentials;
mod dial;
mod dialog;
mod entry;
mod projection;

pub use autodial::*;
pub use connection::*;
pub use credentials::*;
pub use dial::*;
pub use dialog::*;
pub use entry::*;
pub use projection::*;

use core::mem::{MaybeUninit, size_of};
use core::ops::{Deref, DerefMut};
use zeroize::Zeroize;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the layouts are those of 64-bit Windows");

/// A handle of a connection, as programs hold it.
pub type HRASCONN = *mut core::ffi::c_void;

/// A structure that a caller may hand over in any version.
///
/// # Safety
/// It is `repr(C)`, any bytes are a value of it, and every size in `SIZES` is that of a prefix that ends with a whole
/// member; the last is its own.
pub unsafe trait Layout: Copy + 'static {
    /// The structure's name, without A and W.
    const NAME: &'static str;
    /// The accepted values of dwSize, ascending (clause X4).
    const SIZES: &'static [u32];
    /// Name, offset and size of each member.
    const FIELDS: &'static [(&'static str, usize, usize)];

    /// Gives one of which all is zero.
    fn zeroed() -> Self {
        // SAFETY: any bytes are a value of it.
        unsafe { core::mem::zeroed() }
    }

    /// Tells whether a version of it has this size.
    fn is_size(size: u32) -> bool {
        Self::SIZES.contains(&size)
    }

    /// The size of the newest version, in bytes.
    fn size() -> u32 {
        size_of::<Self>() as u32
    }
}

/// A structure that begins with its dwSize.
///
/// # Safety
/// Its first member is a `u32` that is its size.
pub unsafe trait Sized32: Layout {}

/// Reads the first `size` bytes of a caller's structure; what an older version lacks is zero (clause A10).
///
/// # Safety
/// So many bytes are readable at `from`, which may be misaligned.
pub unsafe fn read_prefix<T: Layout>(from: *const T, size: u32) -> Scrubbed<T> {
    let mut value = Scrubbed(T::zeroed());
    let length = end_of_members::<T>(size);
    // SAFETY: the caller answers for the source; the destination is ours, as long, and takes any bytes.
    unsafe { core::ptr::copy_nonoverlapping(from.cast::<u8>(), (&raw mut value.0).cast::<u8>(), length) };
    value
}

/// Gives the end of the last member that a version has: the padding behind it may be a member of the next.
fn end_of_members<T: Layout>(size: u32) -> usize {
    let ends = T::FIELDS.iter().map(|(_, offset, size)| offset + size);
    ends.filter(|end| *end <= size as usize).max().unwrap_or_default()
}

/// Reads a caller's structure in the version that its dwSize tells; `None` for a size that no version has.
///
/// # Safety
/// Four bytes are readable at `from`, and as many as those say if a version has that size.
pub unsafe fn read_versioned<T: Sized32>(from: *const T) -> Option<Scrubbed<T>> {
    // SAFETY: the caller answers for it.
    let size = unsafe { read_size(from) };
    // SAFETY: likewise, as the size is a version's.
    T::is_size(size).then(|| unsafe { read_prefix(from, size) })
}

/// Reads the dwSize of a caller's structure.
///
/// # Safety
/// Four bytes are readable at `from`.
pub unsafe fn read_size<T: Sized32>(from: *const T) -> u32 {
    // SAFETY: the caller answers for it; nothing is assumed about alignment.
    unsafe { from.cast::<u32>().read_unaligned() }
}

/// Writes a structure in the version of that size, with that dwSize. Padding becomes zero: no byte of our memory that is
/// no member gets out.
///
/// # Safety
/// So many bytes are writable at `to`, which may be misaligned.
pub unsafe fn write_versioned<T: Sized32>(to: *mut T, value: &T, size: u32) {
    let (from, to) = (core::ptr::from_ref(value).cast::<MaybeUninit<u8>>(), to.cast::<MaybeUninit<u8>>());
    let length = (size as usize).min(size_of::<T>());
    // SAFETY: the caller answers for the destination; members within the version are within it and within the source.
    unsafe {
        to.write_bytes(0, length);
        for (_, at, size) in T::FIELDS.iter().filter(|(_, at, size)| at + size <= length) {
            core::ptr::copy_nonoverlapping(from.add(*at), to.add(*at), *size);
        }
        to.cast::<u32>().write_unaligned(size);
    }
}

/// A structure that is overwritten when it is dropped: it may hold a password.
pub struct Scrubbed<T: Layout>(pub T);

impl<T: Layout> Deref for Scrubbed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Layout> DerefMut for Scrubbed<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Layout> Drop for Scrubbed<T> {
    fn drop(&mut self) {
        let bytes = (&raw mut self.0).cast::<MaybeUninit<u8>>();
        // SAFETY: these are its own bytes, and any bytes are a value of it.
        unsafe { core::slice::from_raw_parts_mut(bytes, size_of::<T>()) }.zeroize();
    }
}

/// What all structures of one kind have in common.
macro_rules! common {
    ($name:expr; $type:ty; [$($bound:tt)*]; $first:ident; $sizes:expr; $($field:ident)+) => {
        // SAFETY: it is repr(C) of numbers, pointers and arrays of them, for which any bytes are a value; the sizes are
        // checked below to end with a member.
        unsafe impl<$($bound)*> $crate::abi::Layout for $type {
            const NAME: &'static str = $name;
            const SIZES: &'static [u32] = $sizes;
            const FIELDS: &'static [(&'static str, usize, usize)] = {
                let fields: &'static [_] = &[$((
                    stringify!($field),
                    core::mem::offset_of!($type, $field),
                    $crate::abi::size_of_field(|value: &$type| value.$field),
                ),)+];
                $crate::abi::check($sizes, fields, size_of::<$type>());
                fields
            };
        }
        $crate::abi::sized32!($first $type; $($bound)*);
    };
}

/// Marks the structures that begin with their size.
macro_rules! sized32 {
    (dwSize $type:ty; $($bound:tt)*) => {
        // SAFETY: the first member is dwSize, which is checked to be at 0.
        unsafe impl<$($bound)*> $crate::abi::Sized32 for $type {}
    };
    ($other:ident $type:ty; $($bound:tt)*) => {};
}

/// Makes structures without text: `NAME { sizes } { member: type = offset; }`.
macro_rules! layouts {
    ($($(#[$doc:meta])* $name:ident { $($size:literal)+ } {
        $first:ident: $first_type:ty = $first_offset:literal; $($field:ident: $type:ty = $offset:literal;)*
    })+) => {$(
        $(#[$doc])*
        #[derive(Copy, Clone)]
        #[repr(C, packed(4))]
        pub struct $name {
            pub $first: $first_type,
            $(pub $field: $type,)*
        }

        $crate::abi::common!(stringify!($name); $name; []; $first; &[$($size),+]; $first $($field)*);

        const _: () = {
            assert!(core::mem::offset_of!($name, $first) == $first_offset);
            $(assert!(core::mem::offset_of!($name, $field) == $offset);)*
            let _ = <$name as $crate::abi::Layout>::FIELDS;
        };
    )+};
}

/// Makes structures with text: `NAME<C> { A sizes; W sizes } { member: type = offset in A, offset in W; }`.
macro_rules! text_layouts {
    ($($(#[$doc:meta])* $name:ident<C> { A $($asize:literal)+; W $($wsize:literal)+ } {
        $first:ident: $first_type:ty = $fa:literal, $fw:literal;
        $($field:ident: $type:ty = $a:literal, $w:literal;)*
    })+) => {$(
        $(#[$doc])*
        #[derive(Copy, Clone)]
        #[repr(C, packed(4))]
        pub struct $name<C: $crate::text::Char> {
            pub $first: $first_type,
            $(pub $field: $type,)*
        }

        $crate::abi::common!(
            stringify!($name); $name<C>; [C: $crate::text::Char]; $first;
            if size_of::<C>() == 1 { &[$($asize),+] } else { &[$($wsize),+] };
            $first $($field)*
        );

        const _: () = {
            assert!(core::mem::offset_of!($name<u8>, $first) == $fa);
            assert!(core::mem::offset_of!($name<u16>, $first) == $fw);
            $(assert!(core::mem::offset_of!($name<u8>, $field) == $a);
            assert!(core::mem::offset_of!($name<u16>, $field) == $w);)*
            let _ = <$name<u8> as $crate::abi::Layout>::FIELDS;
            let _ = <$name<u16> as $crate::abi::Layout>::FIELDS;
        };
    )+};
}

pub(crate) use {common, layouts, sized32, text_layouts};

/// Gives the size of the member that a closure names.
pub(crate) const fn size_of_field<T, F>(_: fn(&T) -> F) -> usize {
    size_of::<F>()
}

/// Checks that the sizes ascend to the structure's own, and that members begin where older versions end.
pub(crate) const fn check(sizes: &[u32], fields: &[(&str, usize, usize)], own: usize) {
    assert!(sizes[sizes.len() - 1] as usize == own);
    let mut version = 0;
    while version + 1 < sizes.len() {
        let end = sizes[version] as usize;
        assert!(end < sizes[version + 1] as usize);
        // A member that crosses the end begins in the padding before it.
        let mut field = 0;
        while field < fields.len() {
            let (_, offset, size) = fields[field];
            assert!(offset + 4 > end || offset + size <= end);
            field += 1;
        }
        version += 1;
    }
}

/// A globally unique identifier.
#[derive(Copy, Clone, PartialEq, Eq, Default)]
#[repr(C)]
pub struct GUID {
    pub Data1: u32,
    pub Data2: u16,
    pub Data3: u16,
    pub Data4: [u8; 8],
}

/// A locally unique identifier.
#[derive(Copy, Clone, PartialEq, Eq, Default)]
#[repr(C)]
pub struct LUID {
    pub LowPart: u32,
    pub HighPart: i32,
}

/// A time as Windows counts it.
#[derive(Copy, Clone, PartialEq, Eq, Default)]
#[repr(C)]
pub struct FILETIME {
    pub dwLowDateTime: u32,
    pub dwHighDateTime: u32,
}

/// The projection that RAS_PROJECTION_INFO has.
#[derive(Copy, Clone)]
#[repr(C, packed(4))]
pub union RAS_PROJECTION_UNION {
    pub ppp: RASPPP_PROJECTION_INFO,
    pub ikev2: RASIKEV2_PROJECTION_INFO,
}

impl GUID {
    /// Takes the sixteen bytes as Windows keeps them.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
        Self {
            Data1: u32::from_le_bytes([a, b, c, d]),
            Data2: u16::from_le_bytes([e, f]),
            Data3: u16::from_le_bytes([g, h]),
            Data4: rest,
        }
    }

    /// Gives the sixteen bytes as Windows keeps them.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.Data1.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.Data2.to_le_bytes());
        bytes[6..8].copy_from_slice(&self.Data3.to_le_bytes());
        bytes[8..].copy_from_slice(&self.Data4);
        bytes
    }
}

#[cfg(test)]
mod tests;

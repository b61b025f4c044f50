//! How typed values are read from text and written as text.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use rasman_core::hex;
use std::borrow::Cow;

/// A type that the values of a key can be read as. Most keys have one value; those that repeat have several.
pub(crate) trait Value: Sized + PartialEq {
    /// Reads all values of a key, at least one.
    fn read(values: &[Cow<'_, str>]) -> Option<Self>;
    /// Writes the value, or all values of a key that repeats.
    fn write(&self) -> Written;
}

/// A typed value as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// The value of a key that stands once.
    One(String),
    /// The values of a key that may stand several times.
    Many(Vec<String>),
}

impl Written {
    /// Gives all values.
    pub(crate) fn values(&self) -> &[String] {
        match self {
            Self::One(value) => core::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Value for bool {
    /// 0 and 1; every other number counts as 1.
    fn read(values: &[Cow<'_, str>]) -> Option<Self> {
        u32::read(values).map(|number| number != 0)
    }

    fn write(&self) -> Written {
        Written::One(u32::from(*self).to_string())
    }
}

impl Value for u32 {
    /// Decimal, perhaps negative: the halves of a date are written as signed numbers.
    fn read(values: &[Cow<'_, str>]) -> Option<Self> {
        let text = values.first()?.trim();
        text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
    }

    fn write(&self) -> Written {
        Written::One(self.cast_signed().to_string())
    }
}

impl Value for String {
    fn read(values: &[Cow<'_, str>]) -> Option<Self> {
        values.first().map(|value| value.clone().into_owned())
    }

    fn write(&self) -> Written {
        Written::One(self.clone())
    }
}

impl Value for Vec<String> {
    /// An empty value alone is none.
    fn read(values: &[Cow<'_, str>]) -> Option<Self> {
        if matches!(values, [only] if only.is_empty()) {
            return Some(Self::new());
        }
        Some(values.iter().map(|value| value.clone().into_owned()).collect())
    }

    fn write(&self) -> Written {
        Written::Many(self.clone())
    }
}

impl Value for Ipv4Addr {
    fn read(values: &[Cow<'_, str>]) -> Option<Self> {
        values.first()?.trim().parse().ok()
    }

    fn write(&self) -> Written {
        Written::One(self.to_string())
    }
}

impl Value for Ipv6Addr {
    fn read(values: &[Cow<'_, str>]) -> Option<Self> {
        values.first()?.trim().parse().ok()
    }

    fn write(&self) -> Written {
        Written::One(self.to_string())
    }
}

/// An identifier of 16 bytes, in the order in which Windows has them in memory (the first three fields little-endian).
#[derive(Copy, Clone, PartialEq, Eq, Hash, Default)]
pub struct Guid(pub [u8; 16]);

impl Value for Guid {
    fn read(values: &[Cow<'_, str>]) -> Option<Self> {
        let text = values.first()?.trim();
        if text.is_empty() {
            return Some(Self::default());
        }
        Some(Self(hex::decode_array(text)?))
    }

    fn write(&self) -> Written {
        Written::One(hex::encode_upper(&self.0))
    }
}

/// Prints the 32 digits as they stand in the file.
impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
    }
}

/// Bytes that stand in the file as hexadecimal digits, perhaps over several lines.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Blob(pub Vec<u8>);

impl Value for Blob {
    fn read(values: &[Cow<'_, str>]) -> Option<Self> {
        hex::decode(values.concat().replace([' ', '\t'], "")).map(Self)
    }

    fn write(&self) -> Written {
        Written::Many(self.0.chunks(BLOB_LINE).map(hex::encode_upper).collect())
    }
}

/// When something was changed, in Windows' count: units of 100 ns since 1601-01-01, UTC.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Filetime(pub u64);

impl Filetime {
    /// Makes one of the seconds and nanoseconds since 1970-01-01, UTC.
    #[must_use]
    pub fn from_unix(seconds: u64, nanoseconds: u32) -> Self {
        let units = seconds.saturating_mul(10_000_000).saturating_add(u64::from(nanoseconds / 100));
        Self(units.saturating_add(EPOCH_1970))
    }

    /// Gives both halves, the low one first.
    #[must_use]
    pub fn halves(self) -> (u32, u32) {
        ((self.0 & u64::from(u32::MAX)) as u32, (self.0 >> 32) as u32)
    }

    /// Joins both halves.
    #[must_use]
    pub fn from_halves(low: u32, high: u32) -> Self {
        Self(u64::from(high) << 32 | u64::from(low))
    }
}

/// Makes an enumeration of the numbers of a key. What has no name is an ordinary value too.
macro_rules! numbers {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A number without a name.
            Other(u32),
        }

        impl $name {
            /// Gives the number in the file.
            #[must_use]
            pub fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Other(number) => number,
                }
            }

            /// Names a number of the file.
            #[must_use]
            pub fn from_number(number: u32) -> Self {
                match number {
                    $($number => Self::$variant,)+
                    other => Self::Other(other),
                }
            }
        }

        impl crate::value::Value for $name {
            fn read(values: &[std::borrow::Cow<'_, str>]) -> Option<Self> {
                <u32 as crate::value::Value>::read(values).map(Self::from_number)
            }

            fn write(&self) -> crate::value::Written {
                crate::value::Value::write(&self.number())
            }
        }
    };
}

/// Makes a set of bits of the number of a key. Bits without a name are kept.
macro_rules! bits {
    ($(#[$doc:meta])* $name:ident { $($(#[$bdoc:meta])* $bit:ident = $value:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
        pub struct $name(pub u32);

        impl $name {
            $($(#[$bdoc])* pub const $bit: Self = Self($value);)+

            /// Tells whether all bits of `other` are set.
            #[must_use]
            pub fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Sets or clears the bits of `other`.
            #[must_use]
            pub fn with(self, other: Self, set: bool) -> Self {
                Self(if set { self.0 | other.0 } else { self.0 & !other.0 })
            }
        }

        impl crate::value::Value for $name {
            fn read(values: &[std::borrow::Cow<'_, str>]) -> Option<Self> {
                <u32 as crate::value::Value>::read(values).map(Self)
            }

            fn write(&self) -> crate::value::Written {
                crate::value::Value::write(&self.0)
            }
        }
    };
}

pub(crate) use {bits, numbers};

/// The bytes of a blob that go into one line.
const BLOB_LINE: usize = 128;
/// 1970-01-01 as a FILETIME.
const EPOCH_1970: u64 = 116_444_736_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Value>(text: &str) -> Option<T> {
        T::read(&[Cow::Borrowed(text)])
    }

    #[test]
    fn numbers_are_decimal_and_perhaps_negative() {
        assert_eq!(read::<u32>(" 12 "), Some(12));
        assert_eq!(read::<u32>("-1"), Some(u32::MAX));
        assert_eq!(read::<u32>("4294967295"), Some(u32::MAX));
        for bad in ["", "0x1", "4294967296", "-2147483649", "1 2"] {
            assert_eq!(read::<u32>(bad), None, "{bad}");
        }
        assert_eq!(u32::MAX.write().values(), ["-1"]);
        assert_eq!(read::<bool>("2"), Some(true));
    }

    #[test]
    fn dates_are_two_signed_halves() {
        // The halves of the sample, and the date that they are: 2026-11-02 06:06:40 UTC or thereabouts.
        let date = Filetime::from_halves((-1_698_482_176_i32).cast_unsigned(), 31_091_655);
        assert_eq!(date.halves().0.write().values(), ["-1698482176"]);
        let unix = (date.0 - EPOCH_1970) / 10_000_000;
        assert_eq!(Filetime::from_unix(unix, 0).halves().1, 31_091_655);
        assert!((1_400_000_000..2_000_000_000).contains(&unix), "{unix}");
    }

    #[test]
    fn blobs_join_their_lines() {
        let lines = [Cow::Borrowed("0aFF"), Cow::Borrowed("10")];
        assert_eq!(Blob::read(&lines), Some(Blob(vec![10, 255, 16])));
        assert_eq!(Blob::read(&[Cow::Borrowed("é")]), None);
        assert_eq!(Blob(vec![7; 129]).write().values().len(), 2);
    }
}

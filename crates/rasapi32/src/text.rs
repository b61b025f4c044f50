//! Strings of both variants: UTF-8, and UTF-16 in native byte order.

//! The exit codes of `rasctl`, by the class of what went wrong.

use rasman::Code;
use std::process::ExitCode;

macro_rules! exits {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $meaning:literal;)*) => {
        /// How a command ended, for whoever runs it.
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub(crate) enum Exit {
            $(#[doc = $meaning] $name = $number,)*
        }

        /// All exit codes with their meaning, in the order of their numbers.
        pub(crate) const TABLE: &[(Exit, &str)] = &[$((Exit::$name, $meaning),)*];
    };
}

exits! {
    Success = 0, "done";
    Failure = 1, "something else went wrong";
    Usage = 2, "the command line is wrong";
    Manager = 3, "the connection manager cannot be reached, or stopped";
    NotFound = 4, "there is no such entry or connection";
    Permission = 5, "you may not do that";
    Settings = 6, "a setting, a name, a file or a phone book is wrong";
    Busy = 7, "it is being dialled already, or a port is taken";
    Unsupported = 8, "not supported here";
    Name = 10, "the server's name was not found";
    Unreachable = 11, "the server does not answer, or refuses the call";
    Certificate = 12, "the server's identity or certificate was not accepted";
    Credentials = 13, "the credentials were refused, or are missing";
    Link = 14, "both ends do not agree about the link";
    Network = 15, "both ends do not agree about addresses and network settings";
    Lost = 16, "a connection that was up has ended";
    HungUp = 17, "hung up before it was connected";
}

impl Exit {
    /// Gives the class of a code.
    pub(crate) fn of(code: Code) -> Self {
        match code.0 {
            0 => Self::Success,
            711 | 834 => Self::Manager,
            2 | 3 | 6 | 259 | 615 | 623 | 668 | 754 => Self::NotFound,
            5 => Self::Permission,
            87 | 123 | 183 | 610 | 621 | 622 | 624 | 625 | 632 | 704 | 749 | 751 | 752 | 817 | 825 => Self::Settings,
            602 | 614 | 633 | 756 => Self::Busy,
            50 | 120 | 755 | 816 => Self::Unsupported,
            868 => Self::Name,
            619 | 638 | 650 | 651 | 676..=680 | 769 | 770 | 775 | 797 | 800 | 806..=809 | 813..=815 => {
                Self::Unreachable
            }
            778 | 801 | 810 | 835 | 0x8009_0000..=0x8009_FFFF | 0x800B_0000..=0x800B_FFFF => Self::Certificate,
            646..=649 | 691 | 703 | 705 | 708 | 709 | 739 | 812 | 919 => Self::Credentials,
            718 | 719 | 721 | 722 | 732 | 734 | 737 | 741..=743 => Self::Link,
            716 | 717 | 720 | 728 | 730 | 731 | 733 | 735 | 736 | 738 => Self::Network,
            628..=630 | 828..=833 => Self::Lost,
            631 => Self::HungUp,
            _ => Self::Failure,
        }
    }

    /// Gives the number that the process ends with.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// Tells what it means.
    pub(crate) fn meaning(self) -> &'static str {
        TABLE.iter().find(|(exit, _)| *exit == self).map_or("", |(_, meaning)| meaning)
    }

    /// Lists all codes, as the help shows them.
    pub(crate) fn listing() -> String {
        let rows = TABLE.iter().map(|(exit, meaning)| format!("  {:>3}  {meaning}", exit.number()));
        std::iter::once("Exit codes:".to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_every_code_has_a_class() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0.number() < pair[1].0.number()));
        for (number, exit) in [
            (0, Exit::Success),
            (5, Exit::Permission),
            (6, Exit::NotFound),
            (623, Exit::NotFound),
            (631, Exit::HungUp),
            (691, Exit::Credentials),
            (711, Exit::Manager),
            (720, Exit::Network),
            (809, Exit::Unreachable),
            (868, Exit::Name),
            (0x800B_0109, Exit::Certificate),
            (829, Exit::Lost),
            (123_456, Exit::Failure),
        ] {
            assert_eq!(Exit::of(Code(number)), exit, "{number}");
        }
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let document = include_str!("../../../docs/rasctl.md");
        for (exit, meaning) in TABLE {
            let row = format!("| {} | {meaning} |", exit.number());
            assert!(document.contains(&row), "docs/rasctl.md lacks: {row}");
        }
    }
}

//! The states that a dial publishes.

use core::fmt;

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        /// A published connection state, with RASCONNSTATE's numbers (they cross an ABI).
        ///
        /// Clients may not rely on which informational states occur, nor on their order (clause A34); the class
        /// bits are fixed.
        #[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
        #[repr(u32)]
        #[non_exhaustive]
        pub enum ConnState {
            $($(#[$doc])* $name = $value,)*
        }

        impl ConnState {
            /// All states, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Gives the name without its prefix, such as `OpenPort`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

states! {
    /// The port is about to be opened; the first notification.
    OpenPort = 0x0;
    /// The port is open.
    PortOpened = 0x1;
    /// A device is about to be connected; the status names it.
    ConnectDevice = 0x2;
    /// That device is connected.
    DeviceConnected = 0x3;
    /// The whole chain of devices is connected: the link is up.
    AllDevicesConnected = 0x4;
    /// Authentication is about to start.
    Authenticate = 0x5;
    /// Something happened in authentication: with error 0 a finer state follows at once, else it failed.
    AuthNotify = 0x6;
    /// Other credentials are being tried.
    AuthRetry = 0x7;
    /// The server wants a callback number.
    AuthCallback = 0x8;
    /// The password is being changed.
    AuthChangePassword = 0x9;
    /// Network protocols are about to be negotiated.
    AuthProject = 0xA;
    /// The speed of the link is being measured.
    AuthLinkSpeed = 0xB;
    /// An authentication request is being acknowledged.
    AuthAck = 0xC;
    /// Authentication again, after a callback.
    ReAuthenticate = 0xD;
    /// The credentials were accepted.
    Authenticated = 0xE;
    /// The line is about to drop so that the server can call back.
    PrepareForCallback = 0xF;
    /// The modem gets time to reset.
    WaitForModemReset = 0x10;
    /// The call is awaited.
    WaitForCallback = 0x11;
    /// The results of the network negotiation can be read.
    Projected = 0x12;
    /// Windows 9x only; never sent.
    StartAuthentication = 0x13;
    /// Windows 9x only; never sent.
    CallbackComplete = 0x14;
    /// Windows 9x only; never sent.
    LogonNetwork = 0x15;
    /// One link of a multilink connection is up.
    SubEntryConnected = 0x16;
    /// One link of a multilink connection is down.
    SubEntryDisconnected = 0x17;
    /// Addresses, routes, names and proxies are being set up.
    ApplySettings = 0x18;
    /// Paused: the user talks to the line.
    Interactive = 0x1000;
    /// Paused: other credentials are wanted.
    RetryAuthentication = 0x1001;
    /// Paused: a callback number is wanted.
    CallbackSetByCaller = 0x1002;
    /// Paused: a new password is wanted.
    PasswordExpired = 0x1003;
    /// Paused: an EAP dialog is wanted.
    InvokeEapUI = 0x1004;
    /// Terminal: success.
    Connected = 0x2000;
    /// Terminal: ended or failed.
    Disconnected = 0x2001;
}

/// What a state means for the dial's progress.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum StateClass {
    /// The dial goes on by itself.
    Running,
    /// The dial waits for an answer.
    Paused,
    /// The dial is over.
    Terminal,
}

impl ConnState {
    /// RASCS_PAUSED: the class bit of paused states.
    pub const PAUSED: u32 = 0x1000;
    /// RASCS_DONE: the class bit of terminal states.
    pub const DONE: u32 = 0x2000;

    /// Gives the number that crosses the ABI.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Finds the state with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.number() == number)
    }

    /// Tells the class: the terminal bit wins over the paused bit.
    #[must_use]
    pub const fn class(self) -> StateClass {
        if self.number() & Self::DONE != 0 {
            StateClass::Terminal
        } else if self.number() & Self::PAUSED != 0 {
            StateClass::Paused
        } else {
            StateClass::Running
        }
    }

    /// Tells whether the dial is over.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self.class(), StateClass::Terminal)
    }
}

impl fmt::Display for ConnState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a34_p3_classes_follow_from_the_bits() {
        let of_class = |class| ConnState::ALL.iter().filter(move |s| s.class() == class).count();
        assert_eq!(of_class(StateClass::Running), 25);
        assert_eq!(of_class(StateClass::Paused), 5);
        assert_eq!(of_class(StateClass::Terminal), 2);
        assert_eq!(ConnState::RetryAuthentication.number(), 0x1001);
        assert_eq!(ConnState::from_number(0x2001), Some(ConnState::Disconnected));
        assert_eq!(ConnState::from_number(0x1005), None);
    }
}

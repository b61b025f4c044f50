//! Keys that would change a dial and are not honoured yet.

use crate::properties::CUSTOM_SCRIPT;
use crate::value::Value;

/// Tells whether a value of a key says something that a dial does not heed.
pub(crate) fn is_not_honoured(key: &str, value: &str) -> bool {
    if key == "RasmanOptions" && u32::read(&[value.into()]).is_some_and(|bits| bits & !CUSTOM_SCRIPT == 0) {
        return false;
    }
    let idle = if key == "LcpExtensions" { "1" } else { "0" };
    NOT_HONOURED.contains(&key) && value != idle && (value == "2" || !ASSIGNS.contains(&key))
}

/// Keys of which only 2, a setting of one's own, is not honoured.
const ASSIGNS: &[&str] = &["IpNameAssign", "Ipv6Assign", "Ipv6NameAssign"];
/// Keys that would change a dial and that are not honoured yet.
const NOT_HONOURED: &[&str] = &[
    "AutoLogon",
    "LcpExtensions",
    "SwCompression",
    "NegotiateMultilinkAlways",
    "CustomDialDll",
    "ForceSecureCompartment",
    "SharedPhoneNumbers",
    "PrerequisiteEntry",
    "IpNameAssign",
    "IpDnsFlags",
    "TcpWindowSize",
    "IpSecFlags",
    "IpDnsSuffix",
    "Ipv6Assign",
    "Ipv6InterfaceMetric",
    "Ipv6NameAssign",
    "NetworkOutageTime",
    "IDI",
    "IDR",
    "ImsConfig",
    "NumCustomPolicy",
    "NumEku",
    "UseMachineRootCert",
    "NumServers",
    "NumRoutes",
    "NumNrptRules",
    "AutoTiggerCapable",
    "NumAppIds",
    "NumClassicAppIds",
    "SecurityDescriptor",
    "DeviceComplianceEnabled",
    "DeviceComplianceSsoEnabled",
    "NumTrustedNetworks",
    "NumDnsSearchSuffixes",
    "ProxyFlags",
    "AuthTypeOTP",
    "GREKeyDefined",
    "NumPerAppTrafficFilters",
    "AlwaysOnCapable",
    "DeviceTunnel",
    "RasmanOptions",
    "RasmanOptions2",
    "RasmanOptions3",
    "RasmanFrameSize",
    "RasmanChannels",
    "UseDialingRules",
    "MdmProtocol",
    "X25Address",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scope, keys};

    #[test]
    fn of_the_options_the_custom_script_alone_is_honoured() {
        for (value, is_not) in [
            ("0", false),
            ("-2147483648", false),
            ("2147483648", false),
            ("-2147483647", true),
            ("1", true),
            ("x", true),
        ] {
            assert_eq!(is_not_honoured("RasmanOptions", value), is_not, "{value}");
        }
    }

    #[test]
    fn keys_that_are_not_honoured_are_known() {
        let scopes = [Scope::Entry, Scope::Media(0), Scope::Device { media: 0, device: 0 }];
        for name in NOT_HONOURED.iter().chain(ASSIGNS) {
            assert!(scopes.iter().any(|scope| keys::find(*scope, name).is_some()), "{name}");
        }
        for name in crate::properties::TYPED {
            assert!(keys::find(Scope::Entry, name).is_some(), "{name}");
        }
    }
}

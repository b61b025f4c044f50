//! The options of pppd by name: which have a value, and which have no counterpart and why.

/// Tells whether a value follows an option.
pub(crate) fn has_value(option: &str) -> bool {
    WITH_VALUE.contains(&option) || SKIPPED.iter().any(|(name, value, _)| *name == option && *value)
}

/// Options of which the value is used.
const WITH_VALUE: &[&str] = &[
    "connect",
    "holdoff",
    "idle",
    "maxconnect",
    "maxfail",
    "mru",
    "name",
    "password",
    "plugin",
    "pppoe-service",
    "pptp_server",
    "pty",
    "rp_pppoe_service",
    "user",
];

/// Options that nobody but pppd has.
pub(crate) const TELLING: &[&str] = &[
    "connect",
    "crtscts",
    "defaultroute",
    "hide-password",
    "holdoff",
    "ipcp-accept-local",
    "lcp-echo-interval",
    "maxfail",
    "noauth",
    "noipdefault",
    "persist",
    "plugin",
    "pty",
    "refuse-eap",
    "refuse-pap",
    "require-mppe",
    "usepeerdns",
];

const OURS: &str = "rasman does that in its own way";
const SERVER: &str = "it is about being a server";
const OTHER_FILE: &str = "import that file on its own, or copy its lines";
const NONE: &str = "an entry has no such setting";
const COMMAND: &str = "no command is run";

/// Known options without a counterpart, whether a value follows, and why.
pub(crate) const SKIPPED: &[(&str, bool, &str)] = &[
    ("active-filter", true, NONE),
    ("asyncmap", true, NONE),
    ("auth", false, SERVER),
    ("bsdcomp", true, NONE),
    ("call", true, OTHER_FILE),
    ("debug", false, OURS),
    ("default-asyncmap", false, NONE),
    ("default-mru", false, OURS),
    ("deflate", true, NONE),
    ("demand", false, "an entry is dialled when somebody asks for it"),
    ("detach", false, OURS),
    ("disconnect", true, COMMAND),
    ("domain", true, "it belongs to the user's name; set the domain of the credentials"),
    ("dump", false, OURS),
    ("file", true, OTHER_FILE),
    ("hostroute", false, NONE),
    ("ifname", true, OURS),
    ("init", true, COMMAND),
    ("ip-up-script", true, COMMAND),
    ("ip-down-script", true, COMMAND),
    ("ipparam", true, COMMAND),
    ("ipv6", true, NONE),
    ("kdebug", true, OURS),
    ("lcp-echo-adaptive", false, OURS),
    ("lcp-echo-failure", true, OURS),
    ("lcp-echo-interval", true, OURS),
    ("lcp-max-configure", true, OURS),
    ("lcp-restart", true, OURS),
    ("linkname", true, OURS),
    ("local", false, NONE),
    ("lock", false, OURS),
    ("logfd", true, OURS),
    ("logfile", true, OURS),
    ("modem", false, OURS),
    ("ms-dns", true, SERVER),
    ("ms-wins", true, SERVER),
    ("mtu", true, "the size of what we send is agreed with the peer"),
    ("netmask", true, NONE),
    ("noaccomp", false, OURS),
    ("nobsdcomp", false, OURS),
    ("noccp", false, OURS),
    ("nodeflate", false, OURS),
    ("nodetach", false, OURS),
    ("nolock", false, OURS),
    ("nomp", false, OURS),
    ("nopcomp", false, OURS),
    ("nopredictor1", false, OURS),
    ("noproxyarp", false, OURS),
    ("novjccomp", false, OURS),
    ("papcrypt", false, SERVER),
    ("passive", false, SERVER),
    ("pppoe-ac", true, NONE),
    ("pppoe-mac", true, NONE),
    ("proxyarp", false, SERVER),
    ("rp_pppoe_ac", true, NONE),
    ("remotename", true, "it chooses a line of pppd's own file of secrets; credentials belong to the entry here"),
    ("require-chap", false, SERVER),
    ("require-eap", false, SERVER),
    ("require-mschap", false, SERVER),
    ("require-mschap-v2", false, SERVER),
    ("require-pap", false, SERVER),
    ("set", true, COMMAND),
    ("silent", false, SERVER),
    ("sstp-sock", true, OURS),
    ("sync", false, NONE),
    ("unit", true, OURS),
    ("updetach", false, OURS),
    ("welcome", true, COMMAND),
    ("xonxoff", false, "flow control in the data is not supported; use the lines for it"),
];

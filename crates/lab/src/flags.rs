//! The command line of a lab.

use crate::modem::{ModemConfig, PERSONALITY_GRAMMAR};
use crate::{CallbackPolicy, Config, FarIpv6, MppeStrength, User, run};
use rasman_core::{AuthMethod, is_callback_number};
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::io;
use std::net::Ipv6Addr;
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Reads flags (`--name value` or `--name=value`; [`FLAGS`] tells which) and runs a lab on standard input and output,
/// as [`run`] says. Errors go to standard error.
pub fn main_process(args: impl Iterator<Item = OsString>) -> ExitCode {
    let config = match parse(args) {
        Ok(Some(config)) => config,
        Ok(None) => {
            print!("{}", help());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("lab: {error}\nlab: --help lists the flags");
            return ExitCode::from(2);
        }
    };
    rasman_net::memory::give_back_early();
    let listen = config.listen;
    match run(config, io::stdin().lock(), io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has gone, and so do we.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: cannot serve at {listen}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The flags of [`Config::apply_flag`] with their meaning and, in parentheses, what holds without.
pub const FLAGS: &[(&str, &str)] = &[
    ("listen", "address and port; port 0 lets the system choose (127.0.0.1:0)"),
    ("users", "file with a line name:password[:state] for each user (alice:wonderland)"),
    ("pool", "addresses for clients (10.99.0.2-10.99.15.254)"),
    ("gateway", "the lab's own address inside (10.99.0.1)"),
    ("dns", "name servers for clients, commas between, or none (10.99.0.1, the lab itself)"),
    ("routes", "networks that DHCPINFORM names, commas between (none)"),
    ("domain", "suffix of names that DHCPINFORM tells (none)"),
    ("ipv6", "prefix of 64 bits that the router inside advertises, such as 2001:db8:0:1:: (no IPv6)"),
    ("ipv6-address", "address that DHCPv6 gives (clients make their own)"),
    ("ipv6-dns", "IPv6 name servers, commas between (none)"),
    ("mppe", "strengths of MPPE that are demanded: 40, 56, 128, commas between (none)"),
    ("name", "the lab's name, also in its certificate (vpn.lab.test)"),
    ("tls", "1.2 for TLS 1.2 alone, 1.3 for both (1.3)"),
    ("hashes", "hash protocols for the crypto binding: sha1, sha256 or both (both)"),
    ("auth", "authentication methods demanded, commas between, the preferred one first, or all (mschapv2)"),
    ("radius", "address and port of a RADIUS server that judges clients, by EAP alone (the lab judges itself)"),
    ("radius-secret-file", "file with the secret that it and the lab know"),
    ("retries", "further attempts of a refused client on the same link (2)"),
    ("fault", "what goes wrong, see below; may be repeated (nothing)"),
    (
        "ca-file",
        "file to write the certificate of the lab's authority to, as PEM, for --ca (only in the line of facts)",
    ),
    (
        "callback",
        "call clients back that call by modem: at a number (the client has to agree), or at caller, which is one that it names if it wants (nobody is called back)",
    ),
    ("fcs", "16, or 32 to ask clients that call by modem for checksums of 32 bits (16)"),
    ("modem", "a modem: path of its port (or - for any), then how it behaves, see below; may be repeated (none)"),
    ("page", "file with the page at / inside (a built-in one)"),
    ("inside", "services: the web and name servers; device: a network device of this system (services)"),
    ("max-sessions", "sessions at one time (2000)"),
];

impl Config {
    /// Sets what a command-line flag says; `name` is without dashes and one of [`FLAGS`].
    ///
    /// # Errors
    /// A sentence that names the flag and what was expected.
    pub fn apply_flag(&mut self, name: &str, value: &str) -> Result<(), String> {
        let expected = |what: &str| format!("--{name}: expected {what}, got \"{value}\"");
        let failed = |error: &dyn std::fmt::Display| format!("--{name} {value}: {error}");
        match name {
            "listen" => self.listen = value.parse().map_err(|_| expected("an address and a port"))?,
            "users" => {
                let text = fs::read_to_string(value).map_err(|error| failed(&error))?;
                self.users = User::parse_list(&text).map_err(|error| failed(&error))?;
            }
            "pool" => self.pool = value.parse().map_err(|error| format!("--pool: {error}"))?,
            "gateway" => self.gateway = value.parse().map_err(|_| expected("an IPv4 address"))?,
            "dns" if value == "none" => self.dns.clear(),
            "dns" => {
                let servers = value.split(',').map(|server| server.trim().parse());
                self.dns = servers.collect::<Result<_, _>>().map_err(|_| expected("IPv4 addresses or none"))?;
            }
            "routes" => self.far.routes = list(value).ok_or_else(|| expected("networks such as 10.0.0.0/8"))?,
            "domain" => {
                value.clone_into(&mut self.far.domain);
                self.far.search = vec![value.to_owned()];
            }
            "ipv6" => self.ipv6().prefix = value.parse().map_err(|_| expected("an IPv6 prefix"))?,
            "ipv6-address" => self.ipv6().address = Some(value.parse().map_err(|_| expected("an IPv6 address"))?),
            "ipv6-dns" => self.ipv6().dns = list(value).ok_or_else(|| expected("IPv6 addresses"))?,
            "mppe" => {
                let strengths = value.split(',').map(|strength| match strength.trim() {
                    "40" => Some(MppeStrength::Bits40),
                    "56" => Some(MppeStrength::Bits56),
                    "128" => Some(MppeStrength::Bits128),
                    _ => None,
                });
                self.mppe = strengths.collect::<Option<_>>().ok_or_else(|| expected("40, 56 or 128"))?;
            }
            "name" => value.clone_into(&mut self.name),
            "tls" => {
                self.tls12_only = match value {
                    "1.2" => true,
                    "1.3" => false,
                    _ => return Err(expected("1.2 or 1.3")),
                }
            }
            "fcs" => {
                self.fcs32 = match value {
                    "16" => false,
                    "32" => true,
                    _ => return Err(expected("16 or 32")),
                }
            }
            "hashes" => {
                self.hashes = match value {
                    "sha1" => 1,
                    "sha256" => 2,
                    "both" => 3,
                    _ => return Err(expected("sha1, sha256 or both")),
                }
            }
            "auth" if value == "all" => self.authentication = AuthMethod::ALL.to_vec(),
            "auth" => {
                let words = value.split(',').map(|word| AuthMethod::from_word(word.trim()));
                let all: Vec<&str> = AuthMethod::ALL.iter().map(|method| method.word()).collect();
                let methods: Option<Vec<_>> = words.collect();
                self.authentication =
                    methods.ok_or_else(|| expected(&format!("all, or some of {}", all.join(", "))))?;
            }
            "radius" => self.radius = Some(value.parse().map_err(|_| expected("an address and a port"))?),
            "radius-secret-file" => {
                let secret = Zeroizing::new(fs::read_to_string(value).map_err(|error| failed(&error))?);
                self.radius_secret = secret.lines().next().unwrap_or_default().into();
            }
            "retries" => self.retries = value.parse().map_err(|_| expected("a number"))?,
            "fault" => {
                let mut items = value.split([',', ' ']).filter(|item| !item.is_empty());
                items.try_for_each(|item| self.faults.add(item)).map_err(|error| error.to_string())?;
            }
            "ca-file" => self.ca_file = Some(value.into()),
            "callback" => {
                let mut policy = CallbackPolicy::default();
                match value {
                    "caller" => (policy.none, policy.by_caller) = (true, true),
                    number if is_callback_number(number) => policy.preset = Some(number.to_owned()),
                    _ => return Err(expected("a number, or caller")),
                }
                self.callback = Some(policy);
            }
            "modem" => {
                let (path, personality) = value.split_once(',').unwrap_or((value, ""));
                let link = (path != "-").then(|| path.into());
                self.modems
                    .push(ModemConfig { link, personality: personality.parse().map_err(|error| failed(&error))? });
            }
            "page" => self.http_page = Some(fs::read_to_string(value).map_err(|error| failed(&error))?),
            "inside" => {
                self.device = match value {
                    "services" => false,
                    "device" => true,
                    _ => return Err(expected("services or device")),
                }
            }
            "max-sessions" => self.max_sessions = value.parse().map_err(|_| expected("a number"))?,
            _ => return Err(format!("--{name}: there is no such flag")),
        }
        Ok(())
    }
}

impl Config {
    /// Gives the IPv6 of the far network, which begins with the first flag about it.
    fn ipv6(&mut self) -> &mut FarIpv6 {
        self.far.ipv6.get_or_insert_with(|| FarIpv6 {
            prefix: DOCUMENTATION,
            address: None,
            dns: Vec::new(),
            routes: Vec::new(),
            mtu: None,
        })
    }
}

/// Reads items with commas between.
fn list<T: std::str::FromStr>(value: &str) -> Option<Vec<T>> {
    value.split(',').map(|item| item.trim().parse().ok()).collect()
}

/// RFC 3849: a prefix that nobody has.
const DOCUMENTATION: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0);

/// Gives the configuration, nothing if help is wanted.
fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Option<Config>, String> {
    let mut config = Config::default();
    while let Some(arg) = args.next() {
        let arg = arg.into_string().map_err(|_| "expected flags in UTF-8".to_owned())?;
        if arg == "--help" || arg == "-h" {
            return Ok(None);
        }
        let flag = arg.strip_prefix("--").ok_or_else(|| format!("expected a flag such as --listen, got \"{arg}\""))?;
        match flag.split_once('=') {
            Some((name, value)) => config.apply_flag(name, value)?,
            None => {
                let value = args.next().and_then(|value| value.into_string().ok());
                config.apply_flag(flag, &value.ok_or_else(|| format!("--{flag}: expected a value behind it"))?)?;
            }
        }
    }
    Ok(Some(config))
}

fn help() -> String {
    let mut text = "A server to dial, for tests and demos: SSTP with a web server inside.\n\nFlags:\n".to_owned();
    for (name, meaning) in FLAGS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  --{name:<20}{meaning}");
    }
    text + "\nFaults:\n" + crate::faults::GRAMMAR + "\nModems:\n" + PERSONALITY_GRAMMAR + COMMANDS
}

const COMMANDS: &str = "
It prints one line of JSON with its address, its authority's certificate and what is inside, then answers the commands
stats, faults FAULTS, hang-up and stop on standard input with a line of JSON each. It ends with its standard input.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Stage, StageFault};

    fn config(args: &[&str]) -> Result<Option<Config>, String> {
        parse(args.iter().map(OsString::from))
    }

    #[test]
    fn flags_are_read_in_both_forms() {
        let args = ["--listen", "127.0.0.1:4433", "--fault=silent=auth", "--fault", "http=503,first=1", "--tls=1.2"];
        let config = config(&args).unwrap().unwrap();
        assert_eq!((config.listen.port(), config.tls12_only), (4433, true));
        assert_eq!(config.faults.at_stage, Some((Stage::Auth, StageFault::Silent)));
        assert_eq!(config.faults.first, Some(1));
        assert!(super::parse(["--help"].iter().map(OsString::from)).unwrap().is_none());
    }

    #[test]
    fn errors_name_the_flag() {
        let error = |args: &[&str]| config(args).err().unwrap();
        assert_eq!(error(&["--listen", "here"]), "--listen: expected an address and a port, got \"here\"");
        assert_eq!(error(&["--listen"]), "--listen: expected a value behind it");
        assert_eq!(error(&["--speed", "1"]), "--speed: there is no such flag");
        assert!(error(&["--fault", "silent=x"]).starts_with("fault \"silent=x\": expected a stage"));
        assert!(error(&["listen"]).contains("expected a flag"));
    }

    #[test]
    fn every_flag_is_known_and_help_names_it() {
        for (name, _) in FLAGS {
            let error = Config::default().apply_flag(name, "\0").err().unwrap_or_default();
            assert!(!error.contains("no such flag"), "{name}");
            assert!(help().contains(&format!("--{name}")));
        }
        assert!(help().contains("wrong-binding"));
    }
}

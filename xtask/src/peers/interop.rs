//! The interoperability table, `docs/interop.md`.
//!
//! A test against a foreign peer prints `INTEROP peer=.. version=.. medium=.. auth=.. result=..`.
//! A run replaces the rows it tested and leaves the others with their dates.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::tool::{self, Result};

/// Combinations that users meet; those that no test covers stay in the table as untested.
const EXPECTED: [(&str, &str, &str); 13] = [
    ("SoftEther VPN Server", "SSTP", "MS-CHAPv2"),
    ("SoftEther VPN Server", "SSTP", "PAP"),
    ("SoftEther VPN Server", "SSTP", "EAP-TLS"),
    ("SoftEther VPN Server", "L2TP", "MS-CHAPv2"),
    ("SoftEther VPN Server", "L2TP/IPsec PSK", "MS-CHAPv2"),
    ("sstp-server with lwIP", "SSTP", "MS-CHAPv2"),
    ("sstp-server with lwIP", "SSTP", "CHAP-MD5"),
    ("sstp-server with lwIP", "SSTP", "PAP"),
    ("Windows Server RRAS", "SSTP", "MS-CHAPv2"),
    ("Windows Server RRAS", "SSTP", "EAP-MSCHAPv2"),
    ("Windows Server RRAS", "L2TP/IPsec PSK", "MS-CHAPv2"),
    ("MikroTik RouterOS", "SSTP", "MS-CHAPv2"),
    ("Linux pppd behind pppoe-server", "PPPoE", "MS-CHAPv2"),
];

const HEAD: &str = "\
# Interoperability

Written by `cargo xtask test` from what the tests against foreign peers reported; the peers are described in
[peers.md](peers.md). The date is the day of the row's last run.

| peer | version | medium | authentication | result | date |
| --- | --- | --- | --- | --- | --- |
";
const UNTESTED: &str = "untested";

/// Peer, medium, authentication.
type Key = (String, String, String);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    version: String,
    result: String,
    date: String,
}

/// Brings the table at `path` up to date with the `INTEROP` lines of a run, with or without that word.
///
/// # Errors
/// When a line lacks a field or the file cannot be written.
pub(crate) fn write_interop(results: &[String], path: &Path) -> Result {
    let old = std::fs::read_to_string(path).unwrap_or_default();
    let text = table(&old, results, &today())?;
    if text == old {
        return Ok(());
    }
    tool::write(path, text.as_bytes())
}

fn table(old: &str, results: &[String], date: &str) -> Result<String> {
    let mut rows: BTreeMap<Key, Row> = BTreeMap::new();
    for (peer, medium, auth) in EXPECTED {
        let row = Row { version: "-".to_owned(), result: UNTESTED.to_owned(), date: "-".to_owned() };
        rows.insert((peer.to_owned(), medium.to_owned(), auth.to_owned()), row);
    }
    rows.extend(old.lines().filter_map(parse_row));
    let mut fresh: BTreeMap<Key, Row> = BTreeMap::new();
    for line in results {
        let (key, row) = parse_result(line, date).ok_or_else(|| format!("not an INTEROP line: {line}"))?;
        // Several tests may report one combination: the first that is not ok stands.
        match fresh.get(&key) {
            Some(known) if known.result != "ok" => {}
            _ => drop(fresh.insert(key, row)),
        }
    }
    rows.extend(fresh);
    let lines = rows.into_iter().map(|((peer, medium, auth), Row { version, result, date })| {
        format!("| {peer} | {version} | {medium} | {auth} | {result} | {date} |\n")
    });
    Ok(HEAD.to_owned() + &lines.collect::<String>())
}

fn parse_row(line: &str) -> Option<(Key, Row)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let [peer, version, medium, auth, result, date] = cells[..] else {
        return None;
    };
    if peer == "peer" || peer.starts_with("---") {
        return None;
    }
    let row = Row { version: version.to_owned(), result: result.to_owned(), date: date.to_owned() };
    Some(((peer.to_owned(), medium.to_owned(), auth.to_owned()), row))
}

/// `key=value` in any order; a value goes on to the next key, so it may hold spaces.
fn parse_result(line: &str, date: &str) -> Option<(Key, Row)> {
    let mut fields: BTreeMap<&str, String> = BTreeMap::new();
    let mut current = None;
    for word in line.trim().trim_start_matches("INTEROP").split_whitespace() {
        match (word.split_once('='), current) {
            (Some((key, value)), _) => {
                fields.insert(key, value.to_owned());
                current = Some(key);
            }
            (None, Some(key)) => {
                let value = fields.get_mut(key)?;
                value.push(' ');
                value.push_str(word);
            }
            (None, None) => return None,
        }
    }
    let mut take = |key| fields.remove(key).map(|value| value.replace('|', "/"));
    let key = (take("peer")?, take("medium")?, take("auth")?);
    Some((key, Row { version: take("version")?, result: take("result")?, date: date.to_owned() }))
}

/// The day in UTC, as in 2001-02-03.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    day(seconds / 86_400)
}

/// The civil date of a day counted from 1970-01-01, with years that begin in March.
fn day(since_epoch: u64) -> String {
    let z = since_epoch + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(20_454), "2026-01-01");
    }

    #[test]
    fn a_run_replaces_its_rows_and_keeps_the_others() {
        let line = |auth: &str, result: &str| {
            format!("INTEROP peer=sstp-server with lwIP version=0.6.0 medium=SSTP auth={auth} result={result}")
        };
        let first = table("", &[line("PAP", "ok"), line("MS-CHAPv2", "ok")], "2026-01-01").unwrap();
        assert!(first.contains("| sstp-server with lwIP | 0.6.0 | SSTP | PAP | ok | 2026-01-01 |"));
        assert!(first.contains("| Windows Server RRAS | - | SSTP | MS-CHAPv2 | untested | - |"));
        let second = table(&first, &[line("PAP", "failed"), line("PAP", "ok")], "2026-01-02").unwrap();
        assert!(second.contains("| PAP | failed | 2026-01-02 |"));
        assert!(second.contains("| MS-CHAPv2 | ok | 2026-01-01 |"));
        assert_eq!(table(&second, &[], "2026-01-03").unwrap(), second);
    }

    #[test]
    fn a_line_without_a_field_is_refused() {
        assert!(table("", &["INTEROP peer=x medium=SSTP".to_owned()], "2026-01-01").is_err());
    }
}

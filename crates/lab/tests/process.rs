//! The process form, with its input and output in the place of a process.

use rasman_lab::{Config, Facts, Stats, run};

fn answers(input: &str) -> Vec<String> {
    let mut output = Vec::new();
    run(Config::default(), input.as_bytes(), &mut output).unwrap();
    String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn facts_come_first_and_every_command_is_answered_by_a_line() {
    let answers = answers("stats\n\nfaults silent=auth\nfaults silent=never\nhang-up\nwhat\nstop\nstats\n");
    let facts: Facts = serde_json::from_str(&answers[0]).unwrap();
    assert!(facts.address.ip().is_loopback() && facts.address.port() != 0);
    assert_eq!(rasman_lab::pem::certificates(facts.ca_pem.as_bytes()).unwrap(), [facts.ca_der]);
    assert!(!answers[0].contains("wonderland"));
    assert_eq!(serde_json::from_str::<Stats>(&answers[1]).unwrap(), Stats::default());
    assert_eq!(answers[2], r#"{"ok":true}"#);
    assert!(answers[3].starts_with(r#"{"error":"fault \"silent=never\": expected a stage"#), "{}", answers[3]);
    assert_eq!((answers[4].as_str(), answers.len()), (r#"{"ok":true}"#, 6));
    assert!(std::net::TcpStream::connect(facts.address).is_err(), "nobody listens any more");
}

#[test]
fn the_end_of_the_input_is_the_end() {
    assert_eq!(answers("").len(), 1);
}

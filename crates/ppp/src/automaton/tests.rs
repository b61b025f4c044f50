//! The automaton against the RFC's own table.

use super::*;
use rasman_core::Duration;

/// RFC 1661 4.1, the two halves of its table with their footnote letters.
const RFC_STATES_0_TO_5: &str = "
 Up   |    2     irc,scr/6     -         -         -         -
 Down |    -         -         0       tls/1       0         1
 Open |  tls/1       1     irc,scr/6     3r        5r        5r
 Close|    0       tlf/0       2         2         4         4
  TO+ |    -         -         -         -       str/4     str/5
  TO- |    -         -         -         -       tlf/2     tlf/3
 RCR+ |    -         -       sta/2 irc,scr,sca/8   4         5
 RCR- |    -         -       sta/2 irc,scr,scn/6   4         5
 RCA  |    -         -       sta/2     sta/3       4         5
 RCN  |    -         -       sta/2     sta/3       4         5
 RTR  |    -         -       sta/2     sta/3     sta/4     sta/5
 RTA  |    -         -         2         3       tlf/2     tlf/3
 RUC  |    -         -       scj/2     scj/3     scj/4     scj/5
 RXJ+ |    -         -         2         3         4         5
 RXJ- |    -         -       tlf/2     tlf/3     tlf/2     tlf/3
 RXR  |    -         -         2         3         4         5
";
const RFC_STATES_6_TO_9: &str = "
 Up   |    -         -         -           -
 Down |    1         1         1         tld/1
 Open |    6         7         8           9r
 Close|irc,str/4 irc,str/4 irc,str/4 tld,irc,str/4
  TO+ |  scr/6     scr/6     scr/8         -
  TO- | tlf/3p    tlf/3p    tlf/3p         -
 RCR+ |  sca/8   sca,tlu/9   sca/8   tld,scr,sca/8
 RCR- |  scn/6     scn/7     scn/6   tld,scr,scn/6
 RCA  |  irc/7     scr/6x  irc,tlu/9   tld,scr/6x
 RCN  |irc,scr/6   scr/6x  irc,scr/8   tld,scr/6x
 RTR  |  sta/6     sta/6     sta/6   tld,zrc,sta/5
 RTA  |    6         6         8       tld,scr/6
 RUC  |  scj/6     scj/7     scj/8   scj/9
 RXJ+ |    6         6         8           9
 RXJ- |  tlf/3     tlf/3     tlf/3   tld,irc,str/5
 RXR  |    6         7         8         ser/9
";

const EVENTS: [(&str, Event); 16] = [
    ("Up", Event::Up),
    ("Down", Event::Down),
    ("Open", Event::Open),
    ("Close", Event::Close),
    ("TO+", Event::TimeoutCounting),
    ("TO-", Event::TimeoutExpired),
    ("RCR+", Event::ConfigureRequestGood),
    ("RCR-", Event::ConfigureRequestBad),
    ("RCA", Event::ConfigureAck),
    ("RCN", Event::ConfigureNak),
    ("RTR", Event::TerminateRequest),
    ("RTA", Event::TerminateAck),
    ("RUC", Event::UnknownCode),
    ("RXJ+", Event::RejectPermitted),
    ("RXJ-", Event::RejectCatastrophic),
    ("RXR", Event::Echo),
];

fn name(action: &Action) -> &'static str {
    match action {
        Action::ThisLayerUp => "tlu",
        Action::ThisLayerDown => "tld",
        Action::ThisLayerStarted => "tls",
        Action::ThisLayerFinished => "tlf",
        Action::InitializeRestartCount => "irc",
        Action::ZeroRestartCount => "zrc",
        Action::SendConfigureRequest => "scr",
        Action::SendConfigureAck => "sca",
        Action::SendConfigureNak => "scn",
        Action::SendTerminateRequest => "str",
        Action::SendTerminateAck => "sta",
        Action::SendCodeReject => "scj",
        Action::SendEchoReply => "ser",
    }
}

/// The RFC's cells by event, in its notation without footnote letters.
fn rfc_rows() -> Vec<(String, Vec<String>)> {
    let lines = |half: &'static str| half.lines().filter(|line| line.contains('|'));
    lines(RFC_STATES_0_TO_5)
        .zip(lines(RFC_STATES_6_TO_9))
        .map(|(left, right)| {
            let (event, left) = left.split_once('|').unwrap();
            let (same, right) = right.split_once('|').unwrap();
            assert_eq!(event, same);
            let cells = left.split_whitespace().chain(right.split_whitespace());
            let plain = cells.map(|cell| cell.trim_end_matches(['r', 'p', 'x']).to_string());
            (event.trim().to_string(), plain.collect())
        })
        .collect()
}

#[test]
fn every_cell_is_the_rfcs() {
    let rows = rfc_rows();
    let mut compared = 0;
    assert_eq!(rows.len(), EVENTS.len());
    for ((rfc_event, rfc_cells), (event_name, event)) in rows.iter().zip(EVENTS) {
        assert_eq!(rfc_event, event_name);
        assert_eq!(rfc_cells.len(), State::ALL.len());
        for (rfc_cell, state) in rfc_cells.iter().zip(State::ALL) {
            let ours = match &TABLE[event as usize][state as usize] {
                None => "-".to_string(),
                Some(cell) if cell.actions.is_empty() => (cell.to as usize).to_string(),
                Some(cell) => {
                    let actions: Vec<_> = cell.actions.iter().map(name).collect();
                    format!("{}/{}", actions.join(","), cell.to as usize)
                }
            };
            assert_eq!(&ours, rfc_cell, "{event_name} in {state:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, 160);
}

#[test]
fn a_step_tells_at_most_one_change_of_the_layer() {
    let tells = |action: &&Action| {
        matches!(
            action,
            Action::ThisLayerUp | Action::ThisLayerDown | Action::ThisLayerStarted | Action::ThisLayerFinished
        )
    };
    for cell in TABLE.iter().flatten().flatten() {
        assert!(cell.actions.iter().filter(tells).count() <= 1);
    }
}

fn opened() -> Automaton {
    let mut automaton = Automaton::new(Negotiation::default());
    for event in [Event::Open, Event::Up, Event::ConfigureRequestGood, Event::ConfigureAck] {
        automaton.step(Instant::ZERO, event);
    }
    assert_eq!(automaton.state(), State::Opened);
    automaton
}

#[test]
fn the_timer_runs_in_the_states_that_rfc_1661_4_2_names() {
    for state in State::ALL {
        for (_, event) in EVENTS {
            let mut automaton = opened();
            automaton.state = state;
            automaton.restart = state.uses_timer().then(|| Instant::from_millis(3_000));
            let legal = TABLE[event as usize][state as usize].is_some();
            automaton.step(Instant::ZERO, event);
            assert!(!legal || automaton.restart.is_some() == automaton.state.uses_timer(), "{event:?} in {state:?}");
        }
    }
}

#[test]
fn rfc_1661_4_6_ten_requests_three_seconds_apart() {
    let mut automaton = Automaton::new(Negotiation::default());
    automaton.step(Instant::ZERO, Event::Open);
    let mut sent = vec![];
    let mut now = Instant::ZERO;
    let mut event = Event::Up;
    while automaton.step(now, event).contains(&Action::SendConfigureRequest) {
        sent.push(now.as_millis());
        assert_eq!(automaton.expired(now + Duration::from_millis(2_999)), None);
        now += Duration::from_secs(3);
        event = automaton.expired(now).unwrap();
    }
    assert_eq!(sent, [0, 3_000, 6_000, 9_000, 12_000, 15_000, 18_000, 21_000, 24_000, 27_000]);
    assert_eq!((automaton.state(), now.as_millis()), (State::Stopped, 30_000));
}

#[test]
fn rfc_1661_4_6_two_terminate_requests() {
    let mut automaton = opened();
    automaton.step(Instant::ZERO, Event::Close);
    assert_eq!(automaton.expired(Instant::from_millis(3_000)), Some(Event::TimeoutCounting));
    automaton.step(Instant::from_millis(3_000), Event::TimeoutCounting);
    assert_eq!(automaton.expired(Instant::from_millis(5_999)), None);
    assert_eq!(automaton.expired(Instant::from_millis(6_000)), Some(Event::TimeoutExpired));
    let actions = automaton.step(Instant::from_millis(6_000), Event::TimeoutExpired);
    assert_eq!((actions, automaton.state()), (&[Action::ThisLayerFinished][..], State::Closed));
}

#[test]
fn zrc_waits_one_restart_period_for_the_peer_to_go() {
    let mut automaton = opened();
    automaton.step(Instant::from_millis(1), Event::TerminateRequest);
    assert_eq!(automaton.expired(Instant::from_millis(3_000)), None);
    assert_eq!(automaton.expired(Instant::from_millis(3_001)), Some(Event::TimeoutExpired));
}

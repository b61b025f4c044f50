//! Each cell of RFC 1661 4.1, reached by commands, packets and time as they come in life.

use super::stub::One;
use super::*;
use crate::automaton::cell;
use rasman_core::Batch;

/// One layer, and what it sends.
struct Bench {
    control: Control<One>,
    now: Instant,
    out: Outbox,
}

impl Bench {
    fn new(transmissions: u32) -> Self {
        let negotiation =
            Negotiation { max_configure: transmissions, max_terminate: transmissions, ..Negotiation::default() };
        let control = Control::new(One::new(1, 1), negotiation, LayerName::Lcp);
        Self { control, now: Instant::ZERO, out: Outbox::new() }
    }

    /// Lets an event happen.
    fn happen(&mut self, event: Event) -> Outcome {
        let (control, now, out) = (&mut self.control, self.now, &mut self.out);
        match event {
            Event::Up => control.lower_up(now, out),
            Event::Down => {
                control.lower_down(now, out);
                Outcome::Same
            }
            Event::Open => control.open(now, out),
            Event::Close => control.close(now, "bye", out),
            Event::TimeoutCounting | Event::TimeoutExpired => {
                if let Some(timeout) = control.timeout() {
                    self.now = timeout.at;
                }
                control.handle_timeout(self.now, out)
            }
            Event::ConfigureRequestGood => self.receive(1, 9, &[1, 3, 1]),
            Event::ConfigureRequestBad => self.receive(1, 9, &[1, 3, 2]),
            Event::ConfigureAck => self.receive(2, self.control.request.id, &[1, 3, 1]),
            Event::ConfigureNak => self.receive(3, self.control.request.id, &[1, 3, 1]),
            Event::TerminateRequest => self.receive(5, 9, &[]),
            Event::TerminateAck => self.receive(6, 9, &[]),
            Event::UnknownCode => self.receive(99, 9, &[]),
            Event::RejectPermitted => self.receive(7, 9, &[99, 1, 0, 4]),
            Event::RejectCatastrophic => self.receive(7, 9, &[1, 1, 0, 4]),
            Event::Echo => {
                let answers = control.echo(now);
                assert_eq!(answers, control.is_opened());
                Outcome::Same
            }
        }
    }

    fn receive(&mut self, code: u8, id: u8, data: &[u8]) -> Outcome {
        let length = u16::try_from(data.len() + 4).unwrap().to_be_bytes();
        let bytes = [&[code, id][..], &length, data].concat();
        let packet = Packet::parse(&bytes).unwrap();
        self.control.input(self.now, &packet, &mut self.out).expect("the packet is taken")
    }

    /// Gives the codes of what was sent.
    fn sent(&mut self) -> Vec<u8> {
        let mut batch = Batch::new();
        self.out.drain(&mut batch);
        batch.frames().map(|frame| frame[4]).collect()
    }
}

/// How a state is reached.
fn way_to(state: State) -> &'static [Event] {
    use Event::*;
    match state {
        State::Initial => &[],
        State::Starting => &[Open],
        State::Closed => &[Up],
        State::Stopped => &[Open, Up, ConfigureRequestGood, ConfigureAck, TerminateRequest, TimeoutExpired],
        State::Closing => &[Open, Up, Close],
        // By a reject, since then the counter is not zero (TO+ can happen).
        State::Stopping => &[Open, Up, ConfigureRequestGood, ConfigureAck, RejectCatastrophic],
        State::ReqSent => &[Open, Up],
        State::AckRcvd => &[Open, Up, ConfigureAck],
        State::AckSent => &[Open, Up, ConfigureRequestGood],
        State::Opened => &[Open, Up, ConfigureRequestGood, ConfigureAck],
    }
}

const EVENTS: [Event; 16] = [
    Event::Up,
    Event::Down,
    Event::Open,
    Event::Close,
    Event::TimeoutCounting,
    Event::TimeoutExpired,
    Event::ConfigureRequestGood,
    Event::ConfigureRequestBad,
    Event::ConfigureAck,
    Event::ConfigureNak,
    Event::TerminateRequest,
    Event::TerminateAck,
    Event::UnknownCode,
    Event::RejectPermitted,
    Event::RejectCatastrophic,
    Event::Echo,
];

/// What an action sends.
fn code_of(action: &Action) -> Option<u8> {
    match action {
        Action::SendConfigureRequest => Some(1),
        Action::SendConfigureAck => Some(2),
        Action::SendConfigureNak => Some(3),
        Action::SendTerminateRequest => Some(5),
        Action::SendTerminateAck => Some(6),
        Action::SendCodeReject => Some(7),
        // LCP sends the reply, with its magic number.
        Action::SendEchoReply => None,
        Action::ThisLayerUp
        | Action::ThisLayerDown
        | Action::ThisLayerStarted
        | Action::ThisLayerFinished
        | Action::InitializeRestartCount
        | Action::ZeroRestartCount => None,
    }
}

fn expected(event: Event, actions: &[Action]) -> Outcome {
    let told = actions.iter().find_map(|action| match action {
        Action::ThisLayerUp => Some(Outcome::Up),
        Action::ThisLayerDown if event == Event::Down => Some(Outcome::Same), // who calls knows
        Action::ThisLayerDown => Some(Outcome::Down),
        Action::ThisLayerFinished => Some(Outcome::Finished),
        _ => None,
    });
    match event {
        Event::TerminateRequest => Outcome::Terminated(Vec::new()),
        _ => told.unwrap_or(Outcome::Same),
    }
}

/// The footnote's crossed connections (x): a second answer to one request. Identifiers tell it, so the packet is
/// discarded before the automaton sees it; the table's own test has these four cells.
fn is_crossed(event: Event, state: State) -> bool {
    matches!(event, Event::ConfigureAck | Event::ConfigureNak) && matches!(state, State::AckRcvd | State::Opened)
}

#[test]
fn every_cell_is_reached_and_does_what_it_says() {
    let mut reached = 0;
    for state in State::ALL {
        for event in EVENTS {
            let Some((actions, to)) = cell(event, state) else { continue };
            if is_crossed(event, state) {
                continue;
            }
            let mut bench = Bench::new(if event == Event::TimeoutExpired { 0 } else { 5 });
            way_to(state).iter().for_each(|event| drop(bench.happen(*event)));
            assert_eq!(bench.control.state(), state, "the way to {state:?}");
            bench.sent();
            let outcome = bench.happen(event);
            assert_eq!(bench.control.state(), to, "{event:?} in {state:?}");
            let codes: Vec<u8> = actions.iter().filter_map(code_of).collect();
            assert_eq!(bench.sent(), codes, "{event:?} in {state:?}");
            match event {
                Event::RejectCatastrophic => assert!(matches!(outcome, Outcome::Failed(_))),
                _ => assert_eq!(outcome, expected(event, actions), "{event:?} in {state:?}"),
            }
            assert_eq!(bench.control.timeout().is_some(), bench.control.automaton.state().uses_timer());
            reached += 1;
        }
    }
    // 160 cells, 40 of them illegal, 4 of crossed connections.
    assert_eq!(reached, 116);
}

#[test]
fn a_second_answer_to_one_request_moves_nothing() {
    for state in [State::AckRcvd, State::Opened] {
        for code in [2, 3] {
            let mut bench = Bench::new(5);
            way_to(state).iter().for_each(|event| drop(bench.happen(*event)));
            bench.sent();
            let id = bench.control.request.id;
            let bytes = [code, id, 0, 7, 1, 3, 1];
            let packet = Packet::parse(&bytes).unwrap();
            assert!(bench.control.input(bench.now, &packet, &mut bench.out).is_err());
            assert_eq!((bench.control.state(), bench.sent()), (state, vec![]));
        }
    }
}

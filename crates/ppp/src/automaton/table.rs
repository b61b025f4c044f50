//! RFC 1661 4.1 in the RFC's notation: `[action,action/state]`, `[-]` where the RFC calls the event illegal.
//!
//! The footnotes' options are not taken: no restart (r), no passive mode (p), no guard against crossed connections
//! (x), which identifiers give already.

use super::{Action, Cell, State};

macro_rules! action {
    (tlu) => {
        Action::ThisLayerUp
    };
    (tld) => {
        Action::ThisLayerDown
    };
    (tls) => {
        Action::ThisLayerStarted
    };
    (tlf) => {
        Action::ThisLayerFinished
    };
    (irc) => {
        Action::InitializeRestartCount
    };
    (zrc) => {
        Action::ZeroRestartCount
    };
    (scr) => {
        Action::SendConfigureRequest
    };
    (sca) => {
        Action::SendConfigureAck
    };
    (scn) => {
        Action::SendConfigureNak
    };
    (str) => {
        Action::SendTerminateRequest
    };
    (sta) => {
        Action::SendTerminateAck
    };
    (scj) => {
        Action::SendCodeReject
    };
    (ser) => {
        Action::SendEchoReply
    };
}

macro_rules! cell {
    (-) => { None };
    ($to:literal) => { Some(Cell { actions: &[], to: State::ALL[$to] }) };
    ($($action:ident),+ / $to:literal) => { Some(Cell { actions: &[$(action!($action)),+], to: State::ALL[$to] }) };
}

macro_rules! row {
    ($([$($cell:tt)+])+) => { [$(cell!($($cell)+)),+] };
}

/// Rows are events, columns are states, both in the RFC's order.
#[rustfmt::skip]
pub(super) static TABLE: [[Option<Cell>; 10]; 16] = [
    /*           Initial  Starting      Closed        Stopped           Closing  Stopping  Req-Sent     Ack-Rcvd     Ack-Sent     Opened */
    /* Up   */ row!([2]     [irc,scr/6]   [-]           [-]               [-]      [-]       [-]          [-]          [-]          [-]),
    /* Down */ row!([-]     [-]           [0]           [tls/1]           [0]      [1]       [1]          [1]          [1]          [tld/1]),
    /* Open */ row!([tls/1] [1]           [irc,scr/6]   [3]               [5]      [5]       [6]          [7]          [8]          [9]),
    /* Close*/ row!([0]     [tlf/0]       [2]           [2]               [4]      [4]       [irc,str/4]  [irc,str/4]  [irc,str/4]  [tld,irc,str/4]),

    /* TO+  */ row!([-]     [-]           [-]           [-]               [str/4]  [str/5]   [scr/6]      [scr/6]      [scr/8]      [-]),
    /* TO-  */ row!([-]     [-]           [-]           [-]               [tlf/2]  [tlf/3]   [tlf/3]      [tlf/3]      [tlf/3]      [-]),

    /* RCR+ */ row!([-]     [-]           [sta/2]       [irc,scr,sca/8]   [4]      [5]       [sca/8]      [sca,tlu/9]  [sca/8]      [tld,scr,sca/8]),
    /* RCR- */ row!([-]     [-]           [sta/2]       [irc,scr,scn/6]   [4]      [5]       [scn/6]      [scn/7]      [scn/6]      [tld,scr,scn/6]),
    /* RCA  */ row!([-]     [-]           [sta/2]       [sta/3]           [4]      [5]       [irc/7]      [scr/6]      [irc,tlu/9]  [tld,scr/6]),
    /* RCN  */ row!([-]     [-]           [sta/2]       [sta/3]           [4]      [5]       [irc,scr/6]  [scr/6]      [irc,scr/8]  [tld,scr/6]),

    /* RTR  */ row!([-]     [-]           [sta/2]       [sta/3]           [sta/4]  [sta/5]   [sta/6]      [sta/6]      [sta/6]      [tld,zrc,sta/5]),
    /* RTA  */ row!([-]     [-]           [2]           [3]               [tlf/2]  [tlf/3]   [6]          [6]          [8]          [tld,scr/6]),

    /* RUC  */ row!([-]     [-]           [scj/2]       [scj/3]           [scj/4]  [scj/5]   [scj/6]      [scj/7]      [scj/8]      [scj/9]),
    /* RXJ+ */ row!([-]     [-]           [2]           [3]               [4]      [5]       [6]          [6]          [8]          [9]),
    /* RXJ- */ row!([-]     [-]           [tlf/2]       [tlf/3]           [tlf/2]  [tlf/3]   [tlf/3]      [tlf/3]      [tlf/3]      [tld,irc,str/5]),

    /* RXR  */ row!([-]     [-]           [2]           [3]               [4]      [5]       [6]          [7]          [8]          [ser/9]),
];

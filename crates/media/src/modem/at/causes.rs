//! What a modem's words mean to the dial.

use super::{Expect, Reply, Step};
use rasman_core::{Cause, Code, Duration, LayerName};

fn cause(code: Code) -> Cause {
    Cause::new(code, LayerName::Modem)
}

/// The modem said no to dialling.
pub(super) fn not_connected(did: &str, reply: &Reply) -> Cause {
    let (code, said, advice) = match reply {
        Reply::Busy => (Code::LINE_BUSY, "BUSY", "try again later, or give the entry another number"),
        Reply::NoAnswer => (Code::NO_ANSWER, "NO ANSWER", "check the number, and whether the other modem is on"),
        Reply::NoCarrier => (
            Code::NO_CARRIER,
            "NO CARRIER",
            "check the number: whoever answered is no modem, or none that ours understands",
        ),
        Reply::NoDialTone => {
            (Code::NO_DIALTONE, "NO DIALTONE", "check the telephone cable; X3 in RasmanModemInit dials without a tone")
        }
        Reply::Voice => (Code::VOICE_ANSWER, "VOICE", "check the number: a person answered"),
        Reply::Delayed(said) => {
            let advice = "wait: the modem counts how often a number is dialled, as some countries demand";
            return cause(Code::FROM_DEVICE).did(did).said(said).advice(advice);
        }
        Reply::Error(said) => return refused(did, said),
        Reply::Ok | Reply::Connect(_) | Reply::Ring | Reply::Info(_) => {
            (Code::FROM_DEVICE, "something unexpected", "look at the modem's manual")
        }
    };
    cause(code).did(did).said(said).advice(advice)
}

/// The modem refused a command.
pub(super) fn refused(did: &str, said: &str) -> Cause {
    let said = if said.is_empty() { "ERROR".to_owned() } else { format!("ERROR {said}") };
    cause(Code::FROM_DEVICE).did(did).said(said).advice("check RasmanModemInit, the number and the modem's profile")
}

/// A step had no answer.
pub(super) fn late(step: &Step, last: &str) -> Cause {
    let did = format!("sent AT{} and waited {:?}", step.shown(), step.limit);
    let (code, advice) = match step.expect {
        Expect::Connect => {
            (Code::NO_ANSWER, "check the number; a modem that says nothing may need S7 in RasmanModemInit")
        }
        Expect::Registered => {
            (Code::NO_CARRIER, "check the antenna and the SIM: the network does not let the modem in")
        }
        Expect::Ok | Expect::OkOrError | Expect::SimReady => {
            (Code::PORT_OR_DEVICE, "the modem stopped answering; switch it off and on")
        }
    };
    cause(code).did(did).said(last).advice(advice)
}

/// The modem does not answer at all.
pub(super) fn mute(heard: &str, for_so_long: Duration) -> Cause {
    let cause =
        cause(Code::PORT_OR_DEVICE).did(format!("sent AT for {for_so_long:?}, also after an escape")).said(heard);
    if heard.is_empty() {
        cause.advice("check the cable, the port, and whether the modem is on")
    } else {
        cause.advice("check the speed of the port (ConnectBPS): what came is no answer of a modem")
    }
}

/// The SIM wants something.
pub(super) fn sim(said: &str) -> Cause {
    cause(Code::DEVICE_NOT_READY).did("asked for the state of the SIM").said(said).advice(
        "put the SIM in, or unlock it: AT+CPIN=\"1234\" in RasmanModemInit is sent too late, so switch its PIN off",
    )
}

/// The network does not want the modem.
pub(super) fn denied() -> Cause {
    cause(Code::NO_CARRIER)
        .did("asked for the registration")
        .said("+CREG: 3, registration denied")
        .advice("ask the operator of the network whether this SIM may use it")
}

//! Control messages ([MS-SSTP] 2.2.9 to 2.2.17).

use super::attribute::{self, Binding, BindingRequest, StatusInfo};
use super::numbers::{AttributeId, MessageType, Status};
use super::packet::{CONTROL, VERSION};
use rasman_core::{Batch, Frame, Malformed, Reader};

/// A control message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// The client asks for a call that carries this protocol (2.2.9).
    CallConnectRequest {
        /// What data packets will carry: 0x0001 is PPP.
        protocol: u16,
    },
    /// The server accepts, and says what the binding must prove (2.2.10).
    CallConnectAck(BindingRequest),
    /// The server refuses, and says why (2.2.12).
    CallConnectNak(Vec<StatusInfo>),
    /// The client proves the binding (2.2.11).
    CallConnected(Binding),
    /// Something is wrong: the call ends (2.2.13).
    CallAbort(Option<StatusInfo>),
    /// The call ends in good order (2.2.14).
    CallDisconnect(Option<StatusInfo>),
    /// The end is acknowledged (2.2.15).
    CallDisconnectAck,
    /// Is anybody there? (2.2.16)
    EchoRequest,
    /// Yes (2.2.17).
    EchoResponse,
}

/// A control packet that is no valid message; says what to tell the peer about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// Its type, if so much could be read.
    pub kind: Option<MessageType>,
    /// What to say ([MS-SSTP] 2.2.8).
    pub status: StatusInfo,
    /// What was expected, and where after the packet's header.
    pub malformed: Malformed,
}

/// The most Status Info attributes that a Nak may bring; it has one for each attribute refused, and a request has one.
const STATUSES_MAX: usize = 8;

impl Message {
    /// Tells which message it is.
    #[must_use]
    pub fn kind(&self) -> MessageType {
        match self {
            Self::CallConnectRequest { .. } => MessageType::CALL_CONNECT_REQUEST,
            Self::CallConnectAck(_) => MessageType::CALL_CONNECT_ACK,
            Self::CallConnectNak(_) => MessageType::CALL_CONNECT_NAK,
            Self::CallConnected(_) => MessageType::CALL_CONNECTED,
            Self::CallAbort(_) => MessageType::CALL_ABORT,
            Self::CallDisconnect(_) => MessageType::CALL_DISCONNECT,
            Self::CallDisconnectAck => MessageType::CALL_DISCONNECT_ACK,
            Self::EchoRequest => MessageType::ECHO_REQUEST,
            Self::EchoResponse => MessageType::ECHO_RESPONSE,
        }
    }

    /// Reads the contents of a control packet, that is what follows its 4-byte header.
    ///
    /// # Errors
    /// If they are no valid message. Call Abort and Call Disconnect are never invalid: whatever their attributes
    /// say, the call is over.
    pub fn parse(contents: &[u8]) -> Result<Self, Invalid> {
        let mut reader = Reader::new(contents);
        let kind = MessageType(reader.u16("Message Type").map_err(|m| invalid(None, m))?);
        let body = || Attributes::read(kind, reader);
        match kind {
            MessageType::CALL_CONNECT_REQUEST => {
                let protocol = body()?.only(AttributeId::ENCAPSULATED_PROTOCOL_ID, attribute::read_protocol)?;
                Ok(Self::CallConnectRequest { protocol })
            }
            MessageType::CALL_CONNECT_ACK => {
                let request = body()?.only(AttributeId::CRYPTO_BINDING_REQUEST, BindingRequest::read)?;
                Ok(Self::CallConnectAck(request))
            }
            MessageType::CALL_CONNECT_NAK => Ok(Self::CallConnectNak(body()?.statuses()?)),
            MessageType::CALL_CONNECTED => {
                Ok(Self::CallConnected(body()?.only(AttributeId::CRYPTO_BINDING, Binding::read)?))
            }
            MessageType::CALL_ABORT => Ok(Self::CallAbort(body().ok().and_then(|b| b.status()))),
            MessageType::CALL_DISCONNECT => Ok(Self::CallDisconnect(body().ok().and_then(|b| b.status()))),
            MessageType::CALL_DISCONNECT_ACK => body()?.none().map(|()| Self::CallDisconnectAck),
            MessageType::ECHO_REQUEST => body()?.none().map(|()| Self::EchoRequest),
            MessageType::ECHO_RESPONSE => body()?.none().map(|()| Self::EchoResponse),
            MessageType(_) => Err(invalid(Some(kind), Malformed { expected: "known Message Type", at: 0 })),
        }
    }

    /// Appends the message as one packet.
    pub fn emit(&self, out: &mut Batch) {
        let mut frame = out.frame();
        frame.slice(&[VERSION, CONTROL, 0, 0]);
        frame.u16(self.kind().0);
        frame.u16(self.attributes());
        self.write_attributes(&mut frame);
        let length = u16::try_from(frame.len()).expect("a Nak of eight statuses is below 1 KiB");
        frame.patch_u16(2, length);
        frame.finish();
    }

    fn attributes(&self) -> u16 {
        match self {
            Self::CallConnectRequest { .. } | Self::CallConnectAck(_) | Self::CallConnected(_) => 1,
            Self::CallConnectNak(statuses) => statuses.len().min(STATUSES_MAX) as u16,
            Self::CallAbort(status) | Self::CallDisconnect(status) => u16::from(status.is_some()),
            Self::CallDisconnectAck | Self::EchoRequest | Self::EchoResponse => 0,
        }
    }

    fn write_attributes(&self, frame: &mut Frame<'_>) {
        match self {
            Self::CallConnectRequest { protocol } => attribute::write_protocol(*protocol, frame),
            Self::CallConnectAck(request) => request.write(frame),
            Self::CallConnectNak(statuses) => statuses.iter().take(STATUSES_MAX).for_each(|s| s.write(frame)),
            Self::CallConnected(binding) => binding.write(frame),
            Self::CallAbort(status) | Self::CallDisconnect(status) => {
                status.iter().for_each(|s| s.write(frame));
            }
            Self::CallDisconnectAck | Self::EchoRequest | Self::EchoResponse => {}
        }
    }
}

/// The attributes of one message, told apart but not read yet.
struct Attributes<'a> {
    kind: MessageType,
    list: Vec<(AttributeId, &'a [u8])>,
}

impl<'a> Attributes<'a> {
    fn read(kind: MessageType, mut reader: Reader<'a>) -> Result<Self, Invalid> {
        let count = reader.u16("Num Attributes").map_err(|m| invalid(Some(kind), m))?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(attribute::next(&mut reader).map_err(|m| invalid(Some(kind), m))?);
        }
        if !reader.is_empty() {
            return Err(invalid(Some(kind), reader.malformed("end of the attributes")));
        }
        Ok(Self { kind, list })
    }

    /// Reads the one attribute that the message has ([MS-SSTP] 3.3.5.2.2 for the order of what can be wrong).
    fn only<T>(&self, id: AttributeId, read: fn(&[u8]) -> Result<T, Malformed>) -> Result<T, Invalid> {
        if let Some((other, value)) = self.list.iter().find(|(other, _)| *other != id) {
            return Err(self.misplaced(*other, value));
        }
        match self.list[..] {
            [] => Err(self.wrong(id, Status::REQUIRED_ATTRIBUTE_MISSING)),
            [(_, value)] => read(value).map_err(|malformed| {
                let status = StatusInfo::new(id, Status::INVALID_ATTRIB_VALUE_LENGTH);
                Invalid { kind: Some(self.kind), status, malformed }
            }),
            [_, _, ..] => Err(self.wrong(id, Status::DUPLICATE_ATTRIBUTE)),
        }
    }

    /// Reads one Status Info or several, and nothing else.
    fn statuses(&self) -> Result<Vec<StatusInfo>, Invalid> {
        if self.list.is_empty() {
            return Err(self.wrong(AttributeId::STATUS_INFO, Status::REQUIRED_ATTRIBUTE_MISSING));
        }
        if self.list.len() > STATUSES_MAX {
            return Err(self.wrong(AttributeId::STATUS_INFO, Status::DUPLICATE_ATTRIBUTE));
        }
        let read = |(id, value): &(AttributeId, &[u8])| match *id {
            AttributeId::STATUS_INFO => StatusInfo::read(value)
                .map_err(|_| self.wrong(AttributeId::STATUS_INFO, Status::INVALID_ATTRIB_VALUE_LENGTH)),
            other => Err(self.misplaced(other, value)),
        };
        self.list.iter().map(read).collect()
    }

    /// Finds a readable Status Info.
    fn status(&self) -> Option<StatusInfo> {
        let mut statuses = self.list.iter().filter(|(id, _)| *id == AttributeId::STATUS_INFO);
        statuses.find_map(|(_, value)| StatusInfo::read(value).ok())
    }

    fn none(&self) -> Result<(), Invalid> {
        match self.list.first() {
            Some((id, value)) => Err(self.misplaced(*id, value)),
            None => Ok(()),
        }
    }

    fn misplaced(&self, id: AttributeId, value: &[u8]) -> Invalid {
        let status = match id {
            AttributeId::STATUS_INFO => Status::STATUS_INFO_NOT_SUPPORTED_IN_MSG,
            AttributeId::ENCAPSULATED_PROTOCOL_ID
            | AttributeId::CRYPTO_BINDING
            | AttributeId::CRYPTO_BINDING_REQUEST => Status::ATTRIB_NOT_SUPPORTED_IN_MSG,
            AttributeId(_) => Status::UNRECOGNIZED_ATTRIBUTE,
        };
        let mut invalid = self.wrong(id, status);
        invalid.status.value = value.get(..StatusInfo::VALUE_MAX).unwrap_or(value).to_vec();
        invalid
    }

    fn wrong(&self, id: AttributeId, status: Status) -> Invalid {
        let malformed = Malformed { expected: "the attributes of this message", at: 4 };
        Invalid { kind: Some(self.kind), status: StatusInfo::new(id, status), malformed }
    }
}

fn invalid(kind: Option<MessageType>, malformed: Malformed) -> Invalid {
    let status = StatusInfo::new(AttributeId::NO_ERROR, Status::INVALID_FRAME_RECEIVED);
    Invalid { kind, status, malformed }
}

#[cfg(test)]
mod tests;

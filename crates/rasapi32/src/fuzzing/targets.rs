//! The exported functions and what each argument of them is.

use crate::abi::{
    Layout, RAS_STATS, RASAUTODIALENTRY, RASCONN, RASCONNSTATUS, RASCREDENTIALS, RASCTRYINFO, RASDEVINFO, RASDIALDLG,
    RASDIALEXTENSIONS, RASDIALPARAMS, RASENTRY, RASENTRYDLG, RASENTRYNAME, RASMONITORDLG, RASNAPSTATE, RASPBDLG,
    RASPPPIP, RASSUBENTRY, RASUPDATECONN,
};

/// What an argument is.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// A protocol of RasGetProjectionInfo, mostly.
    Protocol,
    /// 0 to 3.
    Small,
    Handle,
    /// Text of characters of so many bytes.
    Text(usize),
    /// The same that leads to no file.
    Path(usize),
    /// A structure of one of these sizes, as long as its first member says.
    Struct(&'static [u32]),
    /// A buffer; the next argument that is a size tells how long it is. It begins with a structure, if there are sizes.
    Buffer(&'static [u32]),
    /// Where the size of the buffer before is, and the one that is needed goes.
    Size,
    /// The size of the buffer before.
    Length,
    /// A buffer of which the next argument tells the size in characters of two bytes.
    Units,
    /// So many bytes.
    Bytes(usize),
    /// Eight bytes to write to.
    Out,
    /// A function of the type that the argument before tells.
    Notifier,
    /// Nothing but null is allowed.
    Null,
    /// Where a new queue goes.
    NewQueue,
    /// Where RasDial's handle is.
    Connection,
}

/// An exported function.
pub(super) struct Target {
    pub(super) name: &'static str,
    pub(super) function: unsafe extern "C" fn(),
    pub(super) kinds: &'static [Kind],
}

macro_rules! targets {
    ($($name:ident($($kind:expr),*);)+) => {
        // By symbol, as C programs have them.
        unsafe extern "C" {
            $(fn $name();)+
        }

        pub(super) const TARGETS: &[Target] = &[
            $(Target { name: stringify!($name), function: $name, kinds: &[$($kind),*] },)+
        ];
    };
}

use Kind::{
    Buffer, Bytes, Connection, Handle, Length, NewQueue, Notifier, Null, Number, Out, Path, Protocol, Size, Small,
    Struct, Text, Units,
};

const fn sizes<T: Layout>() -> &'static [u32] {
    T::SIZES
}

const EXTENSIONS: &[u32] = sizes::<RASDIALEXTENSIONS>();
const NONE: &[u32] = &[];
const EAP_QUESTION: &[u32] = &[size_of::<crate::dial::eap::EapQuestion>() as u32];
const MESSAGE: &[u32] = &[size_of::<crate::dial::queue::Message>() as u32];

targets! {
    RasDialA(Struct(EXTENSIONS), Path(1), Struct(sizes::<RASDIALPARAMS<u8>>()), Small, Notifier, Connection);
    RasDialW(Struct(EXTENSIONS), Path(2), Struct(sizes::<RASDIALPARAMS<u16>>()), Small, Notifier, Connection);
    RasHangUpA(Handle);
    RasHangUpW(Handle);
    RasGetConnectStatusA(Handle, Struct(sizes::<RASCONNSTATUS<u8>>()));
    RasGetConnectStatusW(Handle, Struct(sizes::<RASCONNSTATUS<u16>>()));
    RasEnumConnectionsA(Buffer(sizes::<RASCONN<u8>>()), Size, Out);
    RasEnumConnectionsW(Buffer(sizes::<RASCONN<u16>>()), Size, Out);
    RasConnectionNotificationA(Handle, Handle, Number);
    RasConnectionNotificationW(Handle, Handle, Number);
    RasGetSubEntryHandleA(Handle, Number, Out);
    RasGetSubEntryHandleW(Handle, Number, Out);
    RasInvokeEapUI(Handle, Number, Struct(EXTENSIONS), Handle);
    RasUpdateConnection(Handle, Bytes(size_of::<RASUPDATECONN>()));
    RasCreateMessageQueue(NewQueue);
    RasCloseMessageQueue(Handle);
    RasMessageQueueDescriptor(Handle);
    RasGetQueueMessage(Handle, Struct(MESSAGE), Small);
    RasDispatchDescriptor();
    RasDispatch(Small);
    RasGetProxyAddressA(Handle, Buffer(NONE), Size);
    RasGetConnectionCauseA(Handle, Buffer(NONE), Size);
    RasGetErrorStringA(Number, Buffer(NONE), Length);
    RasEnumEntriesA(Text(1), Path(1), Buffer(sizes::<RASENTRYNAME<u8>>()), Size, Out);
    RasEnumEntriesW(Text(2), Path(2), Buffer(sizes::<RASENTRYNAME<u16>>()), Size, Out);
    RasGetEntryPropertiesA(Path(1), Text(1), Buffer(sizes::<RASENTRY<u8>>()), Size, Handle, Handle);
    RasGetEntryPropertiesW(Path(2), Text(2), Buffer(sizes::<RASENTRY<u16>>()), Size, Handle, Handle);
    RasSetEntryPropertiesA(Path(1), Text(1), Buffer(sizes::<RASENTRY<u8>>()), Length, Handle, Number);
    RasSetEntryPropertiesW(Path(2), Text(2), Buffer(sizes::<RASENTRY<u16>>()), Length, Handle, Number);
    RasGetSubEntryPropertiesA(Path(1), Text(1), Number, Buffer(sizes::<RASSUBENTRY<u8>>()), Size, Handle, Handle);
    RasGetSubEntryPropertiesW(Path(2), Text(2), Number, Buffer(sizes::<RASSUBENTRY<u16>>()), Size, Handle, Handle);
    RasSetSubEntryPropertiesA(Path(1), Text(1), Number, Buffer(sizes::<RASSUBENTRY<u8>>()), Length, Handle, Number);
    RasSetSubEntryPropertiesW(Path(2), Text(2), Number, Buffer(sizes::<RASSUBENTRY<u16>>()), Length, Handle, Number);
    RasDeleteSubEntryA(Path(1), Text(1), Number);
    RasDeleteSubEntryW(Path(2), Text(2), Number);
    RasRenameEntryA(Path(1), Text(1), Text(1));
    RasRenameEntryW(Path(2), Text(2), Text(2));
    RasDeleteEntryA(Path(1), Text(1));
    RasDeleteEntryW(Path(2), Text(2));
    RasValidateEntryNameA(Path(1), Text(1));
    RasValidateEntryNameW(Path(2), Text(2));
    RasGetEntryDialParamsA(Path(1), Struct(sizes::<RASDIALPARAMS<u8>>()), Out);
    RasGetEntryDialParamsW(Path(2), Struct(sizes::<RASDIALPARAMS<u16>>()), Out);
    RasSetEntryDialParamsA(Path(1), Struct(sizes::<RASDIALPARAMS<u8>>()), Small);
    RasSetEntryDialParamsW(Path(2), Struct(sizes::<RASDIALPARAMS<u16>>()), Small);
    RasGetCredentialsA(Path(1), Text(1), Struct(sizes::<RASCREDENTIALS<u8>>()));
    RasGetCredentialsW(Path(2), Text(2), Struct(sizes::<RASCREDENTIALS<u16>>()));
    RasSetCredentialsA(Path(1), Text(1), Struct(sizes::<RASCREDENTIALS<u8>>()), Small);
    RasSetCredentialsW(Path(2), Text(2), Struct(sizes::<RASCREDENTIALS<u16>>()), Small);
    RasGetEapUserDataA(Handle, Path(1), Text(1), Buffer(NONE), Size);
    RasGetEapUserDataW(Handle, Path(2), Text(2), Buffer(NONE), Size);
    RasSetEapUserDataA(Handle, Path(1), Text(1), Buffer(NONE), Length);
    RasSetEapUserDataW(Handle, Path(2), Text(2), Buffer(NONE), Length);
    RasGetCustomAuthDataA(Path(1), Text(1), Buffer(NONE), Size);
    RasGetCustomAuthDataW(Path(2), Text(2), Buffer(NONE), Size);
    RasSetCustomAuthDataA(Path(1), Text(1), Buffer(NONE), Length);
    RasSetCustomAuthDataW(Path(2), Text(2), Buffer(NONE), Length);
    RasGetEapUserIdentityA(Path(1), Text(1), Number, Handle, Out);
    RasGetEapUserIdentityW(Path(2), Text(2), Number, Handle, Out);
    RasGetConnectionStatistics(Handle, Struct(sizes::<RAS_STATS>()));
    RasGetLinkStatistics(Handle, Number, Struct(sizes::<RAS_STATS>()));
    RasClearConnectionStatistics(Handle);
    RasClearLinkStatistics(Handle, Number);
    RasGetNapStatus(Handle, Struct(sizes::<RASNAPSTATE>()));
    RasGetProxyAddressW(Handle, Buffer(NONE), Size);
    RasGetConnectionCauseW(Handle, Buffer(NONE), Size);
    RasGetErrorStringW(Number, Units, Length);
    RasSetDelivery(Small);
    RasFreeEapUserIdentityA(Null);
    RasFreeEapUserIdentityW(Null);
    RasEnumDevicesA(Buffer(sizes::<RASDEVINFO<u8>>()), Size, Out);
    RasEnumDevicesW(Buffer(sizes::<RASDEVINFO<u16>>()), Size, Out);
    RasGetCountryInfoA(Buffer(sizes::<RASCTRYINFO>()), Size);
    RasGetCountryInfoW(Buffer(sizes::<RASCTRYINFO>()), Size);
    RasGetProjectionInfoA(Handle, Protocol, Buffer(sizes::<RASPPPIP<u8>>()), Size);
    RasGetProjectionInfoW(Handle, Protocol, Buffer(sizes::<RASPPPIP<u16>>()), Size);
    RasGetProjectionInfoEx(Handle, Buffer(NONE), Size);
    RasGetAutodialAddressA(Text(1), Null, Buffer(sizes::<RASAUTODIALENTRY<u8>>()), Size, Out);
    RasGetAutodialAddressW(Text(2), Null, Buffer(sizes::<RASAUTODIALENTRY<u16>>()), Size, Out);
    RasSetAutodialAddressA(Text(1), Small, Buffer(sizes::<RASAUTODIALENTRY<u8>>()), Length, Small);
    RasSetAutodialAddressW(Text(2), Small, Buffer(sizes::<RASAUTODIALENTRY<u16>>()), Length, Small);
    RasEnumAutodialAddressesA(Buffer(NONE), Size, Out);
    RasEnumAutodialAddressesW(Buffer(NONE), Size, Out);
    RasGetAutodialEnableA(Number, Out);
    RasGetAutodialEnableW(Number, Out);
    RasSetAutodialEnableA(Number, Small);
    RasSetAutodialEnableW(Number, Small);
    RasGetAutodialParamA(Number, Buffer(NONE), Size);
    RasGetAutodialParamW(Number, Buffer(NONE), Size);
    RasSetAutodialParamA(Number, Buffer(NONE), Length);
    RasSetAutodialParamW(Number, Buffer(NONE), Length);
    RasDialDlgA(Path(1), Text(1), Text(1), Struct(sizes::<RASDIALDLG>()));
    RasDialDlgW(Path(2), Text(2), Text(2), Struct(sizes::<RASDIALDLG>()));
    RasEntryDlgA(Path(1), Text(1), Struct(sizes::<RASENTRYDLG<u8>>()));
    RasEntryDlgW(Path(2), Text(2), Struct(sizes::<RASENTRYDLG<u16>>()));
    RasPhonebookDlgA(Path(1), Text(1), Struct(sizes::<RASPBDLG>()));
    RasPhonebookDlgW(Path(2), Text(2), Struct(sizes::<RASPBDLG>()));
    RasMonitorDlgA(Text(1), Struct(sizes::<RASMONITORDLG>()));
    RasMonitorDlgW(Text(2), Struct(sizes::<RASMONITORDLG>()));
    RasCreatePhonebookEntryA(Handle, Path(1));
    RasCreatePhonebookEntryW(Handle, Path(2));
    RasEditPhonebookEntryA(Handle, Path(1), Text(1));
    RasEditPhonebookEntryW(Handle, Path(2), Text(2));
    RasGetQuarantineConnectionId(Handle, Out);
    RasGetPCscf(Out);
    RasAdminServerGetInfo(Text(2), Out);
    RasAdminGetUserAccountServer(Text(2), Text(2), Out);
    RasAdminUserGetInfo(Text(2), Text(2), Out);
    RasAdminUserSetInfo(Text(2), Text(2), Out);
    RasAdminPortEnum(Text(2), Out, Out);
    RasAdminPortGetInfo(Text(2), Text(2), Out, Out, Out);
    RasAdminPortClearStatistics(Text(2), Text(2));
    RasAdminPortDisconnect(Text(2), Text(2));
    RasAdminGetErrorString(Number, Out, Number);
    RasAdminFreeBuffer(Null);
    CmMalloc(Number);
    CmFree(Null);
    RasGetEapQuestion(Handle, Struct(EAP_QUESTION));
    RasLineDescriptor(Handle, Out);
    RasSetCustomScript(Null);
}

//! The arguments of RasDial.

use super::dialled::Target;
use super::eap::eap_data;
use super::notifier::Notifier;
use crate::abi::constants::{
    RDEOPT_IgnoreModemSpeaker, RDEOPT_PausedStates, RDEOPT_SetModemSpeaker, RDEOPT_UseCustomScripting,
    RDEOPT_UsePrefixSuffix,
};
use crate::abi::{Layout, RASDIALEXTENSIONS, RASDIALPARAMS, Scrubbed, read_versioned};
use crate::buffer::INVALID_SIZE;
use crate::script::Script;
use crate::text::{self, Char};
use rasman::{Code, Credentials, Dial, Secret};
use std::ffi::c_void;
use std::path::PathBuf;

/// What a caller wants of RasDial.
pub(crate) struct Request {
    /// The entry's name; empty for a dial without one (clause A11).
    pub(crate) entry: String,
    pub(crate) target: Target,
    pub(crate) notifier: Notifier,
    pub(crate) callback_id: usize,
    pub(crate) credentials: Credentials,
    number: String,
    pub(crate) callback_number: String,
    /// RDEOPT_*.
    options: u32,
    /// RasEapInfo of the extensions (clause A60).
    eap_user_data: Secret,
    /// What logs in on the line where the entry wants that (clause A58).
    pub(crate) script: Option<Script>,
}

/// The arguments as C gives them.
pub(crate) struct Arguments<C: Char> {
    pub(crate) extensions: *const RASDIALEXTENSIONS,
    pub(crate) phonebook: *const C,
    pub(crate) params: *const RASDIALPARAMS<C>,
    pub(crate) notifier_type: u32,
    pub(crate) notifier: *mut c_void,
}

impl Request {
    /// Reads and checks everything that needs no manager.
    ///
    /// # Errors
    /// 632 for a dwSize that no version has, 87 for what else cannot be.
    ///
    /// # Safety
    /// Each pointer is null or leads to what its type says, as long as its dwSize says, or up to a terminator.
    pub(crate) unsafe fn read<C: Char>(arguments: &Arguments<C>) -> Result<Self, Code> {
        if arguments.params.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: neither is null, and the caller answers for the rest.
        let (params, extensions, phonebook) = unsafe {
            let params = read_versioned(arguments.params).ok_or(INVALID_SIZE)?;
            (params, read_extensions(arguments.extensions)?, phonebook(arguments.phonebook)?)
        };
        let options = check_extensions(&extensions)?;
        // SAFETY: the caller answers for it.
        let eap_user_data = unsafe { eap_data(&extensions) }?.unwrap_or_default();
        // SAFETY: the caller answers for the function.
        let notifier = unsafe { Notifier::read(arguments.notifier_type, arguments.notifier, params.dwCallbackId)? };
        if params.dwIfIndex != 0 {
            // An interface that the tunnel is to run over: nothing here would keep it there.
            return Err(Code::INVALID_PARAMETER);
        }
        let (entry, number) = (text::of_array(&{ params.szEntryName })?, text::of_array(&{ params.szPhoneNumber })?);
        // Clause B11: so it is listed. No entry has such a name.
        let listed = if entry.is_empty() { format!(".{number}") } else { entry.clone() };
        let credentials = credentials(&params)?;
        let scripted = options & RDEOPT_UseCustomScripting != 0;
        let script = scripted.then(|| Script::of_program(of_script(&params)?, extensions.hwndParent)).flatten();
        Ok(Self {
            entry,
            target: Target { entry: listed, phonebook },
            notifier,
            callback_id: params.dwCallbackId,
            credentials,
            number,
            callback_number: text::of_array(&{ params.szCallbackNumber })?,
            options,
            eap_user_data,
            script,
        })
    }

    #[cfg(test)]
    pub(super) fn of_tests(target: Target, notifier: Notifier) -> Self {
        Self {
            entry: target.entry.clone(),
            target,
            notifier,
            callback_id: 0,
            credentials: Credentials::default(),
            number: String::new(),
            callback_number: String::new(),
            options: 0,
            eap_user_data: Secret::default(),
            script: None,
        }
    }

    /// Makes the dial.
    ///
    /// # Errors
    /// What RasDial answers without asking the manager.
    pub(crate) fn dial(&self) -> Result<Dial, Code> {
        if self.entry.is_empty() && self.number.is_empty() {
            return Err(Code::BAD_PHONE_NUMBER); // Clause A11.
        }
        let has = |option| self.options & option != 0;
        let paused_states = has(RDEOPT_PausedStates);
        if self.callback_number == "*" && !paused_states {
            return Err(Code::BAD_CALLBACK_NUMBER); // Clause A63.
        }
        let mut dial = Dial::entry(self.entry.clone())
            .credentials(self.credentials.clone())
            .number(self.number.clone())
            .callback_number(self.callback_number.clone())
            .paused_states(paused_states)
            .prefix_and_suffix(has(RDEOPT_UsePrefixSuffix))
            .eap_user_data(self.eap_user_data.clone())
            // Without a function the program logs in itself, if it may be asked to.
            .custom_scripting(has(RDEOPT_UseCustomScripting) && (self.script.is_some() || paused_states))
            .remember(true);
        // Clause A55: the second says nothing without the first.
        if has(RDEOPT_IgnoreModemSpeaker) {
            dial = dial.speaker(has(RDEOPT_SetModemSpeaker));
        }
        if let Some(phonebook) = &self.target.phonebook {
            dial = dial.phonebook(phonebook);
        }
        Ok(dial)
    }
}

/// Reads a phone book's path; none is meant by null and by the empty one (clause B1).
///
/// # Errors
/// 87 for what is no path.
///
/// # Safety
/// As [`text::of_pointer`].
pub(crate) unsafe fn phonebook<C: Char>(path: *const C) -> Result<Option<PathBuf>, Code> {
    // SAFETY: the caller answers for it.
    let path = unsafe { text::of_pointer(path, text::PATH_UNITS) }?;
    let Some(path) = path.filter(|path| !path.is_empty()) else { return Ok(None) };
    // The manager works in another folder than we do.
    std::path::absolute(path).map(Some).map_err(|_| Code::INVALID_PARAMETER)
}

/// Reads the extensions; null means that all of them have their default (clause A8).
///
/// # Safety
/// As [`read_versioned`], unless null.
pub(crate) unsafe fn read_extensions(from: *const RASDIALEXTENSIONS) -> Result<Scrubbed<RASDIALEXTENSIONS>, Code> {
    if from.is_null() {
        return Ok(Scrubbed(RASDIALEXTENSIONS::zeroed()));
    }
    // SAFETY: the caller answers for it.
    unsafe { read_versioned(from) }.ok_or(INVALID_SIZE)
}

/// Checks what has to be zero (clauses A9, A61), and gives the options.
fn check_extensions(extensions: &RASDIALEXTENSIONS) -> Result<u32, Code> {
    let reserved = extensions.reserved | extensions.reserved1;
    let specific = extensions.RasDevSpecificInfo;
    let skips = extensions.fSkipPppAuth != 0 || specific.dwSize != 0 || !{ specific.pbDevSpecificInfo }.is_null();
    match extensions.dwfOptions {
        options if options & !KNOWN_OPTIONS == 0 && reserved == 0 && !skips => Ok(options),
        _ => Err(Code::INVALID_PARAMETER),
    }
}

fn credentials<C: Char>(params: &RASDIALPARAMS<C>) -> Result<Credentials, Code> {
    Ok(Credentials {
        user: text::of_array(&{ params.szUserName })?,
        domain: text::of_array(&{ params.szDomain })?,
        password: text::secret_of_array(params.szPassword)?,
    })
}

/// Gives the parameters as a script has them; none if they are no text.
fn of_script<C: Char>(params: &RASDIALPARAMS<C>) -> Option<Scrubbed<RASDIALPARAMS<u16>>> {
    let mut wide = Scrubbed(RASDIALPARAMS::<u16>::zeroed());
    wide.dwSize = RASDIALPARAMS::<u16>::size();
    wide.szEntryName = text::array(&text::of_array(&{ params.szEntryName }).ok()?);
    wide.szPhoneNumber = text::array(&text::of_array(&{ params.szPhoneNumber }).ok()?);
    wide.szCallbackNumber = text::array(&text::of_array(&{ params.szCallbackNumber }).ok()?);
    wide.szUserName = text::array(&text::of_array(&{ params.szUserName }).ok()?);
    wide.szDomain = text::array(&text::of_array(&{ params.szDomain }).ok()?);
    let password = text::secret_of_array(params.szPassword).ok()?;
    wide.szPassword = text::array(password.expose_str()?);
    (wide.dwSubEntry, wide.dwCallbackId) = (params.dwSubEntry, params.dwCallbackId);
    Some(wide)
}

/// All RDEOPT_*.
const KNOWN_OPTIONS: u32 = 0xFFFF;

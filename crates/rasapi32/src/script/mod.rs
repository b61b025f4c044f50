//! Custom scripting (clauses A58, P11): a function of the program logs in on the line of a dial, where Windows has a
//! library of the machine's.
//!
//! ```text
//! told Interactive -> handler returns -> acknowledged -> function of the program -> 0: the line is given back
//!                                                             | hPort                anything else ends the dial
//!                                        RasSendBuffer, RasReceiveBuffer, RasRetrieveBuffer -> descriptor of the line
//! ```

mod buffers;
mod calls;
mod port;

use crate::abi::{Layout, RASCUSTOMSCRIPTEXTENSIONS, RASDIALPARAMS, Scrubbed};
use crate::call::{answer, code_of};
use crate::dial::Dialled;
use crate::dial::context::{Context, undisturbed};
use crate::dial::inside::Inside;
use crate::{process, text};
use buffers::Buffers;
use calls::{
    ras_free_buffer, ras_get_buffer, ras_receive_buffer, ras_retrieve_buffer, ras_send_buffer, ras_set_comm_settings,
};
use port::Ports;
use rasman::{Answer, Code, Credentials};
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

/// RasCustomScriptExecuteFn of `ras.h`.
pub type Execute = unsafe extern "C-unwind" fn(
    port: *mut c_void,
    phonebook: *const u16,
    entry: *const u16,
    get_buffer: calls::GetBuffer,
    free_buffer: calls::FreeBuffer,
    send_buffer: calls::SendBuffer,
    receive_buffer: calls::ReceiveBuffer,
    retrieve_buffer: calls::RetrieveBuffer,
    window: *mut c_void,
    params: *mut RASDIALPARAMS<u16>,
    extensions: *mut RASCUSTOMSCRIPTEXTENSIONS,
) -> u32;

/// What this process keeps for its scripts.
#[derive(Default)]
pub(crate) struct Scripts {
    execute: Mutex<Option<Execute>>,
    ports: Ports,
    buffers: Buffers,
}

/// Has a function log in on the line of each dial from now on that says RDEOPT_UseCustomScripting and whose entry has
/// RASEO_CustomScript. Null takes it back. It stands for the library that Windows finds in its registry: one for all
/// dials.
///
/// # Safety
/// Unless null, it is a function of this type, for as long as such a dial may come to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasSetCustomScript(execute: Option<Execute>) -> u32 {
    answer(|| {
        *process::current().scripts.execute.lock().unwrap_or_else(PoisonError::into_inner) = execute;
        Ok(())
    })
}

/// The function that is there for one dial, and what it is given.
pub(crate) struct Script {
    execute: Execute,
    params: Scrubbed<RASDIALPARAMS<u16>>,
    window: usize,
}

// SAFETY: the only pointer to memory in it, of the parameters, is null; a function and a window's number are anybody's.
unsafe impl Send for Script {}
// SAFETY: as above; nothing in it changes.
unsafe impl Sync for Script {}

impl Script {
    /// Gives the function of the program, if it has named one, for a dial with these parameters.
    pub(crate) fn of_program(params: Scrubbed<RASDIALPARAMS<u16>>, window: *mut c_void) -> Option<Self> {
        let execute = *process::current().scripts.execute.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Self { execute: execute?, params, window: window as usize })
    }

    /// Has the function log in on the line of a dial that is paused for it, and gives the line back, unless the dial was
    /// hung up meanwhile. With a context it has the signals of the dialling thread.
    pub(crate) fn run(&self, dial: &Arc<Dialled>, question: u32, context: Option<&Context>) {
        let backend = dial.manager.backend();
        let outcome = match undisturbed(|| backend.line(dial.handle)) {
            Ok(line) => self.log_in(dial, line, context),
            Err(error) => Some(Answer::GiveUp(code_of(error))),
        };
        if let Some(outcome) = outcome {
            // A dial that has ended meanwhile needs none.
            let _ = undisturbed(|| backend.answer(dial.handle, question, outcome));
        }
    }

    /// Calls the function. Nothing comes of it if the dial was hung up before.
    fn log_in(&self, dial: &Arc<Dialled>, line: std::os::fd::OwnedFd, context: Option<&Context>) -> Option<Answer> {
        let scripts = &process::current().scripts;
        let port = match scripts.ports.open(line, dial) {
            Ok(port) => Closing { scripts, port },
            Err(code) => return Some(Answer::GiveUp(code)),
        };
        let mut params = Scrubbed(self.params.0);
        let phonebook = undisturbed(|| phonebook(dial));
        let inside = Inside::enter(dial)?;
        let mut call = || self.call(port.port, &phonebook, &mut params);
        let code = match context {
            Some(context) => context.with_signals(call),
            None => call(),
        };
        inside.returned();
        drop(port);
        Some(match (code, self.changed(&params)) {
            (0, Ok(None)) => Answer::Continue,
            (0, Ok(Some(credentials))) => Answer::LoggedIn(credentials),
            (0, Err(code)) => Answer::GiveUp(code),
            (code, _) => Answer::GiveUp(Code(code)),
        })
    }

    fn call(&self, port: *mut c_void, phonebook: &str, params: &mut RASDIALPARAMS<u16>) -> u32 {
        let (phonebook, entry) = (text::units::<u16>(phonebook), { self.params.szEntryName });
        let set_comm_settings: calls::SetCommSettings = ras_set_comm_settings;
        let mut extensions = RASCUSTOMSCRIPTEXTENSIONS {
            dwSize: RASCUSTOMSCRIPTEXTENSIONS::size(),
            pfnRasSetCommSettings: set_comm_settings as *mut c_void,
        };
        // SAFETY: `RasSetCustomScript` was promised a function of this type; what the pointers lead to lives until it returns.
        unsafe {
            (self.execute)(
                port,
                phonebook.as_ptr(),
                entry.as_ptr(),
                ras_get_buffer,
                ras_free_buffer,
                ras_send_buffer,
                ras_receive_buffer,
                ras_retrieve_buffer,
                self.window as *mut c_void,
                params,
                &raw mut extensions,
            )
        }
    }

    /// Gives the credentials that the function has put in the place of the dial's, if it has.
    ///
    /// # Errors
    /// 87 for what is no text.
    fn changed(&self, params: &RASDIALPARAMS<u16>) -> Result<Option<Credentials>, Code> {
        let same = { params.szUserName } == { self.params.szUserName }
            && { params.szPassword } == { self.params.szPassword }
            && { params.szDomain } == { self.params.szDomain };
        if same {
            return Ok(None);
        }
        Ok(Some(Credentials {
            user: text::of_array(&{ params.szUserName })?,
            domain: text::of_array(&{ params.szDomain })?,
            password: text::secret_of_array(params.szPassword)?,
        }))
    }
}

/// Gives the path of the phone book that the entry stands in; empty for an entry of none.
fn phonebook(dial: &Dialled) -> String {
    let connections = dial.manager.backend().connections();
    let of_this = connections.into_iter().find(|info| info.handle == dial.handle);
    of_this.and_then(|info| info.phonebook).map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Closes a port when its function returns, or throws; buffers go with the last one.
struct Closing<'a> {
    scripts: &'a Scripts,
    port: *mut c_void,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.scripts.ports.close(self.port, || self.scripts.buffers.clear());
    }
}

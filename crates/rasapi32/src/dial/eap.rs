//! What a method of EAP asks while a dial is paused, and what takes the place of its dialog (clause P9).

use super::context::undisturbed;
use super::dialled::Dialled;
use super::request::read_extensions;
use crate::abi::{HRASCONN, RASDIALEXTENSIONS};
use crate::buffer::INVALID_SIZE;
use crate::call::{answer, code_of};
use crate::{managers, process};
use rasman::{Answer, Code, EapDialog, Handle, Secret};
use std::ffi::c_void;
use std::sync::Arc;

/// What a method of EAP asks: RASEAPQUESTION of `ras_linux.h`.
#[repr(C)]
#[derive(Copy, Clone)]
pub struct EapQuestion {
    /// Its size in bytes, set by the caller.
    size: u32,
    kind: u32,
    error: u32,
    sha256: [u8; 32],
}

/// Takes what a dialog would have brought for the paused dial, from RasEapInfo of the extensions: the SHA-256 of the
/// server's certificate, which accepts it, or the password of the file of the user's certificate. The resume sends it.
///
/// # Safety
/// Unless null, as many bytes as its dwSize says are readable at `extensions`, and at its pbEapInfo as many as it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasInvokeEapUI(
    connection: HRASCONN,
    _subentry: u32,
    extensions: *const RASDIALEXTENSIONS,
    _window: *mut c_void,
) -> u32 {
    answer(|| {
        if connection.is_null() || extensions.is_null() {
            return Err(Code::INVALID_HANDLE);
        }
        // SAFETY: it is not null, and the caller answers for the rest.
        let extensions = unsafe { read_extensions(extensions) }?;
        let (dial, (question, dialog)) = asking(connection)?;
        // SAFETY: the caller answers for it.
        let data = unsafe { eap_data(&extensions) }?.ok_or(INTERACTIVE_MODE)?;
        dial.prepare_answer(question, given(&dialog, data)?)
    })
}

/// Tells what a method of EAP asks.
///
/// # Safety
/// Unless null, as many bytes as its dwSize says are readable and writable at `question`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RasGetEapQuestion(connection: HRASCONN, question: *mut EapQuestion) -> u32 {
    answer(|| {
        if question.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: it is not null, and the caller answers for its first member.
        let size = unsafe { question.cast::<u32>().read_unaligned() };
        if size as usize != size_of::<EapQuestion>() {
            return Err(INVALID_SIZE);
        }
        let (_, (_, dialog)) = asking(connection)?;
        // SAFETY: the caller answers for as many bytes.
        unsafe { question.write_unaligned(told(&dialog, size)?) };
        Ok(())
    })
}

/// Finds the dial that a method of EAP has paused, and its question.
///
/// # Errors
/// 6 for an unknown handle, 705 for one that is not paused for EAP, or is another process's.
fn asking(connection: HRASCONN) -> Result<(Arc<Dialled>, (u32, EapDialog)), Code> {
    let handle = Handle(connection as u64);
    let found = process::current().dials.last(handle.0);
    if let Some(found) = found.and_then(|dial| dial.eap_dialog().map(|question| (dial, question))) {
        return Ok(found);
    }
    undisturbed(|| managers::of(handle)).map_err(code_of)?;
    Err(Code::INVALID_AUTH_STATE)
}

/// Makes an answer of the data.
///
/// # Errors
/// 87 for what is no answer to it; the reason of the question if another certificate is meant.
fn given(dialog: &EapDialog, data: Secret) -> Result<Answer, Code> {
    match dialog {
        EapDialog::ServerCertificate { sha256, .. } if data.expose() == sha256 => Ok(Answer::Accept),
        EapDialog::ServerCertificate { sha256, refused } if data.expose().len() == sha256.len() => Err(*refused),
        EapDialog::CertificatePassword if data.expose_str().is_some() => Ok(Answer::CertificatePassword(data)),
        _ => Err(Code::INVALID_PARAMETER),
    }
}

fn told(dialog: &EapDialog, size: u32) -> Result<EapQuestion, Code> {
    let nothing = EapQuestion { size, kind: CERTIFICATE_PASSWORD, error: 0, sha256: [0; 32] };
    match dialog {
        EapDialog::ServerCertificate { sha256, refused } => {
            Ok(EapQuestion { kind: SERVER_CERTIFICATE, error: refused.0, sha256: *sha256, ..nothing })
        }
        EapDialog::CertificatePassword => Ok(nothing),
        _ => Err(Code::NOT_SUPPORTED),
    }
}

/// Reads RasEapInfo; none for an empty one.
///
/// # Errors
/// 87 for one without memory, and for one that is longer than any password.
///
/// # Safety
/// As many bytes as it says are readable at its pbEapInfo.
pub(super) unsafe fn eap_data(extensions: &RASDIALEXTENSIONS) -> Result<Option<Secret>, Code> {
    let info = extensions.RasEapInfo;
    let (length, data) = (info.dwSizeofEapInfo as usize, info.pbEapInfo);
    if length == 0 {
        return Ok(None);
    }
    if data.is_null() || length > DATA_MAX {
        return Err(Code::INVALID_PARAMETER);
    }
    let mut read = vec![0; length];
    // SAFETY: the caller answers for the source; bytes know no alignment.
    unsafe { std::ptr::copy_nonoverlapping(data.cast_const().cast::<u8>(), read.as_mut_ptr(), length) };
    Ok(Some(Secret::new(read)))
}

/// No certificate's password is longer, in bytes.
const DATA_MAX: usize = 4096;
/// RASEAPQ_ServerCertificate.
const SERVER_CERTIFICATE: u32 = 1;
/// RASEAPQ_CertificatePassword.
const CERTIFICATE_PASSWORD: u32 = 2;
/// ERROR_INTERACTIVE_MODE.
pub(super) const INTERACTIVE_MODE: Code = Code(703);

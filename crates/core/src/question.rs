//! Questions that pause a dial, and their answers.

use crate::{Code, Credentials, Interaction, Secret, is_callback_number};

/// A question put to the user; the dial waits until it is answered, hung up, or out of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Names the question within its dial; an answer must carry it.
    pub id: u32,
    /// What is asked.
    pub kind: QuestionKind,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum QuestionKind {
    /// The server refused the credentials (RASCS_RetryAuthentication): others may be tried.
    RetryAuthentication {
        /// Why they were refused, such as 691.
        refused: Code,
        /// How many answers were refused so far, this one included.
        attempts: u32,
    },
    /// The password has expired (RASCS_PasswordExpired): [`Answer::NewPassword`] has the new one (clause P8).
    PasswordExpired {
        /// 648, or 709 if the server did not take the last new password.
        refused: Code,
        /// How many answers were refused so far, this one included.
        attempts: u32,
    },
    /// A method of EAP wants to know something (RASCS_InvokeEapUI).
    EapDialog(EapDialog),
    /// The server calls back wherever we say (RASCS_CallbackSetByCaller, clause P6): [`Answer::CallbackNumber`] says it.
    CallbackNumber {
        /// The numbers of which it calls one; any if there is none.
        numbers: Vec<String>,
        /// No number may be given: the connection then goes on as it is.
        may_decline: bool,
    },
    /// The client has the line (RASCS_Interactive) until [`Answer::Continue`].
    Interactive(Interaction),
}

impl QuestionKind {
    /// Tells whether an answer is one to this question.
    #[must_use]
    pub fn takes(&self, answer: &Answer) -> bool {
        if let (Self::CallbackNumber { numbers, may_decline }, Answer::CallbackNumber(number)) = (self, answer) {
            return match number.as_str() {
                "" => *may_decline,
                number if numbers.is_empty() => is_callback_number(number),
                number => numbers.iter().any(|known| known == number),
            };
        }
        matches!(
            (self, answer),
            (Self::RetryAuthentication { .. }, Answer::Credentials(_))
                | (Self::PasswordExpired { .. }, Answer::NewPassword(_))
                | (Self::EapDialog(EapDialog::ServerCertificate { .. }), Answer::Accept)
                | (Self::EapDialog(EapDialog::CertificatePassword), Answer::CertificatePassword(_))
                | (Self::Interactive(_), Answer::Continue | Answer::LoggedIn(_))
        ) || matches!((self, answer), (Self::Interactive(_), Answer::GiveUp(code)) if code.0 != 0)
    }
}

/// What a method of EAP wants to know.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EapDialog {
    /// The authentication server's certificate is not one that the entry trusts; it may be trusted for this dial by
    /// [`Answer::Accept`].
    ServerCertificate {
        /// SHA-256 of the certificate, by which a person can tell whether it is the right one.
        sha256: [u8; 32],
        /// Why it is not trusted, such as 0x800B0109.
        refused: Code,
    },
    /// The file of the user's certificate wants a password: [`Answer::CertificatePassword`].
    CertificatePassword,
}

/// An answer to a [`Question`].
#[derive(Clone)]
#[non_exhaustive]
pub enum Answer {
    /// Other credentials.
    Credentials(Credentials),
    /// The new password in place of one that has expired.
    NewPassword(Secret),
    /// The password of the file of the user's certificate.
    CertificatePassword(Secret),
    /// Yes.
    Accept,
    /// The number to be called back at; empty for none.
    CallbackNumber(String),
    /// The line is given back; what was written to it before goes out first.
    Continue,
    /// The same, and PPP authenticates as this from now on: what a script has learnt on the line.
    LoggedIn(Credentials),
    /// Nobody could log in on the line: the dial ends with this error, which is not 0.
    GiveUp(Code),
}

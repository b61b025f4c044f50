//! A dial as its user follows it: states, questions, and the end.

use super::terminal;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint, Progress, json};
use crate::runtime::Ending;
use crate::secrets::{ask, ask_plain};
use rasman::{
    Answer, Cause, ConnState, Connection, Credentials, Detail, Dial, Dialing, EapDialog, HangUp, Manager, Question,
    QuestionKind,
};
use serde_json::json;
use std::pin::Pin;
use std::time::Instant;

/// Dials, and shows what happens until it is over. A signal to end hangs up.
pub(crate) async fn follow(
    manager: &Manager,
    dial: Dial,
    output: Output,
    ending: &mut Ending,
) -> Result<Connection, Failure> {
    let credentials = dial.credentials.clone();
    let mut progress = Progress::start(output);
    let mut dialing = manager.dial(dial)?;
    let connection = dialing.connection();
    let mut asking: Option<Asking> = None;
    loop {
        tokio::select! {
            told = dialing.next() => {
                asking = None;
                let Some(notification) = told else { break };
                progress.notification(&notification);
                // A signal from here on hangs up a connection, not a dial.
                if notification.state == ConnState::Connected {
                    break;
                }
                if let Detail::Question(question) = &notification.detail
                    && output.can_ask()
                {
                    progress.clear();
                    asking = Some(Box::pin(put(question.clone(), credentials.clone(), connection.clone())));
                }
            }
            answer = reply(&mut asking) => {
                asking = None;
                let Ok((id, answer)) = answer else { return give_up(dialing, &connection, output).await };
                // A question that was withdrawn meanwhile needs no answer.
                let _ = dialing.answer(id, answer);
            }
            () = progress.tick(), if asking.is_none() => {}
            () = ending.wait() => {
                // A terminal is as it was before anything else is said.
                drop(asking.take());
                progress.clear();
                return give_up(dialing, &connection, output).await;
            }
        }
    }
    drop(progress);
    Ok(dialing.finish().await?)
}

/// Shows what a connection was given, and where programs get in.
pub(crate) fn describe(connection: &Connection, output: Output) -> Result<(), Failure> {
    let status = connection.status()?;
    if let Some(projection) = &status.projection {
        output.row("network", projection);
    }
    if let Some(socks) = status.doors.socks {
        output.row("proxy", format_args!("socks5h://{socks}"));
    }
    for forward in &status.doors.forwards {
        output.row("forward", forward);
    }
    if let Some(interface) = &status.doors.interface {
        output.row("interface", interface);
    }
    if status.doors == Default::default() {
        output.warning("nothing leads inside: dial with --tun, or with --proxy ADDRESS:PORT");
    }
    let mut event = json!({ "event": "connected", "handle": json::handle(connection.handle()) });
    json::merge(&mut event, json::status(&status));
    output.json(&event);
    Ok(())
}

/// Hangs up and shows how long it took.
pub(crate) async fn leave(connection: &Connection, output: Output) {
    let start = Instant::now();
    let gone = match connection.hang_up() {
        Ok(hanging_up) => hanging_up.await,
        Err(error) => HangUp::Gone(error.0),
    };
    match gone {
        HangUp::Gone(cause) => closed(&cause, output, format_args!("in {}", crate::output::duration(start.elapsed()))),
        HangUp::Released { remaining } => {
            output.row("released", format_args!("{remaining} more hang-ups end the connection"));
            output.json(&json!({ "event": "released", "remaining": remaining }));
        }
    }
}

/// Tells that a connection is gone.
fn closed(cause: &Cause, output: Output, how: impl std::fmt::Display) {
    output.row("hung up", how);
    output.json(&json!({ "event": "closed", "cause": json::cause(cause) }));
}

/// Hangs up a dial that is not connected yet, which is a failure to whoever waits for the connection.
async fn give_up(dialing: Dialing, connection: &Connection, output: Output) -> Result<Connection, Failure> {
    output.line(output.painter().paint(Paint::Title, "hanging up the dial"));
    leave(connection, output).await;
    drop(dialing);
    Err(Failure::new(Exit::HungUp, "hung up before it was connected", ""))
}

type Asking = Pin<Box<dyn Future<Output = Result<(u32, Answer), Failure>>>>;

async fn reply(asking: &mut Option<Asking>) -> Result<(u32, Answer), Failure> {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

/// Puts a question to the user.
async fn put(question: Question, before: Credentials, dialled: Connection) -> Result<(u32, Answer), Failure> {
    match question.kind {
        QuestionKind::RetryAuthentication { refused, .. } => {
            let sentence = refused.sentence().unwrap_or("The server refused the credentials.");
            eprintln!("{sentence}\nTry others, or press Ctrl-C to hang up.");
            let user = ask_plain("User name", &before.user).await?;
            let password = ask(&format!("Password of {user}: ")).await?;
            Ok((question.id, Answer::Credentials(Credentials { user, domain: before.domain, password })))
        }
        QuestionKind::PasswordExpired { refused, .. } => {
            eprintln!("{}", refused.sentence().unwrap_or("The password has expired."));
            eprintln!("Choose a new one, or press Ctrl-C to hang up.");
            let new = ask("New password: ").await?;
            let again = ask("The same again: ").await?;
            if !new.same(&again) {
                return Err(Failure::new(Exit::Usage, "the new passwords differ", "dial again"));
            }
            Ok((question.id, Answer::NewPassword(new)))
        }
        QuestionKind::EapDialog(EapDialog::ServerCertificate { sha256, refused }) => {
            let sha256: String = sha256.iter().map(|octet| format!("{octet:02x}")).collect();
            eprintln!("{}", refused.sentence().unwrap_or("The authentication server's certificate is not trusted."));
            eprintln!("Its SHA-256 digest is {sha256}.\nOnly its administrator can tell whether that is right.");
            match ask_plain("Trust it for this dial? (yes or no)", "no").await?.as_str() {
                "yes" => Ok((question.id, Answer::Accept)),
                _ => {
                    Err(Failure::new(Exit::HungUp, "the certificate was not trusted", "pin it if it is the right one"))
                }
            }
        }
        QuestionKind::EapDialog(EapDialog::CertificatePassword) => {
            let password = ask("Password of the certificate's file: ").await?;
            Ok((question.id, Answer::CertificatePassword(password)))
        }
        QuestionKind::CallbackNumber { numbers, may_decline } => {
            eprintln!("The server calls back{}", if numbers.is_empty() { "." } else { " at one of these numbers:" });
            numbers.iter().for_each(|number| eprintln!("  {number}"));
            let nothing = if may_decline { " (nothing: go on without a callback)" } else { "" };
            let number = ask_plain(&format!("Number{nothing}"), "").await?;
            Ok((question.id, Answer::CallbackNumber(number)))
        }
        QuestionKind::Interactive(what) => {
            terminal::converse(&dialled, &what).await?;
            Ok((question.id, Answer::Continue))
        }
        _ => Err(Failure::new(Exit::Unsupported, "the dial asks something that cannot be answered here", "")),
    }
}

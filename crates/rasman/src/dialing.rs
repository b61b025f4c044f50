//! A dial under way.

use crate::{Connection, Error, Handle};
use futures_core::Stream;
use rasman_core::{Answer, Cause, Code, LayerName, Notification};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// A dial under way, told as a stream of notifications to whoever polls it.
///
/// The dial goes on whether or not it is polled. The stream ends after the last notification: Connected, an error,
/// or Disconnected (clauses A39, A40). Dropping a dial of which Connected was not read hangs it up and frees
/// everything, a failed one included; after Connected was read, dropping it leaves the connection up.
#[must_use = "dropping an unfinished dial hangs it up"]
pub struct Dialing {
    connection: Connection,
    notifications: mpsc::Receiver<Box<Notification>>,
    end: Option<Result<(), Cause>>,
    /// Tells the thread that the dial is bound to that it is over.
    over: Option<Arc<AtomicBool>>,
}

impl Dialing {
    pub(crate) fn new(connection: Connection, notifications: mpsc::Receiver<Box<Notification>>) -> Self {
        Self { connection, notifications, end: None, over: None }
    }

    pub(crate) fn bind_to_thread(mut self) -> Self {
        self.over = Some(crate::thread::bind(&self.connection.backend, self.connection.handle));
        self
    }

    /// Gives the handle.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.connection.handle
    }

    /// Gives the connection, which can be asked and hung up from the first notification on.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.connection.clone()
    }

    /// Waits for the next notification; `None` after the last one. Cancel-safe.
    pub async fn next(&mut self) -> Option<Notification> {
        std::future::poll_fn(|cx| self.poll_notification(cx)).await
    }

    /// Blocks the thread until the next notification; `None` after the last one. Not for use within an async runtime.
    pub fn blocking_next(&mut self) -> Option<Notification> {
        if self.end.is_some() {
            return None;
        }
        let notification = self.notifications.blocking_recv()?;
        self.note(&notification);
        Some(*notification)
    }

    /// Answers the question that pauses the dial.
    ///
    /// # Errors
    /// As [`Connection::answer`].
    pub fn answer(&self, question: u32, answer: Answer) -> Result<(), Error> {
        self.connection.answer(question, answer)
    }

    /// Waits until the dial is over and lets notifications pass unread.
    ///
    /// # Errors
    /// What ended the dial. It is hung up then.
    pub async fn finish(mut self) -> Result<Connection, Error> {
        while self.next().await.is_some() {}
        self.outcome()
    }

    /// Blocks the thread until the dial is over. Not for use within an async runtime.
    ///
    /// # Errors
    /// As [`Dialing::finish`].
    pub fn wait(mut self) -> Result<Connection, Error> {
        while let Some(notification) = self.notifications.blocking_recv() {
            self.note(&notification);
        }
        self.outcome()
    }

    fn outcome(&self) -> Result<Connection, Error> {
        match &self.end {
            Some(Ok(())) => Ok(self.connection.clone()),
            Some(Err(cause)) => Err(Error(cause.clone())),
            None => Err(Error(Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager))),
        }
    }

    fn poll_notification(&mut self, cx: &mut Context<'_>) -> Poll<Option<Notification>> {
        if self.end.is_some() {
            return Poll::Ready(None);
        }
        let next = self.notifications.poll_recv(cx).map(|next| next.map(|boxed| *boxed));
        if let Poll::Ready(Some(notification)) = &next {
            self.note(notification);
        }
        next
    }

    /// Remembers how the dial ended.
    fn note(&mut self, notification: &Notification) {
        self.end = match (&notification.error, notification.state) {
            (Some(cause), _) => Some(Err(cause.clone())),
            (None, rasman_core::ConnState::Connected) => Some(Ok(())),
            (None, rasman_core::ConnState::Disconnected) => {
                Some(Err(Cause::new(Code::USER_DISCONNECTION, LayerName::User)))
            }
            (None, _) => None,
        };
        if self.end.is_some() {
            self.say_over();
        }
    }

    fn say_over(&self) {
        if let Some(over) = &self.over {
            over.store(true, Relaxed);
        }
    }
}

impl Stream for Dialing {
    type Item = Notification;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Notification>> {
        self.poll_notification(cx)
    }
}

impl Drop for Dialing {
    fn drop(&mut self) {
        self.say_over();
        // Whoever has read Connected owns the reference; in every other case it goes back. The hang-up goes on alone,
        // and a handle that is gone already needs none.
        if self.end != Some(Ok(())) {
            let _ = self.connection.backend.hang_up(self.connection.handle);
        }
    }
}

/// A dial that is held while its handler runs.
///
/// It stands still at its first notification until [`Held::run`] is polled.
#[must_use = "dropping an unfinished dial hangs it up"]
pub struct Held {
    dialing: Dialing,
}

/// What a handler returns.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Go on telling.
    More,
    /// No more calls; the dial goes on silently and is not held again (clause A31).
    Silence,
}

impl Held {
    pub(crate) fn new(dialing: Dialing) -> Self {
        Self { dialing }
    }

    /// Gives the handle.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.dialing.handle()
    }

    /// Gives the connection, to ask, answer or hang up from within the handler or from elsewhere.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.dialing.connection()
    }

    /// Runs `handler` for each notification, in the task that awaits this, until the dial is over.
    ///
    /// The dial is held from each notification until the handler has returned; a slow handler delays the dial and
    /// does not fail it. Once somebody has hung up, the handler is not entered any more (clause A42).
    ///
    /// # Errors
    /// What ended the dial. It is hung up then.
    pub async fn run(self, mut handler: impl AsyncFnMut(Notification) -> Flow) -> Result<Connection, Error> {
        let Self { mut dialing } = self;
        let mut silent = false;
        while let Some(notification) = dialing.next().await {
            if silent || !dialing.connection.backend.may_enter_handler(dialing.connection.handle) {
                continue;
            }
            let seq = notification.seq;
            silent = handler(notification).await == Flow::Silence;
            dialing.connection.backend.handler_done(dialing.connection.handle, seq, !silent);
        }
        dialing.outcome()
    }
}

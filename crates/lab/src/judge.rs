//! What one session asks of a RADIUS server.

use crate::Config;
use crate::radius::{Conversation, RadiusServer};
use rasman_auth::eap::{Ask, Verdict};
use std::future::{Future, pending};
use std::pin::Pin;

/// Asks for one session; where the lab judges itself it is never asked.
pub(crate) struct Judge {
    server: Option<(RadiusServer, String)>,
    /// While nothing is asked.
    conversation: Option<Conversation>,
    asking: Option<Asking>,
}

/// Gives the conversation back, and the word on a question of this number.
type Asking = Pin<Box<dyn Future<Output = (Conversation, u64, Verdict)>>>;

/// A response to be judged, and its number.
pub(crate) struct Question {
    pub(crate) number: u64,
    pub(crate) ask: Ask,
}

impl Judge {
    pub(crate) fn new(config: &Config) -> Self {
        let server = config.radius.map(|address| {
            let secret = config.radius_secret.clone();
            (RadiusServer { address, secret }, config.name.clone())
        });
        Self { server, conversation: None, asking: None }
    }

    /// Begins to ask. What was being asked is of a conversation that LCP has ended.
    pub(crate) fn ask(&mut self, question: Question) {
        let fresh = || self.server.clone().map(|(server, name)| Conversation::new(server, name));
        let Some(mut conversation) = self.conversation.take().or_else(fresh) else { return };
        self.asking = Some(Box::pin(async move {
            let verdict = conversation.judge(&question.ask).await;
            (conversation, question.number, verdict)
        }));
    }

    /// Waits for the word; for ever if nothing is asked.
    pub(crate) async fn verdict(&mut self) -> (u64, Verdict) {
        let Some(asking) = &mut self.asking else { return pending().await };
        let (conversation, number, verdict) = asking.await;
        self.asking = None;
        self.conversation = Some(conversation);
        (number, verdict)
    }
}

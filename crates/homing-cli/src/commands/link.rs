//! Linking a device: the one that is there shows a code, both show digits, a person compares them.

use homing_engine::api::{
    ApiError, Call, Code, Done, Event, LinkAccept, LinkApprove, LinkStage, LinkState, Status, SyncReport,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::oneshot;

use super::{NOTHING, Run, text_or_stdin};
use crate::args;
use crate::shapes;

impl Run<'_> {
    pub async fn link(&self, command: args::Link) -> Result<(), ApiError> {
        match command {
            args::Link::Offer { approve: Some(digits) } => {
                let mut events = self.client.subscribe().await;
                self.approve_link(digits, &mut events).await
            }
            args::Link::Offer { approve: None } => self.offer().await,
            args::Link::Accept { code, relay, device_name } => {
                let code = text_or_stdin(&code)?;
                self.accept(LinkAccept { code, device_name, relay }).await
            }
        }
    }

    async fn offer(&self) -> Result<(), ApiError> {
        let mut events = self.client.subscribe().await;
        // A command that has just opened the profile is not connected yet, and an offer needs the relay.
        let _: SyncReport = self.call(Call::Sync(NOTHING)).await?;
        let state: LinkState = self.call(Call::LinkOffer(NOTHING)).await?;
        let code = state.code.clone().ok_or_else(failed)?;
        self.out.print(&shapes::Code { code });
        self.out.hint("Enter it on the new device: homing link accept CODE");
        let state = reach(&mut events, state, |stage| stage != LinkStage::Waiting).await?;
        if state.stage == LinkStage::Compare {
            let digits = state.digits.clone().ok_or_else(failed)?;
            self.out.print(&shapes::Digits { digits: digits.clone() });
            self.out.hint("If the new device shows the same digits, type yes.");
            // Somebody may also approve in a window, or with --approve.
            let approved = tokio::select! {
                yes = read_yes() => Some(yes),
                _ = reach(&mut events, state, |stage| stage != LinkStage::Compare) => None,
            };
            match approved {
                Some(true) => return self.approve_link(digits, &mut events).await,
                Some(false) => {
                    let _: Done = self.call(Call::LinkCancel(NOTHING)).await?;
                    return Err(ApiError::new(Code::DigitsDiffer, "Not approved: nothing was linked."));
                }
                None => {}
            }
        }
        let state: Option<LinkState> = self.call(Call::LinkShow(NOTHING)).await?;
        let state = state.ok_or_else(failed)?;
        self.finish_offer(state, &mut events).await
    }

    async fn approve_link(&self, digits: String, events: &mut Receiver<Event>) -> Result<(), ApiError> {
        let state: LinkState = self.call(Call::LinkApprove(LinkApprove { digits })).await?;
        self.finish_offer(state, events).await
    }

    async fn finish_offer(&self, state: LinkState, events: &mut Receiver<Event>) -> Result<(), ApiError> {
        let state = reach(events, state, |stage| stage == LinkStage::Done).await?;
        self.out.print(&shapes::LinkDone { linked: true, device_name: state.device_name });
        Ok(())
    }

    async fn accept(&self, args: LinkAccept) -> Result<(), ApiError> {
        let mut events = self.client.subscribe().await;
        let state: LinkState = self.call(Call::LinkAccept(args)).await?;
        let state = reach(&mut events, state, |stage| stage != LinkStage::Waiting).await?;
        if let Some(digits) = state.digits.clone() {
            self.out.print(&shapes::Digits { digits });
            self.out.hint("Compare them with the other device, and approve there.");
        }
        reach(&mut events, state, |stage| stage == LinkStage::Done).await?;
        let status: Status = self.client.status().await?;
        self.out.print(&shapes::Identity::from(status));
        Ok(())
    }
}

/// Waits until the linking is at a stage; a linking that failed is an error.
async fn reach(
    events: &mut Receiver<Event>,
    mut state: LinkState,
    there: impl Fn(LinkStage) -> bool,
) -> Result<LinkState, ApiError> {
    loop {
        if state.stage == LinkStage::Failed {
            return Err(state.error.unwrap_or_else(failed));
        }
        if there(state.stage) {
            return Ok(state);
        }
        state = match events.recv().await {
            Ok(Event::Link { state }) => state,
            Ok(_) | Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return Err(failed()),
        };
    }
}

fn failed() -> ApiError {
    ApiError::new(Code::LinkFailed, "The linking ended. Begin again with a new code.")
}

/// True for a `yes` on stdin. On a thread that nobody waits for, because reading can't be called off; the end of
/// stdin is no answer: then the linking is approved elsewhere, or runs out.
async fn read_yes() -> bool {
    let (said, heard) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            let _ = said.send(line.trim().eq_ignore_ascii_case("yes"));
        }
    });
    match heard.await {
        Ok(yes) => yes,
        Err(_) => std::future::pending().await,
    }
}

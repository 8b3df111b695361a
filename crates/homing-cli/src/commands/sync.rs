//! `sync`: once, or for as long as it is left running.

use homing_engine::api::{self, ApiError, Call, Code};
use tokio::sync::broadcast::error::RecvError;

use super::{NOTHING, Run};
use crate::shapes;

impl Run<'_> {
    pub async fn sync(&self, watch: bool) -> Result<(), ApiError> {
        if !watch {
            return self.show::<api::SyncReport, shapes::Sync>(Call::Sync(NOTHING)).await;
        }
        let mut events = self.client.subscribe().await;
        let status = self.client.status().await?;
        self.out.print(&shapes::Event(api::Event::Status { status }));
        match self.show::<api::SyncReport, shapes::Sync>(Call::Sync(NOTHING)).await {
            // Who watches waits for the relay to come back.
            Err(error) if error.code == Code::RelayUnreachable => self.out.hint(&error.message),
            first => first?,
        }
        loop {
            match events.recv().await {
                Ok(event) => self.out.print(&shapes::Event(event)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }
}

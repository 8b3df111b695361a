//! Answers to calls. A call that needs the relay keeps its reply until the relay has answered.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::api::{ApiError, Code};
use crate::port::{Answer, CallId};

/// A reply whose type is not known yet.
pub(crate) struct RawReply(pub CallId);

impl RawReply {
    pub(crate) fn typed<T>(self) -> Reply<T> {
        Reply { id: self.0, answer: PhantomData }
    }
}

/// The one reply to a call.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    id: CallId,
    answer: PhantomData<T>,
}

/// A settled reply on its way out.
pub(crate) struct Settled(pub CallId, pub Answer);

impl<T: Serialize> Reply<T> {
    pub(crate) fn settle(self, result: Result<T, ApiError>) -> Settled {
        let json = result.and_then(|answer| {
            to_raw_value(&answer)
                .map_err(|_| ApiError::new(Code::Internal, "The answer could not be written."))
        });
        Settled(self.id, json)
    }
}

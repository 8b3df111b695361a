//! People at their devices, in few words.

use std::ops::{Deref, DerefMut};

use homing_engine::api::{
    ApiError, Call, ConversationPage, ConversationRow, Conversations, DeviceRow, Filter, Init, Invitation,
    Invite, InviteTo, ItemRef, Join, Joined, LinkAccept, LinkApprove, LinkState, MessagePage, MessageRow,
    Messages, Nothing, RelaySet, Send, Sent, Status, SyncReport,
};
use homing_sim::{DeviceId, World};
use serde::de::DeserializeOwned;

pub const RELAY: &str = homing_sim::RELAY;

/// A world with what people do in it.
pub struct People(World);

impl Deref for People {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl DerefMut for People {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.0
    }
}

pub fn world(seed: u64) -> People {
    People(World::new(seed).unwrap())
}

impl People {
    pub fn device(&mut self, name: &str) -> DeviceId {
        self.0.add_device(name, 0).unwrap()
    }

    pub fn does<T: DeserializeOwned>(&mut self, device: DeviceId, call: Call) -> T {
        let shown = format!("{call:?}");
        let answer = self.call(device, call).unwrap_or_else(|error| panic!("{shown}: {error}"));
        serde_json::from_str(answer.get()).unwrap()
    }

    pub fn fails(&mut self, device: DeviceId, call: Call) -> ApiError {
        self.try_call(device, call).unwrap().unwrap_err()
    }

    pub fn links(&mut self, old: DeviceId, new: DeviceId, name: &str) {
        let offered: LinkState = self.does(old, Call::LinkOffer(Nothing {}));
        let accept =
            LinkAccept { code: offered.code.unwrap(), device_name: Some(name.to_owned()), relay: None };
        let there: LinkState = self.does(new, Call::LinkAccept(accept));
        // The last message of the exchange is on its way to the old device.
        self.run_for(5_000).unwrap();
        let here: Option<LinkState> = self.does(old, Call::LinkShow(Nothing {}));
        let here = here.unwrap();
        assert_eq!(here.digits, there.digits);
        assert_eq!(here.device_name.as_deref(), Some(name));
        let approve = LinkApprove { digits: here.digits.unwrap() };
        self.does::<LinkState>(old, Call::LinkApprove(approve));
        self.run_for(10_000).unwrap();
    }

    pub fn status(&mut self, device: DeviceId) -> Status {
        self.does(device, Call::Status(Nothing {}))
    }

    pub fn alone(&mut self, device: DeviceId, name: &str) -> Status {
        let device_name = Some(format!("{name}'s laptop"));
        self.does(device, Call::Init(Init { name: name.to_owned(), relay: None, device_name }))
    }

    pub fn person(&mut self, name: &str) -> DeviceId {
        let device = self.device(name);
        self.alone(device, name);
        self.does::<Status>(device, Call::RelaySet(RelaySet { address: RELAY.to_owned() }));
        device
    }

    pub fn invitation(&mut self, device: DeviceId, to: InviteTo) -> Invitation {
        self.does(device, Call::Invite(Invite { to }))
    }

    pub fn joins(&mut self, device: DeviceId, link: &str, name: Option<&str>) -> Joined {
        self.does(device, Call::Join(Join { link: link.to_owned(), name: name.map(str::to_owned) }))
    }

    pub fn says(&mut self, device: DeviceId, conversation: &str, text: &str) -> Sent {
        let (conversation, text) = (conversation.to_owned(), text.to_owned());
        self.does(device, Call::Send(Send { conversation, text, ..Send::default() }))
    }

    pub fn syncs(&mut self, device: DeviceId) -> SyncReport {
        self.does(device, Call::Sync(Nothing {}))
    }

    pub fn list(&mut self, device: DeviceId) -> Vec<ConversationRow> {
        let args = Conversations { filter: Filter::All, after: None, limit: 100 };
        self.does::<ConversationPage>(device, Call::Conversations(args)).rows
    }

    pub fn reads(&mut self, device: DeviceId, conversation: &str) -> Vec<MessageRow> {
        let conversation = conversation.to_owned();
        let args =
            Messages { conversation, before: None, after: None, around: None, unread: false, limit: 100 };
        self.does::<MessagePage>(device, Call::Messages(args)).rows
    }

    pub fn bodies(&mut self, device: DeviceId, conversation: &str) -> Vec<String> {
        self.reads(device, conversation).into_iter().map(|row| row.body).collect()
    }

    pub fn devices(&mut self, device: DeviceId) -> Vec<DeviceRow> {
        self.does(device, Call::Devices(Nothing {}))
    }

    pub fn revokes(&mut self, device: DeviceId, other: &str) -> Vec<DeviceRow> {
        self.does(device, Call::DeviceRevoke(ItemRef { id: other.to_owned() }))
    }
}

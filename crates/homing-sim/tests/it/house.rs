//! The people most scenarios are about, and what must hold for everybody once all has arrived.

use homing_engine::api::{InviteTo, MessageRow, Named, RoleName};
use homing_sim::{DeviceId, World};

/// Ada with two devices, Ben, a client of hers who came while she was off, and Cora, staff of her team.
pub struct House {
    pub world: World,
    pub laptop: DeviceId,
    pub desktop: DeviceId,
    pub ben: DeviceId,
    pub cora: DeviceId,
    /// A talk of Ada and Ben in Ben's client space.
    pub two: String,
    /// A talk of Ada, Ben and Cora.
    pub group: String,
}

impl House {
    pub fn new(seed: u64) -> Self {
        let mut world = world(seed);
        let laptop = world.add_device("laptop", 0).unwrap();
        world.init(laptop, "Ada").unwrap();
        let link = world.invite(laptop, InviteTo::Client { name: "Ben".to_owned() }).unwrap();
        let staff = world.invite(laptop, InviteTo::Team { role: Some(RoleName::Member) }).unwrap();
        // Ben comes while Ada is off.
        world.set_online(laptop, false).unwrap();
        let ben = world.add_device("ben", 0).unwrap();
        world.join(ben, &link, Some("Ben")).unwrap();
        let cora = world.add_device("cora", 0).unwrap();
        world.join(cora, &staff, Some("Cora")).unwrap();
        world.set_online(laptop, true).unwrap();
        world.run_for(60_000).unwrap();
        approve_all(&mut world, laptop);
        let desktop = world.add_device("desktop", 0).unwrap();
        world.link_device(laptop, desktop).unwrap();
        world.run_for(60_000).unwrap();
        let two = world.conversation(laptop, "Two", &["Ben"]).unwrap();
        let group = world.conversation(laptop, "Group", &["Ben", "Cora"]).unwrap();
        world.settle().unwrap();
        Self { world, laptop, desktop, ben, cora, two, group }
    }

    pub fn devices(&self) -> Vec<DeviceId> {
        vec![self.laptop, self.desktop, self.ben, self.cora]
    }
}

/// Lets in whoever asks.
pub fn approve_all(world: &mut World, device: DeviceId) {
    use homing_engine::api::{Call, Done, ItemRef, Nothing, RequestRow};
    let requests: Vec<RequestRow> = world.ask(device, Call::Requests(Nothing {})).unwrap();
    for request in requests {
        let _: Done = world.ask(device, Call::Approve(ItemRef { id: request.id })).unwrap();
    }
    world.run_for(30_000).unwrap();
}

/// What everybody must see alike of a message.
#[derive(PartialEq, Debug)]
pub struct Seen {
    pub id: String,
    pub author: String,
    pub body: String,
    pub deleted: bool,
    pub edited_at: Option<String>,
    /// Emoji, and who gave it.
    pub reactions: Vec<(String, Vec<String>)>,
    pub mentions: Vec<String>,
    pub replies: u32,
}

pub fn seen(rows: &[MessageRow]) -> Vec<Seen> {
    let people = |all: &[Named]| all.iter().map(|one| one.person.clone()).collect::<Vec<_>>();
    rows.iter()
        .map(|row| Seen {
            id: row.id.clone(),
            author: row.author.clone(),
            body: row.body.clone(),
            deleted: row.deleted,
            edited_at: row.edited_at.clone(),
            reactions: row.reactions.iter().map(|one| (one.emoji.clone(), people(&one.people))).collect(),
            mentions: people(&row.mentions),
            replies: row.replies,
        })
        .collect()
}

/// All devices show the same messages in the same order; answers their bodies.
pub fn same_messages(world: &mut World, devices: &[DeviceId], conversation: &str) -> Vec<String> {
    let mut first: Option<Vec<_>> = None;
    for device in devices {
        let rows = world.messages(*device, conversation).unwrap();
        let rows = seen(&rows);
        match &first {
            None => first = Some(rows),
            Some(first) => assert_eq!(first, &rows, "device {device} shows other messages in {conversation}"),
        }
    }
    first.unwrap_or_default().into_iter().map(|row| row.body).collect()
}

/// Nothing waits, nothing is refused, the database is sound.
pub fn at_rest(world: &mut World, devices: &[DeviceId]) {
    for device in devices {
        let status = world.status(*device).unwrap();
        let outbox = world.outbox(*device).unwrap();
        assert!(outbox.is_empty(), "device {device} still waits: {outbox:?}");
        assert_eq!((status.parked, status.quarantined), (0, 0), "device {device}: {status:?}");
        assert!(status.online && status.problem.is_none(), "device {device}: {status:?}");
        let doctor = world.doctor(*device).unwrap();
        assert!(doctor.healthy, "device {device}: {doctor:?}");
    }
}

/// A scenario's empty world. HOMING_SIM_SHIFT runs all scenarios by other seeds; HOMING_SIM_LOG shows the engines' logs.
pub fn world(seed: u64) -> World {
    log();
    let shift: u64 = std::env::var("HOMING_SIM_SHIFT").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    World::new(seed + shift * 1_000).unwrap()
}

fn log() {
    if let Ok(filter) = std::env::var("HOMING_SIM_LOG") {
        let _ =
            tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().without_time().try_init();
    }
}

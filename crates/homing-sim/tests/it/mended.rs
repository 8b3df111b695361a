//! What the doctor mends with the relay's help.

use homing_engine::api::{Call, Doctor, DoctorReport};
use homing_store::{Durability, StoreError, accounts};
use homing_wire::PersonId;

use crate::disk;
use crate::house::{House, at_rest, same_messages};

#[test]
fn the_own_account_is_fetched_again() {
    let mut house = House::new(70);
    let everybody = house.devices();
    let (laptop, group) = (house.laptop, house.group.clone());
    let world = &mut house.world;
    let person: PersonId = world.status(laptop).unwrap().person.unwrap().parse().unwrap();
    world.set_online(laptop, false).unwrap();
    world.crash(laptop).unwrap();
    let mut store = disk::open(world, laptop);
    store
        .write::<_, StoreError>(Durability::Full, |tx| {
            let log = accounts::list(tx, &person)?;
            assert!(log.len() > 1);
            accounts::delete(tx, &person)?;
            for op in log {
                let mut bytes = op.bytes;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                accounts::append(tx, &person, op.n, &op.id, &bytes)?;
            }
            Ok(())
        })
        .unwrap();
    drop(store);
    world.start(laptop).unwrap();
    let report = |world: &mut homing_sim::World, repair| -> DoctorReport {
        world.ask(laptop, Call::Doctor(Doctor { repair })).unwrap()
    };
    let found = report(world, true);
    assert_eq!(found.findings.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["account_damaged"]);
    assert!(!found.healthy, "the relay has not answered yet");
    // The process may end before it does.
    world.crash(laptop).unwrap();
    world.start(laptop).unwrap();
    world.set_online(laptop, true).unwrap();
    world.run_for(60_000).unwrap();
    let mended = report(world, false);
    assert!(mended.healthy, "{:?}", mended.findings);
    assert_eq!(world.devices(laptop).unwrap().len(), 2);
    world.send(laptop, &group, "as good as new").unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["as good as new"]);
    at_rest(world, &everybody);
}

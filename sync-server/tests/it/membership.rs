//! Who can read, hear and write what, and how fast that ends.

use homing_wire::{ClientFrame, Lane, Member, Moved, NackCode, RelayFrame, Role};

use crate::support::{Home, World};

#[tokio::test]
async fn a_stranger_gets_nothing() {
    let mut world = World::new();
    let (ada, ben, eve) = (world.person(), world.person(), world.person());
    let home = Home::new().await;
    let (mut a, mut e) = (home.join(&ada).await, home.join(&eve).await);
    home.join(&ben).await;
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let slot = world.slot(space, &ada, 1, 1, b"draft");
    a.push_slot(&slot).await.unwrap();
    for lane in [Lane::All, Lane::Ops] {
        assert_eq!(e.pull(space, 0, false, lane, 1000).await.err(), Some(NackCode::NotFound));
    }
    assert_eq!(e.pull_slots(space, 0).await, Err(NackCode::NotFound));
    assert_eq!(e.pull_account(ada.id).await, Err(NackCode::NotFound));
    assert_eq!(e.follow(ada.me(), 0).await, vec![], "somebody else's feed stays silent");
    assert_eq!(e.ids(space).await.0, vec![]);
    let intruding = world.data(space, &eve, eve.me(), b"hello");
    assert_eq!(e.push(&intruding).await, Err(NackCode::NotAMember));
    let slot = world.slot(space, &eve, 1, 1, b"draft");
    assert_eq!(e.push_slot(&slot).await, Err(NackCode::NotAMember));
    e.sub(space).await;
    assert!(matches!(e.frame().await, RelayFrame::Overflow { .. }), "not live");
    let entry = world.data(space, &ada, ada.me(), b"secret");
    a.push(&entry).await.unwrap();
    e.send(&ClientFrame::Ephemeral { space, content: vec![1] }).await;
    assert_eq!(e.pull_account(ada.id).await, Err(NackCode::NotFound), "and nothing live came before this");
}

#[tokio::test]
async fn a_removed_member_is_out_at_once() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    let (mut a, mut b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let slot = world.slot(space, &ben, 1, 1, b"draft");
    b.push_slot(&slot).await.unwrap();
    b.follow(ben.me(), 0).await;
    b.sub(space).await;
    let entry = world.data(space, &ben, ben.me(), b"one");
    world.took(&entry, b.push(&entry).await.unwrap().received_ms);
    let late = world.data(space, &ben, ben.me(), b"two");
    let removal = world.removing(space, &ada, ben.me());
    world.took(&removal, a.push(&removal).await.unwrap().received_ms);
    b.wait_for(|frame| match frame {
        RelayFrame::Feed { items, .. } => {
            items.iter().any(|item| item.moved == Moved::Gone { space }).then_some(())
        }
        RelayFrame::Event { stored, .. } => panic!("heard of entry {}", stored.sequence),
        _ => None,
    })
    .await;
    assert_eq!(b.push(&late).await, Err(NackCode::StaleOps));
    assert_eq!(b.pull(space, 0, false, Lane::All, 1000).await.err(), Some(NackCode::NotFound));
    let after = world.data(space, &ada, ada.me(), b"without Ben");
    world.took(&after, a.push(&after).await.unwrap().received_ms);
    assert_eq!(b.pull_slots(space, 0).await, Err(NackCode::NotFound));
    assert_eq!(a.pull_slots(space, 0).await.unwrap(), vec![], "his slots went with him");
    let moved = b.follow(ben.me(), 0).await;
    assert!(moved.iter().any(|item| item.moved == Moved::Gone { space }), "told again to who was offline");

    let back = world.adding(space, &ada, ben.me(), Role::Reader);
    world.took(&back, a.push(&back).await.unwrap().received_ms);
    assert_eq!(b.pull_all(space).await.unwrap().len(), 5);
}

#[tokio::test]
async fn staff_read_through_the_team_and_lose_it_with_the_team() {
    let mut world = World::new();
    let (ada, sam, client) = (world.person(), world.person(), world.person());
    let home = Home::new().await;
    let (mut a, mut s, mut c) = (home.join(&ada).await, home.join(&sam).await, home.join(&client).await);
    let (team, genesis) = world.team(&ada, &[(&sam, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let (space, genesis) = world.client_space(&sam, team, &[&client]);
    s.push(&genesis).await.unwrap();

    let moved = s.follow(Member::Team(team), 0).await;
    assert!(moved.iter().any(|item| matches!(item.moved, Moved::Space { space: id, .. } if id == space)));
    assert_eq!(c.follow(Member::Team(team), 0).await, vec![], "a client is not staff");
    s.sub(space).await;
    s.pull_all(space).await.unwrap();
    let hello = world.data(space, &client, client.me(), b"hello");
    world.took(&hello, c.push(&hello).await.unwrap().received_ms);
    s.wait_for(|frame| matches!(frame, RelayFrame::Event { .. }).then_some(())).await;
    let answer = world.data(space, &sam, Member::Team(team), b"good day");
    world.took(&answer, s.push(&answer).await.unwrap().received_ms);

    let (ops, _, _) = c.pull(team, 0, false, Lane::Ops, u32::MAX).await.unwrap();
    assert_eq!(ops.len(), 1, "who must judge staff reads the team's ops");
    assert_eq!(c.pull(team, 0, false, Lane::All, u32::MAX).await.err(), Some(NackCode::NotFound));
    assert_eq!(c.pull_account(sam.id).await.unwrap().len(), 1);
    assert_eq!(c.pull_account(ada.id).await.unwrap().len(), 1);

    let removal = world.removing(team, &ada, sam.me());
    world.took(&removal, a.push(&removal).await.unwrap().received_ms);
    assert_eq!(s.pull(space, 0, false, Lane::All, 1000).await.err(), Some(NackCode::NotFound));
    assert_eq!(s.pull(team, 0, false, Lane::Ops, 1000).await.err(), Some(NackCode::NotFound));
    let under_old_key = world.data(space, &client, client.me(), b"is Sam gone?");
    assert_eq!(c.push(&under_old_key).await, Err(NackCode::NeedsRotation));
    let anchor = world.anchoring(space, &client, client.me());
    world.took(&anchor, c.push(&anchor).await.unwrap().received_ms);
    let after = world.data(space, &client, client.me(), b"is Sam gone?");
    world.took(&after, c.push(&after).await.unwrap().received_ms);
    let last = world.data(space, &sam, Member::Team(team), b"I am not");
    assert_eq!(s.push(&last).await, Err(NackCode::NotAMember));
    assert_eq!(a.pull_all(space).await.unwrap().len(), 5);
    let mut s = home.login(&sam).await;
    assert_eq!(s.follow(Member::Team(team), 0).await, vec![], "and the team's feed is silent");
}

#[tokio::test]
async fn a_link_opens_the_op_chain_and_lets_in_while_the_inviter_sleeps() {
    let mut world = World::new();
    let (ada, ben, eve) = (world.person(), world.person(), world.person());
    let home = Home::new().await;
    let mut a = home.join(&ada).await;
    let (space, genesis) = world.talk(&ada, &[]);
    a.push(&genesis).await.unwrap();
    let private = world.data(space, &ada, ada.me(), b"private");
    world.took(&private, a.push(&private).await.unwrap().received_ms);
    let (invite, secret) = world.inviting(space, &ada, Role::Member);
    world.took(&invite, a.push(&invite).await.unwrap().received_ms);
    drop(a);

    let mut b = home.join(&ben).await;
    assert_eq!(b.pull_account(ada.id).await, Err(NackCode::NotFound));
    let wrong = homing_crypto::InviteSecret::from_bytes([1; 16]);
    assert_eq!(b.peek(space, &wrong, &ben).await.err(), Some(NackCode::NotFound));
    assert_eq!(b.peek(space, &secret, &eve).await.err(), Some(NackCode::BadSignature), "for another device");
    let (ops, head, _) = b.peek(space, &secret, &ben).await.unwrap();
    assert_eq!(ops.iter().map(|stored| stored.sequence).collect::<Vec<_>>(), vec![1, 3], "ops only");
    assert!(b.signed(&head));
    assert_eq!(b.pull_account(ada.id).await.unwrap().len(), 1);
    assert_eq!(b.pull(space, 0, false, Lane::All, 1000).await.err(), Some(NackCode::NotFound));

    let join = world.joining(space, &secret, &ben);
    world.took(&join, b.push(&join).await.unwrap().received_ms);
    assert_eq!(b.pull_all(space).await.unwrap().len(), 4);
    let mut e = home.join(&eve).await;
    assert_eq!(e.peek(space, &secret, &eve).await.err(), Some(NackCode::NotFound), "a link works once");
    let again = world.data(space, &ben, ben.me(), b"thanks");
    b.push(&again).await.unwrap();
}

#[tokio::test]
async fn ephemeral_frames_reach_open_spaces_of_members_only() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    let (mut a, mut b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    b.send(&ClientFrame::Ephemeral { space, content: b"unheard".to_vec() }).await;
    // An answered question behind it: it has been passed on to nobody.
    b.pull_slots(space, 0).await.unwrap();
    a.sub(space).await;
    a.pull_all(space).await.unwrap();
    b.send(&ClientFrame::Ephemeral { space, content: vec![0; homing_wire::limits::EPHEMERAL + 1] }).await;
    b.send(&ClientFrame::Ephemeral { space, content: b"typing".to_vec() }).await;
    let RelayFrame::Ephemeral { device, content, .. } = a.frame().await else { panic!("nothing came") };
    assert_eq!((device, content), (ben.device_id(), b"typing".to_vec()));
}

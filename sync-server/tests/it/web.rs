//! Health, metrics, the invitation page, and what none of them may say.

use homing_wire::Role;

use crate::support::{Home, World, request};

#[tokio::test]
async fn metrics_count_and_name_nobody() {
    let mut world = World::new();
    let (ada, ben) = (world.person(), world.person());
    let home = Home::new().await;
    let host = home.address();
    let (mut a, b) = (home.join(&ada).await, home.join(&ben).await);
    let (space, genesis) = world.talk(&ada, &[(&ben, Role::Member)]);
    a.push(&genesis).await.unwrap();
    let entry = world.data(space, &ada, ada.me(), b"canary-7f3a");
    a.push(&entry).await.unwrap();
    assert!(a.push(&world.data(space, &ben, ben.me(), b"x")).await.is_err());
    let page = request(&host, "GET", "/metrics", "", b"").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for line in [
        "homing_relay_connections 2",
        "homing_relay_entries_total 2",
        "homing_relay_generation 1",
        "homing_relay_nacks_total{code=\"bad_signature\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    for value in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, number) = value.rsplit_once(' ').unwrap();
        assert!(name.starts_with("homing_relay_") && number.parse::<u64>().is_ok(), "{value}");
    }
    let secret = [
        ada.id.to_string(),
        ben.device_id().to_string(),
        space.to_string(),
        entry.id().to_string(),
        b.token.clone(),
        "canary".to_owned(),
        "127.0.0.1".to_owned(),
    ];
    for name in secret {
        assert!(!text.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn a_healthy_relay_says_so() {
    let home = Home::new().await;
    let health = request(&home.address(), "GET", "/healthz", "", b"").await;
    assert_eq!((health.status, health.text().as_str()), (200, "ok\n"));
}

#[tokio::test]
async fn the_invitation_page_explains_and_keeps_to_itself() {
    let home = Home::new().await;
    let host = home.address();
    let page = request(&host, "GET", "/i/", "", b"").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let text = page.text();
    assert!(text.contains("Homing") && text.contains("install"));
    assert!(!text.contains("<script>") && !text.contains("http://") && !text.contains("https://"));
    let script = request(&host, "GET", "/i/page.js", "", b"").await;
    assert!(script.text().contains("homing://join/") && !script.text().contains("fetch"));
    assert_eq!(request(&host, "GET", "/i/page.css", "", b"").await.status, 200);
    let root = request(&host, "GET", "/", "", b"").await;
    assert_eq!((root.status, root.header("location")), (308, Some("/i/")));
    assert_eq!(request(&host, "GET", "/nothing", "", b"").await.status, 404);
}

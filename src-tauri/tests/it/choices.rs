//! What Ada chooses for conversations while her relay is down: it shows at once, arrives on her other device when the relay
//! is back, is taken back with one press, and her client sees none of it.

use serde_json::json;

use crate::driver::{App, Bus, Chooser, Desk};
use crate::meeting::{Env, start_again, stop};
use crate::programs::Relay;
use crate::steps::{
    begin, close_dialog, conversation_id, first_start, invite, join, link, open, row, says, tid, to_inbox,
    type_draft, wait_draft, write,
};

pub struct Agency {
    desk: Desk,
    relay: Relay,
    pub laptop: App,
    pub desktop: App,
    pub client: App,
    /// Two conversations of Ada's with her client.
    pub boiler: String,
    pub garden: String,
}

impl Agency {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The laptop has this in its environment besides.
    pub async fn with(env: Env<'_>) -> Self {
        let desk = Desk::start();
        let relay = Relay::start(&desk.folder("relay"));
        let laptop = desk.app("laptop", env).await;
        first_start(&laptop, "Ada Berger").await;
        let invitation = invite(&laptop, &relay, "client", Some("Cora Lind")).await;
        let desktop = desk.app("desktop", &[]).await;
        link(&laptop, &desktop).await;
        for device in [&laptop, &desktop] {
            close_dialog(device).await;
        }
        let client = desk.app("client", &[]).await;
        join(&client, &invitation, "Cora Lind").await;
        to_inbox(&laptop).await;
        laptop.wait_text(&tid("conversation"), "Cora Lind").await;
        let boiler = begin(&laptop, "The boiler", &["Cora Lind"], "I will send somebody").await;
        let garden = begin(&laptop, "The garden", &["Cora Lind"], "The hedge is cut").await;
        for device in [&desktop, &client] {
            to_inbox(device).await;
            device.wait_for(&row(&boiler)).await;
            device.wait_for(&row(&garden)).await;
        }
        Self { desk, relay, laptop, desktop, client, boiler, garden }
    }

    pub async fn relay_down(&mut self) {
        stop(&mut self.relay, [&self.laptop, &self.desktop, &self.client]).await;
    }

    pub async fn relay_up(&mut self) {
        start_again(&mut self.relay, [&self.laptop, &self.desktop, &self.client]).await;
    }

    pub async fn end(self) {
        for app in [self.laptop, self.desktop, self.client] {
            app.close().await;
        }
        drop(self.desk);
    }
}

/// Opens a conversation and chooses from its menu.
pub async fn choose(app: &App, conversation: &str, item: &str) {
    open(app, conversation).await;
    app.click(&tid("thread-menu")).await;
    app.click(&tid(item)).await;
}

pub async fn show(app: &App, filter: &str) {
    app.click(&format!("[data-testid=filter][data-filter={filter}]")).await;
    app.wait_for(&format!("[data-testid=filter][data-filter={filter}][aria-pressed=true]")).await;
}

pub fn marked(conversation: &str, mark: &str) -> String {
    format!("{}[data-{mark}=true]", row(conversation))
}

/// Clicks a row with a key held.
pub async fn click_with(app: &App, conversation: &str, key: &str) {
    let script = "const link = document.querySelector(arguments[0]);
        link.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, [arguments[1]]: true }))";
    app.eval(script, vec![json!(format!("{} a", row(conversation))), json!(key)]).await;
}

/// Takes back what a toast tells.
pub async fn undo(app: &App, told: &str) {
    let script = "const toast = [...document.querySelectorAll('[data-testid=toast]')]
            .find((one) => one.innerText.includes(arguments[0]));
        toast?.querySelector('[data-testid=toast-action]')?.click();
        return toast !== undefined";
    app.wait_until(&format!("a toast {told:?}"), script, vec![json!(told)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_chosen_with_the_relay_down_arrives_on_the_other_device_and_not_with_the_client() {
    let mut house = Agency::start().await;
    let (boiler, garden) = (house.boiler.clone(), house.garden.clone());
    house.relay_down().await;
    let laptop = &house.laptop;
    choose(laptop, &boiler, "thread-pin").await;
    laptop.wait_for(&marked(&boiler, "pinned")).await;
    laptop.wait_text(&tid("toast"), "pinned").await;
    choose(laptop, &boiler, "thread-mute").await;
    laptop.click("[data-testid=until][data-until=forever]").await;
    laptop.wait_for(&marked(&boiler, "muted")).await;
    choose(laptop, &boiler, "thread-assign").await;
    laptop.click(&tid("assignee")).await;
    laptop.wait_for(&format!("{} [data-testid=row-assignee]", row(&boiler))).await;
    // A snoozed conversation is out of sight and in its own list.
    choose(laptop, &garden, "thread-snooze").await;
    laptop.click("[data-testid=until][data-until=tomorrow]").await;
    laptop.wait_gone(&row(&garden)).await;
    show(laptop, "snoozed").await;
    laptop.wait_for(&marked(&garden, "snoozed")).await;
    show(laptop, "active").await;

    house.relay_up().await;
    let desktop = &house.desktop;
    desktop.wait_for(&marked(&boiler, "pinned")).await;
    desktop.wait_for(&marked(&boiler, "muted")).await;
    desktop.wait_for(&format!("{} [data-testid=row-assignee]", row(&boiler))).await;
    desktop.wait_gone(&row(&garden)).await;
    show(desktop, "snoozed").await;
    desktop.wait_for(&marked(&garden, "snoozed")).await;
    // What the client writes brings it back on both; nothing of all this is on their screen.
    for mark in ["pinned", "muted", "snoozed"] {
        house.client.wait_for(&format!("{}[data-{mark}=false]", row(&boiler))).await;
    }
    house.client.wait_gone("[data-testid=row-assignee]").await;
    house.client.wait_gone(&tid("comment-mode")).await;
    write(&house.client, &garden, &["And the lawn?".to_owned()]).await;
    show(desktop, "active").await;
    for device in [&house.laptop, desktop] {
        device.wait_for(&format!("{}[data-snoozed=false]", row(&garden))).await;
    }

    // Several at once, and one undo for the whole, on both screens.
    click_with(&house.laptop, &boiler, "ctrlKey").await;
    click_with(&house.laptop, &garden, "ctrlKey").await;
    house.laptop.wait_text(&tid("bulk"), "2 selected").await;
    house.laptop.click(&tid("bulk-archive")).await;
    for device in [&house.laptop, desktop] {
        device.wait_gone(&row(&boiler)).await;
        device.wait_gone(&row(&garden)).await;
    }
    undo(&house.laptop, "2 conversations archived").await;
    for device in [&house.laptop, desktop] {
        device.wait_for(&row(&boiler)).await;
        device.wait_for(&row(&garden)).await;
    }
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_stands_beside_the_client_s_thread_and_never_on_the_client_s_screen() {
    let mut house = Agency::start().await;
    let boiler = house.boiler.clone();
    house.relay_down().await;
    let laptop = &house.laptop;
    open(laptop, &boiler).await;
    laptop.fill(&tid("composer"), "For the client").await;
    laptop.wait_for("[data-testid=composer][data-saved=true]").await;
    laptop.click("[data-testid=comment-mode][data-mode=comment]").await;
    laptop.wait_text("#only-team", "Only your team sees this").await;
    laptop.wait_gone(&tid("composer")).await;
    laptop.fill(&tid("comment"), "She pays late").await;
    laptop.click(&tid("comment-send")).await;
    laptop.wait_text("[data-testid=message][data-internal=true]", "She pays late").await;
    // What was meant for the client is where it was.
    laptop.click("[data-testid=comment-mode][data-mode=reply]").await;
    let kept = "return document.querySelector('[data-testid=composer]')?.value === 'For the client'";
    laptop.wait_until("the draft for the client", kept, vec![]).await;

    house.relay_up().await;
    open(&house.desktop, &boiler).await;
    house.desktop.wait_text("[data-testid=message][data-internal=true]", "She pays late").await;
    house.laptop.click(&tid("send")).await;
    open(&house.client, &boiler).await;
    house.client.wait_text(&tid("message-body"), "For the client").await;
    let words = "return document.body.innerText.includes('pays late')";
    assert_eq!(house.client.eval(words, vec![]).await, json!(false));
    house.end().await;
}

async fn merge(app: &App, conversation: &str, into: &str) {
    choose(app, conversation, "thread-merge").await;
    app.click(&format!("[data-testid=merge-into][data-id=\"{into}\"]")).await;
    app.wait_gone(&row(conversation)).await;
}

/// Reports who wrote in a conversation.
async fn report(app: &App, conversation: &str, evidence: bool) {
    open(app, conversation).await;
    app.click(&tid("person-menu")).await;
    app.click(&format!("[data-testid=spam][data-evidence={evidence}]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_of_a_merged_conversation_are_gone_on_with_from_the_list_and_from_the_bar() {
    let house = Agency::start().await;
    let (boiler, garden) = (house.boiler.clone(), house.garden.clone());
    let laptop = &house.laptop;
    open(laptop, &garden).await;
    type_draft(laptop, "The roses too").await;
    open(laptop, &boiler).await;
    type_draft(laptop, "On Monday").await;
    merge(laptop, &garden, &boiler).await;
    laptop.wait_for(&format!("[data-testid=thread][data-id=\"{boiler}\"][data-loaded=true]")).await;
    wait_draft(laptop, "On Monday").await;
    let other = "[data-testid=other-draft][data-current=false] .open";
    laptop.click(other).await;
    wait_draft(laptop, "The roses too").await;
    laptop.click(other).await;
    wait_draft(laptop, "On Monday").await;
    laptop.click("[data-nav=drafts]").await;
    let listed = |id: &str| format!("[data-testid=draft-row][data-conversation=\"{id}\"]");
    laptop.wait_text(&listed(&boiler), "The boiler").await;
    let script = "const rows = [...document.querySelectorAll(arguments[0])];
        rows.find((row) => row.innerText.includes('The roses too'))?.querySelector('.open').click();
        return rows.length === 2";
    laptop.wait_until("both drafts where they are gone on with", script, vec![json!(listed(&boiler))]).await;
    laptop.wait_for(&format!("[data-testid=thread][data-id=\"{boiler}\"][data-loaded=true]")).await;
    wait_draft(laptop, "The roses too").await;
    type_draft(laptop, "The roses too and the hedge").await;
    laptop.click(&tid("send")).await;
    wait_draft(laptop, "").await;
    laptop.wait_text(other, "On Monday").await;
    for device in [laptop, &house.client] {
        open(device, &boiler).await;
        device.wait_text(&tid("message-body"), "The roses too and the hedge").await;
    }
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_typed_with_the_relay_down_is_found_among_the_drafts_elsewhere_and_written_there() {
    let mut house = Agency::start().await;
    let boiler = house.boiler.clone();
    house.relay_down().await;
    let laptop = &house.laptop;
    open(laptop, &boiler).await;
    laptop.click("[data-testid=comment-mode][data-mode=comment]").await;
    laptop.fill(&tid("comment"), "She pays late").await;
    laptop.wait_for("[data-testid=comment][data-saved=true]").await;

    house.relay_up().await;
    let (laptop, desktop, client) = (&house.laptop, &house.desktop, &house.client);
    desktop.click("[data-nav=drafts]").await;
    desktop.wait_text("[data-testid=draft-row][data-comment=true]", "She pays late").await;
    desktop.wait_text(&tid("draft-comment"), "Comment for your team").await;
    desktop.wait_for("[data-testid=draft-comment] svg").await;
    // It opens where comments are typed, and the field that answers the client is not there.
    desktop.click("[data-testid=draft-row] .open").await;
    let typed = "return document.querySelector('[data-testid=comment]')?.value === arguments[0]";
    desktop.wait_until("the comment", typed, vec![json!("She pays late")]).await;
    desktop.wait_gone(&tid("composer")).await;
    desktop.click(&tid("comment-send")).await;
    for device in [laptop, desktop] {
        device.wait_text("[data-testid=message][data-internal=true]", "She pays late").await;
        device.wait_until("an empty field", typed, vec![json!("")]).await;
        device.click("[data-nav=drafts]").await;
        device.wait_text("main", "No drafts").await;
    }
    open(client, &boiler).await;
    let words = "return document.body.innerText.includes('pays late')";
    assert_eq!(client.eval(words, vec![]).await, json!(false));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_merged_and_separated_and_a_person_renamed_and_blocked_on_all_of_ada_s_screens() {
    let mut house = Agency::start().await;
    let (boiler, garden) = (house.boiler.clone(), house.garden.clone());
    house.relay_down().await;
    let laptop = &house.laptop;
    merge(laptop, &garden, &boiler).await;
    undo(laptop, "“The garden” goes on in “The boiler”").await;
    laptop.wait_for(&row(&garden)).await;
    merge(laptop, &garden, &boiler).await;
    laptop.wait_for(&format!("[data-testid=thread][data-id=\"{boiler}\"][data-loaded=true]")).await;
    laptop.wait_text(&tid("message-body"), "The hedge is cut").await;
    laptop.wait_text(&tid("part"), "The garden").await;
    laptop.wait_text(&tid("merged-line"), "“The garden” was merged into this conversation").await;
    // She is called otherwise here, with her own name beside it.
    laptop.click(&tid("person-menu")).await;
    laptop.fill(&tid("person-name"), "The tenant").await;
    laptop.click("dialog form .button").await;
    laptop.wait_gone(&tid("dialog")).await;
    laptop.wait_text("aside", "Calls themselves Cora Lind").await;

    house.relay_up().await;
    for device in [&house.laptop, &house.desktop, &house.client] {
        device.wait_gone(&row(&garden)).await;
    }
    for device in [&house.desktop, &house.client] {
        open(device, &boiler).await;
        device.wait_text(&tid("message-body"), "The hedge is cut").await;
        device.wait_text(&tid("merged-line"), "Ada Berger merged “The garden” into this conversation").await;
    }
    house.desktop.wait_text("aside", "Calls themselves Cora Lind").await;
    // Her own window shows her own name.
    let own = "return document.body.innerText.includes('The tenant')";
    assert_eq!(house.client.eval(own, vec![]).await, json!(false));

    // Apart again on the other device, while nobody can be told.
    house.relay_down().await;
    let desktop = &house.desktop;
    desktop.click(&format!("{} button", tid("part"))).await;
    desktop.wait_for(&row(&garden)).await;
    says(desktop, &["I will send somebody"]).await;
    for device in [&house.laptop, &house.client] {
        device.wait_gone(&row(&garden)).await;
        says(device, &["I will send somebody", "The hedge is cut"]).await;
    }
    house.relay_up().await;
    for device in [&house.laptop, &house.desktop, &house.client] {
        device.wait_for(&row(&garden)).await;
        says(device, &["I will send somebody"]).await;
        device.wait_gone(&tid("part")).await;
        device.wait_gone(&tid("merged-line")).await;
        open(device, &garden).await;
        says(device, &["The hedge is cut"]).await;
    }

    house.desktop.click(&tid("person-menu")).await;
    house.desktop.click(&tid("person-block")).await;
    house.desktop.wait_gone(&tid("dialog")).await;
    for device in [&house.laptop, &house.desktop] {
        device.wait_gone(&row(&boiler)).await;
        device.click(&tid("filter-menu")).await;
        device.click(&tid("filter-blocked")).await;
        device.wait_for(&row(&boiler)).await;
    }
    assert_eq!(conversation_id(&house.desktop, "The boiler").await, boiler);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spam_is_reported_offline_with_evidence_taken_back_and_put_away_on_both_of_ada_s_screens() {
    let bus = Bus::start();
    let chooser = Chooser::on(&bus).await;
    let env = [("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str()), ("GTK_USE_PORTAL", "1")];
    let mut house = Agency::with(&env).await;
    let (boiler, garden) = (house.boiler.clone(), house.garden.clone());
    write(&house.client, &garden, &["Win a house today".to_owned()]).await;
    for device in [&house.laptop, &house.desktop] {
        to_inbox(device).await;
        device.wait_text(&row(&garden), "Win a house today").await;
    }
    house.relay_down().await;

    // What she wrote is kept, and nothing else; the undo brings both conversations back.
    let laptop = &house.laptop;
    report(laptop, &garden, true).await;
    let file = house.desk.folder("laptop").join("kept.txt");
    let asked = chooser.answer(&file).await;
    assert!(asked.save && asked.name == "evidence.txt", "{asked:?}");
    laptop.wait_text(&tid("toast"), "Cora Lind is blocked; 1 message kept as evidence").await;
    for id in [&garden, &boiler] {
        laptop.wait_gone(&row(id)).await;
    }
    let evidence = std::fs::read_to_string(&file).unwrap();
    assert!(evidence.contains("Name: Cora Lind") && evidence.contains("Win a house today"), "{evidence}");
    assert!(!evidence.contains("The hedge is cut"), "{evidence}");
    undo(laptop, "kept as evidence").await;
    for id in [&garden, &boiler] {
        laptop.wait_for(&format!("{}[data-archived=false]", row(id))).await;
    }

    // Reported once more, without a file: the other device learns it with the relay, and she never does.
    report(laptop, &garden, false).await;
    laptop.wait_text(&tid("toast"), "Cora Lind is blocked, and the conversation put away").await;
    laptop.wait_gone(&row(&garden)).await;
    write(&house.client, &boiler, &["And a car".to_owned()]).await;
    for id in [&garden, &boiler] {
        house.desktop.wait_for(&format!("{}[data-archived=false]", row(id))).await;
    }
    house.relay_up().await;
    for device in [&house.laptop, &house.desktop] {
        for id in [&garden, &boiler] {
            device.wait_gone(&row(id)).await;
        }
        device.click(&tid("filter-menu")).await;
        device.click(&tid("filter-blocked")).await;
        device.wait_for(&marked(&garden, "archived")).await;
        device.wait_for(&format!("{}[data-archived=false]", row(&boiler))).await;
        device.wait_text(&row(&boiler), "And a car").await;
    }
    house.client.wait_for("[data-testid=message][data-state=delivered]").await;
    for id in [&garden, &boiler] {
        house.client.wait_for(&format!("{}[data-archived=false]", row(id))).await;
    }
    house.end().await;
}

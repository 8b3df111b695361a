//! What outlives the computer, and where the key lies: a backup made and brought back in the window, and the keychain.

use serde_json::json;

use crate::driver::{Bus, Chooser, Desk, Keyring};
use crate::programs::{Relay, Terminal};
use crate::steps::{
    conversation_id, first_start, introduce, open, row, tid, to_inbox, wait_connected, write,
};

const SECRET: &str = "a fairly long secret";

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_in_one_window_is_brought_back_in_another() {
    let desk = Desk::start();
    let bus = Bus::start();
    let chooser = Chooser::on(&bus).await;
    let env = [("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str()), ("GTK_USE_PORTAL", "1")];
    let relay = Relay::start(&desk.folder("relay"));
    let ben = Terminal::new(&desk.folder("ben"), 0);
    let ada = desk.app("ada", &env).await;
    introduce(&ada, &relay, &ben, "Ben Okafor").await;
    let talk = conversation_id(&ada, "Ben").await;
    write(&ada, &talk, &["The keys hang in the safe".to_owned()]).await;
    wait_connected(&ada).await;

    // Two different passphrases would make a file nobody can open.
    let file = desk.folder("ada").join("kept.homing-backup");
    ada.eval("location.hash = '#/backup'", vec![]).await;
    let field = |n: u32| format!("[data-testid=dialog] label:nth-of-type({n}) input");
    ada.fill(&field(1), SECRET).await;
    ada.fill(&field(2), "something else").await;
    ada.wait_for("[data-testid=dialog] .primary:disabled").await;
    ada.fill(&field(2), SECRET).await;
    ada.click("[data-testid=dialog] .primary").await;
    let asked = chooser.answer(&file).await;
    assert!(asked.save && asked.name.ends_with(".homing-backup"), "{asked:?}");
    ada.wait_text("[data-testid=dialog] [role=status]", "kept.homing-backup").await;
    ada.close().await;

    // Elsewhere: what is not a backup, and a wrong passphrase, are told apart and change nothing.
    let other = desk.app("other", &env).await;
    other.click(&tid("first-restore")).await;
    let plain = desk.folder("other").join("holiday.txt");
    std::fs::write(&plain, "not a backup").unwrap();
    for (chosen, secret, said) in
        [(&plain, SECRET, "not a Homing backup"), (&file, "the wrong secret", "doesn't open")]
    {
        other.click("[data-testid=dialog] .line .button").await;
        let asked = chooser.answer(chosen).await;
        assert!(!asked.save);
        let filled = "return document.querySelector('[data-testid=dialog] input').value === arguments[0]";
        other.wait_until("the file that was chosen", filled, vec![json!(chosen.to_str().unwrap())]).await;
        other.fill("[data-testid=dialog] input[type=password]", secret).await;
        other.click("[data-testid=dialog] .primary").await;
        other.wait_text("[data-testid=dialog] [data-testid=error]", said).await;
    }
    other.fill("[data-testid=dialog] input[type=password]", SECRET).await;
    other.click("[data-testid=dialog] .primary").await;
    other.wait_for(&row(&talk)).await;
    other.wait_gone(&tid("welcome")).await;
    open(&other, &talk).await;
    other.wait_text(&tid("message-body"), "The keys hang in the safe").await;

    // It goes on from there, as a device of its own.
    wait_connected(&other).await;
    write(&other, &talk, &["Written after it came back".to_owned()]).await;
    let sent =
        "return [...document.querySelectorAll('[data-testid=message]')].at(-1)?.dataset.state !== 'pending'";
    other.wait_until("the message at the relay", sent, vec![]).await;
    ben.run(&["sync"]).await;
    let bodies = ben.bodies(&talk).await;
    assert_eq!(bodies, ["The keys hang in the safe", "Written after it came back"]);
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_profile_lies_in_the_keychain_of_the_desktop() {
    let desk = Desk::start();
    let bus = Bus::start();
    let keyring = Keyring::start(&bus, &desk.folder("keyring"));
    let on = [("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str()), ("HOMING_KEYCHAIN", "on")];
    let ada = desk.app("ada", &on).await;
    first_start(&ada, "Ada Berger").await;
    ada.eval("location.hash = '#/settings'", vec![]).await;
    ada.wait_text("[data-testid=setting][data-id=passphrase]", "in the system's keychain").await;
    to_inbox(&ada).await;
    ada.click("[data-testid=welcome] li .button").await;
    ada.fill(&tid("composer"), "a thought").await;
    ada.wait_for("[data-testid=composer][data-saved=true]").await;
    ada.close().await;
    assert!(!desk.profile("ada").join("database.key").exists(), "the key lies in a file as well");

    let ada = desk.app("ada", &on).await;
    ada.wait_text(&tid("conversation"), "a thought").await;
    ada.close().await;

    // Without the keychain the profile stays closed, and says so; it is never taken for a new one.
    drop(keyring);
    let ada = desk.app("ada", &on).await;
    ada.wait_text("[data-testid=app]", "Homing could not start").await;
    ada.wait_for("[data-testid=app] [data-code=keychain_failed]").await;
    assert_eq!(
        ada.eval("return document.querySelector('[data-testid=first-name]')", vec![]).await,
        json!(null)
    );
    let _keyring = Keyring::start(&bus, &desk.folder("keyring"));
    ada.click("[data-testid=app] button").await;
    ada.wait_text(&tid("conversation"), "a thought").await;
    ada.close().await;
}

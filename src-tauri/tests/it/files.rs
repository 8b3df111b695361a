//! Files from one person's draft to another's disk: kept on both devices of their author, sent once, looked at, opened,
//! saved.

use std::path::Path;

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{App, Bus, Chooser, Desk, FileManager, Viewer};
use crate::meeting::Meeting;
use crate::steps::{begin, first_start, open, paste_file, tid, wait_connected, wait_draft};

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_draft_go_once_and_are_looked_at_and_saved_as_they_were() {
    let desk = Desk::start();
    let (bus, viewer) = (Bus::start(), Viewer::install(&desk.folder("desk")));
    let (chooser, manager) = (Chooser::on(&bus).await, FileManager::on(&bus).await);
    let path = viewer.path();
    let env = [
        ("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str()),
        ("GTK_USE_PORTAL", "1"),
        ("PATH", path.as_str()),
    ];
    let Meeting { mut relay, laptop, desktop, ben, .. } = Meeting::with(&desk, [&env; 3]).await;
    let talk = begin(&laptop, "The plans", &["Ben Okafor"], "They come today").await;
    for window in [&laptop, &desktop, &ben] {
        window.set_size(1280, 800).await;
        open(window, &talk).await;
        window.wait_text(&tid("message-body"), "They come today").await;
    }

    // Without a connection: one file by the desktop's question, two pictures pasted at once.
    relay.stop();
    laptop.wait_for(&tid("banner")).await;
    let plan = desk.folder("laptop").join("Plan of the house.pdf");
    let bytes: Vec<u8> = (0..700_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    std::fs::write(&plan, &bytes).unwrap();
    laptop.click(&tid("attach")).await;
    assert!(!chooser.answer(&plan).await.save);
    laptop.wait_text(&tid("pending-file"), "Plan of the house.pdf").await;
    let pictures = [("Front.png", picture(900, 600)), ("Garden.png", picture(600, 900))];
    for (name, png) in &pictures {
        paste_file(&laptop, &tid("composer"), name, "image/png", png).await;
        laptop.wait_text(&tid("pending-file"), name).await;
    }
    laptop.fill(&tid("composer"), "All three").await;
    chips(&laptop, 3).await;
    assert_eq!(count(&desktop, &tid("pending-file")).await, 0);

    // They are on the other device, which sends them; the first one has nothing left to send.
    relay.start_again();
    wait_draft(&desktop, "All three").await;
    chips(&desktop, 3).await;
    desktop.click(&tid("send")).await;
    chips(&desktop, 0).await;
    chips(&laptop, 0).await;
    for window in [&laptop, &desktop, &ben] {
        wait_connected(window).await;
        window.wait_text(&tid("message-body"), "All three").await;
        let files = format!(
            "return document.querySelectorAll('[data-testid=log] {}').length === 3",
            tid("attachment")
        );
        window.wait_until("three files", &files, vec![]).await;
        window
            .wait_until(
                "both pictures",
                "return document.querySelectorAll('[data-testid=attachment-image]').length === 2",
                vec![],
            )
            .await;
        assert_eq!(count(window, &tid("message-body")).await, 2);
    }

    // Ben finds them beside the conversation, small pictures with them.
    ben.wait_until("small pictures", "return document.querySelectorAll('[data-testid=panel-files] img[src^=\"data:image/jpeg\"]').length === 2", vec![]).await;
    shot(&ben, &desk, "files-panel").await;
    let row = format!("{} [data-testid=file-row]", tid("panel-files"));
    ben.wait_text(&row, "Plan of the house.pdf").await;

    look(&ben, &desk).await;
    keep(&ben, &chooser, &manager, &desk.folder("ben"), &pictures[0].1).await;

    // The other file, from its menu, in another program: as it was, for its owner only, not to be written to.
    let menu = format!("[data-testid=log] {}", tid("file-menu"));
    ben.wait_for(&format!("[data-testid=log] {}[data-state=ready]:not(button)", tid("attachment"))).await;
    ben.click(&menu).await;
    ben.click(&format!("[role=menu] {}", tid("file-open"))).await;
    let opened = viewer.given().await;
    assert!(
        opened.starts_with(desk.profile("ben")) && opened.ends_with("Plan of the house.pdf"),
        "{opened:?}"
    );
    assert!(
        std::fs::read(&opened).unwrap() == bytes
            && std::fs::metadata(&opened).unwrap().permissions().readonly()
    );
    for window in [laptop, desktop, ben] {
        window.close().await;
    }
    assert!(!opened.exists(), "what was opened went with the app");
}

/// The gallery, by keys: from one picture to the other and back, larger and smaller, and out to where one was.
async fn look(app: &App, desk: &Desk) {
    let first = "[data-testid=log] button[data-testid=attachment]";
    let id = app.wait_for(first).await.attr("data-id").await.unwrap().unwrap();
    app.click(first).await;
    app.wait_for(&format!("{}[data-id=\"{id}\"]", tid("gallery"))).await;
    app.wait_for(&tid("gallery-picture")).await;
    app.wait_text("[data-testid=dialog] h1", "Front.png").await;
    shot(app, desk, "gallery").await;
    let press = async |key: &str| app.wait_for(&tid("gallery-stage")).await.send_keys(key).await.unwrap();
    press(&char::from(Key::Right).to_string()).await;
    app.wait_text("[data-testid=dialog] h1", "Garden.png").await;
    app.wait_text("[data-testid=dialog]", "2 of 2").await;
    press(&char::from(Key::Right).to_string()).await;
    app.wait_text("[data-testid=dialog] h1", "Garden.png").await;
    app.wait_for(&format!("{}[alt*=Garden]", tid("gallery-picture"))).await;
    press("+").await;
    app.wait_until(
        "a larger picture",
        "return Number(document.querySelector('[data-testid=gallery]').dataset.zoom) > 1",
        vec![],
    )
    .await;
    shot(app, desk, "gallery-larger").await;
    press("0").await;
    app.wait_for(&format!("{}[data-zoom=\"1\"]", tid("gallery"))).await;
    press(&char::from(Key::Left).to_string()).await;
    app.wait_text("[data-testid=dialog] h1", "Front.png").await;

    // Copied, it is pasted elsewhere as a picture.
    app.wait_for(&tid("gallery-picture")).await;
    app.click(&format!("[data-testid=dialog] {}", tid("file-copy"))).await;
    app.wait_text(&tid("toast"), "Picture copied").await;
    press(&char::from(Key::Escape).to_string()).await;
    app.wait_gone(&tid("gallery")).await;
    let back = "return document.activeElement?.dataset.id === arguments[0]";
    app.wait_until("the focus where it was", back, vec![json!(id)]).await;
    let keys = format!("{}v", char::from(Key::Control));
    app.wait_for(&tid("composer")).await.send_keys(&keys).await.unwrap();
    app.wait_text(&tid("pending-file"), "image.png").await;
    chips(app, 1).await;
    app.click(&tid("remove-file")).await;
    chips(app, 0).await;
}

/// Saves a picture from the list of files, and has it shown where it is.
async fn keep(app: &App, chooser: &Chooser, manager: &FileManager, folder: &Path, wanted: &[u8]) {
    let row = format!("{} [data-testid=file-row]", tid("panel-files"));
    let nth = "return [...document.querySelectorAll(arguments[0])].findIndex((row) => row.innerText.includes('Front.png')) + 1";
    let nth = app.eval(nth, vec![json!(row)]).await.as_u64().unwrap();
    let menu = format!("{row}:nth-child({nth}) {}", tid("file-menu"));
    app.click(&menu).await;
    app.click(&tid("file-save")).await;
    let to = folder.join("kept.png");
    let asked = chooser.answer(&to).await;
    assert!(asked.save && asked.name == "Front.png", "{asked:?}");
    app.wait_text(&tid("toast"), "Saved Front.png").await;
    assert!(std::fs::read(&to).unwrap() == wanted, "bit for bit");
    app.click(&menu).await;
    app.click(&tid("file-show")).await;
    assert_eq!(manager.shown().await, to);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_never_opened_and_what_may_hold_one_is_asked_about() {
    let desk = Desk::start();
    let viewer = Viewer::install(&desk.folder("desk"));
    let path = viewer.path();
    let ada = desk.app("ada", &[("PATH", path.as_str())]).await;
    first_start(&ada, "Ada Berger").await;
    let notes = begin(&ada, "Notes", &[], "To myself").await;
    open(&ada, &notes).await;
    let files: [(&str, &[u8]); 3] =
        [("setup.exe", b"MZ"), ("letter.pdf", b"\x7fELF\x02\x01\x01"), ("offer.html", b"<p>An offer</p>")];
    for (name, bytes) in files {
        paste_file(&ada, &tid("composer"), name, "", bytes).await;
        ada.wait_text(&tid("pending-file"), name).await;
        chips(&ada, 1).await;
        ada.click(&tid("send")).await;
        chips(&ada, 0).await;
        ada.wait_text(&tid("attachment"), name).await;
        let menu = "return [...document.querySelectorAll('[data-testid=log] [data-testid=attachment]')]
            .find((file) => file.innerText.includes(arguments[0])).querySelector('[data-testid=file-menu]').click()";
        ada.eval(menu, vec![json!(name)]).await;
        shot(&ada, &desk, "file-menu").await;
        ada.click(&tid("file-open")).await;
        if name == "offer.html" {
            break;
        }
        let said = format!("{}[data-code=file_unsafe]", tid("toast"));
        ada.wait_text(&said, "is a program").await;
        ada.click(&format!("{said} .close")).await;
        ada.wait_gone(&said).await;
    }
    ada.wait_text(&tid("dialog"), "offer.html").await;
    shot(&ada, &desk, "file-sure").await;
    assert!(!viewer.was_given());
    ada.click(&tid("confirm")).await;
    assert_eq!(std::fs::read(viewer.given().await).unwrap(), b"<p>An offer</p>");
    ada.wait_gone(&tid("dialog")).await;
    ada.close().await;
}

/// Waits for so many files in the composer, all of them taken.
async fn chips(app: &App, count: usize) {
    let script = "return document.querySelectorAll('[data-testid=pending-file]').length === arguments[0]
        && !document.querySelector('[data-testid=pending-file][data-busy=true]')";
    app.wait_until(&format!("{count} files in the draft"), script, vec![json!(count)]).await;
}

async fn count(app: &App, css: &str) -> u64 {
    let script = "return document.querySelectorAll(arguments[0]).length";
    app.eval(script, vec![json!(css)]).await.as_u64().unwrap()
}

/// For who wants to see what was built: beside the pictures of all views.
async fn shot(app: &App, desk: &Desk, name: &str) {
    app.screenshot(&desk.folder("desk").join(format!("{name}.png"))).await;
}

/// A picture of no one colour, as PNG.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let dots: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| [(x / 4) as u8, (y / 4) as u8, ((x + y) / 8) as u8]))
        .collect();
    encoder.write_header().unwrap().write_image_data(&dots).unwrap();
    bytes
}

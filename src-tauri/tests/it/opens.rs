//! The window opens and shows the app.

use crate::driver::Desk;

#[tokio::test]
async fn the_window_shows_the_app() {
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    app.wait_for("#app *").await;
    assert_eq!(app.client.title().await.unwrap(), "Homing");
    app.close().await;
}

#[tokio::test]
async fn two_windows_on_one_screen_are_two_apps() {
    let desk = Desk::start();
    let (ada, ben) = tokio::join!(desk.app("ada", &[]), desk.app("ben", &[]));
    ada.wait_for("#app *").await;
    ben.wait_for("#app *").await;
    assert_ne!(ada.pid(), ben.pid());
    ada.close().await;
    ben.wait_for("#app *").await;
    ben.close().await;
}

#[test]
fn a_screen_takes_whoever_comes_when_the_last_one_has_just_gone() {
    let desk = Desk::start();
    for _ in 0..500 {
        let (connection, _) = x11rb::connect(Some(desk.display())).unwrap();
        drop(connection);
    }
}

#[tokio::test]
async fn a_window_has_the_size_it_is_given() {
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    app.wait_for("#app *").await;
    for (width, height) in [(1280, 800), (480, 800)] {
        app.set_size(width, height).await;
        let picture = desk.folder("ada").join(format!("{width}.png"));
        app.screenshot(&picture).await;
        assert_eq!(png_size(&std::fs::read(picture).unwrap()), (width, height));
    }
    app.close().await;
}

/// Width and height from the header of a PNG file.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(&bytes[1..4], b"PNG");
    (number(16), number(20))
}

//! One app per profile, as many profiles as one likes.

use crate::driver::Desk;

#[tokio::test]
async fn a_second_start_on_a_profile_ends_and_leaves_the_first() {
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    app.wait_for("#app *").await;

    let mut again = app.start_beside(&desk.profile("ada"), &[]);
    assert!(again.wait_end(), "{}", app.log());

    app.wait_for("#app *").await;
    app.close().await;
}

#[tokio::test]
async fn another_profile_on_the_same_desktop_is_another_app() {
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    app.wait_for("#app *").await;

    let other = desk.profile("demo");
    let mut beside = app.start_beside(&other, &[]);
    // It has built its window when the webview's own folder is there.
    app.wait_on_disk(&other.join("webview")).await;
    assert!(!beside.ended(), "{}", app.log());
    beside.kill();
    app.close().await;
}

#[tokio::test]
async fn a_profile_is_closed_to_other_people() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    app.wait_for("#app *").await;
    let mode = std::fs::metadata(desk.profile("ada")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    app.close().await;
}

//! What differs between the systems: notifications, the tray, and the wish of the system that the app ends.

use notify_rust::Notification;
use tokio::sync::oneshot;

/// Who shows icons of apps on a desktop.
#[cfg(target_os = "linux")]
const TRAY: &str = "org.kde.StatusNotifierWatcher";

/// Shows a notification until it is closed, clicked or taken back; true if it was clicked.
#[cfg(target_os = "linux")]
pub async fn notify(title: String, body: String, taken_back: oneshot::Receiver<()>) -> anyhow::Result<bool> {
    let mut notification = Notification::new();
    notification.appname("Homing").icon("homing-app").summary(&title).body(&escape(&body));
    notification.hint(notify_rust::Hint::DesktopEntry("Homing".into())).action("default", "Open");
    let shown = notification.show_async().await?;
    let mut clicked = false;
    tokio::select! {
        () = shown.wait_for_action_async(|response| clicked = response.is_default_action()) => {}
        _ = taken_back => shown.close_async().await,
    }
    Ok(clicked)
}

/// The body may hold markup by the standard, and this text is somebody else's.
#[cfg(target_os = "linux")]
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As on Linux, but what is shown can't be taken back: these systems keep it in their notification centre.
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub async fn notify(title: String, body: String, _taken_back: oneshot::Receiver<()>) -> anyhow::Result<bool> {
    let (answer, answered) = oneshot::channel();
    // Waiting for the click blocks, for as long as the notification is there.
    std::thread::Builder::new().name("notification".into()).spawn(move || {
        let mut notification = Notification::new();
        notification.appname("Homing").summary(&title).body(&body).action("default", "Open");
        let mut clicked = false;
        let shown = notification.show().and_then(|shown| {
            shown.wait_for_response(|response: &notify_rust::NotificationResponse| {
                clicked = response.is_default_action();
            })
        });
        drop(answer.send(shown.map(|()| clicked)));
    })?;
    Ok(answered.await??)
}

/// Whether this desktop shows icons of apps: without one a hidden window would be lost.
#[cfg(target_os = "linux")]
pub async fn has_tray() -> bool {
    let asked = async {
        let bus = zbus::Connection::session().await?;
        let owned = zbus::fdo::DBusProxy::new(&bus).await?.name_has_owner(TRAY.try_into()?).await?;
        Ok::<bool, zbus::Error>(owned)
    };
    asked.await.unwrap_or(false)
}

/// As on Linux; here every desktop does.
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub async fn has_tray() -> bool {
    true
}

/// Returns when the system, or the terminal, asks the app to end.
#[cfg(unix)]
pub async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => {
            if interrupted.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Returns when the terminal asks the app to end; Windows tells windows by closing them.
#[cfg(windows)]
pub async fn asked_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_never_markup() {
        assert_eq!(escape("<b>1 & 2</b>"), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
    }
}

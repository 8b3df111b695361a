//! What differs between the systems: notifications, the tray, what is dragged and pasted, what the sound library
//! says, and the wish of the system that the app ends.

#[cfg(target_os = "linux")]
use std::path::Path;
use std::path::PathBuf;

use tauri::{AppHandle, WebviewWindow, Window};
use tokio::sync::oneshot;

use crate::notifications::{Chosen, Notice};

/// Who shows icons of apps on a desktop.
#[cfg(target_os = "linux")]
const TRAY: &str = "org.kde.StatusNotifierWatcher";

/// What a notification offers: a click on itself, and besides that.
const OPEN: &str = "default";
const REPLY: &str = "reply";
const READ: &str = "read";

fn chosen(action: &str) -> Chosen {
    match action {
        OPEN => Chosen::Open,
        REPLY => Chosen::Reply,
        READ => Chosen::Read,
        _ => Chosen::Nothing,
    }
}

/// Notifications of the desktop, as `specifications.freedesktop.org/notification-spec` has them.
#[cfg(target_os = "linux")]
#[zbus::proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
trait Notifications {
    #[expect(clippy::too_many_arguments, reason = "the interface of the desktop")]
    fn notify(
        &self,
        app: &str,
        replaces: u32,
        icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: std::collections::HashMap<&str, zbus::zvariant::Value<'_>>,
        expires: i32,
    ) -> zbus::Result<u32>;
    fn close_notification(&self, id: u32) -> zbus::Result<()>;
    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;
}

/// Shows a notification until it is closed, clicked or taken back; says what was chosen on it.
///
/// Asked of the bus itself: notify-rust listens only after it has shown one, and anew after each signal, so that a click
/// in between is lost, and with it the end of the wait.
#[cfg(target_os = "linux")]
pub async fn notify(notice: &Notice, mut taken_back: oneshot::Receiver<()>) -> anyhow::Result<Chosen> {
    use futures_util::StreamExt;
    use zbus::zvariant::Value;
    let bus = zbus::Connection::session().await?;
    let desktop = NotificationsProxy::new(&bus).await?;
    let (mut actions, mut closings) =
        (desktop.receive_action_invoked().await?, desktop.receive_notification_closed().await?);
    let mut offers = vec![OPEN, notice.offers.open.as_str()];
    if notice.conversation.is_some() {
        offers.extend([REPLY, &notice.offers.reply, READ, &notice.offers.read]);
    }
    let sound = match notice.sound {
        true => ("sound-name", Value::from("message-new-instant")),
        false => ("suppress-sound", Value::from(true)),
    };
    let hints = [("desktop-entry", Value::from("Homing")), sound].into();
    // As long as the desktop likes.
    let expires = -1;
    let id = desktop
        .notify("Homing", 0, "homing-app", &notice.title, &escape(&notice.body), &offers, hints, expires)
        .await?;
    loop {
        // What was chosen comes before what was closed by it.
        tokio::select! {
            biased;
            Some(action) = actions.next() => {
                let action = action.args()?;
                if action.id == id {
                    return Ok(chosen(action.action));
                }
            }
            Some(closing) = closings.next() => {
                if closing.args()?.id == id {
                    return Ok(Chosen::Nothing);
                }
            }
            _ = &mut taken_back => {
                desktop.close_notification(id).await?;
                return Ok(Chosen::Nothing);
            }
            else => anyhow::bail!("the session bus is gone"),
        }
    }
}

/// The body may hold markup by the standard, and this text is somebody else's.
#[cfg(target_os = "linux")]
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As on Linux, but what is shown can't be taken back: these systems keep it in their notification centre.
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub async fn notify(notice: &Notice, _taken_back: oneshot::Receiver<()>) -> anyhow::Result<Chosen> {
    use notify_rust::{Notification, NotificationResponse};
    let (answer, answered) = oneshot::channel();
    let mut notification = Notification::new();
    notification
        .appname("Homing")
        .summary(&notice.title)
        .body(&notice.body)
        .action(OPEN, &notice.offers.open);
    if notice.conversation.is_some() {
        notification.action(REPLY, &notice.offers.reply).action(READ, &notice.offers.read);
    }
    if notice.sound {
        notification.sound_name("Default");
    }
    // Waiting for the click blocks, for as long as the notification is there.
    std::thread::Builder::new().name("notification".into()).spawn(move || {
        let mut choice = Chosen::Nothing;
        let shown = notification.show().and_then(|shown| {
            shown.wait_for_response(|response: &NotificationResponse| match response {
                NotificationResponse::Default => choice = Chosen::Open,
                NotificationResponse::Action(name) => choice = chosen(name),
                _ => {}
            })
        });
        drop(answer.send(shown.map(|()| choice)));
    })?;
    Ok(answered.await??)
}

/// A number at the app's icon: in the dock on macOS; on Linux where the desktop listens to launcher entries (Unity, KDE,
/// Dash to Dock).
#[cfg(not(target_os = "windows"))]
pub fn set_badge(window: &WebviewWindow, count: u32) -> tauri::Result<()> {
    window.set_badge_count((count > 0).then_some(i64::from(count)))
}

/// The taskbar of Windows shows no number, but a mark over the app's icon; the number stands in the window's title.
#[cfg(target_os = "windows")]
pub fn set_badge(window: &WebviewWindow, count: u32) -> tauri::Result<()> {
    const SIDE: u32 = 16;
    let inside = |at: u32| {
        let far = |place: u32| (2 * place + 1).abs_diff(SIDE).pow(2);
        far(at % SIDE) + far(at / SIDE) <= SIDE * SIDE
    };
    let dot: Vec<u8> =
        (0..SIDE * SIDE).flat_map(|at| if inside(at) { [0xd0, 0x3b, 0x2e, 0xff] } else { [0; 4] }).collect();
    window.set_overlay_icon((count > 0).then(|| tauri::image::Image::new_owned(dot, SIDE, SIDE)))
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

/// What the clipboard holds that the webview would not give to the page.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "the other webviews give it"))]
pub enum Clipboard {
    /// Files somebody copied.
    Files(Vec<PathBuf>),
    /// A picture, as PNG.
    Picture(Vec<u8>),
    /// Text, or nothing.
    Other,
}

/// Reads the clipboard.
#[cfg(target_os = "linux")]
pub async fn clipboard(app: &AppHandle) -> Clipboard {
    let (answer, answered) = oneshot::channel();
    let asked = app.run_on_main_thread(move || {
        gtk::Clipboard::get(&gtk::gdk::SELECTION_CLIPBOARD).request_uris(move |clipboard, uris| {
            let path = |uri: &gtk::glib::GString| Some(gtk::glib::filename_from_uri(uri).ok()?.0);
            let paths: Vec<PathBuf> = uris.iter().filter_map(path).collect();
            if !paths.is_empty() {
                drop(answer.send(Clipboard::Files(paths)));
                return;
            }
            clipboard.request_image(move |_, picture| {
                let png = picture.and_then(|picture| picture.save_to_bufferv("png", &[]).ok());
                drop(answer.send(png.map_or(Clipboard::Other, Clipboard::Picture)));
            });
        });
    });
    if asked.is_err() {
        return Clipboard::Other;
    }
    answered.await.unwrap_or(Clipboard::Other)
}

/// These webviews give pasted files to the page.
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub async fn clipboard(_app: &AppHandle) -> Clipboard {
    Clipboard::Other
}

/// ALSA writes whatever it does not find to the standard error output, which is nobody's business on a computer without
/// sound: what was asked for says by itself that there is none. For the thread that asks.
#[cfg(target_os = "linux")]
pub fn quiet_sound_library() {
    if alsa::Output::local_error_handler().is_err() {
        tracing::debug!("ALSA goes on complaining by itself");
    }
}

/// As on Linux; these have no such library.
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub fn quiet_sound_library() {}

/// Where Linux shows the devices that render.
#[cfg(target_os = "linux")]
const RENDERERS: &str = "/dev/dri";

/// WebKit doesn't paint through OpenGL.
#[cfg(target_os = "linux")]
const PAINTS_ITSELF: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
/// WebKit hands on no buffers of OpenGL between its processes.
#[cfg(target_os = "linux")]
const NO_BUFFERS: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Without a graphics processor the webview paints by itself. To be called before anything else runs.
///
/// WebKit otherwise paints through OpenGL, which Mesa then does on the processor: it compiles a program for every
/// kind of thing that is painted, anew in each start; some systems show a black window then. Only to ask what buffers
/// there could be, it would still load all of Mesa and its compiler. The variables are of
/// `trac.webkit.org/wiki/EnvironmentVariables`; a choice that was made already stays.
#[cfg(target_os = "linux")]
pub fn choose_painting() {
    if has_renderer(Path::new(RENDERERS)) || std::env::var_os(PAINTS_ITSELF).is_some() {
        return;
    }
    for variable in [PAINTS_ITSELF, NO_BUFFERS] {
        if let Err(error) = gtk::glib::setenv(variable, "1", false) {
            tracing::debug!("the webview paints through OpenGL: {error}");
        }
    }
}

/// As on Linux; the webviews of these choose well themselves.
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub fn choose_painting() {}

/// Whether a folder of graphics devices has one that renders (`docs.kernel.org/gpu/drm-uapi.html`, render nodes).
#[cfg(target_os = "linux")]
fn has_renderer(folder: &Path) -> bool {
    let Ok(devices) = folder.read_dir() else { return false };
    devices.flatten().any(|device| device.file_name().to_string_lossy().starts_with("renderD"))
}

/// Width and height of a window in the measure that drags are told in.
#[cfg(target_os = "linux")]
pub fn drag_area(window: &Window) -> tauri::Result<(f64, f64)> {
    // GTK tells places in logical pixels, whatever the name of their type says.
    let size = window.inner_size()?.to_logical::<f64>(window.scale_factor()?);
    Ok((size.width, size.height))
}

/// As on Linux, but in physical pixels.
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub fn drag_area(window: &Window) -> tauri::Result<(f64, f64)> {
    let size = window.inner_size()?;
    Ok((f64::from(size.width), f64::from(size.height)))
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

    #[test]
    fn a_screen_alone_renders_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_renderer(&folder.path().join("dri")));
        std::fs::write(folder.path().join("card0"), "").unwrap();
        assert!(!has_renderer(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "").unwrap();
        assert!(has_renderer(folder.path()));
    }
}

//! What the page may ask for.

use homing_engine::api::{ApiError, Call, Code, FilePlace, FileSave, ItemRef};
use homing_engine::port::Answer;
use serde::{Deserialize, Serialize};
use tauri::ipc::{InvokeBody, Request};
use tauri::{AppHandle, State, Url};
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_opener::OpenerExt;

use crate::engine::Engine;
use crate::handed::{Handed, HandedFile};
use crate::opening::{self, Opening, Opens};
use crate::picked::{Picked, proposed};
use crate::platform::Clipboard;
use crate::words::{Spoken, Words};
use crate::{links, platform, tray};

/// Addresses the page may hand to another program; everything else could run something.
const EXTERNAL: [&str; 4] = ["https", "http", "mailto", "tel"];

/// Makes a call on the engine, unless it names a file that nobody picked.
#[tauri::command]
pub async fn call(
    engine: State<'_, Engine>,
    picked: State<'_, Picked>,
    handed: State<'_, Handed>,
    opening: State<'_, Opening>,
    request: Request<'_>,
) -> Answer {
    let call = match request.body() {
        InvokeBody::Json(body) => body.get("call"),
        InvokeBody::Raw(_) => None,
    };
    let call = call.ok_or_else(not_a_call)?;
    picked.check(call)?;
    let call = Call::deserialize(call).map_err(|_| not_a_call())?;
    let call = handed.fill(call)?;
    let saved = match &call {
        Call::AttachmentSave(save) => Some((save.attachment.clone(), save.path.clone().into())),
        _ => None,
    };
    let locks = matches!(call, Call::Lock(_));
    let answer = engine.call(call).await;
    if answer.is_ok() {
        if let Some((file, path)) = saved {
            opening.saved(file, path);
        }
        if locks {
            opening.sweep();
        }
    }
    answer
}

fn not_a_call() -> ApiError {
    ApiError::new(Code::InvalidArgument, "There is no such call, or it takes something else.")
}

/// Goes back from the demo to the own profile, and gives its status.
#[tauri::command]
pub async fn leave_demo(engine: State<'_, Engine>) -> Answer {
    engine.leave_demo().await
}

/// What the page can't know by itself.
#[derive(Serialize)]
pub struct ShellInfo {
    platform: &'static str,
    profile: String,
    deep_link: Option<String>,
    notification_target: Option<links::Target>,
}

/// Tells the page where it runs and what it was opened for. From then on it hears of links by events.
#[tauri::command]
pub fn shell_info(engine: State<'_, Engine>, pending: State<'_, links::Pending>) -> ShellInfo {
    let opened_for = pending.page_is_ready();
    ShellInfo {
        platform: std::env::consts::OS,
        profile: engine.profile().display().to_string(),
        deep_link: opened_for.link,
        notification_target: opened_for.target,
    }
}

/// Lets the person choose files to attach.
#[tauri::command]
pub async fn pick_files(app: AppHandle, handed: State<'_, Handed>) -> Result<Vec<HandedFile>, ApiError> {
    let (chosen, choice) = tokio::sync::oneshot::channel();
    app.dialog().file().pick_files(move |files| drop(chosen.send(files)));
    let files = choice.await.ok().flatten().unwrap_or_default();
    Ok(handed.files(files.into_iter().filter_map(|file| file.into_path().ok()).collect()))
}

/// Lets the person choose a file that a call takes by its path.
#[tauri::command]
pub async fn pick_path(app: AppHandle, picked: State<'_, Picked>) -> Result<Option<String>, ApiError> {
    let (chosen, choice) = tokio::sync::oneshot::channel();
    app.dialog().file().pick_file(move |file| drop(chosen.send(file)));
    Ok(choice.await.ok().flatten().and_then(|file| picked.to_read(file)))
}

/// Keeps a file that the page holds: what is in it as the request's body, name and kind in its headers.
#[tauri::command]
pub fn keep_file(handed: State<'_, Handed>, request: Request<'_>) -> Result<HandedFile, ApiError> {
    let unreadable = || ApiError::new(Code::FileFailed, "The file can't be read. Try it once more.");
    let bytes = match request.body() {
        InvokeBody::Raw(bytes) => bytes.clone(),
        // Where the webview's channel for bytes does not work.
        InvokeBody::Json(numbers) => serde_json::from_value(numbers.clone()).map_err(|_| unreadable())?,
    };
    let header = |name| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned()
    };
    Ok(handed.bytes(header("x-name"), header("x-mime"), bytes))
}

/// The files or the picture in the desktop's clipboard, where the webview keeps them from the page; a picture is called so.
#[tauri::command]
pub async fn clipboard_files(
    app: AppHandle,
    handed: State<'_, Handed>,
    name: String,
) -> Result<Vec<HandedFile>, ApiError> {
    Ok(match platform::clipboard(&app).await {
        Clipboard::Files(paths) => handed.files(paths),
        Clipboard::Picture(png) => vec![handed.picture(name, png)],
        Clipboard::Other => Vec::new(),
    })
}

/// Lets the person choose where to save a file.
#[tauri::command]
pub async fn save_path(
    app: AppHandle,
    picked: State<'_, Picked>,
    name: String,
) -> Result<Option<String>, ApiError> {
    let (chosen, choice) = tokio::sync::oneshot::channel();
    app.dialog().file().set_file_name(proposed(&name)).save_file(move |file| drop(chosen.send(file)));
    Ok(choice.await.ok().flatten().and_then(|file| picked.to_write(file)))
}

/// Opens a file that came with a message in the program that is set for it. `sure`: the person was asked. Answers whether
/// it was opened; if not, the person has to be asked.
#[tauri::command]
pub async fn open_file(
    app: AppHandle,
    engine: State<'_, Engine>,
    opening: State<'_, Opening>,
    id: String,
    sure: bool,
) -> Result<bool, ApiError> {
    let told = engine.call(Call::Attachment(ItemRef { id: id.clone() })).await?;
    let told: FilePlace = serde_json::from_str(told.get())
        .map_err(|_| ApiError::new(Code::Internal, "The file could not be looked up. Try it once more."))?;
    let name = opening::name_on_disk(&told.file.name);
    match opening::by_name(&name) {
        Opens::Never => return Err(opening::is_a_program(&name)),
        Opens::Asked if !sure => return Ok(false),
        _ => {}
    }
    let path = opening.place(&name)?;
    let save = FileSave { attachment: id, path: path.display().to_string() };
    engine.call(Call::AttachmentSave(save)).await?;
    let unreadable =
        |_| ApiError::new(Code::FileFailed, "The file can't be opened. Save it and open it there.");
    match opening::by_bytes(&path).map_err(unreadable)? {
        Opens::Never => {
            opening::forget(&path);
            return Err(opening::is_a_program(&name));
        }
        Opens::Asked if !sure => {
            opening::forget(&path);
            return Ok(false);
        }
        _ => opening::protect(&path).map_err(unreadable)?,
    }
    app.opener().open_path(path.to_string_lossy(), None::<&str>).map_err(|_| {
        ApiError::new(
            Code::FileFailed,
            "No program on this computer opens this kind of file. Save it instead.",
        )
    })?;
    Ok(true)
}

/// Shows a file in the file manager where it was saved since the app started. Answers whether there is such a place.
#[tauri::command]
pub async fn show_file(app: AppHandle, opening: State<'_, Opening>, id: String) -> Result<bool, ApiError> {
    let Some(path) = opening.saved_at(&id) else { return Ok(false) };
    // It may wait for the file manager to start.
    let shown = tokio::task::spawn_blocking(move || app.opener().reveal_item_in_dir(path)).await;
    match shown {
        Ok(Ok(())) => Ok(true),
        _ => Err(ApiError::new(
            Code::FileFailed,
            "No file manager on this computer shows it. It is where you saved it.",
        )),
    }
}

/// Opens a web or mail address in the program that is set for it.
#[tauri::command]
pub fn open_external(app: AppHandle, url: &str) -> Result<(), ApiError> {
    let url = allowed(url)?;
    app.opener().open_url(url, None::<&str>).map_err(|_| {
        ApiError::new(Code::FileFailed, "No program on this computer opens this link. Copy it instead.")
    })
}

fn allowed(url: &str) -> Result<Url, ApiError> {
    Url::parse(url).ok().filter(|url| EXTERNAL.contains(&url.scheme())).ok_or_else(|| {
        ApiError::new(Code::InvalidArgument, "Only web, mail and phone links are opened in other programs.")
    })
}

/// Shows the number of unread messages outside the window: at the tray, the app's icon and in the window's title.
#[tauri::command]
pub fn set_badge(app: AppHandle, count: u32) {
    tray::set_unread(&app, count);
}

/// Says from now on in the page's words what is said outside the window.
#[tauri::command]
pub fn set_words(app: AppHandle, spoken: State<'_, Spoken>, words: Words) {
    spoken.speak(words);
    tray::speak(&app);
}

/// Shows the page larger or smaller, as a browser's zoom does: its layout follows.
#[tauri::command]
pub fn set_zoom(window: tauri::WebviewWindow, percent: u32) -> Result<(), ApiError> {
    window
        .set_zoom(f64::from(percent.clamp(50, 200)) / 100.0)
        .map_err(|_| ApiError::new(Code::Internal, "The text size could not be changed. Nothing else was."))
}

/// Ends the app; the page has saved what was typed.
#[tauri::command]
pub fn quit(app: AppHandle) {
    app.exit(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_run_nothing_are_opened() {
        for url in
            ["https://example.org/a?b#c", "http://127.0.0.1:1/", "mailto:maria@example.org", "tel:+351"]
        {
            assert!(allowed(url).is_ok(), "{url}");
        }
        for url in ["file:///etc/passwd", "javascript:alert(1)", "smb://host/share", "homing://join", "x"] {
            assert_eq!(allowed(url).unwrap_err().code, Code::InvalidArgument, "{url}");
        }
    }
}

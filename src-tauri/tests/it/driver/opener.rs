//! Where a desktop opens files and shows them: a program for every kind of file, and a file manager.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use zbus::{Connection, connection, interface};

use super::Bus;
use super::page::wait_for_some;

/// A program that is set for every kind of file: it notes which one it was given.
pub struct Viewer {
    folder: PathBuf,
}

impl Viewer {
    /// Installs it in a folder.
    pub fn install(folder: &Path) -> Self {
        let folder = folder.join("viewer");
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join("xdg-open");
        let script = format!(
            "#!/bin/sh\nprintf '%s' \"$1\" > '{0}/new' && mv '{0}/new' '{0}/given'\n",
            folder.display()
        );
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// What an app is given to find it.
    pub fn path(&self) -> String {
        format!("{}:{}", self.folder.display(), std::env::var("PATH").unwrap())
    }

    /// Waits for a file to be opened.
    pub async fn given(&self) -> PathBuf {
        let given = self.folder.join("given");
        let path = wait_for_some("a file that is opened", || std::fs::read_to_string(&given).ok()).await;
        std::fs::remove_file(given).unwrap();
        path.into()
    }

    /// Whether a file was opened that nobody waited for.
    pub fn was_given(&self) -> bool {
        self.folder.join("given").exists()
    }
}

/// A file manager.
pub struct FileManager {
    shown: Arc<Mutex<Option<String>>>,
    _connection: Connection,
}

struct Manager(Arc<Mutex<Option<String>>>);

#[interface(name = "org.freedesktop.FileManager1")]
impl Manager {
    fn show_items(&self, uris: Vec<String>, _startup: String) {
        *self.0.lock().unwrap() = uris.into_iter().next();
    }
}

impl FileManager {
    /// Shows files for the apps of a bus.
    pub async fn on(bus: &Bus) -> Self {
        let shown = Arc::default();
        let _connection = connection::Builder::address(bus.address.as_str())
            .unwrap()
            .name("org.freedesktop.FileManager1")
            .unwrap()
            .serve_at("/org/freedesktop/FileManager1", Manager(Arc::clone(&shown)))
            .unwrap()
            .build()
            .await
            .unwrap();
        Self { shown, _connection }
    }

    /// Waits until an app has a file shown.
    pub async fn shown(&self) -> PathBuf {
        let uri = wait_for_some("a file in the file manager", || self.shown.lock().unwrap().take()).await;
        tauri::Url::parse(&uri).unwrap().to_file_path().unwrap()
    }
}

//! The desktop's question for a file: who answers it is the test.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, connection, interface};

use super::Bus;
use super::page::wait_for_some;

const PORTAL: &str = "/org/freedesktop/portal/desktop";

/// What an app asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// A place to write to, and not a file to read.
    pub save: bool,
    /// The name it proposes.
    pub name: String,
    request: OwnedObjectPath,
    asker: String,
}

/// A desktop's file chooser.
pub struct Chooser {
    open: Arc<Mutex<Option<Asked>>>,
    connection: Connection,
}

struct FileChooser(Arc<Mutex<Option<Asked>>>);

impl FileChooser {
    fn ask(
        &self,
        save: bool,
        options: &HashMap<String, OwnedValue>,
        header: &Header<'_>,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let text = |name: &str| options.get(name).and_then(|value| value.downcast_ref::<String>().ok());
        let asker = header.sender().unwrap().to_string();
        let owner = asker.trim_start_matches(':').replace('.', "_");
        let path = format!("{PORTAL}/request/{owner}/{}", text("handle_token").unwrap_or_default());
        let request = OwnedObjectPath::try_from(path).unwrap();
        let name = text("current_name").unwrap_or_default();
        *self.0.lock().unwrap() = Some(Asked { save, name, request: request.clone(), asker });
        Ok(request)
    }
}

#[interface(name = "org.freedesktop.portal.FileChooser")]
impl FileChooser {
    fn open_file(
        &self,
        _parent: String,
        _title: String,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        self.ask(false, &options, &header)
    }

    fn save_file(
        &self,
        _parent: String,
        _title: String,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        self.ask(true, &options, &header)
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        3
    }
}

/// Programs that ask the desktop for files ask it for the way into the network as well.
struct Network;

#[interface(name = "org.freedesktop.portal.ProxyResolver")]
impl Network {
    fn lookup(&self, _uri: String) -> Vec<String> {
        vec!["direct://".into()]
    }
}

impl Chooser {
    /// Answers for the apps of a bus that are told to ask the desktop (`GTK_USE_PORTAL`).
    pub async fn on(bus: &Bus) -> Self {
        let open = Arc::default();
        let connection = connection::Builder::address(bus.address.as_str())
            .unwrap()
            .name("org.freedesktop.portal.Desktop")
            .unwrap()
            .serve_at(PORTAL, FileChooser(Arc::clone(&open)))
            .unwrap()
            .serve_at(PORTAL, Network)
            .unwrap()
            .build()
            .await
            .unwrap();
        Self { open, connection }
    }

    /// Waits until an app asks, and chooses `file`.
    pub async fn answer(&self, file: &Path) -> Asked {
        let asked = wait_for_some("a question for a file", || self.open.lock().unwrap().take()).await;
        // An app that hears the answer before its call has returned crashes inside GTK. The object is free once the
        // call's reply is sent.
        let asking = self.connection.object_server().interface::<_, FileChooser>(PORTAL).await.unwrap();
        drop(asking.get_mut().await);
        let uri = tauri::Url::from_file_path(file).unwrap().to_string();
        let chosen: HashMap<&str, Value<'_>> = HashMap::from([("uris", Value::from(vec![uri]))]);
        self.connection
            .emit_signal(
                Some(asked.asker.as_str()),
                &asked.request,
                "org.freedesktop.portal.Request",
                "Response",
                &(0u32, chosen),
            )
            .await
            .unwrap();
        asked
    }
}

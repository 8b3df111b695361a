//! A session bus with what a desktop offers on it: a place for notifications, and a tray.
//!
//! Both say what an app asked of them, and do what a person does with them: click.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Proxy, connection, interface};

use super::page::{LOOK_EVERY, SHOWS_WITHIN, wait_for_some};
use super::process::Group;

const NOTIFICATIONS: &str = "/org/freedesktop/Notifications";
const WATCHER: &str = "/StatusNotifierWatcher";
/// Why a notification is gone: somebody dealt with it; the app took it back.
const DISMISSED: u32 = 2;
const TAKEN_BACK: u32 = 3;

/// A bus that starts nothing by itself: what the machine has installed must not answer in the place of the test.
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A session bus that outlives the apps on it.
pub struct Bus {
    /// What apps are given to find it.
    pub address: String,
    _configuration: tempfile::NamedTempFile,
    _daemon: Group,
}

impl Bus {
    /// Starts a bus.
    pub fn start() -> Self {
        let configuration = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(configuration.path(), CONFIGURATION).unwrap();
        let mut command = Command::new("dbus-daemon");
        command.arg("--config-file").arg(configuration.path()).args(["--nofork", "--print-address"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = Group::spawn(&mut command);
        let mut address = String::new();
        BufReader::new(daemon.take_stdout()).read_line(&mut address).unwrap();
        Self { address: address.trim().to_owned(), _configuration: configuration, _daemon: daemon }
    }

    /// Whether somebody on it has this name.
    pub fn has(&self, name: &str) -> bool {
        let mut asked = Command::new("dbus-send");
        asked
            .arg(format!("--bus={}", self.address))
            .args(["--print-reply=literal", "--dest=org.freedesktop.DBus"]);
        asked.args(["/", "org.freedesktop.DBus.NameHasOwner", &format!("string:{name}")]);
        let answer = asked.stderr(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&answer.stdout).contains("boolean true")
    }
}

/// A notification as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    id: u32,
    pub title: String,
    pub body: String,
    /// What it offers, in words.
    pub offers: Vec<String>,
    /// The connection that showed it.
    sender: String,
}

#[derive(Default)]
struct Board {
    shown: Vec<Notice>,
    taken_back: Vec<u32>,
}

/// Where notifications are shown.
pub struct Notices {
    board: Arc<Mutex<Board>>,
    connection: Connection,
}

struct NotificationServer(Arc<Mutex<Board>>);

#[interface(name = "org.freedesktop.Notifications")]
impl NotificationServer {
    #[expect(clippy::too_many_arguments, reason = "the interface of the desktop")]
    fn notify(
        &self,
        _app: String,
        _replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires: i32,
        #[zbus(header)] header: Header<'_>,
    ) -> u32 {
        let mut board = self.0.lock().unwrap();
        let id = u32::try_from(board.shown.len()).unwrap() + 1;
        let sender = header.sender().unwrap().to_string();
        // Each by its name for the app, then in words.
        let offers = actions.into_iter().skip(1).step_by(2).collect();
        board.shown.push(Notice { id, title: summary, body, offers, sender });
        id
    }

    async fn close_notification(&self, id: u32, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        self.0.lock().unwrap().taken_back.push(id);
        Self::notification_closed(&emitter, id, TAKEN_BACK).await.unwrap();
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "body-markup"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("desk".into(), "homing".into(), "1".into(), "1.2".into())
    }

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str) -> zbus::Result<()>;
}

impl Notices {
    /// Shows the notifications of a bus.
    pub async fn on(bus: &Bus) -> Self {
        let board = Arc::default();
        let connection = connection::Builder::address(bus.address.as_str())
            .unwrap()
            .name("org.freedesktop.Notifications")
            .unwrap()
            .serve_at(NOTIFICATIONS, NotificationServer(Arc::clone(&board)))
            .unwrap()
            .build()
            .await
            .unwrap();
        Self { board, connection }
    }

    /// All that were ever shown, in order.
    pub fn all(&self) -> Vec<Notice> {
        self.board.lock().unwrap().shown.clone()
    }

    /// Waits for the one with this text.
    pub async fn wait(&self, body: &str) -> Notice {
        let found = || self.all().into_iter().find(|notice| notice.body == body);
        wait_for_some(&format!("a notification {body:?}"), found).await
    }

    /// Waits for one of this kind.
    pub async fn wait_like(&self, what: &str, like: impl Fn(&Notice) -> bool) -> Notice {
        wait_for_some(what, || self.all().into_iter().find(|notice| like(notice))).await
    }

    /// Waits until the app has taken one back.
    pub async fn wait_taken_back(&self, notice: &Notice) {
        let gone = || self.board.lock().unwrap().taken_back.contains(&notice.id).then_some(());
        wait_for_some(&format!("{notice:?} to be taken back"), gone).await;
    }

    /// Clicks one, which then is gone.
    pub async fn click(&self, notice: &Notice) {
        self.choose(notice, "default").await;
    }

    /// Chooses what a notification offers. A person is slower than an app that listens for the click.
    pub async fn choose(&self, notice: &Notice, action: &str) {
        let bus = "org.freedesktop.DBus";
        let path = "/org/freedesktop/DBus";
        let rules =
            Proxy::new(&self.connection, bus, path, "org.freedesktop.DBus.Debug.Stats").await.unwrap();
        let deadline = Instant::now() + SHOWS_WITHIN;
        loop {
            let all: HashMap<String, Vec<String>> = rules.call("GetAllMatchRules", &()).await.unwrap();
            let own = all.get(&notice.sender).map_or(&[][..], Vec::as_slice);
            if own.iter().any(|rule| rule.contains("NotificationClosed")) {
                break;
            }
            assert!(Instant::now() < deadline, "nobody listens for a click on {notice:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let server =
            self.connection.object_server().interface::<_, NotificationServer>(NOTIFICATIONS).await.unwrap();
        let emitter = server.signal_emitter();
        NotificationServer::action_invoked(emitter, notice.id, action).await.unwrap();
        NotificationServer::notification_closed(emitter, notice.id, DISMISSED).await.unwrap();
    }
}

/// The tray, with the icon of one app.
pub struct Tray {
    icon: Arc<Mutex<Option<(String, String)>>>,
    connection: Connection,
}

struct Watcher(Arc<Mutex<Option<(String, String)>>>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, item: String, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().unwrap().to_string();
        *self.0.lock().unwrap() = Some((sender, item));
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// A menu as the bus carries it: number, properties, entries.
type Menu = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Tray {
    /// Shows the icons of a bus.
    pub async fn on(bus: &Bus) -> Self {
        let icon = Arc::default();
        let connection = connection::Builder::address(bus.address.as_str())
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .serve_at(WATCHER, Watcher(Arc::clone(&icon)))
            .unwrap()
            .build()
            .await
            .unwrap();
        Self { icon, connection }
    }

    /// Waits until these words stand beside the icon.
    pub async fn wait_label(&self, label: &str) {
        let item = self.item("org.kde.StatusNotifierItem", None).await;
        let deadline = tokio::time::Instant::now() + super::SHOWS_WITHIN;
        loop {
            let shown: String = item.get_property("XAyatanaLabel").await.unwrap();
            if shown == label {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "the tray shows {shown:?} and not {label:?}");
            tokio::time::sleep(super::page::LOOK_EVERY).await;
        }
    }

    /// The menu of the icon: what takes what is chosen, and its entries by their numbers.
    async fn menu(&self) -> (Proxy<'_>, Vec<(i32, String)>) {
        let item = self.item("org.kde.StatusNotifierItem", None).await;
        let menu: OwnedObjectPath = item.get_property("Menu").await.unwrap();
        let menu = self.item("com.canonical.dbusmenu", Some(menu)).await;
        let (_, layout): (u32, Menu) = menu.call("GetLayout", &(0, -1, Vec::<String>::new())).await.unwrap();
        let entry = |child| {
            let (number, properties, _) = Menu::try_from(child).unwrap();
            Some((number, properties.get("label")?.downcast_ref::<String>().ok()?))
        };
        let entries = layout.2.into_iter().filter_map(entry).collect();
        (menu, entries)
    }

    /// Waits until the icon's menu has such entries.
    pub async fn wait_entries(&self, wanted: impl Fn(&[String]) -> bool) {
        let deadline = tokio::time::Instant::now() + super::SHOWS_WITHIN;
        loop {
            let entries: Vec<String> = self.menu().await.1.into_iter().map(|(_, label)| label).collect();
            if wanted(&entries) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "the tray offers {entries:?}");
            tokio::time::sleep(super::page::LOOK_EVERY).await;
        }
    }

    /// Chooses an entry of the icon's menu.
    pub async fn choose(&self, entry: &str) {
        let (menu, entries) = self.menu().await;
        let chosen = entries.into_iter().find_map(|(number, label)| (label == entry).then_some(number));
        let number = chosen.unwrap_or_else(|| panic!("the menu has no entry {entry}"));
        let () = menu.call("Event", &(number, "clicked", Value::from(0), 0u32)).await.unwrap();
    }

    async fn item(&self, interface: &'static str, path: Option<OwnedObjectPath>) -> Proxy<'static> {
        let icon = || self.icon.lock().unwrap().clone();
        let (owner, own_path) = wait_for_some("an icon in the tray", icon).await;
        let path = path.map_or(own_path, |path| path.to_string());
        // What is asked for changes without a word, so nothing is remembered.
        zbus::proxy::Builder::new(&self.connection)
            .destination(owner)
            .unwrap()
            .path(path)
            .unwrap()
            .interface(interface)
            .unwrap()
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
            .await
            .unwrap()
    }
}

//! What a screen reader says of the views: roles and names as the webview's own accessibility tree has them, asked for
//! through the driver (WebDriver's computed role and label). The rules of axe-core read the page; this is what came of it.

use fantoccini::Locator;
use fantoccini::elements::{Element, ElementRef};
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::json;
use tauri::Url;
use tauri::http::Method;

use crate::driver::{App, Desk};
use crate::steps::{conversation_id, open, tid};

/// The interface's list of views.
const ROUTES: &str = include_str!("../../../ui/src/lib/routes.ts");
/// What somebody acts on, or is told by.
const SPOKEN: &str = "button, a[href], input:not([type=file]), select, textarea, summary, dialog[open], nav, aside, \
    [role=option], [role=menuitem], [role=switch], [role=log], [role=article], [role=img], [role=list], img";
/// Roles that say nothing without a name.
const NAMED: [&str; 21] = [
    "button",
    "link",
    "textbox",
    "searchbox",
    "combobox",
    "listbox",
    "checkbox",
    "switch",
    "radio",
    "option",
    "menuitem",
    "menuitemradio",
    "tab",
    "slider",
    "spinbutton",
    "img",
    "image",
    "dialog",
    "log",
    "article",
    "navigation",
];

/// Something of the accessibility tree, by its element.
#[derive(Debug)]
struct Computed {
    element: ElementRef,
    what: &'static str,
}

impl WebDriverCompatibleCommand for Computed {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/element/{}/computed{}", &*self.element, self.what))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::GET, None)
    }
}

async fn computed(app: &App, element: &Element, what: &'static str) -> String {
    let asked = Computed { element: element.element_id(), what };
    let answer = app.client.issue_cmd(asked).await.unwrap();
    answer.as_str().unwrap_or_default().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_one_acts_on_has_a_role_and_a_name_in_every_view() {
    let desk = Desk::start();
    let app = desk.app("demo", &[]).await;
    app.click(&tid("first-demo")).await;
    app.wait_for(&tid("demo-banner")).await;
    app.set_size(1280, 800).await;
    let talk = conversation_id(&app, "Open day on Saturday").await;
    app.eval("location.hash = '#/people'", vec![]).await;
    let person = app.wait_for(&tid("person")).await.attr("data-id").await.unwrap().unwrap();
    let mut findings = Vec::new();
    let mut asked = 0;
    let paths = ROUTES.lines().filter_map(|line| {
        let path = line.split_once("path: \"")?.1.split('"').next()?;
        Some((path.to_owned(), if line.contains("\"person\"") { &person } else { &talk }))
    });
    for (path, id) in paths {
        app.eval("location.hash = arguments[0]", vec![json!(format!("#/{}", path.replace(":id", id)))]).await;
        let settled = "return !document.querySelector('.skeleton, [aria-busy=true]')";
        app.wait_until(&path, settled, vec![]).await;
        // Under a dialog nothing else is there.
        let within = if app.eval("return document.querySelector('dialog[open]') !== null", vec![]).await
            == json!(true)
        {
            "dialog[open]"
        } else {
            "body"
        };
        let css: Vec<String> = SPOKEN.split(", ").map(|one| format!("{within} {one}")).collect();
        for element in app.client.find_all(Locator::Css(&css.join(", "))).await.unwrap() {
            let shown = "return arguments[0].checkVisibility() && !arguments[0].closest('[aria-hidden=true], [inert]')";
            let there = app.client.execute(shown, vec![serde_json::to_value(&element).unwrap()]).await;
            if there.ok() != Some(json!(true)) {
                continue;
            }
            let role = computed(&app, &element, "role").await;
            let name = computed(&app, &element, "label").await;
            asked += 1;
            // What unfolds (`summary`) has no role of ARIA's.
            let html = element.html(false).await.unwrap_or_default();
            let unknown = role.is_empty() && !html.starts_with("<summary");
            let unnamed = name.is_empty() && (role.is_empty() || NAMED.contains(&role.as_str()));
            if unknown || unnamed {
                findings.push(format!(
                    "{path}: {role:?} {name:?} {}",
                    html.chars().take(160).collect::<String>()
                ));
            }
        }
    }
    app.close().await;
    assert!(asked > 300, "only {asked} were looked at");
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_spoken_as_it_is_seen() {
    let desk = Desk::start();
    let app = desk.app("demo", &[]).await;
    app.click(&tid("first-demo")).await;
    app.wait_for(&tid("demo-banner")).await;
    app.set_size(1280, 800).await;
    let talk = conversation_id(&app, "Open day on Saturday").await;
    let row = format!("[data-testid=conversation][data-id=\"{talk}\"] a");
    let unread = says(&app, &row).await;
    assert!(
        unread.0 == "link"
            && unread.1.contains("Open day on Saturday")
            && unread.1.contains("unread message"),
        "{unread:?}"
    );
    open(&app, &talk).await;
    for (css, role, name) in [
        (tid("log"), "log", "Open day on Saturday"),
        (tid("composer"), "textbox", "Open day on Saturday"),
        (tid("send"), "button", "Send"),
        (tid("message"), "article", ", "),
        (tid("nav"), "navigation", "Main"),
        ("[data-nav=inbox]".into(), "link", "Inbox"),
        ("[data-testid=message] [data-testid=tick]".into(), "image", ""),
    ] {
        let (spoken, label) = says(&app, &css).await;
        let as_role = spoken == role || (role == "image" && spoken == "img");
        assert!(as_role && !label.is_empty() && label.contains(name), "{css}: {spoken:?} {label:?}");
    }
    app.close().await;
}

/// The role and the name of the first of these.
async fn says(app: &App, css: &str) -> (String, String) {
    let element = app.wait_for(css).await;
    (computed(app, &element, "role").await, computed(app, &element, "label").await)
}

//! What a person does with a window: look, wait for something to show, click, type.
//!
//! All waiting is for a condition with a deadline. What fails says what the window showed instead.

use std::path::Path;
use std::time::Duration;

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::App;

/// Long enough for a busy two-core machine; a condition that holds costs no time.
pub const SHOWS_WITHIN: Duration = Duration::from_secs(30);
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until `look` finds something.
pub async fn wait_for_some<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + SHOWS_WITHIN;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl App {
    /// Runs `script` in the page; `arguments` is the list given, the answer is what it returns.
    pub async fn eval(&self, script: &str, arguments: Vec<Value>) -> Value {
        match self.client.execute(script, arguments).await {
            Ok(value) => value,
            Err(error) => panic!("script failed: {error:?}\n{script}\n{}", self.log()),
        }
    }

    /// Waits until `script` returns something true, and gives it.
    pub async fn wait_until(&self, what: &str, script: &str, arguments: Vec<Value>) -> Value {
        let deadline = Instant::now() + SHOWS_WITHIN;
        loop {
            let value = self.eval(script, arguments.clone()).await;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            if Instant::now() > deadline {
                self.give_up(what).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until something is at `path`.
    pub async fn wait_on_disk(&self, path: &Path) {
        wait_for_some(&path.display().to_string(), || path.exists().then_some(())).await;
    }

    /// Waits for an element.
    pub async fn wait_for(&self, css: &str) -> Element {
        let waited =
            self.client.wait().at_most(SHOWS_WITHIN).every(LOOK_EVERY).for_element(Locator::Css(css)).await;
        match waited {
            Ok(element) => element,
            Err(_) => self.give_up(&format!("an element {css}")).await,
        }
    }

    /// Waits until no element matches.
    pub async fn wait_gone(&self, css: &str) {
        let script = "return document.querySelector(arguments[0]) === null";
        self.wait_until(&format!("no element {css}"), script, vec![json!(css)]).await;
    }

    /// Waits until the text of an element contains `text`.
    pub async fn wait_text(&self, css: &str, text: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .some((element) => element.innerText.includes(arguments[1]))";
        self.wait_until(&format!("{css} with the text {text:?}"), script, vec![json!(css), json!(text)])
            .await;
    }

    /// Clicks an element as soon as a person could: in view, enabled, with nothing over it. The driver looks, moves and
    /// presses one after the other; if the element moved away meanwhile and the press missed it, it is looked at again.
    pub async fn click(&self, css: &str) {
        let script = "const element = document.querySelector(arguments[0]);
            if (!element || element.disabled) return false;
            element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
            // Of a list that scrolls: what is pressed there is whatever is around it.
            if (getComputedStyle(element).pointerEvents === 'none') return false;
            const box = element.getBoundingClientRect();
            const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            if (hit === null || !(element.contains(hit) || hit.contains(element))) return false;
            const place = () => JSON.stringify(element.getBoundingClientRect());
            const before = place();
            window.missed = () => place() !== before;
            window.looking?.abort();
            window.looking = new AbortController();
            addEventListener('click', (event) => {
                // What moves away between pressing and letting go is not clicked, but whatever is around both. What was drawn
                // anew meanwhile is another element in the same place.
                const meant = (node) => node === hit || (node instanceof Element && node.matches(arguments[0]));
                const done = event.composedPath().some(meant);
                window.missed = () => !done;
            }, { capture: true, once: true, signal: window.looking.signal });
            return true";
        let deadline = Instant::now() + SHOWS_WITHIN;
        loop {
            self.wait_until(&format!("{css} to be clickable"), script, vec![json!(css)]).await;
            let clicked = match self.client.find(Locator::Css(css)).await {
                Ok(element) => element.click().await,
                Err(error) => Err(error),
            };
            // It may be drawn anew, or be covered, between the look and the press.
            let missed = match clicked {
                Ok(()) => self.eval("return window.missed?.() ?? false", vec![]).await != json!(false),
                Err(error) if Instant::now() > deadline => {
                    self.give_up(&format!("to click {css} ({error})")).await
                }
                Err(_) => true,
            };
            if !missed {
                return;
            }
            if Instant::now() > deadline {
                self.give_up(&format!("{css} to stay where it is")).await;
            }
        }
    }

    /// Puts `text` into a field as an input method would. (Keys sent by the driver lose emoji.)
    pub async fn fill(&self, css: &str, text: &str) {
        self.wait_for(css).await;
        let script = "const field = document.querySelector(arguments[0]);
            field.focus();
            const prototype = field instanceof HTMLTextAreaElement
                ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
            Object.getOwnPropertyDescriptor(prototype, 'value').set.call(field, arguments[1]);
            field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }))";
        self.eval(script, vec![json!(css), json!(text)]).await;
    }

    /// Makes the page `width` x `height` CSS pixels, and returns once it is laid out so.
    pub async fn set_size(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
        let script = "return innerWidth === arguments[0] && innerHeight === arguments[1]";
        self.wait_until(&format!("a page of {width} x {height}"), script, vec![json!(width), json!(height)])
            .await;
    }

    /// What sticks out of the page or of a part that scrolls, sideways: it is cut off, or the page moves with it. And dialogs
    /// that leave the window, and times of messages that lie on their words.
    pub async fn sticking_out(&self) -> Vec<String> {
        let script = "const found = [];
            // The room around what is pressed is not shown.
            const sheet = new CSSStyleSheet();
            sheet.replaceSync('button::after, summary::after { display: none !important }');
            document.adoptedStyleSheets = [sheet];
            const name = (element) => element.outerHTML.slice(0, 160);
            const clips = (element) => getComputedStyle(element).overflowX !== 'visible';
            for (const dialog of document.querySelectorAll('dialog[open]')) {
                const box = dialog.getBoundingClientRect();
                if (box.top < -1 || box.bottom > innerHeight + 1) found.push(`leaves the window: ${name(dialog)}`);
            }
            for (const element of document.querySelectorAll('body *')) {
                const box = element.getBoundingClientRect();
                const style = getComputedStyle(element);
                if (box.width < 2 || box.height < 2 || style.visibility === 'hidden') continue;
                if (['auto', 'scroll'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1
                    && element.tagName !== 'TEXTAREA' && !element.matches('.filters, .board, .categories')) {
                    found.push(`scrolls sideways: ${name(element)}`);
                }
                // A pane's handle lies on its edge, and a field scrolls.
                const handled = element.querySelector(':scope > [role=separator]') || element.tagName === 'INPUT';
                if (!handled && style.overflowX === 'visible' && style.display !== 'inline' && element.clientWidth > 0
                    && element.scrollWidth > element.clientWidth + 2) {
                    found.push(`holds more than fits: ${name(element)}`);
                }
                if (element.matches('.bubble > .meta')) {
                    const words = document.createRange();
                    words.selectNodeContents(element.parentElement.querySelector('.text') ?? element.parentElement.firstChild);
                    const over = [...words.getClientRects()].some((line) => line.left < box.right - 1 && line.right > box.left + 1
                        && line.top < box.bottom - 1 && line.bottom > box.top + 1);
                    if (over) found.push(`lies on words: ${name(element.parentElement)}`);
                }
                if (box.left >= -1 && box.right <= innerWidth + 1) continue;
                let around = element.parentElement;
                while (around && !clips(around)) around = around.parentElement;
                if (!around || around === document.body) found.push(`sticks out: ${name(element)}`);
            }
            document.adoptedStyleSheets = [];
            return found.slice(0, 5)";
        serde_json::from_value(self.eval(script, vec![]).await).unwrap()
    }

    /// What is pressed and is smaller than a finger in a narrow window, or than a pointer finds elsewhere (WCAG 2.5.8).
    /// Links inside a text are excepted, what is scrolled to the edge, and the ticks, which the message's menu shows too.
    pub async fn hard_to_touch(&self) -> Vec<String> {
        let script = "const least = innerWidth < 720 ? 44 : 24;
            const found = [];
            const pressed = 'button, a[href], select, input:not([type=file]), summary, [role=option], [role=switch]';
            const over = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
            const visible = (element) => {
                let room = new DOMRect(0, 0, innerWidth, innerHeight);
                for (let around = element.parentElement; around; around = around.parentElement) {
                    if (getComputedStyle(around).overflowY === 'visible') continue;
                    const box = around.getBoundingClientRect();
                    const [left, top] = [Math.max(room.left, box.left), Math.max(room.top, box.top)];
                    room = new DOMRect(left, top, Math.min(room.right, box.right) - left, Math.min(room.bottom, box.bottom) - top);
                }
                return room;
            };
            for (const element of over.querySelectorAll(pressed)) {
                if (element.closest('[dir=auto], p, .hidden, .meta') || element.disabled || !element.checkVisibility()) continue;
                const box = element.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                const half = least / 2 - 1;
                const room = visible(element);
                // The columns of a board lie beside the window, or under its scroll bar, until it is scrolled to them.
                const beside = element.closest('.board') ? least : 0;
                if (y - half < room.top || y + half > room.bottom || x - beside < room.left || x + beside > room.right) continue;
                const hits = (x, y) => {
                    const hit = document.elementFromPoint(x, y);
                    return hit !== null && (element.contains(hit) || hit.closest('label')?.contains(element));
                };
                // What lies under something else is not what is pressed there.
                if (!hits(x, y)) continue;
                const around = [[x - half, y], [x + half, y], [x, y - half], [x, y + half]];
                const missed = around.find(([x, y]) => !hits(x, y));
                if (missed) {
                    const there = document.elementFromPoint(...missed)?.cloneNode(false).outerHTML.slice(0, 80);
                    found.push(`${Math.round(box.width)} x ${Math.round(box.height)} and no ${least} around it, but ${there}: ${element.outerHTML.slice(0, 120)}`);
                }
            }
            return found.slice(0, 8)";
        serde_json::from_value(self.eval(script, vec![]).await).unwrap()
    }

    /// Saves what the window shows now. Two frames first: the driver may hand out the one before.
    pub async fn screenshot(&self, file: &Path) {
        let script = "const done = arguments[arguments.length - 1];
            requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";
        self.client.execute_async(script, vec![]).await.unwrap();
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Ends the test with what there was to see.
    async fn give_up(&self, what: &str) -> ! {
        let script =
            "return `${location.href}\n${document.body.innerText.trim() || document.body.outerHTML}`";
        let shown = self.client.execute(script, vec![]).await.unwrap_or_default();
        if let Ok(picture) = self.client.screenshot().await {
            drop(std::fs::write(self.folder.join("window.png"), picture));
        }
        panic!(
            "waited in vain for {what}; {} shows:\n{}\n--- app.log\n{}",
            self.folder.display(),
            shown.as_str().unwrap_or("nothing"),
            self.log()
        );
    }
}

import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { CallName } from "../src/lib/backend";
import { attachment, message } from "../src/lib/backend/fake/world";
import type { ConversationDetail } from "../src/lib/bindings/ConversationDetail";
import { all, app, one, soon, start } from "./helpers";

const row = (id: string): HTMLElement => one("message", `[data-id="${id}"]`);

describe("conversation", () => {
  it.each([[true, "You left."], [false, "You are not part of this any more."]])("says how it ended: left %s", async (left, words) => {
    const fake = await start();
    const call = fake.call.bind(fake);
    fake.call = (async (name: CallName, args: never) => {
      const answer = await call(name, args);
      if (name !== "conversation") return answer;
      const detail = answer as ConversationDetail;
      return { ...detail, member: false, left, row: { ...detail.row, can_write: false } };
    }) as typeof fake.call;
    window.location.hash = "#/conversation/c-ben";
    await soon(() => expect(document.body.textContent).toContain(words));
  });

  it("shows the unread divider before the first unread message and reports what was seen", async () => {
    const fake = await start(undefined, "#/conversation/c-layla");
    await soon(() => one("unread-divider"));
    expect(one("log").getAttribute("role")).toBe("log");
    await soon(() => expect(fake.calls.find((call) => call.name === "shown")?.args).toEqual({ conversation: "c-layla", messages: ["c-layla-2"] }));
    await soon(() => expect(row("c-layla-2").dataset["unread"]).toBe("false"));
    expect(one("unread-divider")).toBeTruthy();
  });

  it("does not count as seen what nobody looks at", async () => {
    vi.spyOn(document, "hasFocus").mockReturnValue(false);
    const fake = await start(undefined, "#/conversation/c-layla");
    await soon(() => one("unread-divider"));
    fake.putMessage(message("c-layla-9", "c-layla", { order: "999999", body: "Are you there?", unread: true }));
    await soon(() => row("c-layla-9"));
    expect(fake.calls.some((call) => call.name === "shown")).toBe(false);
    vi.restoreAllMocks();
    window.dispatchEvent(new Event("focus"));
    await soon(() => expect(fake.calls.some((call) => call.name === "shown")).toBe(true));
  });

  it("sends with Enter, makes lines with Shift+Enter, and turns the tick", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    const composer = await soon(() => one<HTMLTextAreaElement>("composer"));
    await user.type(composer, "two{Shift>}{Enter}{/Shift}lines{Enter}");
    await soon(() => expect(composer.value).toBe(""));
    const sent = fake.world.messages.get("c-ben")?.at(-1);
    expect(sent?.body).toBe("two\nlines");
    const shown = await soon(() => row(sent?.id ?? ""));
    expect(shown.dataset["state"]).toBe("pending");
    const label = (): string => shown.querySelector("[data-testid=tick]")?.getAttribute("aria-label") ?? "";
    expect(label()).toMatch(/^Waiting to be sent - you are offline since/);
    if (sent) fake.putMessage({ ...sent, state: "read" });
    await soon(() => expect(shown.dataset["state"]).toBe("read"));
    expect(label()).toBe("Read");
  });

  it("folds a message that fills pages, and shows all of it to who wants that", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    fake.putMessage(message("long", "c-ben", { author: "p-ben", body: "word ".repeat(6_000) }));
    const shown = await soon(() => row("long"));
    const letters = (): number => shown.querySelector("[data-testid=message-body]")?.textContent?.length ?? 0;
    expect(letters()).toBeLessThan(3_100);
    await user.click(one("message-more"));
    await soon(() => expect(letters()).toBe(30_000));
    expect(all("message-more")).toHaveLength(0);
  });

  it("has Tab stop at what is in a message only once somebody went to it", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    const everything = {
      body: `https://example.org/a **[there](https://example.org/b)** ${"word ".repeat(1_000)}`,
      reply_to: { id: "c-ben-1", author_name: "Ada", preview: "hello", files: null, deleted: false },
      previews: [{ url: "https://example.org/a", title: "A page", description: "", image: null }],
      reactions: [{ emoji: "👍", mine: true, people: [{ person: "p-ben", name: "Ben", me: false }] }],
      attachments: [
        attachment("plan", "plan.pdf", "application/pdf", 1000),
        attachment("photo", "photo.jpg", "image/jpeg", 1000, { state: "remote" }),
        attachment("lost", "lost.pdf", "application/pdf", 1000, { state: "failed" }),
        attachment("moving", "moving.pdf", "application/pdf", 1000, { state: "uploading" }),
        attachment("voice", "voice.ogg", "audio/ogg", 1000, { voice: { duration_ms: 4000, peaks: [1, 2] } }),
      ],
    };
    fake.putMessage(message("full", "c-ben", { ...everything, author: "p-ben", edited_at: new Date().toISOString(), replies: 2 }));
    fake.putMessage(message("failed", "c-ben", { body: "no", state: "failed" }));
    const stops = (id: string): HTMLElement[] => [...row(id).querySelectorAll<HTMLElement>("a[href], button, input, [tabindex]")].filter((node) => node.tabIndex >= 0);
    await soon(() => one("message-more"));
    await soon(() => one("message-react"));
    expect([stops("full"), stops("failed")]).toEqual([[], []]);
    row("full").focus();
    await soon(() => expect(stops("full").length).toBeGreaterThan(16));
    expect(stops("failed")).toEqual([]);
    await user.keyboard("{Tab}");
    expect(row("full").contains(document.activeElement)).toBe(true);
    row("failed").focus();
    await soon(() => expect(stops("full")).toEqual([]));
    expect(stops("failed").length).toBeGreaterThan(1);
  });

  it("has the focus in its list once the way to its end, which had it, is no longer offered", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    for (let n = 10; n < 60; n += 1) fake.putMessage(message(`more-${n}`, "c-ben", { order: `9999${n}`, body: `Line ${n}` }));
    await soon(() => row("more-59"));
    const log = one("log");
    log.dispatchEvent(new WheelEvent("wheel"));
    log.scrollTop = 0;
    log.dispatchEvent(new Event("scroll"));
    (await soon(() => one("jump-latest"))).focus();
    await user.keyboard("{Enter}");
    await soon(() => expect(all("jump-latest")).toEqual([]));
    expect(document.activeElement).toBe(log);
  });

  it("says who is typing until their message is there, and not without a connection", async () => {
    const fake = await start(undefined, "#/conversation/c-ben");
    fake.setStatus({ connection: "online", online: true });
    await soon(() => one("composer"));
    const types = (person: string): void => fake.emit({ event: "typing", conversation: "c-ben", person, name: "Ben Okafor" });
    const said = (): boolean => app().textContent?.includes("Ben Okafor is typing") ?? false;
    types("p-ben");
    await soon(() => expect(said()).toBe(true));
    fake.putMessage(message("of-somebody-else", "c-ben", { author: "p-cora" }));
    await soon(() => row("of-somebody-else"));
    expect(said()).toBe(true);
    fake.putMessage(message("what-was-typed", "c-ben", { author: "p-ben" }));
    await soon(() => expect(said()).toBe(false));
    types("p-ben");
    await soon(() => expect(said()).toBe(true));
    fake.setStatus({ connection: "offline", online: false });
    await soon(() => expect(said()).toBe(false));
  });

  it("sends with Ctrl+Enter when Enter makes lines", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    fake.world.settings.enter_sends = false;
    fake.emit({ event: "settings", settings: fake.world.settings });
    const composer = await soon(() => one<HTMLTextAreaElement>("composer"));
    const before = fake.world.messages.get("c-ben")?.length ?? 0;
    await user.type(composer, "a{Enter}b");
    expect(composer.value).toBe("a\nb");
    await user.keyboard("{Control>}{Enter}{/Control}");
    await soon(() => expect(fake.world.messages.get("c-ben")).toHaveLength(before + 1));
  });

  it("keeps the draft when switching away and back at once", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await user.type(await soon(() => one("composer")), "unfinished");
    window.location.hash = "#/conversation/c-yuki";
    await soon(() => expect(app().dataset["id"]).toBe("c-yuki"));
    await soon(() => expect(fake.world.drafts.get("c-ben")?.text).toBe("unfinished"));
    window.location.hash = "#/conversation/c-ben";
    await soon(() => expect(one<HTMLTextAreaElement>("composer").value).toBe("unfinished"));
  });

  it("puts another device's words around the caret", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    const composer = await soon(() => one<HTMLTextAreaElement>("composer"));
    await user.type(composer, "tomorrow");
    await soon(() => expect(fake.world.drafts.get("c-ben")?.text).toBe("tomorrow"));
    composer.setSelectionRange(8, 8);
    fake.remoteDraft("c-ben", "See you tomorrow");
    await soon(() => expect(composer.value).toBe("See you tomorrow"));
    expect(composer.selectionStart).toBe(16);
    await user.keyboard("!");
    expect(composer.value).toBe("See you tomorrow!");
  });

  it("offers to send here what another device is sending", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-tom");
    const here = await soon(() => one("send-here"));
    expect(here.parentElement?.textContent).toContain("Desktop at work");
    await user.click(here);
    await soon(() => expect(fake.calls.some((call) => call.name === "draft_send")).toBe(true));
  });

  it("replies, and Escape takes the reply back without the text", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    row("c-ben-0").focus();
    await user.keyboard("r");
    const composer = one<HTMLTextAreaElement>("composer");
    expect(document.activeElement).toBe(composer);
    await user.type(composer, "I saw it");
    await user.keyboard("{Escape}");
    expect(composer.value).toBe("I saw it");
    row("c-ben-0").focus();
    await user.keyboard("r");
    await user.type(composer, "{Enter}");
    await soon(() => expect(fake.world.messages.get("c-ben")?.at(-1)?.reply_to?.id).toBe("c-ben-0"));
  });

  it("completes emoji by name", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/conversation/c-ben");
    const composer = await soon(() => one<HTMLTextAreaElement>("composer"));
    await user.type(composer, "great :thumbsu");
    await soon(() => expect(document.querySelector("#emoji-list")).toBeTruthy());
    await user.keyboard("{Enter}");
    expect(composer.value).toBe("great 👍");
  });

  it("keeps the files of a draft, takes one out again, and sends the rest", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    fake.picked = ["note.txt", "other.txt"].map((name, id) => ({ id, name, mime: "text/plain", size: 5 }));
    await user.click(one("attach"));
    await soon(() => expect(all("pending-file").filter((file) => file.dataset["busy"] === "false")).toHaveLength(2));
    expect(all("remove-file").map((button) => button.getAttribute("aria-label"))).toContain("Remove other.txt");
    const other = all("remove-file").find((button) => button.getAttribute("aria-label") === "Remove other.txt");
    if (other) await user.click(other);
    await soon(() => expect(all("pending-file")).toHaveLength(1));
    await user.click(one("send"));
    await soon(() => expect(all("pending-file")).toHaveLength(0));
    const sent = fake.calls.find((call) => call.name === "draft_send")?.args as { attachments: unknown[] };
    expect(sent.attachments).toEqual([]);
    await soon(() => expect(all("attachment").at(-1)?.textContent).toContain("note.txt"));
  });

  it("says why a message failed and lets it be tried again", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-cora");
    const failed = await soon(() => row("c-cora-2"));
    expect(failed.textContent).toContain("larger than 50 MB");
    const again = [...failed.querySelectorAll("button")].find((button) => button.textContent === "Try again");
    if (again) await user.click(again);
    expect(fake.calls.some((call) => call.name === "outbox_retry")).toBe(true);
  });

  it("shows who has a message since when", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/conversation/c-ben");
    const own = await soon(() => row("c-ben-1"));
    own.focus();
    await user.keyboard("{Enter}");
    const receipts = await soon(() => one("receipts"));
    expect(receipts.querySelector('[data-person="p-ben"]')?.getAttribute("data-read")).toBe("true");
    expect(receipts.textContent).toContain("Read");
  });

  it("says of a message that waits only that it waits", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => row("c-ben-1"));
    fake.putMessage(message("waits", "c-ben", { body: "soon", state: "pending", receipts: [] }));
    (await soon(() => row("waits"))).focus();
    await user.keyboard("{Enter}");
    const receipts = await soon(() => one("receipts"));
    expect(receipts.textContent).toContain("Waiting to be sent");
    expect(receipts.textContent).not.toContain("Nobody else");
  });

  it("asks before a message goes for everyone, then shows that it is gone", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    (await soon(() => row("c-ben-1"))).focus();
    await user.keyboard("{Delete}");
    expect(fake.calls.some((call) => call.name === "message_delete")).toBe(false);
    await user.click(await soon(() => one("confirm")));
    await soon(() => expect(row("c-ben-1").dataset["deleted"]).toBe("true"));
    expect(row("c-ben-1").textContent).toContain("This message was deleted");
  });

  it("shows where a link goes before it opens", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    fake.putMessage(message("link", "c-ben", { author: "p-ben", author_name: "Ben", body: "look: https://example.org/a." }));
    await user.click(await soon(() => row("link").querySelector("a") ?? Promise.reject(new Error("no link")) as never));
    expect(fake.opened).toEqual([]);
    expect((await soon(() => one("dialog"))).textContent).toContain("https://example.org/a");
    await user.click(one("dialog").querySelector(".primary") as HTMLElement);
    expect(fake.opened).toEqual(["https://example.org/a"]);
  });

  it("finds in the conversation and brings the hit into view", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-site");
    await soon(() => one("composer"));
    await user.keyboard("{Control>}f{/Control}");
    await user.type(await soon(() => one("find-input")), "Point 12:");
    const hit = await soon(() => one("search-hit", '[data-message="c-site-11"]'));
    expect(hit.querySelector("mark")?.textContent).toBe("Point");
    await user.click(hit);
    await soon(() => expect(fake.calls.some((call) => call.name === "messages" && (call.args as { around?: string }).around === "c-site-11")).toBe(true));
    await soon(() => row("c-site-11"));
  });

  it("asks again for list and messages when a change was missed", async () => {
    const fake = await start(undefined, "#/conversation/c-yuki");
    await soon(() => one("composer"));
    const notes = fake.world.rows.get("c-notes");
    if (notes) fake.putRow(notes);
    const rows = fake.world.messages.get("c-yuki") ?? [];
    fake.world.messages.set("c-yuki", [...rows, message("missed", "c-yuki", { author: "p-yuki", author_name: "Yuki", body: "missed" })]);
    fake.skip();
    if (notes) fake.putRow(notes);
    await soon(() => row("missed"));
  });

  it("marks what arrived late", async () => {
    await start(undefined, "#/conversation/c-rosa");
    const late = await soon(() => row("c-rosa-7"));
    expect(late.textContent).toContain("Arrived late");
  });
});

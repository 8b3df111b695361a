import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { render } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import AppView from "../src/App.svelte";
import { CallError, type CallName } from "../src/lib/backend";
import { FakeBackend } from "../src/lib/backend/fake";
import { agency } from "../src/lib/backend/fake/agency";
import { tauriBackend } from "../src/lib/backend/tauri";
import { ROUTES, hashOf } from "../src/lib/routes";
import { all, app, nobody, one, soon, start } from "./helpers";

describe("a start", () => {
  it("asks for all that the first view needs before anything has answered", async () => {
    const backend = new FakeBackend(agency());
    const asked: string[] = [];
    const never = new Promise<never>(() => undefined);
    backend.listen = () => never;
    backend.call = (name) => {
      asked.push(name);
      return never;
    };
    render(AppView, { props: { backend } });
    await soon(() => expect(asked).toEqual(["status", "settings", "unsaved", "conversations"]));
    expect(app().dataset["phase"]).toBe("loading");
  });

  it.each([{}, { filter: "unread", group: "client" }, { filter: "no such list", group: "none" }])("takes the answers to what the page asked before its script, once: %o", async (list) => {
    localStorage.setItem("homing.list", JSON.stringify(list));
    const fake = new FakeBackend(agency());
    const asked: string[] = [];
    mockIPC((command, args) => {
      if (command === "shell_info") return fake.shell.info();
      if (command !== "call") return null;
      const { call, args: about } = (args as { call: { call: CallName; args: never } }).call;
      asked.push(call);
      return fake.call(call, about);
    }, { shouldMockEvents: true });
    onTestFinished(clearMocks);
    // Each time anew: it is a script, and no module to others.
    const script = `../src/ahead.ts?${JSON.stringify(list)}`;
    await import(script);
    const questions = ["status", list.group === "client" ? "conversation_groups" : "conversations", "settings", "unsaved"];
    expect(asked).toEqual(questions);
    render(AppView, { props: { backend: tauriBackend() } });
    await soon(() => expect(all("conversation").length).toBeGreaterThan(0));
    const again = list.filter === "no such list" ? ["conversations"] : [];
    expect(asked.filter((call) => questions.includes(call))).toEqual([...questions, ...again]);
    expect(window.homingAhead?.size).toBe(again.length);
  });

  it("draws the list first, and what nobody looks for at once when that is on the screen", async () => {
    const frames: FrameRequestCallback[] = [];
    const asked = vi.spyOn(window, "requestAnimationFrame").mockImplementation((callback) => frames.push(callback));
    onTestFinished(() => asked.mockRestore());
    render(AppView, { props: { backend: new FakeBackend(agency()) } });
    await soon(() => expect(all("conversation").length).toBeGreaterThan(0));
    const later = (): number => document.querySelectorAll("[data-nav], [data-testid=conversation] [aria-haspopup=menu], time[title]").length;
    // The first frame draws the list; at the second it is there to be seen.
    for (const frame of frames.splice(0)) frame(0);
    await new Promise((resolve) => setTimeout(resolve));
    expect(later()).toBe(0);
    for (const frame of frames.splice(0)) frame(16);
    await soon(() => expect(later()).toBeGreaterThan(all("conversation").length));
  });

  it("hears what happened while it asked", async () => {
    const backend = new FakeBackend(agency());
    const { info } = backend.shell;
    backend.shell.info = () => {
      backend.setStatus({ unread: 41 });
      return info();
    };
    render(AppView, { props: { backend } });
    await soon(() => expect(document.title).toContain("(41)"));
    expect(app().dataset["phase"]).toBe("ready");
    expect(all("conversation").length).toBeGreaterThan(0);
  });
});

describe("first start", () => {
  it("asks for a name and nothing else, then shows the inbox with its welcome", async () => {
    const user = userEvent.setup();
    const fake = await start(nobody());
    expect(app().dataset["view"]).toBe("first");
    expect(document.querySelectorAll("input")).toHaveLength(1);
    expect(document.activeElement).toBe(one("first-name"));
    await user.type(one("first-name"), "Ada Lindgren{Enter}");
    await soon(() => one("welcome"));
    expect(fake.calls.find((call) => call.name === "init")?.args).toEqual({ name: "Ada Lindgren" });
    expect(document.querySelectorAll(".primary")).toHaveLength(1);
    expect(one("welcome-invite").classList).toContain("primary");
  });

  it("joins by a link that opened the app", async () => {
    const user = userEvent.setup();
    const fake = await start(nobody());
    fake.deepLink("homing://join/1/abc#secret");
    await user.type(await soon(() => one("join-name")), "Ben");
    await user.click(one("join-do"));
    await soon(() => expect(app().dataset["phase"]).toBe("ready"));
    expect(fake.calls.find((call) => call.name === "join")?.args).toEqual({ link: "homing://join/1/abc#secret", name: "Ben" });
  });

  it("lets who was let in go on from there, however often it was asked whether they are", async () => {
    const user = userEvent.setup();
    const fake = await start(nobody());
    const link = "homing://join/1/team#secret";
    fake.deepLink(link);
    await user.type(await soon(() => one("join-name")), "Ben");
    const member = { ...(await fake.call("join_preview", { link })), already_member: true };
    const asked: Array<(now: typeof member) => void> = [];
    const call = fake.call.bind(fake);
    fake.call = ((name: CallName, args: never) => (name === "join_preview" ? new Promise((resolve) => asked.push(resolve)) : call(name, args))) as typeof fake.call;
    await user.click(one("join-do"));
    await soon(() => expect(asked.length).toBeGreaterThan(0));
    const before = asked.length;
    fake.emit({ event: "people" });
    await soon(() => expect(asked.length).toBeGreaterThan(before));
    asked[0]?.(member);
    await soon(() => expect(window.location.hash).toBe("#/inbox"));
    window.location.hash = "#/people";
    await soon(() => expect(app().dataset["view"]).toBe("people"));
    for (const answer of asked) answer(member);
    await new Promise((resolve) => setTimeout(resolve));
    expect(window.location.hash).toBe("#/people");
  });

  it("leads from a pasted link to the name with the keyboard alone", async () => {
    const user = userEvent.setup();
    const fake = await start(nobody(), "#/join");
    await user.type(await soon(() => one("join-link")), "homing://join/1/abc#secret{Enter}");
    await soon(() => expect(document.activeElement).toBe(one("join-name")));
    await user.keyboard("Ben{Enter}");
    await soon(() => expect(fake.calls.find((call) => call.name === "join")?.args).toEqual({ link: "homing://join/1/abc#secret", name: "Ben" }));
  });

  it("goes on linking while the account arrives", async () => {
    const user = userEvent.setup();
    const fake = await start(nobody(), "#/link");
    await user.type(await soon(() => one("link-code-input")), "KESTREL-1");
    await user.click(one("link-connect"));
    expect((await soon(() => one("link-digits"))).textContent).toBe("482 913");
    fake.setStatus({ person: "p-ada", name: "Ada" });
    await soon(() => expect(app().dataset["phase"]).toBe("ready"));
    expect(one("link-digits")).toBeTruthy();
    expect(fake.calls.some((call) => call.name === "link_offer")).toBe(false);
    await soon(() => expect(fake.calls.find((call) => call.name === "settings_set")?.args, "no first steps for who has used it for long").toEqual({ welcome_done: true }));
  });

  it("shows the demo with a way back", async () => {
    const user = userEvent.setup();
    await start(nobody());
    await user.click(one("first-demo"));
    await user.click(await soon(() => one("demo-leave")));
    await soon(() => one("welcome"));
    expect(all("demo-banner")).toHaveLength(0);
  });
});

describe("lock", () => {
  it("opens with the passphrase only and says what was wrong", async () => {
    const user = userEvent.setup();
    const { agency } = await import("../src/lib/backend/fake/agency");
    const world = agency();
    world.status = { ...world.status, locked: true };
    await start(world);
    expect(app().dataset["view"]).toBe("lock");
    await user.type(one("lock-passphrase"), "wrong{Enter}");
    expect((await soon(() => one("error"))).dataset["code"]).toBe("wrong_passphrase");
    await user.clear(one("lock-passphrase"));
    await user.type(one("lock-passphrase"), "correct horse{Enter}");
    await soon(() => expect(app().dataset["phase"]).toBe("ready"));
  });
});

describe("inbox", () => {
  it("shows rows with unread counts and draft marks", async () => {
    await start();
    const rosa = await soon(() => one("conversation", '[data-id="c-rosa"]'));
    expect(rosa.dataset["unread"]).toBe("3");
    expect(one("conversation", '[data-id="c-cora"]').textContent).toContain("Draft:");
    expect(one("banner").textContent).toMatch(/Offline since .+ - 3 changes waiting/u);
  });

  it("filters", async () => {
    const user = userEvent.setup();
    await start();
    await user.click(one("filter", '[data-filter="archived"]'));
    await soon(() => expect(all("conversation").map((row) => row.dataset["id"])).toEqual(["c-greta"]));
    await user.click(one("filter", '[data-filter="drafts"]'));
    await soon(() => expect(all("conversation").map((row) => row.dataset["id"])).toEqual(["c-cora", "c-tom"]));
  });

  it("goes through conversations with Alt and arrows, and back with Escape", async () => {
    const user = userEvent.setup();
    await start();
    await soon(() => one("conversation", '[data-id="c-rosa"]'));
    await user.keyboard("{Alt>}{ArrowDown}{/Alt}");
    await soon(() => expect(app().dataset["id"]).toBe("c-rosa"));
    await user.keyboard("{Alt>}{ArrowDown}{/Alt}");
    await soon(() => expect(app().dataset["id"]).toBe("c-ben"));
    await user.keyboard("{Alt>}{ArrowUp}{/Alt}");
    await soon(() => expect(app().dataset["id"]).toBe("c-rosa"));
    await user.keyboard("{Escape}");
    await soon(() => expect(app().dataset["view"]).toBe("inbox"));
    await soon(() => expect(document.activeElement?.closest<HTMLElement>("[data-testid=conversation]")?.dataset["id"]).toBe("c-rosa"));
  });

  it("is one stop for Tab, wherever somebody is in it", async () => {
    const user = userEvent.setup();
    await start();
    await soon(() => one("conversation", '[data-id="c-rosa"]'));
    const stops = (): Array<string | undefined> =>
      [...document.querySelectorAll<HTMLElement>('[data-testid=conversation-list] [tabindex="0"]')].map((stop) => stop.closest<HTMLElement>("[data-testid=conversation]")?.dataset["id"]);
    const [first, second] = all("conversation").map((row) => row.dataset["id"]);
    expect(stops()).toEqual([first, first]);
    one("conversation", `[data-id="${first}"]`).querySelector("a")?.focus();
    await user.keyboard("{ArrowDown}");
    await soon(() => expect(stops()).toEqual([second, second]));
  });

  it("archives with an undo", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    one("log").focus();
    await user.keyboard("e");
    const undo = await soon(() => one("toast-action"));
    expect(fake.world.rows.get("c-ben")?.archived).toBe(true);
    await user.click(undo);
    await soon(() => expect(fake.world.rows.get("c-ben")?.archived).toBe(false));
  });

  it("has a context menu with a keyboard twin", async () => {
    const user = userEvent.setup();
    const fake = await start();
    const ben = await soon(() => one("conversation", '[data-id="c-ben"]'));
    await user.pointer({ keys: "[MouseRight]", target: ben });
    await soon(() => expect(document.activeElement?.getAttribute("role")).toBe("menuitem"));
    await user.keyboard("{ArrowDown}{Enter}");
    await soon(() => expect(fake.world.rows.get("c-ben")?.marked_unread).toBe(true));
    const button = ben.querySelector<HTMLElement>("[aria-haspopup=menu]");
    button?.focus();
    await user.keyboard("{Enter}");
    await soon(() => expect(document.activeElement?.getAttribute("role")).toBe("menuitem"));
    await user.keyboard("{Escape}");
    expect(document.activeElement).toBe(button);
  });

  it("deletes for me at once, and the undo brings it back with what was in it", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await user.click(await soon(() => one("thread-menu")));
    await user.click(one("thread-delete-me"));
    await soon(() => expect(fake.world.rows.has("c-ben")).toBe(false));
    await soon(() => expect(all("conversation").some((row) => row.dataset["id"] === "c-ben")).toBe(false));
    await user.click(await soon(() => one("toast-action")));
    await soon(() => one("conversation", '[data-id="c-ben"]'));
    expect(fake.world.messages.get("c-ben")?.length).toBeGreaterThan(0);
  });

  it("tells that a message can be taken back also to who went elsewhere while it was being sent", async () => {
    const user = userEvent.setup();
    const world = agency();
    world.settings = { ...world.settings, undo_send_seconds: 10 };
    const fake = await start(world, "#/conversation/c-rosa");
    await user.type(await soon(() => one("composer")), "On my way");
    let let_go = (): void => undefined;
    fake.gates.set("draft_send", new Promise((done) => (let_go = done)));
    await user.click(one("send"));
    window.location.hash = "#/settings";
    await soon(() => expect(app().dataset["view"]).toBe("settings"));
    let_go();
    await soon(() => expect(one("toast").textContent).toContain("Undo"));
  });

  it("finishes what it is doing before it quits", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await user.click(await soon(() => one("thread-menu")));
    let let_go = (): void => undefined;
    fake.gates.set("conversation_delete", new Promise((done) => (let_go = done)));
    await user.click(one("thread-delete-me"));
    await soon(() => one("toast-action"));
    fake.menu("quit");
    await soon(() => expect(fake.calls.some((call) => call.name === "conversation_delete")).toBe(true));
    expect(fake.over, "not before it is done").toBe(false);
    let_go();
    await soon(() => expect(fake.over).toBe(true));
  });

  it("finishes what it is doing before it locks, and offers no undo once the engine has locked by itself", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await user.click(await soon(() => one("thread-menu")));
    await user.click(one("thread-delete-me"));
    await soon(() => one("toast-action"));
    fake.menu("lock");
    await soon(() => expect(app().dataset["view"]).toBe("lock"));
    const names = fake.calls.map((call) => call.name);
    expect(names.indexOf("conversation_delete")).toBeGreaterThan(-1);
    expect(names.indexOf("conversation_delete")).toBeLessThan(names.indexOf("lock"));
    await user.type(one("lock-passphrase"), "correct horse{Enter}");
    await user.click(await soon(() => one("conversation", '[data-id="c-rosa"] a')));
    await user.click(await soon(() => one("thread-menu")));
    await user.click(one("thread-delete-me"));
    await soon(() => one("toast-action"));
    fake.setStatus({ locked: true });
    await soon(() => expect(app().dataset["view"]).toBe("lock"));
    expect(all("toast"), "no error about it either").toHaveLength(0);
    expect(fake.calls.some((call) => call.name === "conversation_restore")).toBe(false);
  });
});

describe("palette", () => {
  it("finds conversations and actions by fuzzy names", async () => {
    const user = userEvent.setup();
    await start();
    await soon(() => one("conversation", '[data-id="c-rosa"]'));
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await soon(() => one("palette-input")), "vlrosa");
    await soon(() => expect(all("palette-item")[0]?.textContent).toContain("Villa Rosa"));
    await user.keyboard("{Enter}");
    await soon(() => expect(app().dataset["id"]).toBe("c-rosa"));
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await soon(() => one("palette-input")), "devices{Enter}");
    await soon(() => expect(app().dataset["view"]).toBe("devices"));
  });

  it("finds a conversation by who is in it, behind what is called so, and says who that is", async () => {
    const user = userEvent.setup();
    await start();
    await user.keyboard("{Control>}k{/Control}");
    await user.type(await soon(() => one("palette-input")), "ben");
    const labels = (): string[] => all("palette-item").map((item) => item.textContent?.trim() ?? "");
    await soon(() => expect(labels()).toContain("Renovation, Hill Road 12 (with Ben Okafor)"));
    expect(labels()[0]).toBe("Ben Okafor");
    await user.clear(one("palette-input"));
    await user.type(one("palette-input"), "okafor hill");
    await soon(() => expect(labels()[0]).toBe("Renovation, Hill Road 12 (with Ben Okafor)"));
    await user.keyboard("{Enter}");
    await soon(() => expect(app().dataset["id"]).toBe("c-site"));
  });
});

describe("routes", () => {
  const ids = { conversation: "c-rosa", person: "p-maria", record: "r-villa", file: "a-house" } as const;

  it.each(ROUTES.map((route) => [route.name, route] as const))("%s is reachable by its address", async (name, route) => {
    await start(undefined, hashOf(name, "param" in route ? ids[route.param] : null));
    await soon(() => expect(app().dataset["view"]).toBe(name));
    if (route.layer === "dialog") await soon(() => expect(one("dialog").querySelector("h1")?.textContent).toBeTruthy());
    else await soon(() => expect(document.querySelector("main")?.textContent?.trim()).toBeTruthy());
    expect(all("error")).toHaveLength(0);
  });

  it("steps out of a dialog to what was under it", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/conversation/c-rosa");
    await soon(() => one("composer"));
    await user.click(one("thread-menu"));
    await user.click(one("thread-members"));
    await soon(() => expect(app().dataset["view"]).toBe("members"));
    one("dialog-close").focus();
    await user.keyboard("{Escape}");
    await soon(() => expect(app().dataset["view"]).toBe("conversation"));
    expect(app().dataset["id"]).toBe("c-rosa");
  });

  it("keeps a new conversation that was begun when its dialog is closed", async () => {
    const user = userEvent.setup();
    await start();
    await user.keyboard("{Control>}n{/Control}");
    await user.type(await soon(() => one("new-message")), "half a thought");
    await user.keyboard("{Escape}");
    await soon(() => expect(app().dataset["view"]).toBe("inbox"));
    await user.keyboard("{Control>}n{/Control}");
    expect((await soon(() => one<HTMLTextAreaElement>("new-message"))).value).toBe("half a thought");
    await user.click(one("new-start"));
    await soon(() => expect(app().dataset["view"]).toBe("conversation"));
  });
});

describe("errors", () => {
  it("says what happened and keeps its code at hand", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/devices");
    fake.failing.set("device_revoke", new CallError({ code: "relay_unreachable", message: "The relay does not answer. Nothing was changed." }));
    await user.click(await soon(() => one("device-revoke")));
    await user.click(await soon(() => one("confirm")));
    const error = await soon(() => one("error"));
    expect(error.textContent).toContain("Nothing was changed");
    expect(error.dataset["code"]).toBe("relay_unreachable");
    fake.failing.clear();
    await user.click(one("confirm"));
    await soon(() => expect(all("device", '[data-revoked="true"]')).toHaveLength(2));
  });
});

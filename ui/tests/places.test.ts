import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { agency } from "../src/lib/backend/fake/agency";
import { conversation, empty } from "../src/lib/backend/fake/world";
import { all, app, one, soon, start } from "./helpers";

describe("the way back", () => {
  it("leads from a hit to the search it came from", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/search");
    await user.type(await soon(() => one("search-input")), "boiler");
    await user.click(await soon(() => one("search-hit", '[data-message="c-rosa-0"]')));
    await soon(() => expect(app().dataset["view"]).toBe("conversation"));
    (await soon(() => one("log"))).focus();
    await user.keyboard("{Escape}");
    await soon(() => expect(app().dataset["view"]).toBe("search"));
    expect(one<HTMLInputElement>("search-input").value).toBe("boiler");
    await soon(() => one("search-hit", '[data-message="c-rosa-0"]'));
  });

  it("gives the focus back to what opened a dialog", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/people");
    const button = await soon(() => one("person-safety"));
    await user.click(button);
    await soon(() => one("safety-digits"));
    await user.click(one("dialog-close"));
    await soon(() => expect(document.activeElement).toBe(button));
  });

  it("is not taken by letters typed in a question", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    await user.click(one("thread-menu"));
    await user.click(one("thread-delete-all"));
    await soon(() => one("confirm"));
    one("confirm").focus();
    await user.keyboard("e");
    expect(fake.calls.some((call) => call.name === "conversation_archive")).toBe(false);
    await user.keyboard("{Escape}");
    await soon(() => expect(document.querySelector("[data-testid=confirm]")).toBeNull());
    expect(app().dataset["id"]).toBe("c-ben");
  });
});

describe("a conversation that goes", () => {
  it("closes when somebody deletes it for everyone", async () => {
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    fake.dropRow("c-ben");
    await soon(() => expect(app().dataset["view"]).toBe("inbox"));
  });
});

describe("a new conversation", () => {
  it("offers people in the order of the alphabet, letters with accents too", async () => {
    const world = agency();
    const [somebody] = world.people.filter((one) => !one.me);
    if (!somebody) throw new Error("nobody");
    world.people = [{ ...somebody, id: "p-z", name: "Zoe" }, { ...somebody, id: "p-e", name: "Étienne" }, { ...somebody, id: "p-a", name: "Ada" }];
    await start(world, "#/new");
    await soon(() => expect(all("new-person").map((row) => row.dataset["id"])).toEqual(["p-a", "p-e", "p-z"]));
  });

  it("takes files, keeps them when it is put away, and sends them with its first message", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/new");
    await soon(() => one("new-message"));
    fake.picked = [{ id: 3, name: "plan.txt", mime: "text/plain", size: 5 }];
    await user.click(one("attach"));
    await soon(() => expect(all("pending-file")).toHaveLength(1));
    one("new-message").dispatchEvent(pasteOf(new File(["picture"], "view.png", { type: "image/png" })));
    await soon(() => expect(all("pending-file").map((file) => file.textContent)).toHaveLength(2));
    await user.click(one("dialog-close"));
    window.location.hash = "#/new";
    await soon(() => expect(all("pending-file")).toHaveLength(2));
    await user.click(one("new-start"));
    await soon(() => expect(fake.calls.some((call) => call.name === "conversation_new")).toBe(true));
    const made = fake.calls.find((call) => call.name === "conversation_new")?.args as { attachments: unknown[] };
    expect(made.attachments).toEqual([{ given: { number: 3 } }, { given: { number: expect.any(Number) } }]);
    window.location.hash = "#/new";
    await soon(() => one("new-message"));
    expect(all("pending-file")).toHaveLength(0);
  });
});

describe("files of the desktop", () => {
  const plan = { id: 7, name: "plan.txt", mime: "text/plain", size: 5 };
  const names = (): Array<string | null> => all("pending-file").map((file) => file.textContent);

  it("go where they are let go, and nowhere else", async () => {
    const fake = await start(undefined, "#/conversation/c-ben");
    fake.handed[7] = plan;
    await soon(() => one("composer"));
    const under = vi.fn(() => one("conversation-list") as Element | null);
    document.elementFromPoint = under;
    fake.drag({ kind: "over", x: 0.1, y: 0.5 });
    fake.drag({ kind: "drop", x: 0.1, y: 0.5, files: [plan] });
    expect(under).toHaveBeenLastCalledWith(window.innerWidth * 0.1, window.innerHeight * 0.5);
    under.mockImplementation(() => one("log"));
    fake.drag({ kind: "over", x: 0.5, y: 0.5 });
    await soon(() => expect(one("thread").textContent).toContain("Drop files to attach them"));
    fake.drag({ kind: "leave" });
    await soon(() => expect(one("thread").textContent).not.toContain("Drop files to attach them"));
    expect(names()).toHaveLength(0);
    fake.drag({ kind: "drop", x: 0.5, y: 0.5, files: [{ ...plan, id: 8, name: "film.mkv", size: 501 * 1024 * 1024 }, plan] });
    await soon(() => expect(names()).toHaveLength(1));
    expect(names()[0]).toContain("plan.txt");
    await soon(() => expect(one("toast").textContent).toContain("film.mkv"));
  });

  it("are pasted where the webview keeps them from the page, and never beside a text", async () => {
    const fake = await start(undefined, "#/conversation/c-ben");
    fake.clipboard = [plan];
    const composer = await soon(() => one("composer"));
    const pasted = (types: string[], text: string): Event => {
      const clipboardData = { files: [], types, getData: (type: string) => (type === "text/plain" ? text : "") };
      const event = Object.assign(new Event("paste", { bubbles: true, cancelable: true }), { clipboardData });
      composer.dispatchEvent(event);
      return event;
    };
    expect(pasted(["text/plain"], "only words").defaultPrevented).toBe(false);
    expect(names()).toHaveLength(0);
    expect(pasted(["text/plain", "text/uri-list"], "/home/ada/plan.txt").defaultPrevented).toBe(true);
    await soon(() => expect(names()).toHaveLength(1));
    pasted([], "");
    await soon(() => expect(names()).toHaveLength(2));
  });
});

describe("the demo", () => {
  it("leads out of what needs other people, and on with it", async () => {
    const user = userEvent.setup();
    const world = agency();
    world.status = { ...world.status, demo: true, relay: null, connection: "none" };
    await start(world, "#/invite");
    await user.click(await soon(() => one("not-in-demo")));
    await soon(() => one("relay-address"));
    expect(all("demo-banner")).toHaveLength(0);
  });
});

function pasteOf(file: File): Event {
  const clipboardData = { files: [file], types: ["Files"], getData: () => "" };
  return Object.assign(new Event("paste", { bubbles: true, cancelable: true }), { clipboardData });
}

describe("locking", () => {
  it("takes everything off the screen and keeps what was typed", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await user.type(await soon(() => one("composer")), "half");
    fake.setStatus({ locked: true, key_protection: "passphrase" });
    await soon(() => expect(app().dataset["view"]).toBe("lock"));
    expect(document.body.textContent).not.toContain("Ben Okafor");
    await user.type(one("lock-passphrase"), "correct horse{Enter}");
    await soon(() => expect(one<HTMLTextAreaElement>("composer").value).toBe("half"));
  });
});

describe("members", () => {
  it("says that the whole history becomes readable, and of which conversations", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/members/c-rosa");
    await user.selectOptions(await soon(() => one("member-add")), "p-greta");
    const question = await soon(() => one("confirm"));
    const text = question.closest("dialog")?.textContent ?? "";
    expect(text).toContain("whole history");
    expect(text).toContain("Kitchen quote");
    expect(fake.calls.some((call) => call.name === "member_add")).toBe(false);
    await user.click(question);
    await soon(() => one("member", '[data-id="p-greta"]'));
  });
});

describe("inviting", () => {
  it("explains the relay first and takes a loopback address with a note", async () => {
    const user = userEvent.setup();
    const { empty } = await import("../src/lib/backend/fake/world");
    await start(empty({ relay: null, connection: "none", online: false }), "#/invite");
    await user.type(await soon(() => one("relay-address")), "http://127.0.0.1:4000");
    expect(one("dialog").textContent).toContain("works here only");
    await user.click(one("relay-connect"));
    await user.type(await soon(() => one("invite-client-name")), "Maria");
    await user.click(one("invite-make"));
    expect((await soon(() => one<HTMLInputElement>("invite-link"))).value).toMatch(/^homing:\/\/join\/1\//);
    expect(one("dialog").textContent).toContain("works here only");
    expect(one("invite-qr")).toBeTruthy();
  });
});

describe("recovery words", () => {
  it("asks for three of them before it believes they were kept", async () => {
    const user = userEvent.setup();
    const { agency } = await import("../src/lib/backend/fake/agency");
    const world = agency();
    world.status = { ...world.status, recovery_confirmed: false };
    const fake = await start(world, "#/recovery");
    const press = async (name: string): Promise<void> => {
      const button = await soon(() => {
        const found = [...document.querySelectorAll("dialog button")].find((one) => one.textContent === name);
        if (!found) throw new Error(`no ${name}`);
        return found;
      });
      await user.click(button);
    };
    await press("Show the words");
    const words = await soon(() => {
      const found = [...document.querySelectorAll<HTMLElement>("[data-testid=recovery-word]")].map((one) => one.dataset["word"] ?? "");
      expect(found).toHaveLength(24);
      return found;
    });
    await press("I wrote them down");
    const fields = [...document.querySelectorAll<HTMLInputElement>("[data-testid=recovery-check]")];
    expect(fields).toHaveLength(3);
    for (const field of fields) await user.type(field, "wrong");
    await user.click(one("recovery-confirm"));
    expect((await soon(() => one("error"))).dataset["code"]).toBe("recovery_invalid");
    for (const field of fields) {
      await user.clear(field);
      await user.type(field, words[Number(field.dataset["place"])] ?? "");
    }
    await user.click(one("recovery-confirm"));
    await soon(() => expect(fake.world.status.recovery_confirmed).toBe(true));
  });
});

describe("another profile", () => {
  it("takes nothing over from the one before, and hears all of its changes", async () => {
    const world = empty();
    world.rows.set("old", conversation("old", { subject: "Old", last_at: new Date().toISOString() }));
    const fake = await start(world);
    await soon(() => one("conversation", '[data-id="old"]'));
    for (let n = 0; n < 5; n += 1) fake.putRow(conversation("old", { subject: "Old", last_at: new Date().toISOString() }));
    const rows = agency().rows;
    fake.world = empty({ demo: true });
    fake.restart();
    fake.setStatus({ person: "p-nora", demo: true });
    await soon(() => expect(document.querySelector('[data-testid=conversation][data-id="old"]')).toBeNull());
    for (const row of rows.values()) fake.putRow(row);
    await soon(() => one("conversation", '[data-id="c-rosa"]'));
  });

  it("is not left for the one before, whose answer comes late", async () => {
    const fake = await start(empty(), "#/settings");
    const call = fake.call.bind(fake);
    let arrives = (): void => undefined;
    const late = new Promise<void>((resolve) => (arrives = resolve));
    fake.call = async (name, args) => {
      const answer = await call(name, args);
      if (name === "status") await late;
      return answer;
    };
    fake.emit({ event: "status", status: { ...fake.world.status, locked: true } });
    await soon(() => expect(fake.calls.some((call) => call.name === "status")).toBe(true));
    await userEvent.setup().click(one("setting", '[data-id="demo"] button'));
    await soon(() => one("demo-banner"));
    arrives();
    await soon(() => expect(fake.calls.filter((call) => call.name === "status").length).toBeGreaterThan(2));
    expect(all("demo-banner")).toHaveLength(1);
    expect(all("conversation").length).toBeGreaterThan(3);
  });
});

describe("recovery words that another device made anew", () => {
  it("are asked for there, in the banner and where they would be shown", async () => {
    const world = agency();
    Object.assign(world.status, { recovery_confirmed: false, recovery_here: false });
    const fake = await start(world, "#/recovery");
    const told = "What you wrote down before no longer works";
    await soon(() => expect(document.body.textContent?.split(told).length).toBe(3));
    expect(fake.calls.some((call) => call.name === "recovery_show")).toBe(false);
  });
});

describe("a colleague who leaves", () => {
  it("is taken out of the team once the question was answered", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/people");
    const colleague = await soon(() => one("person", "[data-removable=true]"));
    await user.click(colleague.querySelector("[data-testid=person-menu]")!);
    await user.click(await soon(() => one("colleague-remove")));
    const question = await soon(() => one("dialog"));
    expect(question.textContent).toContain("remove them there too");
    expect(fake.calls.some((call) => call.name === "colleague_remove")).toBe(false);
    await user.click(one("confirm"));
    await soon(() => expect(fake.calls.some((call) => call.name === "colleague_remove")).toBe(true));
    await soon(() => expect(all("person", "[data-removable=true]").length).toBe(0));
  });
});

describe("a relay that takes nothing new", () => {
  it.each(["relay_full", "relay_quota", "relay_refilling"])("says why in the banner, which leads to what waits: %s", async (code) => {
    const user = userEvent.setup();
    const world = agency();
    Object.assign(world.status, { outbox: 2, problem: { code, message: "Nothing is lost." } });
    await start(world);
    const banner = await soon(() => {
      const found = document.querySelector<HTMLElement>(`[data-code="${code}"]`);
      if (!found) throw new Error("no banner");
      return found;
    });
    expect(banner.textContent).toContain("Nothing is lost");
    await user.click(banner.querySelector("button") as HTMLButtonElement);
    await soon(() => expect(app().dataset["view"]).toBe("outbox"));
  });
});

it("the rail counts what waits and what was refused, and says so of what needs somebody", async () => {
  const fake = await start();
  const rail = await soon(() => one("nav").querySelector<HTMLElement>("[data-nav=outbox]") ?? Promise.reject(new Error("no outbox")) as never);
  expect(rail.getAttribute("aria-label")).toBe("Outbox, 4, 1 not sent");
  expect(rail.querySelector(".count.failed")?.textContent).toBe("4");
  expect(one("filter", '[data-filter="outbox"]').textContent).toContain("4");
  fake.removeOutbox("c-cora-2");
  await soon(() => expect(rail.getAttribute("aria-label")).toBe("Outbox, 3"));
  expect(rail.querySelector(".count.failed")).toBeNull();
});

describe("a narrow window", () => {
  it("has its panel over the conversation, which is dim until a press on it or Escape", async () => {
    const user = userEvent.setup();
    const wide = window.matchMedia;
    window.matchMedia = (media) => ({ ...wide(media), matches: media.includes("max-width"), addEventListener: () => undefined, removeEventListener: () => undefined });
    await start(undefined, "#/conversation/c-ben");
    await user.click(await soon(() => one("thread-panel")));
    await user.click(await soon(() => one("panel-scrim")));
    await soon(() => expect(all("panel-scrim")).toEqual([]));
    expect(one("thread-panel").getAttribute("aria-pressed")).toBe("false");
    await user.click(one("thread-panel"));
    await soon(() => one("panel-scrim"));
    await user.keyboard("{Escape}");
    await soon(() => expect(all("panel-scrim")).toEqual([]));
    expect(app().dataset["base"]).toBe("conversation");
    // Who looks for something, goes through the messages beside it.
    await user.click(one("thread-panel"));
    await user.click(one("thread-find"));
    await soon(() => expect(all("panel-scrim")).toEqual([]));
    window.matchMedia = wide;
  });
});

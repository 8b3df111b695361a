import userEvent from "@testing-library/user-event";
import { cleanup } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { CallError } from "../src/lib/backend";
import type { FakeBackend } from "../src/lib/backend/fake";
import { agency } from "../src/lib/backend/fake/agency";
import { all, app, one, soon, start } from "./helpers";

function field<T extends HTMLElement = HTMLTextAreaElement>(key: string): T {
  return one("record-field", `[data-field="${key}"]`).querySelector("textarea, input") as T;
}

function notes(): HTMLTextAreaElement {
  return one<HTMLTextAreaElement>("interest-notes");
}

function made(fake: FakeBackend, name: "record_set" | "interest_set" | "quick_reply_set" | "unsaved_set"): unknown[] {
  return fake.calls.filter((call) => call.name === name).map((call) => call.args);
}

describe("a field that is saved when it is left", () => {
  it.each([
    ["Escape", "{Escape}"],
    ["the next conversation", "{Alt>}{ArrowDown}{/Alt}"],
    ["the settings", "{Control>},{/Control}"],
    ["the search", "{Control>}{Shift>}f{/Shift}{/Control}"],
  ])("is saved once by what takes its view away: %s", async (_, keys) => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/records");
    window.location.hash = "#/record/r-villa";
    await user.click(await soon(() => field("internal_notes")));
    await user.keyboard(" And a long story");
    expect(made(fake, "record_set"), "not for every letter").toEqual([]);
    await user.keyboard(keys);
    await soon(() => expect(app().dataset["view"]).not.toBe("record"));
    await soon(() => expect(made(fake, "record_set")).toHaveLength(1));
    const [set] = made(fake, "record_set") as [{ record: string; fields: { internal_notes: { text: string } } }];
    expect(set.record).toBe("r-villa");
    expect(set.fields.internal_notes.text).toContain("And a long story");
    await soon(() => expect(fake.world.unsaved.size).toBe(0));
  });

  it("is saved by the lock, which waits for it", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/record/r-villa");
    await user.click(await soon(() => field("internal_notes")));
    await user.keyboard(" before the lock");
    fake.menu("lock");
    await soon(() => expect(app().dataset["phase"]).toBe("locked"));
    const names = fake.calls.map((call) => call.name);
    expect(names.indexOf("record_set")).toBeGreaterThan(0);
    expect(names.indexOf("record_set")).toBeLessThan(names.indexOf("lock"));
  });

  it("shows after a crash what was typed, saves it when asked, and not by itself", async () => {
    const user = userEvent.setup();
    const world = agency();
    await start(world, "#/record/r-villa");
    await user.click(await soon(() => field("internal_notes")));
    await user.clear(field("internal_notes"));
    await user.keyboard("They would take less");
    await soon(() => expect(world.unsaved.get("record/r-villa/internal_notes")).toBe("They would take less"));
    const kept = new Map(world.unsaved);
    cleanup();
    await soon(() => expect(world.unsaved.size).toBe(0));

    const after = agency();
    after.unsaved = kept;
    const fake = await start(after, "#/record/r-villa");
    await soon(() => expect(field("internal_notes").value).toBe("They would take less"));
    expect(one("unsaved").textContent).toContain("not saved yet");
    expect(document.getElementById(field("internal_notes").getAttribute("aria-describedby") ?? "")?.textContent).toContain("not saved yet");
    expect(made(fake, "record_set")).toEqual([]);
    await user.click(one("unsaved-discard"));
    await soon(() => expect(field("internal_notes").value).not.toBe("They would take less"));
    await user.click(one("toast-action"));
    await soon(() => expect(field("internal_notes").value).toBe("They would take less"));
    await user.click(one("unsaved-save"));
    await soon(() => expect(made(fake, "record_set")).toEqual([{ record: "r-villa", fields: { internal_notes: { text: "They would take less" } } }]));
    await soon(() => expect(all("unsaved")).toEqual([]));
    await soon(() => expect(after.unsaved.size).toBe(0));
    expect(field("internal_notes").value).toBe("They would take less");
  });

  it("keeps what could not be saved, and an amount that is none", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/records");
    window.location.hash = "#/record/r-villa";
    fake.failing.set("record_set", new CallError({ code: "file_failed", message: "The disk is full." }));
    await user.click(await soon(() => field("place")));
    await user.keyboard(" by the sea");
    await user.tab();
    await soon(() => one("unsaved-save"));
    expect(field("place").value).toContain("by the sea");
    fake.failing.clear();
    await user.click(one("unsaved-save"));
    await soon(() => expect(all("unsaved")).toEqual([]));

    await user.clear(field("price"));
    await user.type(field("price"), "about 3");
    await user.keyboard("{Escape}");
    await soon(() => expect(app().dataset["view"]).not.toBe("record"));
    window.location.hash = "#/record/r-villa";
    await soon(() => expect(field("price").value).toBe("about 3"));
    expect(field("price").getAttribute("aria-invalid")).toBe("true");
    expect(all("unsaved-save"), "an amount that is none is not saved").toEqual([]);
    expect(made(fake, "record_set").filter((set) => "price" in (set as { fields: object }).fields)).toEqual([]);
    await user.click(one("unsaved-discard"));
    await soon(() => expect(field("price").value).toBe("420000"));
  });

  it("lets go of a text that was saved when the crash came", async () => {
    const world = agency();
    world.unsaved.set("record/r-villa/title", "Villa Rosa");
    const fake = await start(world, "#/record/r-villa");
    await soon(() => expect(field("title").value).toBe("Villa Rosa"));
    await soon(() => expect(world.unsaved.size).toBe(0));
    expect(all("unsaved")).toEqual([]);
    expect(made(fake, "record_set")).toEqual([]);
  });

  it("is what it was when nothing may not stand there", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/record/r-villa");
    await soon(() => field("title"));
    await user.clear(field("title"));
    await user.tab();
    await soon(() => expect(field("title").value).toBe("Villa Rosa"));
    expect(made(fake, "record_set")).toEqual([]);
  });
});

describe("the notes of an interest", () => {
  it("say who reads them, keep what is typed when the other side writes, and are saved when their view goes", async () => {
    const user = userEvent.setup();
    const world = agency();
    const fake = await start(world, "#/records");
    window.location.hash = "#/record/r-villa";
    await user.click(await soon(() => notes()));
    const id = notes().closest<HTMLElement>("[data-id]")?.dataset["id"] ?? "";
    const row = world.records.get(id)?.row;
    expect(document.getElementById(notes().getAttribute("aria-describedby") ?? "")?.textContent).toBe(`${row?.space_name} sees this too`);
    await user.keyboard("Wants a garden");
    fake.calls.length = 0;
    const detail = world.records.get(id);
    if (detail) {
      detail.row = { ...detail.row, fields: { ...detail.row.fields, notes: { text: "From the other side" } } };
      fake.emit({ event: "records", previous: fake.revision, revision: fake.step(), upsert: [detail.row], remove: [] });
    }
    await soon(() => expect(fake.calls.some((call) => call.name === "record")).toBe(true));
    await new Promise((done) => setTimeout(done, 0));
    expect(notes().value).toBe("Wants a garden");
    await user.keyboard("{Escape}");
    await soon(() => expect(made(fake, "interest_set")).toEqual([{ property: "r-villa", client: row?.space, notes: "Wants a garden" }]));
  });
});

describe("a form with a button", () => {
  it("holds a new quick reply that was begun until it is saved", async () => {
    const user = userEvent.setup();
    const world = agency();
    const fake = await start(world, "#/inbox");
    window.location.hash = "#/quick";
    await user.click(await soon(() => one("quick-new")));
    await user.type(one("quick-title"), "Parking");
    await user.type(one("quick-body"), "Behind the house");
    await user.keyboard("{Escape}");
    await soon(() => expect(app().dataset["view"]).not.toBe("quick"));
    await soon(() => expect(world.unsaved.get("quick/new")).toContain("Behind the house"));
    window.location.hash = "#/quick";
    await user.click(await soon(() => one("quick-new")));
    expect(one<HTMLInputElement>("quick-title").value).toBe("Parking");
    expect(one<HTMLTextAreaElement>("quick-body").value).toBe("Behind the house");

    await user.click(one("quick-cancel"));
    await soon(() => expect(all("quick-form")).toEqual([]));
    await user.click(one("toast-action"));
    await soon(() => expect(one<HTMLTextAreaElement>("quick-body").value).toBe("Behind the house"));
    await user.click(one("quick-save"));
    await soon(() => expect(made(fake, "quick_reply_set")).toHaveLength(1));
    await soon(() => expect(world.unsaved.size).toBe(0));
    await user.click(one("quick-new"));
    expect(one<HTMLTextAreaElement>("quick-body").value).toBe("");
  });

  it("puts back only what was typed over a quick reply, whoever changes the rest", async () => {
    const user = userEvent.setup();
    const world = agency();
    const [reply] = [...world.quick.values()];
    if (!reply) throw new Error("no quick reply");
    world.unsaved.set(`quick/${reply.id}`, JSON.stringify({ body: "Other words" }));
    const fake = await start(world, "#/quick");
    await user.click((await soon(() => one("quick-row", `[data-id="${reply.id}"]`))).querySelector("button") as HTMLElement);
    expect(one<HTMLTextAreaElement>("quick-body").value).toBe("Other words");
    expect(one<HTMLInputElement>("quick-title").value).toBe(reply.title);
    await user.click(one("quick-save"));
    await soon(() => expect(made(fake, "quick_reply_set")).toMatchObject([{ id: reply.id, title: reply.title, body: "Other words" }]));
  });

  it("holds a new property that was begun, also after a crash", async () => {
    const user = userEvent.setup();
    const world = agency();
    await start(world, "#/records");
    await user.click(await soon(() => one("record-add")));
    await user.type(await soon(() => one("record-title")), "Casa Azul");
    await user.type(one("record-price"), "3");
    await user.keyboard("{Escape}");
    await soon(() => expect(all("record-title")).toEqual([]));
    await soon(() => expect(world.unsaved.get("property/new")).toBe(JSON.stringify({ title: "Casa Azul", price: "3" })));
    cleanup();
    await start(world, "#/records");
    await user.click(await soon(() => one("record-add")));
    await soon(() => expect(one<HTMLInputElement>("record-title").value).toBe("Casa Azul"));
    expect(one<HTMLInputElement>("record-price").value).toBe("3");
    await user.click(one("record-create"));
    await soon(() => expect(app().dataset["view"]).toBe("record"));
    await soon(() => expect(world.unsaved.size).toBe(0));
  });
});

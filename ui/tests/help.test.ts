import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { TOPICS } from "../src/lib/help";
import { KEYS, type KeyId } from "../src/lib/keys";
import { ROUTES } from "../src/lib/routes";
import { t } from "../src/lib/text";
import { all, app, one, soon, start } from "./helpers";

describe("the help", () => {
  it("has a topic for every view, each with what it does with data", () => {
    const routes = new Set(Object.values(TOPICS).flat());
    expect(ROUTES.map((route) => route.name).filter((name) => !routes.has(name)), "add a topic to `help.topics` in en/help.ts and name the route in help.ts").toEqual([]);
    for (const topic of Object.values(t.help.topics)) {
      expect(topic.title && topic.text.join("").length > 20 && topic.data.length > 20, topic.title).toBe(true);
    }
  });

  it("lists every key there is", async () => {
    const user = userEvent.setup();
    await start();
    await user.keyboard("?");
    await soon(() => expect(app().dataset["view"]).toBe("help"));
    expect(all("help-key").map((row) => row.dataset["key"]).sort()).toEqual(Object.keys(KEYS).sort());
  });

  it("is searched by what a key does, by its name, and by what a topic says", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/help");
    const field = await soon(() => one<HTMLInputElement>("help-search"));
    expect(document.activeElement).toBe(field);
    await user.type(field, "ctrl+k");
    expect(all("help-key").map((row) => row.dataset["key"])).toEqual(["palette"]);
    await user.clear(field);
    await user.type(field, "relay seal");
    const found = all("help-topic").map((topic) => [topic.dataset["topic"], (topic as HTMLDetailsElement).open]);
    expect(found).toContainEqual(["basics", true]);
    expect(found.length).toBeLessThan(Object.keys(TOPICS).length);
    await user.clear(field);
    await user.type(field, "qwertz");
    expect([all("help-key").length, all("help-topic").length]).toEqual([0, 0]);
    expect(one("dialog").textContent).toContain("Nothing by that name");
  });

  it("begins with the view it was asked for on", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/devices");
    await soon(() => one("device"));
    await user.keyboard("?");
    const [first] = await soon(() => {
      expect(all("help-topic").length).toBeGreaterThan(0);
      return all<HTMLDetailsElement>("help-topic");
    });
    expect([first?.dataset["topic"], first?.open]).toEqual(["devices", true]);
  });
});

describe("the keys of the table", () => {
  const PRESSED: Partial<Record<KeyId, [string, () => boolean]>> = {
    palette: ["{Control>}k{/Control}", () => all("palette-input").length === 1],
    new: ["{Control>}n{/Control}", () => app().dataset["view"] === "new"],
    search: ["{Control>}{Shift>}F{/Shift}{/Control}", () => app().dataset["view"] === "search"],
    settings: ["{Control>},{/Control}", () => app().dataset["view"] === "settings"],
    help: ["?", () => app().dataset["view"] === "help"],
    back: ["{Escape}", () => app().dataset["view"] === "inbox"],
    previous: ["{Alt>}{ArrowUp}{/Alt}", () => app().dataset["id"] === "c-rosa"],
    next: ["{Alt>}{ArrowDown}{/Alt}", () => !["c-ben", undefined].includes(app().dataset["id"])],
    find: ["{Control>}f{/Control}", () => all("find-input").length === 1],
    panel: ["{Control>}.{/Control}", () => one("thread-panel").getAttribute("aria-pressed") === "false"],
    archive: ["e", () => all("toast-action").length === 1],
  };

  it("that work everywhere are all tried here", () => {
    expect(Object.keys(PRESSED).sort()).toEqual(Object.entries(KEYS).flatMap(([id, key]) => (key.run ? [id] : [])).sort());
  });

  it.each(Object.entries(PRESSED))("%s does what it says", async (_, [keys, done]) => {
    const user = userEvent.setup();
    await start(undefined, "#/conversation/c-ben");
    (await soon(() => one("log"))).focus();
    await soon(() => one("conversation", '[data-id="c-ben"]'));
    await user.keyboard(keys);
    await soon(() => expect(done()).toBe(true));
  });

  it("are not taken from who writes", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    const field = await soon(() => one<HTMLTextAreaElement>("composer"));
    await user.type(field, "e?");
    expect([field.value, app().dataset["view"]]).toEqual(["e?", "conversation"]);
    expect(fake.calls.some((call) => call.name === "conversation_archive")).toBe(false);
  });
});

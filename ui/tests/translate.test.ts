import { within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { agency } from "../src/lib/backend/fake/agency";
import { CallError } from "../src/lib/backend";
import { message, type World } from "../src/lib/backend/fake/world";
import { t } from "../src/lib/text";
import { all, one, soon, start } from "./helpers";

const at = { translate_at: "http://localhost:5000" };

function world(body: string, settings = at): World {
  const made = agency();
  made.settings = { ...made.settings, ...settings };
  made.messages.set("c-sam", [message("m-1", "c-sam", { body })]);
  return made;
}

async function menu(user: ReturnType<typeof userEvent.setup>): Promise<void> {
  const row = await soon(() => one("message", '[data-id="m-1"]'));
  await user.hover(row);
  await user.click(await soon(() => within(row).getByRole("button", { name: t.common.more })));
  await soon(() => one("message-select"));
}

describe("translation", () => {
  it("is not offered without a service of one's own", async () => {
    const user = userEvent.setup();
    await start(world("guten tag", { translate_at: "" }), "#/conversation/c-sam");
    await menu(user);
    expect(all("message-translate")).toHaveLength(0);
  });

  it("stands below the words, says who made it, and is put away again", async () => {
    const user = userEvent.setup();
    const fake = await start(world("guten tag"), "#/conversation/c-sam");
    await menu(user);
    await user.click(one("message-translate"));
    await soon(() => expect(one("message-translation").textContent).toContain("GUTEN TAG"));
    expect(one("message-translation").textContent).toContain("your own service");
    expect(one("message-body").textContent).toBe("guten tag");
    expect(fake.calls.findLast((call) => call.name === "translate")?.args).toEqual({ message: "m-1", to: "en" });
    await user.click(one("message-translation-hide"));
    expect(all("message-translation")).toHaveLength(0);
    await menu(user);
    await user.click(one("message-translate"));
    await soon(() => one("message-translation"));
    await menu(user);
    await user.click(one("message-translate"));
    await soon(() => expect(all("message-translation")).toHaveLength(0));
  });

  it("is text like any other: it turns nothing around it, and nothing is markup that words can't have", async () => {
    const user = userEvent.setup();
    await start(world("a\u202eb <img src=x onerror=alert(1)> **bold**"), "#/conversation/c-sam");
    await menu(user);
    await user.click(one("message-translate"));
    await soon(() => expect(one("message-translation").textContent).toContain("<IMG SRC=X"));
    const made = one("message-translation");
    expect(made.querySelector("img")).toBeNull();
    // What turns the direction ends with the words, as in any message.
    const words = made.querySelector('[data-testid="message-body"]');
    expect(words?.textContent).toContain("A\u202eB");
    expect(words?.getAttribute("dir")).toBe("auto");
    expect(made.querySelector("strong")?.textContent).toBe("BOLD");
  });

  it("goes by the language of the settings, and goes when the words change", async () => {
    const user = userEvent.setup();
    const given = world("guten tag");
    given.settings = { ...given.settings, translate_to: "de" };
    const fake = await start(given, "#/conversation/c-sam");
    await menu(user);
    await user.click(one("message-translate"));
    await soon(() => expect(one("message-translation").dataset["done"]).toBe("true"));
    expect(fake.calls.findLast((call) => call.name === "translate")?.args).toEqual({ message: "m-1", to: "de" });
    const row = fake.world.messages.get("c-sam")?.[0];
    if (!row) throw new Error("no message");
    fake.putMessage({ ...row, body: "gute nacht" });
    await soon(() => expect(all("message-translation")).toHaveLength(0));
  });

  it("that fails says why, and leaves nothing behind", async () => {
    const user = userEvent.setup();
    const fake = await start(world("guten tag"), "#/conversation/c-sam");
    fake.failing.set("translate", new CallError({ code: "translation_failed", message: "The translation service does not answer." }));
    await menu(user);
    await user.click(one("message-translate"));
    await soon(() => expect(one("toast").textContent).toContain("does not answer"));
    expect(all("message-translation")).toHaveLength(0);
  });
});

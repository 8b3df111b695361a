import { cleanup, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { agency } from "../src/lib/backend/fake/agency";
import { message, type World } from "../src/lib/backend/fake/world";
import { t } from "../src/lib/text";
import { all, one, soon, start } from "./helpers";

const row = (id: string): HTMLElement => one("message", `[data-id="${id}"]`);
const inRow = (id: string, testid: string): HTMLElement => {
  const found = row(id).querySelector<HTMLElement>(`[data-testid="${testid}"]`);
  if (!found) throw new Error(`no ${testid} in ${id}`);
  return found;
};

async function open(change: (world: World) => void = () => undefined) {
  const user = userEvent.setup();
  const world = agency();
  change(world);
  const fake = await start(world, "#/conversation/c-ben");
  await soon(() => one("composer"));
  fake.putMessage(message("mine", "c-ben", { body: "See you at *tne*", at: "2030-01-01T10:00:00.000Z" }));
  fake.putMessage(message("theirs", "c-ben", { author: "p-ben", author_name: "Ben Okafor", body: "Which door?", at: "2030-01-01T10:01:00.000Z" }));
  await soon(() => row("theirs"));
  return { user, fake };
}

async function choose(user: ReturnType<typeof userEvent.setup>, id: string, testid: string): Promise<void> {
  await user.hover(row(id));
  await user.click(await soon(() => within(row(id)).getByRole("button", { name: t.common.more })));
  await user.click(await soon(() => one(testid)));
}

describe("messages that are there", () => {
  it("get a reaction by key, which a press takes back, and the tooltip says who", async () => {
    const { user, fake } = await open();
    row("theirs").focus();
    await user.keyboard("a");
    await soon(() => expect(document.activeElement?.getAttribute("data-emoji")).toBe("👍"));
    await user.keyboard("{Enter}");
    const chip = await soon(() => inRow("theirs", "reaction"));
    expect(chip.getAttribute("aria-pressed")).toBe("true");
    expect(chip.title).toBe("👍 You");
    expect(document.activeElement).toBe(row("theirs"));
    fake.putMessage({ ...fake.world.messages.get("c-ben")!.find((one) => one.id === "theirs")!, reactions: [{ emoji: "👍", mine: true, people: [{ person: "p-ada", name: "Ada", me: true }, { person: "p-ben", name: "Ben\u202e", me: false }] }] });
    await soon(() => expect(inRow("theirs", "reaction").title).toBe("👍 You, Ben⟨U+202E⟩"));
    await user.click(inRow("theirs", "reaction"));
    await soon(() => expect(inRow("theirs", "reaction").getAttribute("aria-pressed")).toBe("false"));
  });

  it("get other words from the composer with the arrow, and keep what they said", async () => {
    const { user, fake } = await open();
    one<HTMLTextAreaElement>("composer").focus();
    await user.keyboard("{ArrowUp}");
    const area = await soon(() => inRow("mine", "message-editor").querySelector("textarea") as HTMLTextAreaElement);
    await soon(() => expect(document.activeElement).toBe(area));
    await user.clear(area);
    await user.type(area, "See you at ten{Enter}");
    await soon(() => expect(inRow("mine", "message-body").textContent).toBe("See you at ten"));
    expect(fake.calls.find((call) => call.name === "message_edit")?.args).toEqual({ message: "mine", text: "See you at ten" });
    await user.click(inRow("mine", "message-edited"));
    const history = await soon(() => one("history"));
    // What it said reads as it read, not as it was typed.
    expect([...history.querySelectorAll("[data-testid=message-body]")].map((words) => words.textContent)).toEqual(["See you at tne", "See you at ten"]);
    expect(history.querySelector("em")?.textContent).toBe("tne");
  });

  it("keep other words that are typed while one reads on, and Escape never throws them away", async () => {
    const { user } = await open();
    row("mine").focus();
    await user.keyboard("{F2}");
    const area = await soon(() => inRow("mine", "message-editor").querySelector("textarea") as HTMLTextAreaElement);
    await user.type(area, "!{Escape}");
    expect(inRow("mine", "message-editor").querySelector("textarea")?.value).toBe("See you at *tne*!");
  });

  it("keep other words that were typed before a crash, and wait with them", async () => {
    const { user, fake } = await open();
    row("mine").focus();
    await user.keyboard("{F2}");
    await user.type(await soon(() => inRow("mine", "message-editor").querySelector("textarea") as HTMLTextAreaElement), " sharp");
    await soon(() => expect(fake.world.unsaved.size).toBe(1));
    const kept = new Map(fake.world.unsaved);
    cleanup();

    const after = await open((world) => (world.unsaved = kept));
    const area = await soon(() => inRow("mine", "message-editor").querySelector("textarea") as HTMLTextAreaElement);
    expect(area.value).toBe("See you at *tne* sharp");
    expect(document.activeElement, "nobody asked for it").not.toBe(area);
    await after.user.type(area, "{Enter}");
    await soon(() => expect(inRow("mine", "message-body").textContent).toBe("See you at tne sharp"));
    expect(after.fake.calls.filter((call) => call.name === "message_edit").map((call) => call.args)).toEqual([{ message: "mine", text: "See you at *tne* sharp" }]);
    await soon(() => expect([...after.fake.world.unsaved]).toEqual([]));
  });

  it("are shown with their answers, and answered from there", async () => {
    const { user, fake } = await open();
    fake.putMessage(message("answer", "c-ben", { body: "The blue one", reply_to: { id: "theirs", author_name: "Ben Okafor", preview: "Which door?", files: null, deleted: false }, at: "2030-01-01T10:02:00.000Z" }));
    fake.putMessage({ ...fake.world.messages.get("c-ben")!.find((one) => one.id === "theirs")!, replies: 1 });
    await user.click(await soon(() => inRow("theirs", "message-replies")));
    const panel = await soon(() => one("answers"));
    await soon(() => expect([...panel.querySelectorAll("li")].map((item) => item.dataset["id"])).toEqual(["theirs", "answer"]));
    await user.click(one("answers-reply"));
    await user.type(one("composer"), "Thanks{Enter}");
    await soon(() => expect(fake.world.messages.get("c-ben")?.at(-1)?.reply_to?.id).toBe("theirs"));
  });

  it("are selected by key and copied with names and times", async () => {
    const { user, fake } = await open();
    let copied = "";
    Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: async (text: string) => void (copied = text) } });
    row("mine").focus();
    await user.keyboard("x");
    await soon(() => one("selection"));
    row("theirs").focus();
    await user.keyboard("x");
    await user.click(one("selection-copy"));
    await soon(() => expect(copied).toMatch(/^You, .+\nSee you at tne\n\nBen Okafor, .+\nWhich door\?$/u));
    await soon(() => expect(all("selection")).toEqual([]));
    expect(fake.calls.some((call) => call.name === "message_delete")).toBe(false);
  });

  it("are forwarded to the conversations that are chosen", async () => {
    const { user, fake } = await open();
    await choose(user, "theirs", "message-forward");
    const to = await soon(() => one<HTMLInputElement>("forward-to", '[data-id="c-layla"]'));
    await user.click(to);
    // What is chosen stays, and it is said that nothing else was found.
    await user.type(one("forward-search"), "zzz");
    await soon(() => expect([...one("dialog").querySelectorAll("li")].map((item) => item.textContent?.trim())).toEqual(["شقة الميناء", t.forward.nobody]));
    await user.click(one("forward-do"));
    await soon(() => expect(fake.calls.find((call) => call.name === "forward")?.args).toEqual({ messages: ["theirs"], to: ["c-layla"], comment: "" }));
    await soon(() => expect(all("dialog")).toEqual([]));
  });

  it("name people chosen by key in the composer", async () => {
    const { user } = await open();
    await user.type(one("composer"), "hello @be");
    const list = await soon(() => one("mention-list"));
    const field = one<HTMLTextAreaElement>("composer");
    expect(field.getAttribute("aria-controls")).toBe(list.id);
    expect(document.getElementById(field.getAttribute("aria-activedescendant") ?? "")?.textContent).toContain("Ben Okafor");
    await user.keyboard("{Enter}");
    expect(field.value).toBe("hello @Ben Okafor ");
    expect([field.selectionStart, all("mention-list").length, field.hasAttribute("aria-activedescendant")]).toEqual([field.value.length, 0, false]);
  });

  it("show where a link with words of its own goes, and run nothing", async () => {
    const { fake } = await open();
    fake.putMessage(message("evil", "c-ben", { author: "p-ben", body: "[paypal.com](https://xn--pypal-4ve.com/x) <img src=x onerror=alert(1)> **ok**", at: "2030-01-01T10:05:00.000Z" }));
    const body = await soon(() => inRow("evil", "message-body"));
    expect(body.textContent).toContain("paypal.com (xn--pypal-4ve.com)");
    expect(body.querySelector("img")).toBeNull();
    expect(body.querySelector("strong")?.textContent).toBe("ok");
  });
});

import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { conversation } from "../src/lib/backend/fake/world";
import { lines } from "../src/lib/state/groups";
import { chosen, laterToday, local, nextWeek, tomorrow } from "../src/lib/times";
import { all, one, soon, start } from "./helpers";

const rows = (): string[] => all("conversation").map((row) => row.dataset["id"] ?? "");
const inList = (id: string, more = ""): string => `[data-id="${id}"]${more}`;

async function menuOf(user: ReturnType<typeof userEvent.setup>, id: string, item: string): Promise<void> {
  await user.click(one("conversation", inList(id)).querySelector(".actions button") as HTMLElement);
  await user.click(await soon(() => one(item)));
}

describe("choices for a conversation", () => {
  it("pins with an undo that brings everything back", async () => {
    const user = userEvent.setup();
    await start();
    const before = rows();
    const last = before.at(-1) ?? "";
    await menuOf(user, last, "row-pin");
    await soon(() => expect(rows()[0]).toBe(last));
    await user.click(await soon(() => one("toast-action")));
    await soon(() => expect(rows()).toEqual(before));
  });

  it("snoozes until a time of one's own, out of the list and into its own", async () => {
    const user = userEvent.setup();
    const fake = await start();
    const id = rows()[0] ?? "";
    await menuOf(user, id, "row-snooze");
    expect(all("until").map((option) => option.dataset["until"])).toContain("week");
    const field = one<HTMLInputElement>("until-own");
    field.value = "2020-01-01T09:00";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await soon(() => expect(one<HTMLButtonElement>("until-do").disabled).toBe(true));
    field.value = local(Date.now() + 86_400_000);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await soon(() => expect(one<HTMLButtonElement>("until-do").disabled).toBe(false));
    await user.click(one("until-do"));
    await soon(() => expect(rows()).not.toContain(id));
    await user.click(one("filter", '[data-filter="snoozed"]'));
    await soon(() => expect(rows()).toEqual([id]));
    expect(fake.calls.filter((call) => call.name === "conversations_change")).toHaveLength(1);
  });

  it("remembers which list and which groups were chosen", async () => {
    const user = userEvent.setup();
    await start();
    await user.click(one("filter-menu"));
    await user.click(await soon(() => one("group-client")));
    await soon(() => expect(all("conversation-group").length).toBeGreaterThan(0));
    expect(JSON.parse(localStorage.getItem("homing.list") ?? "{}")).toEqual({ filter: "active", group: "client" });
  });
});

describe("several conversations at once", () => {
  it("are chosen with the keys and archived with one undo", async () => {
    const user = userEvent.setup();
    const fake = await start();
    const before = rows();
    one("conversation", inList(before[0] ?? "")).querySelector<HTMLElement>("a")?.focus();
    await user.keyboard("x{Shift>}{ArrowDown}{/Shift}");
    await soon(() => expect(one("bulk").textContent).toContain("2 selected"));
    await user.click(one("bulk-archive"));
    await soon(() => expect(rows()).toEqual(before.slice(2)));
    expect(all("bulk")).toHaveLength(0);
    await user.click(await soon(() => one("toast-action")));
    await soon(() => expect(rows()).toEqual(before));
    expect(fake.calls.filter((call) => call.name === "conversations_change")).toHaveLength(2);
  });

  it("are chosen with Ctrl and Shift, and let go with Escape", async () => {
    const user = userEvent.setup();
    await start();
    const [first = "", , third = ""] = rows();
    const press = (id: string): Promise<void> => user.click(one("conversation", inList(id)).querySelector("a") as HTMLElement);
    await user.keyboard("{Control>}");
    await press(first);
    await user.keyboard("{/Control}{Shift>}");
    await press(third);
    await user.keyboard("{/Shift}");
    await soon(() => expect(all("conversation", "[data-chosen=true]")).toHaveLength(3));
    one("conversation", inList(first)).querySelector<HTMLElement>("a")?.focus();
    await user.keyboard("{Escape}");
    await soon(() => expect(all("bulk")).toHaveLength(0));
  });
});

describe("working as a team", () => {
  async function staffed() {
    const fake = await start();
    const held = [...fake.world.rows.values()].find((row) => row.space_kind === "client") ?? conversation("none");
    fake.putRow({ ...held, staffed: true });
    window.location.hash = `#/conversation/${held.id}`;
    await soon(() => one("composer"));
    return { fake, id: held.id };
  }

  it("keeps what is for the team apart from what is for the client", async () => {
    const user = userEvent.setup();
    const { fake, id } = await staffed();
    await user.type(one("composer"), "Dear client");
    await user.click(one("comment-mode", '[data-mode="comment"]'));
    const field = await soon(() => one<HTMLTextAreaElement>("comment"));
    expect(all("composer")).toHaveLength(0);
    expect(document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent).toContain("Only your team");
    await user.type(field, "pays late");
    await user.click(one("comment-send"));
    await soon(() => expect(one("message", "[data-internal=true]").textContent).toContain("pays late"));
    expect(fake.calls.find((call) => call.name === "comment")?.args).toEqual({ conversation: id, text: "pays late", mentions: [] });
    await user.click(one("comment-mode", '[data-mode="reply"]'));
    await soon(() => expect(one<HTMLTextAreaElement>("composer").value).toBe("Dear client"));
    expect(fake.calls.some((call) => call.name === "draft_send")).toBe(false);
  });

  it("names a colleague in a comment, found by the first letters", async () => {
    const user = userEvent.setup();
    const { fake, id } = await staffed();
    await soon(() => one("composer"));
    const colleague = fake.world.people.find((one) => one.staff && !one.me);
    if (!colleague) throw new Error("the agency has a colleague");
    await user.click(one("comment-mode", '[data-mode="comment"]'));
    const field = await soon(() => one<HTMLTextAreaElement>("comment"));
    await user.type(field, `ask @${colleague.name.slice(0, 2).toLowerCase()}`);
    await soon(() => one("mention-list"));
    await user.keyboard("{Enter}");
    expect(field.value).toBe(`ask @${colleague.name} `);
    await user.keyboard("first{Enter}");
    await soon(() => expect(fake.calls.find((call) => call.name === "comment")?.args).toEqual({ conversation: id, text: `ask @${colleague.name} first`, mentions: [colleague.id] }));
  });

  it("asks before a second answer when a colleague has answered meanwhile", async () => {
    const user = userEvent.setup();
    const { fake, id } = await staffed();
    fake.setStatus({ connection: "online", online: true });
    await user.type(one("composer"), "Hi");
    fake.emit({ event: "replying", conversation: id, person: "p-ben", name: "Ben" });
    await soon(() => expect(one("replying").textContent).toContain("Ben is replying"));
    const last = (fake.world.messages.get(id) ?? []).at(-1);
    if (!last) throw new Error("no message");
    fake.putMessage({ ...last, id: "m-ben", author: "p-ben", author_name: "Ben", mine: false, colleague: true, body: "I am there", order: `${last.order}z` });
    await user.click(one("send"));
    await soon(() => expect(document.querySelector("dialog blockquote")?.textContent).toBe("I am there"));
    expect(fake.calls.some((call) => call.name === "draft_send")).toBe(false);
    await user.click(one("confirm"));
    await soon(() => expect(fake.calls.some((call) => call.name === "draft_send")).toBe(true));
  });
});

describe("people one does not hear", () => {
  it("folds their messages until they are asked for", async () => {
    const user = userEvent.setup();
    const fake = await start();
    const id = rows()[0] ?? "";
    window.location.hash = `#/conversation/${id}`;
    await soon(() => one("composer"));
    const last = (fake.world.messages.get(id) ?? []).at(-1);
    if (!last) throw new Error("no message");
    fake.putMessage({ ...last, id: "m-loud", mine: false, blocked: true, author_name: "Loud", body: "LISTEN", order: `${last.order}z` });
    const folded = await soon(() => one("blocked-message"));
    expect(document.body.textContent).not.toContain("LISTEN");
    await user.click(folded.querySelector("button") as HTMLElement);
    await soon(() => expect(document.body.textContent).toContain("LISTEN"));
  });

  it("calls and blocks somebody from the list of people", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/people");
    const button = await soon(() => one("person-menu", "[data-id]"));
    const id = button.dataset["id"] ?? "";
    await user.click(button);
    await user.type(await soon(() => one("person-name")), "The builder{Enter}");
    await soon(() => expect(fake.world.people.find((row) => row.id === id)?.name).toBe("The builder"));
    await soon(() => expect(one("person", inList(id)).textContent).toContain("Calls themselves"));
    await user.click(one("person-menu", inList(id)));
    await user.click(await soon(() => one("person-block")));
    await soon(() => expect(one("person", inList(id)).textContent).toContain("Blocked"));
  });
});

describe("times to choose from", () => {
  const at = (text: string): number => new Date(text).getTime();

  it("are in one's own day", () => {
    expect(new Date(tomorrow(at("2026-11-21T23:30:00"))).getHours()).toBe(9);
    expect(new Date(nextWeek(at("2026-11-23T10:00:00"))).getDate()).toBe(30);
    expect(laterToday(at("2026-11-21T20:00:00"))).toBeNull();
    expect(laterToday(at("2026-11-21T10:00:00"))).not.toBeNull();
    expect(chosen("nonsense", 0)).toBeNull();
    expect(chosen(local(at("2026-11-21T10:00:00")), at("2026-11-21T09:00:00"))).toBe(new Date(at("2026-11-21T10:00:00")).toISOString());
  });
});

describe("groups", () => {
  it("stand where their newest conversation is, what belongs to nobody last", () => {
    const row = (id: string, space: string | null) => conversation(id, space ? { space, space_kind: "client", space_name: space } : {});
    const shown = lines([row("a", "x"), row("b", null), row("c", "y"), row("d", "x")], "client");
    expect(shown.map((line) => ("row" in line ? line.row.id : `= ${line.head}`))).toEqual(["= x", "a", "d", "= y", "c", "= ", "b"]);
  });

  it("are made of the first record a conversation is about", () => {
    const chip = (id: string) => ({ id, kind: "property", title: `Villa ${id}`, shared: false, deleted: false });
    const shown = lines([conversation("a", { records: [chip("x"), chip("y")] }), conversation("b")], "record");
    expect(shown.map((line) => ("row" in line ? line.row.id : `= ${line.head}`))).toEqual(["= Villa x", "a", "= ", "b"]);
  });
});

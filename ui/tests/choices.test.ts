import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { agency } from "../src/lib/backend/fake/agency";
import { conversation, draft, empty } from "../src/lib/backend/fake/world";
import { FakeBackend } from "../src/lib/backend/fake";
import { ConversationList } from "../src/lib/state/conversations.svelte";
import { keeping, lines, without } from "../src/lib/state/groups";
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
    expect(all("until").map((option) => option.dataset["until"])).toContain("tomorrow");
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

describe("the bar of what is chosen", () => {
  async function chooseAll(user: ReturnType<typeof userEvent.setup>): Promise<void> {
    one("conversation").querySelector<HTMLElement>("a")?.focus();
    await user.keyboard("{Control>}a{/Control}");
    await soon(() => one("bulk"));
  }

  it("offers what takes back what all of the list is", async () => {
    const user = userEvent.setup();
    const fake = await start();
    const before = rows();
    await chooseAll(user);
    await user.click(one("bulk-archive"));
    await soon(() => expect(rows()).toEqual([]));
    await user.click(one("filter", '[data-filter="archived"]'));
    await soon(() => expect(rows().length).toBeGreaterThanOrEqual(before.length));
    await chooseAll(user);
    expect(all("bulk-archive")).toHaveLength(0);
    await user.click(one("bulk-unarchive"));
    await soon(() => expect(rows()).toEqual([]));
    await user.click(one("filter", '[data-filter="active"]'));
    await soon(() => expect(rows()).toEqual(expect.arrayContaining(before)));

    for (const [id, undone] of [["bulk-read", "bulk-unread"], ["bulk-pin", "bulk-pin"]] as const) {
      await chooseAll(user);
      await user.click(one(id));
      await soon(() => expect(all("bulk")).toHaveLength(0));
      await chooseAll(user);
      await soon(() => one(undone));
      await user.click(one(undone));
    }
    expect([...fake.world.rows.values()].filter((row) => !row.archived).every((row) => row.marked_unread && !row.pinned)).toBe(true);
  });

  it("holds all of the list, also what was never loaded, and does it in parts with one undo", async () => {
    const user = userEvent.setup();
    const world = agency();
    for (let n = 0; n < 700; n += 1) world.rows.set(`x${n}`, conversation(`x${n}`, { title: `Talk ${n}` }));
    const fake = await start(world);
    const total = [...world.rows.values()].filter((row) => !row.archived && !row.snoozed && !row.blocked).length;
    await chooseAll(user);
    await soon(() => expect(one("bulk").textContent).toContain(`${total} selected`));
    await user.click(one("bulk-archive"));
    await soon(() => expect(one("toast").textContent).toContain(`${total} conversations archived`));
    expect(fake.calls.filter((call) => call.name === "conversations_change")).toHaveLength(Math.ceil(total / 500));
    await user.click(one("toast-action"));
    await soon(() => expect([...fake.world.rows.values()].filter((row) => !row.archived && !row.snoozed && !row.blocked)).toHaveLength(total));
  });

  it("deletes for oneself, and brings back what was deleted", async () => {
    const user = userEvent.setup();
    const fake = await start();
    const before = rows();
    await chooseAll(user);
    await user.click(one("bulk-menu"));
    await user.click(await soon(() => one("bulk-delete")));
    await soon(() => expect(rows()).toEqual([]));
    await user.click(one("toast-action"));
    await soon(() => expect(rows()).toEqual(before));
    const asked = (name: string): string[][] => fake.calls.flatMap((call) => (call.name === name ? [(call.args as { conversations: string[] }).conversations] : []));
    for (const name of ["conversation_delete", "conversation_restore"]) {
      expect(asked(name).map((ids) => ids.toSorted())).toEqual([before.toSorted()]);
    }
  });
});

describe("the open conversation", () => {
  function held(css: string): HTMLElement {
    const found = document.querySelector<HTMLElement>(css);
    if (!found) throw new Error(`no ${css}`);
    return found;
  }

  async function open(user: ReturnType<typeof userEvent.setup>, id: string) {
    const fake = await start(undefined, `#/conversation/${id}`);
    await soon(() => one("composer"));
    await user.click(await soon(() => one("thread-menu")));
    return fake;
  }

  it("has a menu in groups, walked through with the arrow keys", async () => {
    const user = userEvent.setup();
    await open(user, "c-rosa");
    const menu = await soon(() => held("[role=menu]"));
    const lines = [...menu.querySelectorAll("[role=menuitem], [role=separator]")];
    expect(lines.filter((line) => line.getAttribute("role") === "separator").length).toBeGreaterThanOrEqual(3);
    expect(lines[0]?.getAttribute("role")).toBe("menuitem");
    expect(lines.at(-1)?.classList.contains("danger")).toBe(true);
    await user.keyboard("{End}");
    expect(document.activeElement).toBe(lines.at(-1));
  });

  it("is renamed with an undo", async () => {
    const user = userEvent.setup();
    const fake = await open(user, "c-rosa");
    const before = fake.world.rows.get("c-rosa")?.subject ?? "";
    await user.click(one("thread-rename"));
    const field = await soon(() => held("header input"));
    await user.clear(field);
    await user.type(field, "Casa Rosa{Enter}");
    await soon(() => expect(one("thread-title").textContent).toBe("Casa Rosa"));
    await user.click(await soon(() => one("toast-action")));
    await soon(() => expect(fake.world.rows.get("c-rosa")?.subject).toBe(before));
  });

  it("is acted on from the palette, where all settings are found too", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    const labels = (): string[] => all("palette-item").map((item) => item.textContent?.trim() ?? "");
    const find = async (words: string, label: string): Promise<void> => {
      await user.keyboard("{Control>}k{/Control}");
      await user.type(await soon(() => one("palette-input")), words);
      await soon(() => expect(labels().some((one) => one.includes(label))).toBe(true));
    };
    for (const [words, label] of [["undo sending", "Settings: "], ["quiet hours", "Settings: "], ["presence", "Settings: "], ["snooze", "This conversation: Snooze"], ["leave", "This conversation: Leave"]] as const) {
      await find(words, label);
      await user.keyboard("{Escape}");
      await soon(() => expect(all("palette-input")).toHaveLength(0));
    }
    await find("block ben", "Block Ben");
    await user.click(all("palette-item").find((item) => item.textContent?.includes("Block Ben")) as HTMLElement);
    const blocked = (): boolean | undefined => fake.world.people.find((one) => one.id === "p-ben")?.blocked;
    await soon(() => expect(blocked()).toBe(true));
    await user.click(await soon(() => one("toast-action")));
    await soon(() => expect(blocked()).toBe(false));
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
    expect(fake.calls.find((call) => call.name === "comment")?.args).toMatchObject({ conversation: id, text: "pays late", mentions: [] });
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
    await soon(() => expect(fake.calls.find((call) => call.name === "comment")?.args).toMatchObject({ conversation: id, text: `ask @${colleague.name} first`, mentions: [colleague.id] }));
  });

  it("shows what is typed of a comment among the drafts, marked, and opens it where comments are typed", async () => {
    const user = userEvent.setup();
    const { fake, id } = await staffed();
    await user.type(one("composer"), "Dear client");
    await user.click(one("comment-mode", '[data-mode="comment"]'));
    await user.type(await soon(() => one("comment")), "pays late");
    await soon(() => expect(fake.world.comments.get(id)?.text).toBe("pays late"));
    await user.click(one("comment-mode", '[data-mode="reply"]'));
    await soon(() => one("composer"));
    window.location.hash = "#/drafts";
    const row = await soon(() => one("draft-row", `[data-conversation="${id}"][data-comment="true"]`));
    expect(row.textContent).toContain("pays late");
    expect(one("draft-comment").textContent).toContain("Comment for your team");
    expect(one("draft-comment").querySelector("svg")).not.toBeNull();
    await user.click(row.querySelector<HTMLElement>(".open") ?? row);
    await soon(() => expect(one<HTMLTextAreaElement>("comment").value).toBe("pays late"));
    expect(all("composer")).toHaveLength(0);
    // The draft for the client opens where the client is answered.
    window.location.hash = "#/drafts";
    const other = await soon(() => one("draft-row", `[data-conversation="${id}"][data-comment="false"]`));
    await user.click(other.querySelector<HTMLElement>(".open") ?? other);
    await soon(() => expect(one<HTMLTextAreaElement>("composer").value).toBe("Dear client"));
    expect(all("comment")).toHaveLength(0);
    expect(fake.calls.some((call) => call.name === "draft_send" || call.name === "comment")).toBe(false);
  });

  it("merges what another device types of a comment into the field, and never into the client's", async () => {
    const user = userEvent.setup();
    const { fake, id } = await staffed();
    await user.click(one("comment-mode", '[data-mode="comment"]'));
    const field = await soon(() => one<HTMLTextAreaElement>("comment"));
    fake.emit({ event: "comment_draft", draft: draft(id, { comment: true, id: "dr-far", text: "from the desktop", revision: "9" }) });
    await soon(() => expect(field.value).toBe("from the desktop"));
    // Nor does a draft for the client come here, however it comes.
    fake.emit({ event: "comment_draft", draft: draft(id, { id: "dr-client", text: "Dear client", revision: "10" }) });
    fake.emit({ event: "draft", draft: draft(id, { comment: true, id: "dr-far", text: "from the desktop", revision: "11" }) });
    await user.click(one("comment-mode", '[data-mode="reply"]'));
    await soon(() => expect(one<HTMLTextAreaElement>("composer").value).toBe(""));
    await user.click(one("comment-mode", '[data-mode="comment"]'));
    await soon(() => expect(one<HTMLTextAreaElement>("comment").value).toBe("from the desktop"));
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
    // What a message offers is made once the list rests.
    await soon(() => one("message-reply"));
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
    expect(nextWeek(at("2026-11-23T10:00:00"))).toBe(new Date(at("2026-11-30T09:00:00")).toISOString());
    expect(laterToday(at("2026-11-21T20:00:00"))).toBeNull();
    expect(laterToday(at("2026-11-21T10:00:00"))).not.toBeNull();
    expect(nextWeek(at("2026-11-22T10:00:00")), "on a Sunday that is tomorrow").toBeNull();
    expect(chosen("nonsense", 0)).toBeNull();
    expect(chosen(local(at("2026-11-21T10:00:00")), at("2026-11-21T09:00:00"))).toBe(new Date(at("2026-11-21T10:00:00")).toISOString());
  });
});

describe("groups", () => {
  it("stand where their newest conversation is, what belongs to nobody last", () => {
    const groups = [{ key: "x", name: "X", conversations: ["a", "d"] }, { key: "", name: "", conversations: ["b"] }];
    const here = conversation("a");
    const shown = lines(groups, (id) => (id === "a" ? here : undefined));
    expect(shown.map((line) => ("id" in line ? `${line.id} ${line.row ? "here" : "coming"}` : `${line.head}: ${line.count}`))).toEqual(["X: 2", "a here", "d coming", ": 1", "b coming"]);
  });

  it("lose what leaves the list, and keep what is being read where it was", () => {
    const before = [{ key: "x", name: "X", conversations: ["a", "d"] }, { key: "y", name: "Y", conversations: ["c"] }];
    const left = without(before, (id) => id === "c" || id === "d");
    expect(left).toEqual([{ key: "x", name: "X", conversations: ["a"] }]);
    expect(keeping(left, before, "c")).toEqual([left[0], before[1]]);
    expect(keeping(left, before, "d")).toEqual([before[0]]);
    expect(keeping(left, before, "a")).toBe(left);
  });

  it("know all that stands under them, and fetch rows as they are looked at", async () => {
    const fake = new FakeBackend(empty());
    for (let n = 0; n < 250; n += 1) fake.putRow(conversation(`c${String(n).padStart(3, "0")}`, { last_at: new Date(n * 1000).toISOString(), space: n % 2 ? "s-x" : "s-y", space_kind: "client", space_name: n % 2 ? "X" : "Y" }));
    const list = new ConversationList(fake);
    await fake.listen((event) => {
      if (event.event === "conversations") list.apply(event);
    });
    list.choose("active", "client");
    await soon(() => expect(list.lines.length).toBe(252));
    const heads = () => list.lines.flatMap((line) => ("id" in line ? [] : [`${line.head}: ${line.count}`]));
    expect(heads()).toEqual(["X: 125", "Y: 125"]);
    expect(list.rows).toHaveLength(50);
    await list.want(["c000", "c002"]);
    expect([list.find("c000")?.id, list.find("c004")]).toEqual(["c000", undefined]);
    // Something happens in one that was never looked at: its heading goes to the top, and nothing stands twice.
    fake.putRow({ ...fake.world.rows.get("c004")!, last_at: new Date(9e6).toISOString() });
    await soon(() => expect(heads()).toEqual(["Y: 125", "X: 125"]));
    expect(list.neighbour(null, 1)).toBe("c004");
    fake.putRow({ ...fake.world.rows.get("c004")!, archived: true });
    await soon(() => expect(heads()).toEqual(["X: 125", "Y: 124"]));
  });
});

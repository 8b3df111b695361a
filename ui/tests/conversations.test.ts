import { beforeEach, describe, expect, it } from "vitest";

import { FakeBackend } from "../src/lib/backend/fake";
import { conversation, empty } from "../src/lib/backend/fake/world";
import { ConversationList } from "../src/lib/state/conversations.svelte";

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();

describe("ConversationList", () => {
  let fake: FakeBackend;
  let list: ConversationList;

  beforeEach(async () => {
    fake = new FakeBackend(empty());
    for (const [id, minute] of [["a", 1], ["b", 2], ["c", 3]] as const) {
      fake.world.rows.set(id, conversation(id, { last_at: at(minute), unread: id === "b" ? 2 : 0 }));
    }
    list = new ConversationList(fake);
    await list.load();
    await fake.listen((event) => {
      if (event.event === "conversations") list.apply(event);
    });
  });

  const ids = (): string[] => list.rows.map((row) => row.id);
  const asked = (): number => fake.calls.filter((call) => call.name === "conversations").length;
  const held = (id: string) => fake.world.rows.get(id) ?? conversation(id);

  it("shows the newest first", () => {
    expect(ids()).toEqual(["c", "b", "a"]);
  });

  it("moves a row up without asking again", () => {
    fake.putRow({ ...held("a"), last_at: at(9), preview: "new" });
    expect(ids()).toEqual(["a", "c", "b"]);
    expect(list.rows[0]?.preview).toBe("new");
    expect(asked()).toBe(1);
  });

  it("adds and removes rows", () => {
    fake.putRow(conversation("d", { last_at: at(5) }));
    fake.dropRow("b");
    expect(ids()).toEqual(["d", "c", "a"]);
  });

  it("takes an archived row out of the inbox", () => {
    fake.putRow({ ...held("b"), archived: true });
    expect(ids()).toEqual(["c", "a"]);
  });

  it("ignores changes that its page has already", () => {
    list.apply({ event: "conversations", revision: 1, previous: 0, upsert: [], remove: ["a", "b", "c"] });
    expect(ids()).toEqual(["c", "b", "a"]);
  });

  it("keeps a change that was heard while an older page was on its way", async () => {
    let open = (): void => undefined;
    const stale = await fake.call("conversations", { filter: "active", limit: 100 });
    const call = fake.call.bind(fake);
    fake.call = ((name: "conversations", args: never) =>
      name === "conversations" ? new Promise((resolve) => (open = () => resolve(stale))) : call(name, args)) as typeof fake.call;
    const loading = list.load();
    fake.putRow({ ...held("a"), last_at: at(9), preview: "new" });
    open();
    await loading;
    expect(ids()).toEqual(["a", "c", "b"]);
    expect(list.rows[0]?.preview).toBe("new");
  });

  it("keeps the open conversation in the unread filter until it is left", async () => {
    await list.load("unread");
    expect(ids()).toEqual(["b"]);
    list.keep("b");
    fake.putRow({ ...held("b"), unread: 0 });
    expect(ids()).toEqual(["b"]);
    list.keep(null);
    expect(ids()).toEqual([]);
  });

  it("hides a row until its deletion is undone", async () => {
    list.hide(["b"], true);
    fake.putRow({ ...held("b"), preview: "still hidden" });
    expect(ids()).toEqual(["c", "a"]);
    list.hide(["b"], false);
    await new Promise((resolve) => setTimeout(resolve));
    expect(ids()).toEqual(["c", "b", "a"]);
  });

  it("does not put a row of a later page at the end of the first", async () => {
    for (let n = 0; n < 130; n += 1) fake.world.rows.set(`x${n}`, conversation(`x${n}`, { last_at: new Date(Date.UTC(2025, 0, 1, 0, n)).toISOString() }));
    await list.load();
    expect(list.rows).toHaveLength(50);
    fake.putRow({ ...held("x0"), preview: "old" });
    expect(list.rows).toHaveLength(50);
    await list.more();
    await list.more();
    expect(list.rows).toHaveLength(133);
    expect(new Set(ids()).size).toBe(133);
  });
});

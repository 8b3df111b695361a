import { beforeEach, describe, expect, it } from "vitest";

import { FakeBackend } from "../src/lib/backend/fake";
import { conversation, empty, message } from "../src/lib/backend/fake/world";
import { Thread } from "../src/lib/state/thread.svelte";
import { soon } from "./helpers";

const COUNT = 400;
const order = (n: number): string => String(n).padStart(6, "0");

describe("Thread", () => {
  let fake: FakeBackend;
  let thread: Thread;

  beforeEach(async () => {
    fake = new FakeBackend(empty());
    fake.world.rows.set("c", conversation("c"));
    fake.world.messages.set(
      "c",
      Array.from({ length: COUNT }, (_, n) => message(`m${n}`, "c", { order: order(n * 10), body: `text ${n}` })),
    );
    thread = new Thread(fake, "c");
    await fake.listen((event) => {
      if (event.event === "messages") thread.apply(event);
    });
  });

  const ids = (): string[] => thread.rows.map((row) => row.id);

  it("opens at the end and pages back without doubles", async () => {
    await thread.open(null);
    expect(ids().at(-1)).toBe("m399");
    expect(thread.atEnd).toBe(true);
    await thread.loadOlder();
    expect(thread.prepended).toBe(true);
    expect(ids()).toHaveLength(200);
    expect(new Set(ids()).size).toBe(200);
    await thread.loadOlder();
    await thread.loadOlder();
    await thread.loadOlder();
    expect(ids()).toHaveLength(COUNT);
    expect(thread.older).toBeNull();
  });

  it("opens around a target and pages on to the end", async () => {
    await thread.open("m50");
    expect(ids()).toContain("m50");
    expect(thread.target).toEqual({ id: "m50", flash: true });
    expect(thread.atEnd).toBe(false);
    for (let turn = 0; turn < 4 && !thread.atEnd; turn += 1) await thread.loadNewer();
    expect(ids().at(-1)).toBe("m399");
  });

  it("opens at the first unread message, wherever it is", async () => {
    const rows = fake.world.messages.get("c") ?? [];
    fake.world.messages.set("c", rows.map((row, n) => (n >= 20 ? { ...row, unread: true } : row)));
    await thread.open(null);
    expect(thread.divider).toBe("m20");
    expect(ids()).toContain("m20");
  });

  it("adds new messages at the end and late ones where they belong", async () => {
    await thread.open(null);
    fake.putMessage(message("new", "c", { order: order(99999) }));
    expect(ids().at(-1)).toBe("new");
    fake.putMessage(message("late", "c", { order: order(3985), late: true }));
    expect(ids().slice(-3)).toEqual(["late", "m399", "new"]);
    expect(thread.prepended).toBe(false);
  });

  it("leaves messages of pages that are not loaded to those pages", async () => {
    await thread.open("m200");
    const before = ids();
    fake.putMessage(message("new", "c", { order: order(99999) }));
    fake.putMessage(message("ancient", "c", { order: order(5) }));
    expect(ids()).toEqual(before);
  });

  /** Pages of messages that come from now on wait until they are let go, each by its own function. */
  function holdPages(): Array<() => void> {
    const call = fake.call.bind(fake);
    const held: Array<() => void> = [];
    fake.call = async (name, args) => {
      const answer = await call(name, args);
      if (name === "messages") await new Promise<void>((done) => held.push(done));
      return answer;
    };
    return held;
  }

  it("lets go of a page that continues what is shown no more, and misses nothing meanwhile", async () => {
    await thread.open(null);
    const held = holdPages();
    const older = thread.loadOlder();
    const reveal = thread.reveal("m50");
    await soon(() => expect(held).toHaveLength(2));
    held[0]?.();
    await older;
    expect(thread.loading, "another page is on its way").toBe(true);
    fake.putMessage(message("late", "c", { order: order(505) }));
    held[1]?.();
    await reveal;
    expect(ids()).toContain("m50");
    expect(ids(), "it was heard before the page came").toContain("late");
    const places = thread.rows.filter((row) => row.id !== "late").map((row) => Number(row.id.slice(1)));
    expect(places, "no hole").toEqual(places.map((_, at) => (places[0] ?? 0) + at));
  });

  it("has an older page in front also when a tick turns while it is on its way", async () => {
    await thread.open(null);
    const held = holdPages();
    const older = thread.loadOlder();
    const last = thread.rows.at(-1);
    if (!last) throw new Error("no rows");
    await soon(() => expect(held).toHaveLength(1));
    fake.putMessage({ ...last, state: "read" });
    held[0]?.();
    await older;
    expect(thread.rows).toHaveLength(200);
    expect(thread.rows.at(-1)?.state).toBe("read");
    expect(thread.prepended).toBe(true);
  });

  it("opens whole, also when a message is asked for or changes were missed meanwhile", async () => {
    const opening = thread.open(null);
    const reveal = thread.reveal("m50");
    await Promise.all([opening, reveal]);
    expect(thread.target).toEqual({ id: "m50", flash: true });
    expect(thread.detail?.row.id).toBe("c");
    const other = new Thread(fake, "c");
    await Promise.all([other.open("m60"), other.reload()]);
    expect(other.loaded).toBe(true);
    expect(other.target?.id).toBe("m60");
  });

  it("turns a tick by a diff, without a new row", async () => {
    await thread.open(null);
    const last = thread.rows.at(-1);
    if (!last) throw new Error("no rows");
    fake.putMessage({ ...last, state: "read" });
    expect(thread.rows.at(-1)?.state).toBe("read");
    expect(ids()).toHaveLength(100);
  });

  it("asks for what is shown again when changes were missed", async () => {
    await thread.open("m50");
    fake.world.messages.get("c")?.splice(50, 1);
    await thread.reload();
    expect(thread.error).toBeNull();
    expect(ids()).not.toContain("m50");
    expect(ids().at(-1)).toBe("m399");
  });

  it("reports each message as shown once", async () => {
    await thread.open(null);
    thread.shown(["m1", "m2"]);
    thread.shown(["m2", "m3"]);
    expect(fake.calls.filter((call) => call.name === "shown").map((call) => call.args)).toEqual([
      { conversation: "c", messages: ["m1", "m2"] },
      { conversation: "c", messages: ["m3"] },
    ]);
  });

  it("says what failed and opens when tried again", async () => {
    const missing = new Thread(fake, "nowhere");
    await missing.open(null);
    expect(missing.error?.code).toBe("not_found");
    expect(missing.loaded).toBe(false);
  });
});

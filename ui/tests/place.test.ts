import { describe, expect, it, vi } from "vitest";
import type { VirtualizerHandle } from "virtua/svelte";

import { FakeBackend } from "../src/lib/backend/fake";
import { conversation, empty, message } from "../src/lib/backend/fake/world";
import { Place } from "../src/lib/state/place.svelte";
import { Thread } from "../src/lib/state/thread.svelte";
import { timeline } from "../src/lib/timeline";

const ROW = 100;

/** A conversation of forty messages at its end, in a view whose size and scrolling the test sets. */
async function atItsEnd(): Promise<{ place: Place; box: { clientWidth: number; clientHeight: number }; list: { offset: number } }> {
  const world = empty();
  world.rows.set("c", conversation("c"));
  const at = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString();
  world.messages.set("c", Array.from({ length: 40 }, (_, n) => ({ ...message(`m${n}`, "c", { at: at(n), body: `Line ${n}` }), order: at(n) })));
  const thread = new Thread(new FakeBackend(world), "c");
  await thread.open(null);
  const items = timeline(thread.rows, null, []);
  const box = { clientWidth: 700, clientHeight: 600 };
  const list = { offset: 0 };
  const handle = {
    getScrollOffset: () => list.offset,
    getScrollSize: () => items.length * ROW,
    getViewportSize: () => box.clientHeight,
    findItemIndex: (offset: number) => Math.floor(offset / ROW),
    getItemOffset: (index: number) => index * ROW,
    scrollToIndex: (index: number) => void (list.offset = Math.min(index * ROW, items.length * ROW - box.clientHeight)),
  } as unknown as VirtualizerHandle;
  const place = new Place(thread, () => box as HTMLElement, () => items, vi.fn(), vi.fn());
  place.handle = handle;
  place.show();
  await place.toEnd();
  place.scrolled();
  return { place, box, list };
}

describe("the place in a conversation", () => {
  it("stays at the end when the view gets another size", async () => {
    const { place, box, list } = await atItsEnd();
    box.clientHeight = 560;
    place.resized();
    expect(list.offset).toBe(40 * ROW - 560);
  });

  it("goes where somebody scrolls, also when the view has just got another size that nobody told of yet", async () => {
    const { place, box, list } = await atItsEnd();
    place.taken();
    box.clientHeight = 560;
    list.offset = 1200;
    place.scrolled();
    expect(list.offset).toBe(1200);
    place.resized();
    expect(list.offset).toBe(1200);
    place.dispose();
  });
});

import { beforeEach, describe, expect, it, vi } from "vitest";

import { CallError } from "../src/lib/backend";
import { FakeBackend } from "../src/lib/backend/fake";
import { conversation, draft, empty } from "../src/lib/backend/fake/world";
import { DraftEditor } from "../src/lib/state/draft.svelte";

function gate(): { promise: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

describe("DraftEditor", () => {
  let fake: FakeBackend;
  let editor: DraftEditor;

  beforeEach(async () => {
    vi.useFakeTimers();
    fake = new FakeBackend(empty());
    fake.world.rows.set("c", conversation("c"));
    editor = new DraftEditor(fake, "c");
    await editor.load();
    fake.listen((event) => {
      if (event.event === "draft") editor.remote(event.draft);
    });
    return () => vi.useRealTimers();
  });

  const stored = (): string => fake.world.drafts.get("c")?.text ?? "";
  const saves = (): number => fake.calls.filter((call) => call.name === "draft_set").length;

  it("is at the engine within 300 ms of the first key, however fast the typing", async () => {
    for (const letter of "hello") {
      editor.input(editor.text + letter);
      await vi.advanceTimersByTimeAsync(40);
    }
    expect(saves()).toBe(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(stored()).toBe("hello");
    expect(saves()).toBe(1);
    expect(editor.saved).toBe(true);
  });

  it("has nothing left to save when what was typed is taken back at once", async () => {
    editor.input("hello");
    editor.input("");
    await vi.advanceTimersByTimeAsync(1000);
    expect(editor.saved).toBe(true);
    expect(stored()).toBe("");
  });

  it("merges what another device typed while typing here", async () => {
    editor.input("base");
    await vi.advanceTimersByTimeAsync(300);
    editor.input("base, and the end");
    fake.remoteDraft("c", "Dear Ben, base");
    await vi.advanceTimersByTimeAsync(1000);
    expect(editor.text).toBe("Dear Ben, base, and the end");
    expect(stored()).toBe("Dear Ben, base, and the end");
  });

  it("keeps letters that were typed while a save was on its way", async () => {
    editor.input("one");
    await vi.advanceTimersByTimeAsync(300);
    const held = gate();
    fake.gates.set("draft_set", held.promise);
    editor.input("one two");
    await vi.advanceTimersByTimeAsync(260);
    editor.input("one two three");
    fake.remoteDraft("c", "zero one");
    held.open();
    fake.gates.delete("draft_set");
    await vi.advanceTimersByTimeAsync(1000);
    expect(editor.text).toBe("zero one two three");
    expect(stored()).toBe(editor.text);
  });

  it("keeps two drafts that were begun at once apart, and stays with its own", async () => {
    const held = gate();
    fake.gates.set("draft_set", held.promise);
    editor.input("typed here");
    await vi.advanceTimersByTimeAsync(260);
    fake.remoteDraft("c", "begun elsewhere");
    held.open();
    fake.gates.delete("draft_set");
    await vi.advanceTimersByTimeAsync(1000);
    expect(editor.text).toBe("typed here");
    expect(editor.others.map((other) => other.text)).toEqual(["begun elsewhere"]);
  });

  it("goes from one draft to another with what is typed in each", async () => {
    editor.input("first");
    await vi.advanceTimersByTimeAsync(300);
    const first = editor.id;
    editor.input("first, not saved yet");
    expect(await editor.choose(null)).toBe(true);
    expect([editor.text, editor.id]).toEqual(["", ""]);
    editor.input("second");
    await vi.advanceTimersByTimeAsync(300);
    const second = editor.id;
    expect(await editor.choose(first)).toBe(true);
    expect(editor.text).toBe("first, not saved yet");
    editor.input("first, longer");
    expect(await editor.choose(second)).toBe(true);
    expect(editor.text).toBe("second");
    expect(editor.others.map((other) => other.text)).toEqual(["first, longer"]);
    expect(editor.saved).toBe(true);
  });

  it("stays where it is when what is typed can't be kept", async () => {
    editor.input("first");
    await vi.advanceTimersByTimeAsync(300);
    const first = editor.id;
    await editor.choose(null);
    fake.failing.set("draft_set", new CallError({ code: "storage_failed", message: "The disk is full." }));
    editor.input("second");
    expect(await editor.choose(first)).toBe(false);
    expect([editor.text, editor.error?.code]).toEqual(["second", "storage_failed"]);
  });

  it("goes to the other draft once, also when the engine tells of it before it answers", async () => {
    editor.input("first");
    await vi.advanceTimersByTimeAsync(300);
    const first = editor.id;
    const held = gate();
    fake.gates.set("draft_choose", held.promise);
    const choosing = editor.choose(null);
    await vi.advanceTimersByTimeAsync(10);
    fake.emit({ event: "draft", draft: draft("c") });
    expect([editor.text, editor.id]).toEqual(["first", first]);
    held.open();
    expect(await choosing).toBe(true);
    expect([editor.text, editor.id]).toEqual(["", ""]);
    editor.input("second");
    await vi.advanceTimersByTimeAsync(300);
    expect(stored()).toBe("second");
    expect(editor.others.map((other) => other.text)).toEqual(["first"]);
  });

  it("keeps what is typed while the other draft is on its way in the draft it was typed into", async () => {
    editor.input("first");
    await vi.advanceTimersByTimeAsync(300);
    const held = gate();
    fake.gates.set("draft_choose", held.promise);
    const choosing = editor.choose(null);
    await vi.advanceTimersByTimeAsync(10);
    editor.input("first, and more");
    held.open();
    expect(await choosing).toBe(true);
    expect(editor.text).toBe("");
    expect(editor.others.map((other) => other.text)).toEqual(["first, and more"]);
  });

  it("shows what it heard of the draft when another one can't be had", async () => {
    editor.input("first");
    await vi.advanceTimersByTimeAsync(300);
    const held = gate();
    fake.gates.set("draft_choose", held.promise);
    fake.failing.set("draft_choose", new CallError({ code: "not_found", message: "There is no such draft." }));
    const choosing = editor.choose("gone");
    await vi.advanceTimersByTimeAsync(10);
    fake.remoteDraft("c", "first, from elsewhere");
    held.open();
    expect(await choosing).toBe(false);
    await vi.advanceTimersByTimeAsync(300);
    expect([editor.text, editor.error?.code]).toEqual(["first, from elsewhere", "not_found"]);
  });

  it("takes a remote text at once when nothing here is unsaved, and moves the caret", async () => {
    editor.input("world");
    await vi.advanceTimersByTimeAsync(300);
    const moved = vi.fn();
    editor.moved = moved;
    fake.remoteDraft("c", "hello world");
    expect(editor.text).toBe("hello world");
    expect(moved).toHaveBeenCalledWith({ at: 0, remove: 0, insert: "hello " });
  });

  it("does not touch the text while an input method composes", async () => {
    editor.input("に");
    await vi.advanceTimersByTimeAsync(300);
    editor.composing = true;
    fake.remoteDraft("c", "こんに");
    await vi.advanceTimersByTimeAsync(600);
    expect(editor.text).toBe("に");
    editor.composing = false;
    await vi.advanceTimersByTimeAsync(600);
    expect(editor.text).toBe("こんに");
  });

  it("empties only after the engine took the message, and keeps what was typed meanwhile", async () => {
    const held = gate();
    fake.gates.set("draft_send", held.promise);
    editor.input("first message");
    const sending = editor.send();
    await vi.advanceTimersByTimeAsync(10);
    expect(editor.text).toBe("first message");
    editor.input("first message and a second");
    held.open();
    expect(await sending).toBe(true);
    expect(fake.world.messages.get("c")?.map((row) => row.body)).toEqual(["first message"]);
    expect(editor.text).toBe(" and a second");
    await vi.advanceTimersByTimeAsync(300);
    expect(stored()).toBe(" and a second");
  });

  it("sends once when send is pressed twice", async () => {
    editor.input("once");
    const both = await Promise.all([editor.send(), editor.send()]);
    expect(both.filter(Boolean)).toHaveLength(1);
    expect(fake.world.messages.get("c")).toHaveLength(1);
  });

  it("keeps the text when sending fails", async () => {
    fake.failing.set("draft_send", new CallError({ code: "storage_failed", message: "The disk is full." }));
    editor.input("keep me");
    expect(await editor.send()).toBe(false);
    expect(editor.text).toBe("keep me");
    expect(editor.error?.code).toBe("storage_failed");
    fake.failing.clear();
    expect(await editor.send()).toBe(true);
    expect(editor.text).toBe("");
  });

  it("tries to save again when saving fails", async () => {
    fake.failing.set("draft_set", new CallError({ code: "storage_failed", message: "The disk is full." }));
    editor.input("precious");
    await vi.advanceTimersByTimeAsync(300);
    expect(editor.error?.code).toBe("storage_failed");
    expect(editor.text).toBe("precious");
    expect(editor.saved).toBe(false);
    fake.failing.clear();
    await vi.advanceTimersByTimeAsync(2500);
    expect(stored()).toBe("precious");
    expect(editor.error).toBeNull();
  });

  it("adds what was typed before the stored draft arrived", async () => {
    fake.world.drafts.set("c", draft("c", { id: "d", text: "stored ", revision: "4" }));
    const late = new DraftEditor(fake, "c");
    late.input("typed");
    await late.load();
    expect(late.text).toBe("stored typed");
  });

  it("leaves the composer of a device that is sending it, and shows it elsewhere", async () => {
    editor.remote(draft("c", { id: "d", text: "on its way", revision: "9", sending: { device: "d-laptop", device_name: "Laptop", here: true } }));
    expect(editor.text).toBe("");
    editor.remote(draft("c", { id: "d", text: "on its way", revision: "9", sending: { device: "d-2", device_name: "Desktop", here: false } }));
    expect(editor.text).toBe("on its way");
    expect(editor.sending?.device_name).toBe("Desktop");
    editor.remote(draft("c"));
    expect(editor.text).toBe("");
  });

  it("shows what another device typed while the draft was being read", async () => {
    const ask = fake.call.bind(fake);
    const { promise: held, open: answer } = gate();
    vi.spyOn(fake, "call").mockImplementationOnce(async (name, args) => {
      const read = await ask(name, args);
      await held;
      return read;
    });
    const late = new DraftEditor(fake, "c");
    const loading = late.load();
    await vi.advanceTimersByTimeAsync(0);
    fake.remoteDraft("c", "from the laptop");
    const current = fake.world.drafts.get("c");
    if (current) late.remote(current);
    answer();
    await loading;
    expect(late.text).toBe("from the laptop");
    expect(late.dirty).toBe(false);
  });

  it("turns a text that is too long for a message into a file", async () => {
    editor.input("ä".repeat(17_000));
    expect(editor.long).toBe(true);
    await editor.toFile();
    expect(editor.text).toBe("");
    expect(editor.files[0]?.name).toBe("message.txt");
    expect(editor.files[0]?.size).toBe(34_000);
    await vi.advanceTimersByTimeAsync(300);
    expect(stored()).toBe("");
  });

  it("does not ask again and again for what will fail again", async () => {
    fake.failing.set("draft_set", new CallError({ code: "too_large", message: "The draft is longer than 40 KiB." }));
    editor.input("very long");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(saves()).toBe(1);
    fake.failing.clear();
    editor.input("shorter");
    await vi.advanceTimersByTimeAsync(300);
    expect(stored()).toBe("shorter");
  });

  it("keeps what is typed while a file is put to it", async () => {
    const file = { id: 1, name: "plan.txt", mime: "text/plain", size: 5 };
    fake.handed[1] = file;
    editor.input("before");
    const taken = editor.take(file);
    expect(editor.chips.map((chip) => chip.busy)).toEqual([true]);
    editor.input("before and after");
    await taken;
    await vi.advanceTimersByTimeAsync(600);
    expect(editor.text).toBe("before and after");
    expect(stored()).toBe("before and after");
    expect(editor.chips.map((chip) => chip.name)).toEqual(["plan.txt"]);
  });

  it("puts files that come together to one draft, and waits for them before it is sent", async () => {
    const files = [1, 2].map((id) => ({ id, name: `plan ${id}.txt`, mime: "text/plain", size: 5 }));
    for (const file of files) fake.handed[file.id] = file;
    const held = gate();
    fake.gates.set("draft_attach", held.promise);
    const taken = files.map((file) => editor.take(file));
    const attached = editor.attached();
    await vi.advanceTimersByTimeAsync(10);
    expect(fake.calls.filter((call) => call.name === "draft_attach")).toHaveLength(1);
    held.open();
    fake.gates.clear();
    await Promise.all(taken);
    expect(await attached).toBe(true);
    const asked = fake.calls.flatMap((call) => (call.name === "draft_attach" ? [(call.args as { draft: string }).draft] : []));
    expect(asked).toEqual(["", editor.id]);
    expect(editor.chips.map((chip) => chip.name)).toEqual(["plan 1.txt", "plan 2.txt"]);
  });

  it("says so when one of its files could not be put to it", async () => {
    const file = { id: 1, name: "plan.txt", mime: "text/plain", size: 5 };
    fake.failing.set("draft_attach", new CallError({ code: "too_large", message: "Too large." }));
    const taken = editor.take(file);
    const attached = editor.attached();
    await expect(taken).rejects.toThrow();
    expect(await attached).toBe(false);
  });

  it("does not send an answer whose quote could not be kept", async () => {
    editor.input("Yes, both of them.");
    editor.setReply({ id: "m1", author_name: "Ben", preview: "Shall I bring the keys?", files: null, deleted: false });
    fake.failing.set("draft_set", new CallError({ code: "storage_failed", message: "The disk is full." }));
    expect(await editor.send()).toBe(false);
    expect(editor.error?.code).toBe("storage_failed");
    expect(editor.text).toBe("Yes, both of them.");
    expect(fake.calls.some((call) => call.name === "draft_send")).toBe(false);
    fake.failing.clear();
    expect(await editor.send()).toBe(true);
  });
});

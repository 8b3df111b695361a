import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { FakeBackend } from "../src/lib/backend/fake";
import type { Attachment } from "../src/lib/bindings/Attachment";
import { duration } from "../src/lib/format";
import { all, one, soon, start } from "./helpers";

const TALK = "#/conversation/c-ben";

/** How often a player was told that it stands still. */
let told = 0;

beforeEach(() => {
  told = 0;
  // jsdom has no sound of its own.
  vi.spyOn(HTMLMediaElement.prototype, "play").mockImplementation(function (this: HTMLMediaElement) {
    this.onplay?.(new Event("play"));
    return Promise.resolve();
  });
  vi.spyOn(HTMLMediaElement.prototype, "pause").mockImplementation(function (this: HTMLMediaElement) {
    // It is told a little later, as browsers do.
    setTimeout(() => {
      this.onpause?.(new Event("pause"));
      told += 1;
    });
  });
  URL.createObjectURL = () => "blob:sound";
  URL.revokeObjectURL = () => undefined;
});

async function speak(fake: FakeBackend): Promise<void> {
  await userEvent.click(await soon(() => one("record-voice")));
  await soon(() => one("recording"));
  fake.voice({ duration_ms: 4200, level: 180, ended: null });
}

const files = (): number => all("pending-file").length;

const note = (id: string): Attachment => ({ id, name: `${id}.ogg`, mime: "audio/ogg", size: 4000, state: "ready", here: true, progress: 1, width: null, height: null, thumbnail: null, voice: { duration_ms: 4000, peaks: [9] }, pinned: false, held: null });

/** A conversation whose newest message has these voice notes; how one is played, and whether it is playing. */
async function notes(...of: Attachment[]) {
  const fake = await start(undefined, TALK);
  await soon(() => one("composer"));
  const last = fake.world.messages.get("c-ben")?.at(-1);
  if (!last) throw new Error("no message");
  const put = (...files: Attachment[]): void => fake.putMessage({ ...last, attachments: files });
  put(...of);
  const play = (id: string): HTMLElement => one("voice", `[data-id="${id}"]`).querySelector("[data-testid=voice-play]") as HTMLElement;
  const playing = (id: string): string | undefined => one("voice", `[data-id="${id}"]`).dataset["playing"];
  return { put, play, playing };
}

describe("a voice note", () => {
  it("has what other files have in its menu: kept on this device, taken off it, saved", async () => {
    const user = userEvent.setup();
    await notes(note("a"));
    await user.click(await soon(() => one("file-menu")));
    for (const item of ["file-open", "file-save", "file-show", "file-drop"]) await soon(() => one(item));
    await user.click(one("file-pin"));
    await soon(() => expect(one("toast").textContent).toContain("stays on this device"));
  });

  it("is recorded, kept in the draft, played there and sent", async () => {
    const fake = await start(undefined, TALK);
    await speak(fake);
    await soon(() => expect(one("recording").textContent).toContain("0:04"));
    expect(one("recording").querySelector("[role=meter]")?.getAttribute("aria-valuenow")).toBe("180");
    await userEvent.click(one("recording-stop"));
    await soon(() => expect(files()).toBe(1));
    await userEvent.click(one("voice-play"));
    await soon(() => expect(one("voice-play").getAttribute("aria-label")).toMatch(/^Pause/u));
    await userEvent.click(one("send"));
    const note = await soon(() => one("voice"));
    expect(note.getAttribute("aria-label")).toBe("Voice note, 0:04");
    expect(files()).toBe(0);
  });

  it("is sent at once with what was typed", async () => {
    const fake = await start(undefined, TALK);
    await userEvent.type(await soon(() => one("composer")), "Listen:");
    await speak(fake);
    await userEvent.click(one("recording-send"));
    await soon(() => one("voice"));
    const sent = fake.calls.filter((call) => call.name === "draft_send");
    expect(sent).toHaveLength(1);
    expect(one("composer")).toHaveProperty("value", "");
  });

  it("is kept by Escape and by a microphone that is gone; discarding can be undone", async () => {
    const fake = await start(undefined, TALK);
    await speak(fake);
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(files()).toBe(1));
    await speak(fake);
    fake.voice({ duration_ms: 4300, level: 0, ended: "gone" });
    await soon(() => expect(files()).toBe(2));
    await speak(fake);
    await userEvent.click(one("recording-discard"));
    await soon(() => expect(document.body.textContent).toContain("Recording discarded"));
    expect(files()).toBe(2);
    await userEvent.click(one("toast-action"));
    await soon(() => expect(files()).toBe(3));
  });

  it("says when nothing is heard, when it was too short, and when there is no microphone", async () => {
    const fake = await start(undefined, TALK);
    await speak(fake);
    fake.voice({ duration_ms: 9000, level: 0, ended: null });
    await soon(() => expect(document.body.textContent).toContain("Is the microphone turned off?"));
    fake.recorded = 200;
    await userEvent.click(one("recording-stop"));
    await soon(() => expect(document.body.textContent).toContain("Too short"));
    expect(files()).toBe(0);
    fake.hears = false;
    await userEvent.click(one("record-voice"));
    await soon(() => expect(one("record-voice").dataset["there"]).toBe("false"));
    expect(document.body.textContent).toContain("No microphone was found");
  });

  it("that ends as it begins is kept like any other", async () => {
    const fake = await start(undefined, TALK);
    const begin = vi.spyOn(fake.shell, "voiceStart").mockImplementation(async () => fake.voice({ duration_ms: 900, level: 90, ended: "gone" }));
    await userEvent.click(await soon(() => one("record-voice")));
    await soon(() => expect(files()).toBe(1));
    expect(begin).toHaveBeenCalledOnce();
    expect(all("recording")).toEqual([]);
  });

  it("ends when another one plays, and the other goes on", async () => {
    const { play, playing } = await notes(note("one"), note("two"));
    await userEvent.click(await soon(() => play("one")));
    await soon(() => expect(playing("one")).toBe("true"));
    await userEvent.click(play("two"));
    await soon(() => expect(playing("two")).toBe("true"));
    // The first is told of it only now.
    await soon(() => expect(told).toBe(1));
    expect([playing("one"), playing("two")]).toEqual(["false", "true"]);
    await userEvent.click(play("two"));
    await soon(() => expect(playing("two")).toBe("false"));
  });

  it("that is on its way plays once it is here", async () => {
    const coming: Attachment = { ...note("one"), state: "downloading", here: false, progress: 0.4 };
    const { put, play, playing } = await notes(coming);
    await userEvent.click(await soon(() => play("one")));
    await soon(() => expect(play("one").getAttribute("aria-busy")).toBe("true"));
    put(note("one"));
    await soon(() => expect(playing("one")).toBe("true"));
    expect(all("toast")).toEqual([]);
  });

  it("has its length written as people read it", () => {
    expect([0, 999, 61_000, 3_723_000, -5, 1e15].map(duration)).toEqual(["0:00", "0:00", "1:01", "1:02:03", "0:00", "99:59:59"]);
  });
});

import { describe, expect, it } from "vitest";

import type { Attachment } from "../src/lib/bindings/Attachment";
import { attachment, conversation, message } from "../src/lib/backend/fake/world";
import { UNNAMED } from "../src/lib/bindings/constants";
import { noticeSays } from "../src/lib/notices";
import { called, calledDevice, filesSaid, quoteOf, said, titled, unmarked } from "../src/lib/said";
import { one, soon, start } from "./helpers";

const file = (name: string, mime: string, over: Partial<Attachment> = {}): Attachment => attachment(name, name, mime, 1000, over);
const voice = file("note.ogg", "audio/ogg", { voice: { duration_ms: 65_000, peaks: [] } });
const photo = file("front.jpg", "image/jpeg");
const plan = file("plan.pdf", "application/pdf");

describe("a message without words", () => {
  it("is called by what it holds, as far as that is alike", () => {
    for (const [files, wanted] of [
      [[voice], "Voice message, 1:05"],
      [[voice, voice], "2 voice messages"],
      [[photo], "Photo"],
      [[photo, photo], "2 photos"],
      [[file("tour.mp4", "video/mp4")], "Video"],
      [[plan], "plan.pdf"],
      [[photo, plan, voice], "3 files"],
    ] as const)
      expect(said("", filesSaid([...files]))).toBe(wanted);
    expect(filesSaid([])).toBeNull();
    expect(said("Hello", null)).toBe("Hello");
  });

  it("is so in the list, above an answer and in a quote that is begun here", async () => {
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    const said_ = filesSaid([voice]);
    fake.putRow(conversation("c-ben", { title: "Ben Okafor", preview: "", preview_files: said_ }));
    await soon(() => expect(document.querySelector("[data-testid=conversation][data-id=c-ben]")?.textContent).toContain("Voice message, 1:05"));
    fake.putMessage(message("answer", "c-ben", { body: "Yes", reply_to: { id: "x", author_name: "Ben Okafor", preview: "", files: filesSaid([photo, photo]), deleted: false } }));
    await soon(() => expect(document.querySelector("[data-testid=message][data-id=answer] .quote")?.textContent).toContain("2 photos"));
    expect(quoteOf(message("pictures", "c-ben", { body: "", attachments: [photo] })).files).toMatchObject({ kind: "photo", count: 1 });
    expect(quoteOf(message("words", "c-ben", { body: "Look", attachments: [photo] })).files).toBeNull();
  });
});

it("a line says words as they are read, without marks", () => {
  expect(said("it is **not**, see `plan.pdf`", null)).toBe("it is not, see plan.pdf");
  expect(said("2 * 3 * 4 and a_file_name", null)).toBe("2 * 3 * 4 and a_file_name");
  // Cut in the middle of its marks.
  expect(said("this is **very imp", null)).toBe("this is **very imp");
});

it.each([
  ["the [boiler] is **not** on", "the [boiler] is not on"],
  ["the **[boiler]** is on", "the [boiler] is on"],
  ["_a [tile]_, a `[tile]` and `a tile`", "a [tile], a [tile] and a tile"],
  // A phrase that runs into marks, and one that begins in them.
  ["**the [very** bold _one_] here", "the [very][ bold ][one] here"],
  ["party **[art]**, [art]", "party [art], [art]"],
  ["* [one] and two\n* **one**", "- [one] and two\n- one"],
  ["[a_file_name] in **bold**", "[a]_[file]_[name] in bold"],
  ["```[rust]\n[rust] it\n```", "[rust] it"],
  ["plain [words] * stay * plain", "plain [words] * stay * plain"],
  ["…cut **in the [middle]", "…cut **in the [middle]"],
])("what was found is read without marks, and found where it was: %j", (text, wanted) => {
  const parts = text.split(/(\[[^\]]*\])/u).filter(Boolean).map((part) => (part.startsWith("[") ? { text: part.slice(1, -1), hit: true } : { text: part, hit: false }));
  expect(unmarked(parts).map((part) => (part.hit ? `[${part.text}]` : part.text)).join("")).toBe(wanted);
});

describe("who has no name yet", () => {
  it("is somebody, in the words of the catalogue", async () => {
    expect([called(""), calledDevice(""), titled(UNNAMED), titled("")]).toEqual(["Somebody", "A device", "Somebody", "Just you"]);
    const fake = await start();
    const notice = [...fake.world.notices][0];
    if (!notice) throw new Error("no notice");
    expect(noticeSays({ ...notice, kind: "device", name: "" })).toContain("A device");
    expect(noticeSays({ ...notice, kind: "mention", name: "", title: "Villa Rosa" })).toContain("Somebody");
    fake.putRow(conversation("c-ben", { title: UNNAMED, subject: "" }));
    fake.world.messages.set("c-ben", [message("m-1", "c-ben", { body: "hello", author: "p-ben", mine: false, author_name: "" })]);
    window.location.hash = "#/conversation/c-ben";
    await soon(() => expect(one("thread-title").textContent).toBe("Somebody"));
    await soon(() => expect(one("message").textContent).toContain("Somebody"));
  });
});

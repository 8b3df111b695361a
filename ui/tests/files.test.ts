import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { FakeBackend } from "../src/lib/backend/fake";
import { agency } from "../src/lib/backend/fake/agency";
import { attachment, message, type World } from "../src/lib/backend/fake/world";
import { app, one, soon, start } from "./helpers";

const BEN = "c-ben";

/** A conversation with these files, one message each, oldest first. */
function shared(files: Array<ReturnType<typeof attachment>>): World {
  const world = agency();
  const at = (minute: number): string => new Date(Date.UTC(2030, 0, 1, 10, minute)).toISOString();
  world.messages.set(BEN, files.map((file, index) => message(`m-${file.id}`, BEN, { at: at(index), author: "p-ben", author_name: "Ben Okafor", attachments: [file] })));
  for (const file of files) world.files.set(file.id, "<svg/>");
  return world;
}

const picture = (id: string, over = {}): ReturnType<typeof attachment> => attachment(id, `${id}.png`, "image/png", 4_000, over);
const gallery = (): string => one("gallery").dataset["id"] ?? "";
const fetched = (fake: FakeBackend): unknown[] => fake.calls.filter((call) => call.name === "attachment_fetch").map((call) => call.args);

describe("the gallery", () => {
  const files = [picture("front"), attachment("lease", "lease.pdf", "application/pdf", 900), picture("garden"), picture("attic", { state: "remote", here: false, progress: 0 })];

  it("goes through the pictures of a conversation with the arrows, past what is none, and says which it is at", async () => {
    const user = userEvent.setup();
    await start(shared(files), "#/picture/garden");
    await soon(() => expect(one("gallery-picture").getAttribute("alt")).toContain("garden.png"));
    await soon(() => expect(one("gallery").textContent).toContain("2 of 3"));
    one("gallery-stage").focus();
    await user.keyboard("{ArrowLeft}");
    expect(gallery()).toBe("front");
    expect(one("gallery-before").getAttribute("aria-disabled")).toBe("true");
    await user.keyboard("{ArrowLeft}");
    expect(gallery()).toBe("front");
    await user.keyboard("{ArrowRight}{ArrowRight}");
    expect(gallery()).toBe("attic");
    expect(one("gallery-after").getAttribute("aria-disabled")).toBe("true");
  });

  it("loads what is looked at and not here, and nothing else", async () => {
    const user = userEvent.setup();
    const fake = await start(shared(files), "#/picture/garden");
    await soon(() => one("gallery-picture"));
    expect(fetched(fake)).toEqual([]);
    await user.click(await soon(() => one("gallery-after")));
    await soon(() => expect(one("gallery-picture").getAttribute("alt")).toContain("attic.png"));
    expect(fetched(fake)).toEqual([{ id: "attic" }]);
  });

  it("makes a picture larger and whole again; the next one is shown whole", async () => {
    const user = userEvent.setup();
    await start(shared(files), "#/picture/front");
    await soon(() => one("gallery-picture"));
    one("gallery-stage").focus();
    await user.keyboard("+");
    await soon(() => expect(one("gallery").dataset["zoom"]).toBe("1.5"));
    await user.keyboard("{ArrowRight}");
    expect(gallery()).toBe("front");
    await user.keyboard("0");
    await soon(() => expect(one("gallery").dataset["zoom"]).toBe("1"));
    await user.keyboard("+");
    await user.click(one("gallery-after"));
    expect([gallery(), one("gallery").dataset["zoom"]]).toEqual(["garden", "1"]);
  });

  it("says why a picture can't be shown", async () => {
    const world = shared([picture("gone", { state: "gone", here: false })]);
    await start(world, "#/picture/gone");
    await soon(() => expect(one("gallery").textContent).toContain("The relay no longer has it"));
    window.location.hash = "#/picture/nothing";
    await soon(() => expect(one("gallery").querySelector("[role=alert]")?.textContent).toContain("There is no such file"));
  });

  it("leads to the message a picture came with", async () => {
    const user = userEvent.setup();
    await start(shared(files), "#/picture/garden");
    await user.click(await soon(() => one("file-jump")));
    await soon(() => expect([app().dataset["view"], app().dataset["id"]]).toEqual(["conversation", BEN]));
    await soon(() => one("message", '[data-id="m-garden"]'));
    expect(window.location.hash).toContain("m=m-garden");
  });
});

describe("the files of a conversation", () => {
  const inList = (id: string, more = ""): HTMLElement => {
    const found = one("files-list").querySelector<HTMLElement>(`[data-id="${id}"]${more}`);
    if (!found) throw new Error(`no ${id}${more}`);
    return found;
  };
  const rows = (): string[] => [...one("dialog").querySelectorAll<HTMLElement>("[data-testid=file-row]")].map((row) => row.dataset["id"] ?? "");
  const files = [picture("front"), attachment("lease", "lease.pdf", "application/pdf", 900, { state: "remote", here: false, progress: 0 })];

  it("are listed newest first, with whom they are from, and follow what comes and goes", async () => {
    const fake = await start(shared(files), `#/files/${BEN}`);
    await soon(() => expect(rows()).toEqual(["lease", "front"]));
    expect(inList("lease").textContent).toContain("Ben Okafor");
    expect(inList("lease").textContent).toContain("Not on this device yet");
    const late = message("m-late", BEN, { at: "2030-01-01T11:00:00.000Z", attachments: [picture("late")] });
    fake.putMessage(late);
    await soon(() => expect(rows()).toEqual(["late", "lease", "front"]));
    fake.putMessage({ ...late, deleted: true, attachments: [] });
    await soon(() => expect(rows()).toEqual(["lease", "front"]));
  });

  it("show a picture large and load what is not here", async () => {
    const user = userEvent.setup();
    const fake = await start(shared(files), `#/files/${BEN}`);
    await user.click(await soon(() => inList("lease", " [data-testid=file-main]")));
    await soon(() => expect(inList("lease").dataset["state"]).toBe("ready"));
    expect(fetched(fake)).toEqual([{ id: "lease" }]);
    await user.click(inList("front", " [data-testid=file-main]"));
    await soon(() => expect(gallery()).toBe("front"));
  });

  it("hold nothing of somebody who is blocked, and say so when there is none", async () => {
    const world = shared([picture("front")]);
    world.messages.set(BEN, (world.messages.get(BEN) ?? []).map((one) => ({ ...one, blocked: true })));
    await start(world, `#/files/${BEN}`);
    await soon(() => expect(one("dialog").textContent).toContain("No files yet"));
    expect(rows()).toEqual([]);
  });
});

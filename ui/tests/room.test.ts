import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import type { FakeBackend } from "../src/lib/backend/fake";
import { all, one, soon, start } from "./helpers";

const attachment = (name: string): HTMLElement => {
  const found = all("attachment").find((element) => element.textContent?.includes(name));
  if (!found) throw new Error(`no ${name}`);
  return found;
};
const setting = (id: string): HTMLElement => one("setting", `[data-id="${id}"]`);

/** A conversation whose last message has a file in this state. */
async function withFile(state: "remote" | "ready" | "gone"): Promise<FakeBackend> {
  const fake = await start(undefined, "#/conversation/c-ben");
  await soon(() => one("composer"));
  const rows = fake.world.messages.get("c-ben") ?? [];
  const last = rows.at(-1);
  if (!last) throw new Error("no message");
  const file = { id: "f-lease", name: "Lease.pdf", mime: "application/pdf", size: 2_400_000, state, progress: 0, here: state === "ready", width: null, height: null, thumbnail: null, voice: null, pinned: false, held: null };
  fake.putMessage({ ...last, attachments: [file] });
  await soon(() => attachment("Lease.pdf"));
  return fake;
}

beforeEach(() => {
  URL.createObjectURL = () => "blob:file";
  URL.revokeObjectURL = () => undefined;
});

describe("a file", () => {
  it("that is not here is loaded when it is asked for, kept, and removed again", async () => {
    const user = userEvent.setup();
    const fake = await withFile("remote");
    expect(attachment("Lease.pdf").textContent).toContain("Not on this device yet");
    await user.click(one("attachment-get"));
    await soon(() => expect(attachment("Lease.pdf").dataset["state"]).toBe("ready"));
    await user.click(one("file-menu"));
    await user.click(await soon(() => one("file-pin")));
    expect(fake.calls.find((call) => call.name === "file_pin")?.args).toEqual({ id: "f-lease", on: true });
    await user.click(one("file-menu"));
    await user.click(await soon(() => one("file-drop")));
    await soon(() => expect(attachment("Lease.pdf").dataset["state"]).toBe("remote"));
    expect(document.body.textContent).toContain("It can be loaded again");
  });

  it("that the relay has no longer says so", async () => {
    await withFile("gone");
    expect(attachment("Lease.pdf").textContent).toContain("The relay no longer has it");
    expect(one("attachment-get").getAttribute("aria-label")).toContain("Lease.pdf");
  });
});

describe("files on this device", () => {
  it("come by the rules that are set, take room, and make room", async () => {
    const user = userEvent.setup();
    const fake = await withFile("ready");
    window.location.hash = "#/settings";
    await soon(() => setting("downloads"));
    expect(setting("files_here").textContent).toMatch(/Files take .* of 5\u00a0GB/u);
    await user.selectOptions(setting("downloads").querySelector("select") as HTMLSelectElement, "on_demand");
    await soon(() => expect(all("setting", '[data-id="up_to_mb"]')).toHaveLength(0));
    expect(fake.calls.find((call) => call.name === "file_rules_set")?.args).toEqual({ downloads: "on_demand" });
    await user.click(setting("files_here").querySelector("button") as HTMLElement);
    await soon(() => expect(setting("files_here").querySelector("button")?.disabled).toBe(true));
    expect(document.body.textContent).toContain("freed");
  });

  it("are kept for a conversation on all devices, with an undo", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await user.click(await soon(() => one("thread-menu")));
    await user.click(await soon(() => one("thread-keep")));
    await soon(() => expect(fake.world.rows.get("c-ben")?.keep_files).toBe(true));
    await user.click(one("toast-action"));
    await soon(() => expect(fake.world.rows.get("c-ben")?.keep_files).toBe(false));
  });
});

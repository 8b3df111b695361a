import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { choices, fromField, toField } from "../src/lib/state/later";
import { all, one, soon, start } from "./helpers";

const says = (now: string): string[] => choices(new Date(now)).map((choice) => `${choice.key} ${toField(choice.at)}`);

describe("times for a message", () => {
  it("offers this evening, tomorrow and Monday morning, as far as they are to come and different", () => {
    expect(says("2026-11-18T10:00")).toEqual(["evening 2026-11-18T18:00", "tomorrow 2026-11-19T08:00", "monday 2026-11-23T08:00"]);
    expect(says("2026-11-18T17:59")).toEqual(["tomorrow 2026-11-19T08:00", "monday 2026-11-23T08:00"]);
    expect(says("2026-11-22T20:00")).toEqual(["tomorrow 2026-11-23T08:00"]);
    expect(says("2026-11-23T20:00")).toEqual(["tomorrow 2026-11-24T08:00", "monday 2026-11-30T08:00"]);
  });

  it("reads what is to come only", () => {
    const now = new Date("2026-11-18T10:00");
    expect(fromField("2026-11-18T10:01", now)?.getTime()).toBe(now.getTime() + 60_000);
    for (const text of ["2026-11-18T10:00", "", "tomorrow", "2026-11-18"]) expect(fromField(text, now)).toBeNull();
  });
});

describe("a planned message", () => {
  it("stands below the conversation until it is sent, and comes back as a draft", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    const composer = await soon(() => one<HTMLTextAreaElement>("composer"));
    expect(one<HTMLButtonElement>("later").disabled).toBe(true);
    await user.type(composer, "Good morning");
    await user.click(one("later"));
    await user.click(one("later-choice-tomorrow"));
    const item = await soon(() => one("scheduled"));
    expect(item.textContent).toContain("Good morning");
    expect(item.dataset["state"]).toBe("held");
    expect(item.textContent).toContain("goes out even if your devices are off");
    await soon(() => expect(composer.value).toBe(""));
    const call = fake.calls.findLast((one) => one.name === "draft_send");
    expect(new Date((call?.args as { at: string }).at).getHours()).toBe(8);
    await user.click(one("scheduled-menu"));
    await user.click(one("scheduled-cancel"));
    await soon(() => expect(all("scheduled")).toEqual([]));
    await soon(() => expect(composer.value).toBe("Good morning"));
  });

  it("keeps its files, says how far they are and that it is late, and has them in the draft again", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await soon(() => one("composer"));
    await fake.call("draft_attach", { conversation: "c-ben", files: [{ bytes: { name: "Plan.pdf", mime: "application/pdf", base64: "aGk=", voice: null } }], draft: null });
    fake.emit({ event: "draft", draft: await fake.call("draft_show", { conversation: "c-ben" }) });
    await soon(() => one("pending-file"));
    await user.click(one("later"));
    await user.click(one("later-choice-tomorrow"));
    await soon(() => expect(one("scheduled-file").textContent).toContain("Plan.pdf"));
    expect(all("pending-file")).toEqual([]);
    const [file] = fake.world.scheduled[0]?.files ?? [];
    fake.world.scheduled = fake.world.scheduled.map((row) => ({ ...row, state: "files" as const, late: true, files: file ? [{ ...file, state: "uploading" as const, progress: 0.5 }] : [] }));
    fake.emit({ event: "scheduled", conversations: ["c-ben"] });
    await soon(() => expect(one("scheduled").textContent).toContain("still on their way"));
    expect(one("scheduled-late").textContent).toContain("late");
    expect(one("scheduled").querySelector("progress")?.value).toBe(0.5);
    await user.click(one("scheduled-menu"));
    await user.click(one("scheduled-cancel"));
    await soon(() => expect(one("pending-file").textContent).toContain("Plan.pdf"));
  });

  it("takes a time of one's own, and asks its author when members changed", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-ben");
    await user.type(await soon(() => one<HTMLTextAreaElement>("composer")), "Later");
    await user.click(one("later"));
    await user.click(one("later-other"));
    const field = await soon(() => one<HTMLInputElement>("later-time"));
    const at = new Date(Date.now() + 3 * 24 * 3_600_000);
    field.value = toField(at);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await user.click(one("later-set"));
    await soon(() => one("scheduled"));
    fake.world.scheduled = fake.world.scheduled.map((row) => ({ ...row, state: "members_changed" as const }));
    fake.emit({ event: "scheduled", conversations: ["c-ben"] });
    await soon(() => expect(one("scheduled").textContent).toContain("not sent: members changed"));
    await user.click(one("scheduled-confirm"));
    await soon(() => expect(one("scheduled").dataset["state"]).toBe("held"));
  });
});

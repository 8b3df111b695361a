import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { agency } from "../src/lib/backend/fake/agency";
import { callLink } from "../src/lib/video";
import { all, one, soon, start } from "./helpers";

const composer = (): HTMLTextAreaElement => one<HTMLTextAreaElement>("composer");

describe("links to video calls", () => {
  it("lead each to another room, which nobody can guess", () => {
    const rooms = Array.from({ length: 50 }, () => callLink("https://meet.example.org/{room}"));
    for (const room of rooms) expect(room).toMatch(/^https:\/\/meet\.example\.org\/[0-9a-f]{32}$/u);
    expect(new Set(rooms).size).toBe(50);
    expect(callLink("https://example.org/my-room")).toBe("https://example.org/my-room");
    const twice = callLink("https://{room}.example.org/{room}");
    expect(twice).toMatch(/^https:\/\/([0-9a-f]{32})\.example\.org\/\1$/u);
  });

  it("are written behind what stands in the message field, and not sent", async () => {
    const user = userEvent.setup();
    const world = agency();
    world.settings = { ...world.settings, video_call: "https://meet.example.org/{room}" };
    const fake = await start(world, "#/conversation/c-sam");
    await user.click(await soon(() => composer()));
    await user.keyboard("Shall we talk?");
    await user.click(one("thread-menu"));
    await user.click(await soon(() => one("thread-video")));
    await soon(() => expect(composer().value).toMatch(/^Shall we talk\?\nVideo call: https:\/\/meet\.example\.org\/[0-9a-f]{32}\n$/u));
    expect(document.activeElement).toBe(composer());
    expect(fake.calls.filter((call) => call.name === "draft_send")).toHaveLength(0);
  });

  it("lead to their setting where no service is named", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-sam");
    await user.click(await soon(() => one("thread-menu")));
    await user.click(await soon(() => one("thread-video")));
    await soon(() => expect(all("setting").map((row) => row.dataset["id"])).toEqual(["video_call"]));
    const field = one("setting").querySelector("input");
    if (!field) throw new Error("no field");
    await user.type(field, "https://meet.example.org/{{room}");
    await user.keyboard("{Enter}");
    await soon(() => expect(fake.world.settings.video_call).toBe("https://meet.example.org/{room}"));
    await user.clear(field);
    await user.keyboard("{Enter}");
    await soon(() => expect(fake.world.settings.video_call).toBe(""));
  });
});

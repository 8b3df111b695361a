import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { agency } from "../src/lib/backend/fake/agency";
import type { FakeBackend } from "../src/lib/backend/fake";
import { linkToPreview } from "../src/lib/links";
import { all, one, soon, start } from "./helpers";

const composer = (): HTMLTextAreaElement => one<HTMLTextAreaElement>("composer");
const VILLA = "https://villa.example/rosa";

async function begin(on: boolean): Promise<FakeBackend> {
  const world = agency();
  world.settings = { ...world.settings, link_previews: on };
  world.pages.set(VILLA, { url: VILLA, title: "Villa \u202easoR", description: "Four rooms", image: null });
  return start(world, "#/conversation/c-sam");
}

const asked = (fake: FakeBackend): unknown[] => fake.calls.filter((call) => call.name === "link_preview").map((call) => (call.args as { url: string }).url);

describe("previews of links", () => {
  it("are of the first link that can be asked, as it is written", () => {
    expect(linkToPreview(`Look: ${VILLA}?room=4#plan, or https://b.example`)).toBe(`${VILLA}?room=4#plan`);
    expect(linkToPreview("(https://a.example/x)")).toBe("https://a.example/x");
    for (const text of ["", "http://a.example", "www.a.example", "HTTPS://a.example", "javascript:alert(1)", "https://"]) expect(linkToPreview(text)).toBeNull();
  });

  it("are made of nothing until somebody wants them", async () => {
    const user = userEvent.setup();
    const fake = await begin(false);
    await user.click(await soon(() => composer()));
    await user.paste(`Look: ${VILLA} `);
    await user.click(one("send"));
    await soon(() => expect(composer().value).toBe(""));
    expect(asked(fake)).toEqual([]);
    expect(fake.calls.filter((call) => call.name === "draft_send").at(-1)?.args).toMatchObject({ previews: [] });
  });

  it("stand above the field before they are sent, named honestly, and go with the message", async () => {
    const user = userEvent.setup();
    const fake = await begin(true);
    await user.click(await soon(() => composer()));
    await user.paste(`Look: ${VILLA}`);
    const card = await vi.waitFor(() => one("composer-preview"), 4000);
    expect(card.textContent).toContain("villa.example");
    expect(card.textContent).not.toContain("\u202e");
    expect(card.querySelector("a")).toBeNull();
    // What is typed behind it asks nobody again.
    await user.type(composer(), " and the garden");
    await user.click(one("send"));
    await soon(() => expect(composer().value).toBe(""));
    expect(asked(fake)).toEqual([VILLA]);
    await soon(() => expect(all("preview").at(-1)?.getAttribute("href")).toBe(VILLA));
    expect(all("composer-preview")).toHaveLength(0);
    await user.click(all("preview").at(-1) as HTMLElement);
    await soon(() => expect(one("dialog").textContent).toContain("villa.example"));
  });

  it("are taken out, and stay out of this message", async () => {
    const user = userEvent.setup();
    const fake = await begin(true);
    await user.click(await soon(() => composer()));
    await user.paste(VILLA);
    await user.click(await vi.waitFor(() => one("composer-preview-remove"), 4000));
    expect(all("composer-preview")).toHaveLength(0);
    await user.type(composer(), " there");
    await user.click(one("send"));
    await soon(() => expect(composer().value).toBe(""));
    expect(asked(fake)).toEqual([VILLA]);
    expect(fake.calls.filter((call) => call.name === "draft_send").at(-1)?.args).toMatchObject({ previews: [] });
  });

  it("that don't come keep no message waiting", async () => {
    const user = userEvent.setup();
    const fake = await begin(true);
    await user.click(await soon(() => composer()));
    await user.paste("https://nobody.example/");
    await vi.waitFor(() => expect(one("composer-preview-none").textContent).toContain("nobody.example"), 4000);
    expect(asked(fake)).toHaveLength(1);
    await user.click(one("send"));
    await soon(() => expect(composer().value).toBe(""));
    expect(all("composer-preview")).toHaveLength(0);
    expect(all("composer-preview-none")).toHaveLength(0);
  });
});

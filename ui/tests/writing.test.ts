import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";

import { joined } from "../src/lib/compare";
import { chooseLanguage } from "../src/lib/text";
import source from "./left-out.js?raw";
import { all, one, soon, start } from "./helpers";

const leftOut = new Function(source) as () => string[];
const words = (id: string): string[] => all(id).map((element) => element.textContent?.trim() ?? "");
const composer = (): HTMLTextAreaElement => one<HTMLTextAreaElement>("composer");
const MINE = "Dear Cora, I split the certificate into two parts and";
const OTHER = "Dear Cora, the certificate comes in two parts and";

afterEach(() => chooseLanguage(null));

describe("two texts", () => {
  const parts = [
    { same: true, left: "Dear ", right: "Dear " },
    { same: false, left: "Ben", right: "Maria" },
    { same: true, left: ", here", right: ", here" },
    { same: false, left: "", right: " it is" },
  ];

  it("become one with the picked side of each difference", () => {
    expect(joined(parts, ["left", "left"])).toBe("Dear Ben, here");
    expect(joined(parts, ["right", "right"])).toBe("Dear Maria, here it is");
    expect(joined(parts, ["both", "both"])).toBe("Dear Ben Maria, here it is");
    expect(joined(parts, [])).toBe("Dear Ben Maria, here it is");
  });
});

describe("drafts of one conversation", () => {
  it("are changed above the composer, and what is typed in each stays", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/conversation/c-cora");
    await soon(() => expect(composer().value).toBe(MINE));
    expect(all("other-draft")).toHaveLength(2);
    await user.type(composer(), " more");
    await user.click(one("other-draft", '[data-id="dr-3"]').querySelector("button") as HTMLElement);
    await soon(() => expect(composer().value).toBe(OTHER));
    await user.click(one("other-draft", '[data-id="dr-1"]').querySelector("button") as HTMLElement);
    await soon(() => expect(composer().value).toBe(`${MINE} more`));
    await user.click(one("draft-new"));
    await soon(() => expect(composer().value).toBe(""));
    expect(all("other-draft")).toHaveLength(3);
  });

  it("go with an undo, also the one in the composer", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-cora");
    await soon(() => expect(composer().value).toBe(MINE));
    await user.click(one("other-draft", '[data-id="dr-1"]').querySelector("[data-testid=other-draft-discard]") as HTMLElement);
    await soon(() => expect(composer().value).toBe(OTHER));
    await soon(() => expect(all("other-draft")).toHaveLength(0));
    await user.click(one("toast-action"));
    await soon(() => expect(composer().value).toBe(MINE));
    expect(fake.calls.some((call) => call.name === "draft_discard")).toBe(false);
  });

  it("are held side by side; either is kept, and both can be one", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/conversation/c-cora");
    await user.click(await soon(() => one("draft-compare")));
    await soon(() => expect(one("compare-left").textContent?.trim()).toBe(MINE));
    expect(one("compare-right").textContent?.trim()).toBe(OTHER);
    expect(one("compare-left").querySelectorAll("mark").length).toBeGreaterThan(0);
    await user.click(one("compare-merged"));
    await user.click(one("compare-text").querySelector('input[value="right"]') as HTMLElement);
    await user.click(one("compare-join"));
    await soon(() => expect(composer().value).toBe(OTHER));
    expect(all("other-draft")).toHaveLength(0);
    await user.click(one("toast-action"));
    await soon(() => expect(composer().value).toBe(MINE));
    await soon(() => expect(all("other-draft")).toHaveLength(2));
  });

  it("have nothing in the view of both that is left out of the catalogue", async () => {
    const user = userEvent.setup();
    chooseLanguage("pseudo");
    await start(undefined, "#/conversation/c-cora");
    await user.click(await soon(() => one("draft-compare")));
    await soon(() => one("compare-left"));
    expect(leftOut()).toEqual([]);
    await user.click(one("compare-merged"));
    expect(leftOut()).toEqual([]);
  });

  it("are found by what they say and whom they are for", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/drafts");
    await soon(() => expect(all("draft-row")).toHaveLength(3));
    await user.type(one("draft-search"), "CERTÍFICATE comes");
    expect(all("draft-row")).toHaveLength(1);
    await user.click(one("draft-row").querySelector("button") as HTMLElement);
    await soon(() => expect(composer().value).toBe(OTHER));
  });
});

describe("the outbox", () => {
  const previews = (): string[] => words("outbox-row").map((text) => ["umbrella", "keys", "certificate", "member"].find((word) => text.includes(word)) ?? text);

  it("puts messages of one conversation into another order, by button and by key", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/outbox");
    await soon(() => expect(previews()).toEqual(["umbrella", "keys", "certificate", "member"]));
    await user.click(one("outbox-row", '[data-id="c-ben-10"]').querySelector("[data-testid=outbox-front]") as HTMLElement);
    await soon(() => expect(previews().slice(0, 2)).toEqual(["keys", "umbrella"]));
    expect(document.activeElement?.closest("[data-id]")?.getAttribute("data-id")).toBe("c-ben-10");
    await user.keyboard("{Alt>}{ArrowDown}{/Alt}");
    await soon(() => expect(previews().slice(0, 2)).toEqual(["umbrella", "keys"]));
    await user.keyboard("{Alt>}{ArrowUp}{/Alt}");
    await soon(() => expect(previews().slice(0, 2)).toEqual(["keys", "umbrella"]));
  });

  it("takes several back at once, says what could not be, and undoes it", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/outbox");
    await user.click(await soon(() => one("outbox-choose-all")));
    await user.click(one("outbox-cancel-all"));
    await soon(() => expect(previews()).toEqual(["member"]));
    await user.click(one("toast-action"));
    await soon(() => expect(all("outbox-row")).toHaveLength(4));
    one("outbox-row").querySelector("input")?.focus();
    await user.keyboard("{ArrowDown}{Delete}");
    await soon(() => expect(all("outbox-row")).toHaveLength(3));
  });
});

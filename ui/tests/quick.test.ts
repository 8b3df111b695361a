import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";

import type { Attachment } from "../src/lib/bindings/Attachment";
import { agency } from "../src/lib/backend/fake/agency";
import { slashAt, variables } from "../src/lib/quick";
import { chooseLanguage, tellFault } from "../src/lib/text";
import source from "./left-out.js?raw";
import { all, one, soon, start } from "./helpers";

const leftOut = new Function(source) as () => string[];
const composer = (): HTMLTextAreaElement => one<HTMLTextAreaElement>("composer");

afterEach(() => chooseLanguage(null));

describe("a slash", () => {
  it("asks at the beginning of a word, and not in addresses and paths", () => {
    expect(slashAt("/", 1)).toEqual({ from: 0, to: 1, query: "" });
    expect(slashAt("Hi /we and", 6)).toEqual({ from: 3, to: 6, query: "we" });
    for (const text of ["https://a", "either/or", "/usr/bin", "// x", "1/2"]) expect(slashAt(text, text.length)).toBeNull();
  });

  it("finds what is left to fill in, each once", () => {
    expect(variables("{{a.b}} {{ A.B }} {{x y}} {{}} {{c}}")).toEqual(["a.b", "c"]);
  });
});

describe("quick replies", () => {
  it("stay in their import when a choice of its table is given up", async () => {
    await start(undefined, "#/quick-import");
    const field = await soon(() => one("quick-file"));
    field.dispatchEvent(new Event("cancel", { bubbles: true }));
    expect(location.hash).toBe("#/quick-import");
    one("dialog").dispatchEvent(new Event("cancel", { cancelable: true }));
    expect(location.hash).toBe("#/quick");
  });

  it("are picked with the keys alone, filled in, marked, and taken out again", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-sam");
    await user.click(await soon(() => composer()));
    await user.keyboard("Hello /wel");
    await soon(() => expect(all("quick-hit")).toHaveLength(1));
    await user.keyboard("{Enter}");
    await soon(() => expect(composer().value).toMatch(/^Hello Dear \S+,\nthank you/u));
    expect(one("quick-note").dataset["gaps"]).toBe("0");
    await user.click(one("quick-undo"));
    await soon(() => expect(composer().value).toBe("Hello "));
    expect(all("quick-note")).toHaveLength(0);
    await user.keyboard("/wel");
    await soon(() => expect(all("quick-hit")).toHaveLength(1));
    await user.keyboard("{Enter}");
    await soon(() => one("quick-note"));
    await user.click(one("send"));
    await soon(() => expect(composer().value).toBe(""));
    const saved = fake.calls.filter((call) => call.name === "draft_set").at(-1)?.args as { template: string };
    expect(saved.template).toBe("q-1");
    expect(all("quick-note")).toHaveLength(0);
  });

  it("bring their files, and take them with them when they are taken out", async () => {
    const user = userEvent.setup();
    const world = agency();
    const rules: Attachment = { id: "f-rules", name: "Rules.pdf", mime: "application/pdf", size: 9000, state: "ready", here: true, progress: 1, width: null, height: null, thumbnail: null, voice: null, pinned: false, held: null };
    world.quick = world.quick.map((one) => (one.id === "q-1" ? { ...one, files: [rules] } : one));
    await start(world, "#/conversation/c-sam");
    await user.click(await soon(() => composer()));
    await user.keyboard("/wel");
    await soon(() => expect(one("quick-hit").textContent).toContain("1 file"));
    await user.keyboard("{Enter}");
    await soon(() => expect(one("pending-file").textContent).toContain("Rules.pdf"));
    await user.click(one("quick-undo"));
    await soon(() => expect(all("pending-file")).toHaveLength(0));
    expect(composer().value).toBe("");
  });

  it("are not sent with a hole in them that nobody saw", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-sam");
    await user.click(await soon(() => composer()));
    await user.keyboard("/");
    await soon(() => expect(all("quick-hit").length).toBeGreaterThan(1));
    await user.keyboard("{Alt>}{ArrowRight}{ArrowRight}{/Alt}");
    await soon(() => expect(all("quick-hit")).toHaveLength(1));
    await user.keyboard("{Enter}");
    await soon(() => expect(one("quick-gap").textContent).toContain("reservation.check_in"));
    await user.click(one("send"));
    await soon(() => one("quick-send-anyway"));
    expect(fake.calls.some((call) => call.name === "draft_send")).toBe(false);
    await user.click(one("quick-send-anyway"));
    await soon(() => expect(fake.calls.some((call) => call.name === "draft_send")).toBe(true));
  });

  it("close with Escape, and the slash stays", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/conversation/c-sam");
    await user.click(await soon(() => composer()));
    await user.keyboard("/keys");
    await soon(() => one("quick-picker"));
    await user.keyboard("{Escape}");
    expect(all("quick-picker")).toHaveLength(0);
    expect(composer().value).toBe("/keys");
  });

  it("are written, changed and removed with an undo", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/quick");
    await soon(() => expect(all("quick-row")).toHaveLength(3));
    await user.click(one("quick-new"));
    await user.type(one("quick-title"), "Thanks");
    await user.type(one("quick-body"), "Thank you! {{{{nonsense}}");
    await soon(() => expect(one("quick-preview").textContent).toContain("Thank you!"));
    await soon(() => expect(one("quick-form").textContent).toContain("{{nonsense}}"));
    await user.click(one("quick-save"));
    await soon(() => expect(all("quick-row")).toHaveLength(4));
    await user.type(one("quick-search"), "gate");
    await soon(() => expect(all("quick-row")).toHaveLength(1));
    await user.click(one("quick-row").querySelector("button") as HTMLElement);
    await user.click(await soon(() => one("quick-remove")));
    await soon(() => expect(all("quick-row")).toHaveLength(0));
    await user.click(one("toast-action"));
    await soon(() => expect(all("quick-row")).toHaveLength(1));
  });

  it("come from a table as a whole or not at all, what is there already first", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/quick-import");
    const file = (text: string): File => new File([text], "quick.csv", { type: "text/csv" });
    const field = await soon(() => one<HTMLInputElement>("quick-file"));
    await user.upload(field, file("title,body\nMap,Follow the river\nEmpty,\n"));
    await soon(() => expect(one("quick-fault").textContent).toContain("Line 3"));
    // In another language the catalogue says what is wrong.
    const fault = { line: 3, code: "column_unknown", about: "colour", message: "There is no column." } as const;
    expect(tellFault(fault)).toBe(fault.message);
    chooseLanguage("pseudo");
    expect(tellFault(fault)).toMatch(/^⟦.*colour.*⟧$/u);
    chooseLanguage(null);
    expect(one<HTMLButtonElement>("quick-import-do").disabled).toBe(true);
    await user.upload(field, file("title,body\nMap,Follow the river\nWelcome,Hello\n"));
    await soon(() => expect(one("quick-duplicate").textContent).toContain("Welcome"));
    expect(one("quick-taken").textContent).toContain("1 quick reply");
    await user.click(one("quick-import-do"));
    await soon(() => expect(all("quick-row")).toHaveLength(4));
  });

  it("come in with their letters right, or not at all", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/quick-import");
    const field = await soon(() => one<HTMLInputElement>("quick-file"));
    const take = (...parts: BlobPart[]): Promise<void> => user.upload(field, new File(parts, "quick.csv", { type: "text/csv" }));
    const wide = "\ufefftitle,body\nGrüße,Guten Tag\n";
    await take(new Uint8Array([...wide].flatMap((letter) => [letter.charCodeAt(0) & 255, letter.charCodeAt(0) >> 8])));
    await soon(() => expect(one("quick-taken").textContent).toContain("1 quick reply"));
    await take(new Uint8Array([...new TextEncoder().encode("title,body\nGr"), 0xfc, 0xdf, 0x65, 0x2c, 0x61, 0x0a]));
    await soon(() => expect(one("error").textContent).toContain("UTF-8"));
    expect(all("quick-taken")).toHaveLength(0);
    expect(one<HTMLButtonElement>("quick-import-do").disabled).toBe(true);
    await take("title,body\n", "x".repeat(5 * 1024 * 1024));
    await soon(() => expect(one("error").textContent).toContain("4 MB"));
  });

  it("are told of on the message that began as one, to those who have it", async () => {
    const fake = await start(undefined, "#/conversation/c-sam");
    await soon(() => expect(all("message").length).toBeGreaterThan(0));
    expect(all("message-template")).toHaveLength(0);
    const row = fake.world.messages.get("c-sam")?.at(-1);
    if (!row) throw new Error("no message");
    fake.putMessage({ ...row, template: { id: "q-1", title: "Welcome" } });
    await soon(() => expect(one("message-template").getAttribute("aria-label")).toContain("Began as the quick reply"));
  });

  it("teach the first one where there is none", async () => {
    const user = userEvent.setup();
    const world = agency();
    world.quick = [];
    await start(world, "#/conversation/c-sam");
    await user.click(await soon(() => composer()));
    await user.keyboard("/");
    await soon(() => expect(one("quick-picker").textContent).toContain("No quick replies yet"));
    await user.keyboard("x");
    await soon(() => expect(all("quick-picker")).toHaveLength(0));
  });

  it("leave no text out of the catalogue", async () => {
    const user = userEvent.setup();
    chooseLanguage("pseudo");
    await start(undefined, "#/quick");
    await user.click((await soon(() => one("quick-row"))).querySelector("button") as HTMLElement);
    await soon(() => one("quick-form"));
    expect(leftOut()).toEqual([]);
  });
});

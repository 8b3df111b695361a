import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { rangesOf } from "../src/lib/marks";
import { all, app, one, soon, start } from "./helpers";

const field = (): HTMLInputElement => one<HTMLInputElement>("search-input");

describe("search", () => {
  it("completes filters by keyboard and shows them as chips that can be taken away", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/search");
    await user.type(await soon(field), "fro");
    await soon(() => one("search-completion"));
    await user.keyboard("{Tab}");
    await soon(() => expect(field().value).toBe("from:"));
    await user.type(field(), "ben");
    await soon(() => expect(one("search-completion").textContent).toBe('from:"Ben Okafor"'));
    await user.keyboard("{ArrowDown}{Enter}");
    await soon(() => expect(one("search-chip").textContent).toContain("Ben Okafor"));
    await soon(() => expect(all("search-hit").length).toBeGreaterThan(0));
    await user.click(one("search-chip"));
    await soon(() => expect(all("search-chip")).toEqual([]));
    expect(field().value).toBe("");
  });

  it("takes a filter that is typed twice", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/search");
    await user.type(await soon(field), "has:file has:file ");
    await soon(() => expect(all("search-chip").length).toBeGreaterThan(0));
    await user.type(field(), "boiler");
    await soon(() => expect(field().value).toBe("has:file has:file boiler"));
    await soon(() => expect(all("search-chip").length).toBe(2));
  });

  it("finds conversations by who is in them, and says who was meant", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/search");
    await user.type(await soon(field), "rosa maria");
    // What half of the words found stands there until the rest is asked.
    await soon(() => expect(one("search-with").textContent).toBe("with Maria Bellini"));
    expect(one("search-conversation").dataset["id"]).toBe("c-rosa");
  });

  it("goes through everything by keyboard: field, names, hits, and back", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/search");
    await user.type(await soon(field), "ben");
    await soon(() => expect(all("search-conversation").length).toBeGreaterThan(0));
    await user.keyboard("{ArrowDown}");
    expect(document.activeElement).toBe(document.querySelector("[data-line]"));
    await user.keyboard("{ArrowUp}");
    expect(document.activeElement).toBe(field());
    await user.keyboard("{ArrowDown}{End}");
    const lines = document.querySelectorAll("[data-line]");
    expect(document.activeElement).toBe(lines[lines.length - 1]);
  });

  it("asks in the order that was chosen, and remembers what led somewhere", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/search");
    await user.type(await soon(field), "boiler");
    await soon(() => one("search-hit"));
    await user.click(one("search-order", "[data-order=best]"));
    await soon(() => expect(fake.calls.filter((call) => call.name === "search").at(-1)?.args).toMatchObject({ query: "boiler", order: "best" }));
    await user.click(await soon(() => one("search-hit")));
    await soon(() => expect(app().dataset["view"]).toBe("conversation"));
    expect(fake.world.searches).toEqual(["boiler"]);
    window.location.hash = "#/search";
    await user.click(await soon(() => one("search-recent")));
    await soon(() => expect(field().value).toBe("boiler"));
  });

  it("takes as many letters as somebody types, and keeps them for the way back", async () => {
    const user = userEvent.setup({ delay: null });
    // As WebKit does: an address may be written 100 times in 30 s.
    let written = 0;
    const replace = vi.spyOn(window.history, "replaceState").mockImplementation((...args) => {
      if ((written += 1) > 100) throw new DOMException("Attempt to use history.replaceState() more than 100 times per 30 seconds", "SecurityError");
      History.prototype.replaceState.apply(window.history, args);
    });
    await start(undefined, "#/search");
    await soon(field);
    for (let at = 0; at < 12; at += 1) {
      await user.clear(field());
      await user.type(field(), "boiler has:");
    }
    await user.clear(field());
    await user.type(field(), "boi");
    await soon(() => expect(window.location.hash).toBe("#/search?q=boi"));
    await user.type(field(), "ler");
    await user.click(await soon(() => one("search-hit")));
    await soon(() => expect(app().dataset["view"]).toBe("conversation"));
    window.history.back();
    await soon(() => expect(field().value).toBe("boiler"));
    replace.mockRestore();
  });

  it("says what to do when nothing is found", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/search");
    await user.type(await soon(field), "boiler from:nobody");
    await user.click(await soon(() => one("search-clear")));
    await soon(() => one("search-hit"));
    expect(field().value.trim()).toBe("boiler");
  });

  it("shows the answer to the last question only", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/search");
    let open = (): void => undefined;
    fake.gates.set("search", new Promise((go) => (open = go)));
    await user.type(await soon(field), "boiler");
    await soon(() => expect(fake.calls.some((call) => call.name === "search")).toBe(true));
    fake.gates.delete("search");
    await user.clear(field());
    await user.type(field(), "tiles");
    await soon(() => expect(one("search-hit").querySelector("mark")?.textContent?.toLowerCase()).toBe("tiles"));
    open();
    await Promise.resolve();
    expect(all("search-hit").every((hit) => hit.querySelector("mark")?.textContent?.toLowerCase() === "tiles")).toBe(true);
  });

  it("goes from hit to hit in a conversation", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/conversation/c-site");
    await user.click(await soon(() => one("thread-find")));
    await user.type(await soon(() => one("find-input")), "fitter");
    await soon(() => expect(all("search-hit").length).toBeGreaterThan(2));
    await user.keyboard("{Enter}");
    await soon(() => expect(document.querySelector("[data-testid=search-hit][aria-current]")).toBe(all("search-hit")[0]));
    await user.click(one("find-next"));
    await user.keyboard("{Enter}");
    await soon(() => expect(all("search-hit").findIndex((hit) => hit.ariaCurrent === "true" || hit.getAttribute("aria-current") === "true")).toBeGreaterThan(0));
    one("find-input").focus();
    await user.keyboard("{Shift>}{Enter}{/Shift}");
    await soon(() => expect(one("find-previous")).toBeTruthy());
  });
});

describe("words that are marked where they stand", () => {
  it("are found whatever the case, across elements, and never without end", () => {
    const element = document.createElement("p");
    element.innerHTML = "The <b>boi</b>ler, THE boiler";
    const found = rangesOf(element, ["Boiler"]).map((range) => range.toString());
    expect(found).toEqual(["boiler", "boiler"]);
    element.textContent = "a".repeat(5_000);
    expect(rangesOf(element, ["a"]).length).toBe(200);
    expect(rangesOf(element, ["", "x"])).toEqual([]);
  });
});

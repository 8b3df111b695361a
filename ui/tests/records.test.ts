import userEvent from "@testing-library/user-event";
import { cleanup, fireEvent } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";

import { CallError } from "../src/lib/backend";
import { agency } from "../src/lib/backend/fake/agency";
import type { ConversationRow } from "../src/lib/bindings/ConversationRow";
import { version } from "../src/lib/backend/fake/records";
import { attachment } from "../src/lib/backend/fake/world";
import { minorOf, typed } from "../src/lib/record";
import { chooseLanguage, t } from "../src/lib/text";
import { all, app, one, soon, start } from "./helpers";

afterEach(() => chooseLanguage(null));

function field(key: string): HTMLElement {
  return one("record-field", `[data-field="${key}"]`);
}

function toast(): string {
  return one("toast").textContent ?? "";
}

describe("a property", () => {
  it("is kept with a title, a price and a place, and opened", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/records");
    await user.click(await soon(() => one("record-add")));
    await user.type(await soon(() => one("record-title")), "Casa Azul");
    await user.type(one("record-price"), "310.000,50");
    await user.click(one("record-create"));
    await soon(() => expect(app().dataset["view"]).toBe("record"));
    const made = fake.calls.find((call) => call.name === "record_new")?.args as { fields: Record<string, unknown> };
    expect(made.fields["title"]).toEqual({ text: "Casa Azul" });
    expect(made.fields["price"]).toEqual({ money: { minor: 31_000_050, currency: "EUR" } });
  });

  it("writes only the field that was changed, and a status can be undone", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/record/r-villa");
    await soon(() => field("title"));
    const title = field("title").querySelector("input") as HTMLInputElement;
    await user.click(title);
    await user.tab();
    expect(fake.calls.some((call) => call.name === "record_set")).toBe(false);
    await user.selectOptions(field("status").querySelector("select") as HTMLSelectElement, "sold");
    await soon(() => expect(toast()).toContain("Sold"));
    expect(fake.calls.filter((call) => call.name === "record_set").map((call) => call.args)).toEqual([{ record: "r-villa", fields: { status: { choice: "sold" } } }]);
    await user.click(one("toast-action"));
    await soon(() => expect((field("status").querySelector("select") as HTMLSelectElement).value).toBe("available"));
  });

  it("shows a field edited apart with who and when, and settles it in place", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/record/r-attic");
    const conflict = await soon(() => one("record-conflict"));
    expect(conflict.textContent).toContain("You");
    expect(conflict.textContent).toContain("Ben Okafor");
    expect(conflict.textContent).toContain("Title: 2 values");
    expect(conflict.textContent).toContain("Loft, Kanał 12");
    expect(conflict.querySelectorAll("time")).toHaveLength(2);
    await user.click(one("record-use", '[data-by="p-ben"]'));
    await soon(() => expect(all("record-conflict")).toHaveLength(0));
    expect(fake.calls.some((call) => call.name === "record_settle")).toBe(true);
    expect((field("title").querySelector("input") as HTMLInputElement).value).toBe("Loft, Kanał 12");
  });

  it("is shared after a look at what clients will see, which holds nothing internal", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/share/r-villa");
    const preview = await soon(() => one("share-preview"));
    expect(preview.textContent).toContain("€420,000");
    expect(preview.textContent).not.toContain("a little less");
    expect(preview.textContent).toContain("They never see: Internal notes.");
    expect((one("share-do") as HTMLButtonElement).disabled).toBe(true);
    await user.click(one("share-client", '[data-space="s-maria"]'));
    await user.click(one("share-do"));
    await soon(() => expect(toast()).toContain("Shared with 1 client"));
    expect(fake.calls.find((call) => call.name === "record_publish")?.args).toEqual({ record: "r-villa", clients: ["s-maria"], on: true });
  });

  it.each(["file_not_here", "file_gone"] as const)("says why it is not shared while photos are missing: %s", async (code) => {
    const user = userEvent.setup();
    chooseLanguage("pseudo");
    const fake = await start(undefined, "#/share/r-villa");
    fake.failing.set("record_publish", new CallError({ code, message: "The engine's own words." }));
    await soon(() => one("share-preview"));
    await user.click(one("share-client", '[data-space="s-maria"]'));
    await user.click(one("share-do"));
    const error = await soon(() => one("error"));
    expect(error.dataset["code"]).toBe(code);
    expect(error.textContent).toContain(t.error[code]);
  });

  it("says of a photo that the relay does not take why, and tries again", async () => {
    const user = userEvent.setup();
    const world = agency();
    const held = world.records.get("r-villa");
    const photos = held?.fields.find((one) => one.key === "photos");
    for (const [state, words] of [["too_large", "Larger than what the relay takes"], ["refused", "The relay does not take it"]] as const) {
      if (photos) photos.values = [version({ files: [{ ...attachment("a-house", "Front.png", "image/png", 1024), state }] })];
      const fake = await start(world, "#/record/r-villa");
      expect((await soon(() => one("attachment-refused"))).textContent).toContain(words);
      one("record-photo", `[data-state=${state}]`);
      await user.click(one("attachment-again"));
      await soon(() => expect(fake.calls.find((call) => call.name === "attachment_fetch")?.args).toEqual({ id: "a-house" }));
      cleanup();
    }
    // What waits for room goes by itself: there is nothing to press.
    const short = { code: "relay_quota", message: "Your share of the relay's storage is used up." } as const;
    if (photos) photos.values = [version({ files: [{ ...attachment("a-house", "Front.png", "image/png", 1024), state: "waiting", held: short }] })];
    await start(world, "#/record/r-villa");
    expect((await soon(() => one("attachment-refused"))).textContent.trim()).toBe(short.message);
    expect(all("attachment-again")).toEqual([]);
  });

  it("is deleted with an undo", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/record/r-villa");
    await user.click(await soon(() => one("record-delete")));
    await soon(() => expect(app().dataset["view"]).toBe("records"));
    await soon(() => expect(all("record", '[data-id="r-villa"]')).toHaveLength(0));
    await user.click(one("toast-action"));
    await soon(() => one("record", '[data-id="r-villa"]'));
    expect(fake.calls.filter((call) => call.name === "record_delete")).toHaveLength(2);
  });
});

describe("the board of interests", () => {
  function column(id: string): string | undefined {
    return one("board-card", `[data-id="${id}"]`).closest<HTMLElement>("[data-column]")?.dataset["column"];
  }

  it("moves a card by key, says so, keeps the focus and undoes it", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/interests");
    const card = await soon(() => one("board-card", '[data-id="i-tom"]'));
    card.querySelector<HTMLElement>("[data-card]")?.focus();
    await user.keyboard("{Alt>}{ArrowRight}{/Alt}");
    await soon(() => expect(column("i-tom")).toBe("viewing_scheduled"));
    expect(one("board-said").textContent).toBe("Tomás Herrera: Villa Rosa: Viewing scheduled");
    await soon(() => expect((document.activeElement as HTMLElement | null)?.dataset["card"]).toBe("i-tom"));
    await user.click(one("toast-action"));
    await soon(() => expect(column("i-tom")).toBe("interested"));
  });

  it("moves a card that is dragged to another column", async () => {
    const fake = await start(undefined, "#/interests");
    const card = (await soon(() => one("board-card", '[data-id="i-tom"]'))).querySelector("[data-card]") as HTMLElement;
    await fireEvent.dragStart(card);
    await fireEvent.dragOver(one("board-column", '[data-column="purchased"]'));
    await fireEvent.drop(one("board-column", '[data-column="purchased"]'));
    await soon(() => expect(column("i-tom")).toBe("purchased"));
    expect(fake.calls.find((call) => call.name === "record_set")?.args).toEqual({ record: "i-tom", fields: { status: { choice: "purchased" } } });
  });

  it("has columns by level too, and each says how many it holds", async () => {
    const user = userEvent.setup();
    await start(undefined, "#/interests");
    await soon(() => one("board"));
    await user.selectOptions(document.querySelector("header select") as HTMLSelectElement, "level");
    await soon(() => expect(column("i-maria")).toBe("high"));
    expect(one("board-column", '[data-column="high"]').getAttribute("aria-label")).toBe("High, 1 interest");
  });
});

describe("a conversation", () => {
  it("shows what it is about beside it, with the client's interest", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/conversation/c-rosa");
    await soon(() => one("record-chip", '[data-id="r-villa"]'));
    const unlink = await soon(() => {
      const found = document.querySelector<HTMLElement>('[aria-label="Unlink Villa Rosa"]');
      if (!found) throw new Error("no panel");
      return found;
    });
    await user.click(unlink);
    await soon(() => expect(toast()).toContain("Unlinked: Villa Rosa"));
    expect(fake.calls.find((call) => call.name === "record_link")?.args).toEqual({ conversation: "c-rosa", record: "r-villa", on: false });
  });

  it("offers to begin a property where clients are worked with, and has no empty heading elsewhere", async () => {
    const user = userEvent.setup();
    const world = agency();
    world.records.clear();
    for (const id of ["c-rosa", "c-ben"]) world.rows.set(id, { ...(world.rows.get(id) as ConversationRow), records: [], staffed: id === "c-rosa" });
    await start(world, "#/conversation/c-ben");
    await soon(() => expect(one("thread-title").textContent).toBe("Ben Okafor"));
    await soon(() => expect(document.querySelector("aside [aria-label=Properties]")).toBeNull());
    window.location.hash = "#/conversation/c-rosa";
    await user.click(await soon(() => one("record-add")));
    await soon(() => one("record-create"));
  });

  it("is begun from a property, which goes with it", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/new?about=r-villa&with=p-maria");
    await soon(() => one("record-chip", '[data-id="r-villa"]'));
    await user.type(one("new-message"), "Would this be something?");
    await user.click(one("new-start"));
    await soon(() => expect(fake.calls.some((call) => call.name === "conversation_new")).toBe(true));
    expect((fake.calls.find((call) => call.name === "conversation_new")?.args as { about: string[] }).about).toEqual(["r-villa"]);
  });
});

it("an amount is read as people write it", () => {
  expect(minorOf("420000", "EUR")).toBe(42_000_000);
  expect(minorOf("420 000", "EUR")).toBe(42_000_000);
  expect(minorOf("420.000", "EUR")).toBe(42_000_000);
  expect(minorOf("420,000.50", "EUR")).toBe(42_000_050);
  expect(minorOf("19,9", "EUR")).toBe(1_990);
  expect(minorOf("5.000.000", "JPY")).toBe(5_000_000);
  for (const bad of ["", "much", "-3", "1e9", "12x"]) expect(minorOf(bad, "EUR")).toBe(null);
  expect([typed(42_000_000, "EUR"), typed(42_000_050, "EUR"), typed(5_000, "JPY")]).toEqual(["420000", "420000.50", "5000"]);
});

import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";

import { agency } from "../src/lib/backend/fake/agency";
import { notice } from "../src/lib/backend/fake/notices";
import { desktopWords } from "../src/lib/desktop";
import { chooseLanguage, t } from "../src/lib/text";
import { en } from "../src/lib/text/en";
import { all, app, one, soon, start } from "./helpers";

afterEach(() => chooseLanguage(null));

describe("the notification centre", () => {
  it("lists what happened, leads there, and counts at the bell", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/notices");
    await soon(() => expect(all("notice").length).toBeGreaterThan(4));
    const bell = (): string => document.querySelector("[data-nav=notices] .count")?.textContent ?? "";
    expect(bell()).toBe("4");
    const mention = one("notice", "[data-id=n-1]");
    expect(mention.textContent).toContain("Ben Okafor mentioned you in Renovation, Hill Road 12");
    expect(one("notice", "[data-kind=message]").dataset["unread"]).toBe("true");
    await user.click(mention.querySelector("[data-testid=notice-open]") as HTMLElement);
    await soon(() => expect(app().dataset["view"]).toBe("conversation"));
    expect(window.location.hash).toContain("m=c-site-5");
    expect(fake.world.notices.find((row) => row.id === "n-1")?.unread).toBe(false);
  });

  it("marks one and all as read, by keyboard too, and shows what is unread alone", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/notices");
    await user.click(await soon(() => one("notices-unread")));
    await soon(() => expect(all("notice", "[data-unread=false]")).toEqual([]));
    const before = all("notice").length;
    await user.click(one("notice", "[data-id=n-2]").querySelector("[data-testid=notice-read]") as HTMLElement);
    await soon(() => expect(all("notice").length).toBe(before - 1));
    const [first] = all("notice-open");
    first?.focus();
    await user.keyboard("{ArrowDown}");
    expect(document.activeElement).toBe(all("notice-open")[1]);
    await user.click(one("notices-read-all"));
    await soon(() => expect(all("notice")).toEqual([]));
    expect(fake.world.status.notices).toBe(0);
    expect(one<HTMLButtonElement>("notices-read-all").disabled).toBe(true);
  });

  it("goes on by itself as its end comes near, with few rows in the page and the focus kept", async () => {
    const user = userEvent.setup();
    const world = agency();
    const at = (n: number): string => new Date(Date.parse("2030-01-01T10:00:00.000Z") - n * 60_000).toISOString();
    world.notices = Array.from({ length: 130 }, (_, n) => notice(`n-${n}`, "device", { at: at(n), title: "Laptop", unread: false }));
    const fake = await start(world, "#/notices");
    const place = (): string | null | undefined => document.activeElement?.closest("li")?.getAttribute("aria-posinset");
    (await soon(() => one("notice-open"))).focus();
    expect(one("notice").closest("li")?.getAttribute("aria-setsize"), "there are more than are here").toBe("-1");
    let last = "0";
    while (all("notice").at(-1)?.closest("li")?.getAttribute("aria-setsize") === "-1") {
      await user.keyboard("{End}");
      await soon(() => expect(Number(place())).toBeGreaterThan(Number(last)));
      last = place() ?? "";
      expect(all("notice").length).toBeLessThan(60);
    }
    await user.keyboard("{End}");
    const total = 130 + [...fake.world.rows.values()].filter((row) => row.unread > 0 && !row.archived).length;
    await soon(() => expect(place()).toBe(String(total)));
    await user.keyboard("{ArrowUp}");
    await soon(() => expect(place()).toBe(String(total - 1)));
    // What happens meanwhile leaves one where one is.
    fake.emit({ event: "notices", unread: 0, read: [] });
    await soon(() => expect(fake.calls.filter((call) => call.name === "notices").at(-1)?.args).toMatchObject({ limit: 50 }));
    expect(place()).toBe(String(total - 1));
  });

  it("goes on with what is read elsewhere", async () => {
    const fake = await start(undefined, "#/notices");
    await soon(() => one("notice", "[data-id=n-2][data-unread=true]"));
    await fake.call("notices_read", { ids: ["n-2"], all: false });
    await soon(() => one("notice", "[data-id=n-2][data-unread=false]"));
  });
});

describe("what is told outside the window", () => {
  it("is said in the catalogue's words, which the shell begins with in English", async () => {
    const english = `${JSON.stringify(desktopWords(en), null, 2)}\n`;
    await expect(english).toMatchFileSnapshot("../../src-tauri/src/words.json");
    const fake = await start();
    await soon(() => expect(fake.words).toEqual(desktopWords(en)));
  });

  it("follows the language, with places for what is only known then", async () => {
    chooseLanguage("pseudo");
    const fake = await start();
    await soon(() => expect(fake.words?.show).toBe(t.desktop.show));
    expect(fake.words?.show).toMatch(/^⟦.*⟧$/u);
    expect(fake.words?.says["mention"]).toMatch(/^⟦\{name\} .*\{title\}.*⟧$/u);
    expect(fake.words?.files["photo"]).toHaveLength(20);
  });
});

describe("what is told in the window", () => {
  const wrote = (id: string, text: string) => notice(id, "message", { name: "Ben Okafor", title: "Ben Okafor", text, conversation: "c-ben" });
  const news = { event: "notify", notice: wrote("m-1", "Are you there?"), hidden: false, in_app: true, desktop: false, sound: false } as const;

  it("shows once for a conversation, leads there, and goes when it is read elsewhere", async () => {
    const user = userEvent.setup();
    const fake = await start();
    fake.emit(news);
    fake.emit({ ...news, notice: wrote("m-2", "Hello?") });
    await soon(() => expect(all("news").map((toast) => toast.querySelector(".text")?.textContent)).toEqual(["Ben Okafor: Hello?"]));
    fake.emit({ event: "unnotify", conversation: "c-ben" });
    await soon(() => expect(all("news")).toEqual([]));
    fake.emit(news);
    await user.click(await soon(() => one("news-action")));
    await soon(() => expect(window.location.hash).toBe("#/conversation/c-ben"));
    expect(all("news")).toEqual([]);
  });

  it("is said in the window's language, whatever it is", async () => {
    chooseLanguage("pseudo");
    const fake = await start();
    fake.emit({ ...news, notice: notice("n-9", "mention", { name: "Ben Okafor", title: "Hill Road 12", text: "look", conversation: "c-site" }) });
    const { says } = t.notices;
    await soon(() => expect(one("news").querySelector(".text")?.textContent).toBe(t.toast.told(says.mention("Ben Okafor", "Hill Road 12"), "look")));
    fake.emit({ ...news, notice: notice("n-10", "left", { me: true, title: "", conversation: "c-alone" }) });
    await soon(() => expect(all("news").at(-1)?.textContent).toContain(says.youLeft(t.list.alone)));
  });

  it("is not what the desktop is told", async () => {
    const fake = await start();
    fake.emit({ ...news, in_app: false, desktop: true });
    fake.emit({ event: "typing", conversation: "c-ben", person: "p-ben", name: "Ben" });
    expect(all("news")).toEqual([]);
  });
});

describe("what somebody wants to be told of", () => {
  it("is chosen for each kind and channel", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/settings");
    const row = await soon(() => one("setting", "[data-id=notify_mention]"));
    const box = (channel: string): HTMLInputElement => row.querySelector(`[data-channel=${channel}]`) as HTMLInputElement;
    expect([box("in_app").checked, box("desktop").checked, box("sound").checked]).toEqual([true, true, true]);
    await user.click(box("desktop"));
    await soon(() => expect(fake.world.notify.kinds.find((one) => one.kind === "mention")?.desktop).toBe(false));
    await soon(() => expect(box("sound").disabled).toBe(true));
  });

  it("has quiet hours with days and times", async () => {
    const user = userEvent.setup();
    const fake = await start(undefined, "#/settings");
    const quiet = await soon(() => one("setting", "[data-id=quiet] "));
    await user.click(quiet.querySelector("[role=switch]") as HTMLElement);
    await user.click(await soon(() => one("quiet-day", "[data-day=\"7\"]")));
    await soon(() => expect(fake.world.notify.quiet).toMatchObject({ on: true, days: [1, 2, 3, 4, 5, 6] }));
    await user.click(one("quiet-mentions"));
    await soon(() => expect(fake.world.notify.quiet.mentions).toBe(false));
  });

  it("is chosen for a conversation", async () => {
    const user = userEvent.setup();
    const world = agency();
    const fake = await start(world, "#/conversation/c-ben");
    await user.click(await soon(() => one("thread-menu")));
    await user.click(one("thread-announce"));
    await user.click(await soon(() => one("announce", "[data-choice=mentions]")));
    await soon(() => expect(fake.world.announce.get("c-ben")).toBe("mentions"));
  });
});

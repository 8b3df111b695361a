import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import userEvent from "@testing-library/user-event";
import { parse, type AST } from "svelte/compiler";
import { afterEach, describe, expect, it } from "vitest";

import { money, percent, plural, size, time } from "../src/lib/format";
import { hashOf, ROUTES } from "../src/lib/routes";
import { chooseLanguage, languages, t } from "../src/lib/text";
import { en } from "../src/lib/text/en";
import { nearest } from "../src/lib/text/languages";
import { app, nobody, one, soon, start } from "./helpers";
import source from "./left-out.js?raw";

/** What stands on the page without coming from the catalogue. */
const leftOut = new Function(source) as () => string[];
const ids = { conversation: "c-rosa", person: "p-maria", record: "r-villa", file: "a-house" } as const;

afterEach(() => chooseLanguage(null));

describe("the catalogue", () => {
  it("is where every text of a component comes from", () => {
    const root = join(import.meta.dirname, "../src");
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".svelte"));
    expect(files.length).toBeGreaterThan(50);
    const found = files.flatMap((file) => literals(readFileSync(join(root, file), "utf8")).map((text) => `${file}: ${text}`));
    expect(found, "put them into lib/text/en/").toEqual([]);
  });

  it("finds what is left out of it", () => {
    expect(literals('<p title="Close">{open ? "Yes" : t.no} and</p><i class="x" data-testid="y">{t.a} · 3</i>')).toEqual(["title Close", "Yes", "and"]);
    document.body.innerHTML = '<p title="Close">⟦Ýéš⟧ <bdi>Ben</bdi> and</p><i aria-label="⟦Û⟧ x"><kbd>Esc</kbd> 3</i>';
    expect(leftOut().map((line) => line.split(" in ")[0])).toEqual(['text "and"', 'title "Close"', 'aria-label "⟦Û⟧ x"']);
    document.body.innerHTML = "";
  });

  it("counts by the rules of its language", () => {
    const polish = plural("pl");
    const forms = { one: "plik", few: "pliki", many: "plików", other: "pliku" };
    expect([1, 3, 5].map((n) => polish(n, forms))).toEqual(["1 plik", "3 pliki", "5 plików"]);
    expect([0, 1, 2].map(en.list.unread)).toEqual(["0 unread messages", "1 unread message", "2 unread messages"]);
  });
});

describe("a language", () => {
  it("is that of the system where there is a catalogue, and English elsewhere", () => {
    expect(nearest(["en-GB"])).toBe("en");
    expect(nearest(["xx", "pseudo", "C"])).toBe("en");
  });

  it("changes texts, labels, numbers and the way the page runs, at once", async () => {
    await start(undefined, "#/settings?q=pseudo");
    const choice = await soon(() => one("setting", '[data-id="language"]').querySelector("select") as HTMLSelectElement);
    choice.value = "pseudo-rtl";
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    await soon(() => expect(one("setting", '[data-id="language"]').textContent).toContain("⟦"));
    expect([document.documentElement.dir, document.documentElement.lang]).toEqual(["rtl", "ar-XB"]);
    chooseLanguage(null);
    expect([document.documentElement.dir, t.common.undo]).toEqual(["ltr", "Undo"]);
  });

  it("that is made up is offered only to who searches for it", async () => {
    expect(languages(false).map(([name]) => name)).toEqual(["en"]);
    await start(undefined, "#/settings");
    const options = [...(await soon(() => one("setting", '[data-id="language"]'))).querySelectorAll("option")];
    expect(options.map((option) => option.value)).toEqual(["", "en"]);
  });

  it("has its own way to write sizes, parts and money", () => {
    chooseLanguage("en");
    expect([size(1_500_000), percent(0.42), money(42_000_000, "EUR"), money(500, "JPY")]).toEqual(["1.5\u00a0MB", "42%", "€420,000", "¥500"]);
    chooseLanguage("pseudo");
    expect(time("2026-11-21T14:05:00Z")).toMatch(/^⟦.*⟧$/u);
    expect(t.list.unread(1_500)).toBe("⟦1,500 ûûñŕééááð ɱééššááĝééš⟧");
    expect(t.people.approved("Ben")).toMatch(/^⟦Ben /u);
  });
});

describe("in the pseudo-locale", () => {
  it.each(ROUTES.map((route) => [route.name, route] as const))("%s has no text that is left out", async (name, route) => {
    chooseLanguage("pseudo");
    await start(undefined, hashOf(name, "param" in route ? ids[route.param] : null));
    await soon(() => expect(app().dataset["view"]).toBe(name));
    if (route.layer === "dialog") await soon(() => one("dialog"));
    await soon(() => expect(document.querySelector(".skeleton, [aria-busy=true]")).toBeNull());
    expect(leftOut()).toEqual([]);
  });

  it("what opens over a conversation has none: menus, questions, the palette, the sheet of a message", async () => {
    const user = userEvent.setup();
    chooseLanguage("pseudo");
    await start(undefined, "#/conversation/c-rosa");
    await user.click(await soon(() => one("thread-menu")));
    expect(document.querySelectorAll("[role=menuitem]").length).toBeGreaterThan(3);
    expect(leftOut()).toEqual([]);
    await user.click(one("thread-delete-all"));
    await soon(() => one("confirm"));
    expect(leftOut()).toEqual([]);
    await user.keyboard("{Escape}");
    await user.click((await soon(() => one("tick", '[data-state="read"]'))).closest("button") as HTMLElement);
    await soon(() => one("receipts"));
    expect(leftOut()).toEqual([]);
    await user.click(one("dialog-close"));
    await user.click(one("thread-find"));
    await user.keyboard("{Control>}k{/Control}");
    await soon(() => expect(document.querySelectorAll("[data-testid=palette-item]").length).toBeGreaterThan(5));
    expect(leftOut()).toEqual([]);
    await user.type(one("palette-input"), "a");
    expect(leftOut()).toEqual([]);
  });

  it.each(ROUTES.flatMap((route) => ("first" in route ? [route.name] : [])))("%s has none before there is an account", async (name) => {
    chooseLanguage("pseudo");
    await start(nobody(), hashOf(name));
    expect(leftOut()).toEqual([]);
  });
});

/** Literal text in the markup of a component: between tags, in a label, or in an expression that is shown. */
function literals(component: string): string[] {
  const found: string[] = [];
  const label = /^(aria-(label|description|valuetext|roledescription)|title|placeholder|alt|label|help)$/u;
  const take = (text: unknown, prefix = ""): void => {
    if (typeof text === "string" && /\p{L}/u.test(text)) found.push(prefix + text.trim());
  };
  const shown = (expression: unknown, prefix = ""): void => {
    const node = expression as { type?: string; value?: unknown } & Record<string, unknown>;
    if (node.type === "Literal") take(node.value, prefix);
    else if (node.type === "ConditionalExpression") [node["consequent"], node["alternate"]].forEach((one) => shown(one, prefix));
    else if (node.type === "LogicalExpression" || node.type === "BinaryExpression") {
      if (["+", "??", "||", "&&"].includes(String(node["operator"]))) [node["left"], node["right"]].forEach((one) => shown(one, prefix));
    } else if (node.type === "TemplateLiteral") {
      for (const part of node["quasis"] as Array<{ value: { cooked: string } }>) take(part.value.cooked, prefix);
      for (const part of node["expressions"] as unknown[]) shown(part, prefix);
    }
  };
  const attribute = (node: AST.Attribute): void => {
    if (!label.test(node.name) || node.value === true) return;
    for (const part of Array.isArray(node.value) ? node.value : [node.value]) {
      if (part.type === "Text") take(part.data, `${node.name} `);
      else shown(part.expression, `${node.name} `);
    }
  };
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === "object" && value !== null) {
      const node = value as { type?: string } & Record<string, unknown>;
      if (node.type === "Text") take(node["data"]);
      else if (node.type === "ExpressionTag") shown(node["expression"]);
      else if (node.type === "StyleDirective") return;
      else if (node.type === "Attribute") attribute(value as AST.Attribute);
      else for (const [key, part] of Object.entries(node)) if (key !== "metadata") walk(part);
    }
  };
  walk(parse(component, { modern: true }).fragment);
  return found;
}

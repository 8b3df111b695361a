import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

/** The system's webviews show contrast themes on Windows only, so what can be known of them is read off the style sheets:
 * there, grounds are painted in colours of the theme and shadows are not drawn. */
const SRC = join(import.meta.dirname, "../src");
const FORCED = "lib/styles/forced-colors.css";

interface Rule {
  file: string;
  selector: string;
  body: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => /\.(svelte|css)$/u.test(file));
const texts = new Map(files.map((file) => [file, readFileSync(join(SRC, file), "utf8")]));

function styles(file: string): string {
  const text = texts.get(file) ?? "";
  const css = file.endsWith(".css") ? text : (/<style>([\s\S]*)<\/style>/u.exec(text)?.[1] ?? "");
  return css.replace(/\/\*[\s\S]*?\*\//gu, "");
}

function rules(file: string): Rule[] {
  return [...styles(file).matchAll(/([^{};]+)\{([^{}]*)\}/gu)].map((match) => ({ file, selector: (match[1] ?? "").trim().replace(/\s+/gu, " "), body: match[2] ?? "" }));
}

const all = files.filter((file) => file !== FORCED).flatMap(rules);
const forced = rules(FORCED).flatMap((rule) => rule.selector.split(",").map((part) => part.trim()));
/** Classes that come and go with what they tell. */
const toggled = new Set([...texts.values()].flatMap((text) => [...text.matchAll(/\sclass:([\w-]+)/gu)].map((match) => match[1] ?? "")));

const paints = (rule: Rule): boolean => /(^|[;\s])(background(-color)?|box-shadow)\s*:(?!\s*(none|transparent))/u.test(rule.body);
const draws = (rule: Rule): boolean => /(^|[;\s])(border(-(color|style|width|(inline|block)(-(start|end))?(-(color|width))?))?|outline|text-decoration|font-weight|font-style)\s*:(?!\s*(0|none))/u.test(rule.body);

/** What of a selector comes and goes, without what the pointer does. */
function states(selector: string): string[] {
  const attributes = [...selector.matchAll(/\[aria-(pressed|checked|selected|current)[^\]]*\]/gu)].map((match) => `aria-${match[1]}`);
  const classes = [...selector.matchAll(/\.([\w-]+)/gu)].map((match) => match[1] ?? "").filter((name) => toggled.has(name));
  return [...attributes, ...classes.map((name) => `.${name}`)];
}

/** Whether the sheet draws a line where one of these holds. */
function lined(tokens: string[]): boolean {
  return tokens.some((token) => forced.some((selector) => (token.startsWith(".") ? new RegExp(`\\${token}(?![\\w-])`, "u").test(selector) : selector.includes(`[${token}`))));
}

describe("a contrast theme", () => {
  it("shows by a line what is told by its ground elsewhere", () => {
    const told = all.filter((rule) => paints(rule) && !rule.selector.includes(":hover") && states(rule.selector).length > 0);
    expect(told.length).toBeGreaterThan(20);
    const lost = told.filter((rule) => !draws(rule) && !lined(states(rule.selector)));
    expect(lost.map(({ file, selector }) => `${file}: ${selector}`)).toEqual([]);
  });

  it("shows the edge of what floats over something else", () => {
    const floating = all.filter((rule) => /box-shadow:\s*var\(--shadow\)/u.test(rule.body));
    expect(floating.length).toBeGreaterThan(5);
    const lost = floating.filter((rule) => !draws(rule) && !lined([...rule.selector.matchAll(/\.[\w-]+/gu)].map((match) => match[0])));
    expect(lost.map(({ file, selector }) => `${file}: ${selector}`)).toEqual([]);
  });

  it("sets what is written and what it is written on from the same theme", () => {
    const tokens = (texts.get("lib/styles/tokens.css") ?? "").split("@media (forced-colors: active)")[1] ?? "";
    const value = (name: string): string => new RegExp(`--${name}: (\\w+);`, "u").exec(tokens)?.[1] ?? "";
    const pairs: Record<string, string> = { Canvas: "CanvasText", Highlight: "HighlightText", Mark: "MarkText" };
    for (const [text, ground] of [["text", "bg"], ["text-2", "bg-side"], ["text-3", "bg-float"], ["on-accent", "accent"], ["text", "selected"], ["mine-text", "mine"], ["internal-text", "internal"], ["mark-text", "mark"], ["warning", "warning-bg"], ["danger", "danger-bg"], ["success", "success-bg"]] as const) {
      expect(value(text), `${text} on ${ground}`).toBe(pairs[value(ground)]);
    }
  });
});

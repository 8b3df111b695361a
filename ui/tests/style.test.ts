import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../src");

/** Every rule of every style sheet, with its file. */
function declarations(): Array<[string, string]> {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(svelte|css)$/u.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(SRC, file), "utf8");
      const css = file.endsWith(".css") ? text : (/<style>([\s\S]*)<\/style>/u.exec(text)?.[1] ?? "");
      return [...css.replace(/\/\*[\s\S]*?\*\//gu, "").matchAll(/([a-z-]+)\s*:\s*([^;{}]+);/gu)].map((rule): [string, string] => [`${file}: ${rule[1]}: ${rule[2]}`, `${rule[1]}: ${rule[2]}`]);
    });
}

describe("style sheets", () => {
  it("name places along the line of reading, never left and right", () => {
    const physical = /^((margin|padding|border|scroll-margin|scroll-padding)-(left|right)(-.*)?|left|right|border-(top|bottom)-(left|right)-radius|width|min-width|max-width|height|min-height|max-height): |^(text-align|float|clear|caption-side): (left|right)/u;
    const rules = declarations();
    expect(rules.length).toBeGreaterThan(500);
    expect(rules.filter(([, rule]) => physical.test(rule)).map(([where]) => where)).toEqual([]);
  });

  it("give the sides of a box the same room in both directions where they write four", () => {
    const four = /^(margin|padding|inset|border-width|border-radius): (\S+) (\S+) (\S+) (\S+)$/u;
    const uneven = declarations().filter(([, rule]) => {
      const parts = four.exec(rule);
      return parts && (parts[1] === "border-radius" ? parts[2] !== parts[3] || parts[4] !== parts[5] : parts[3] !== parts[5]);
    });
    expect(uneven.map(([where]) => where)).toEqual([]);
  });

  it("can tell that a field is empty which runs as what is written in it", () => {
    expect(readFileSync(join(SRC, "lib/styles/base.css"), "utf8")).toMatch(/\[dir="rtl"\] \[dir="auto"\]:placeholder-shown \{\s*direction: rtl;/u);
    const fields = readdirSync(SRC, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".svelte"))
      .flatMap((file) => [...readFileSync(join(SRC, file), "utf8").matchAll(/<(?:input|textarea)\s[\s\S]*?(?:\/>|<\/textarea>)/gu)].map(([tag]) => `${file}: ${tag}`))
      .filter((tag) => /\sdir=("auto"|\{[^}]*"auto"[^}]*\})/u.test(tag));
    expect(fields.length).toBeGreaterThan(15);
    // An empty hint is none.
    expect(fields.filter((tag) => !/\splaceholder=/u.test(tag) || /\splaceholder=("")|\splaceholder=\{[^}]*""/u.test(tag))).toEqual([]);
  });

  it("turn every drawing that points along the line of reading", () => {
    const icons = readFileSync(join(SRC, "lib/icons.ts"), "utf8");
    const drawings = [...icons.matchAll(/drawings\.(\w+)(, true)?\)/gu)].map((match) => ({ name: match[1] ?? "", turns: match[2] !== undefined }));
    const pointing = drawings.filter(({ name }) => /Left|Right|Reply|Forward|Undo|Redo|Log(In|Out)|^Send|External|Next|Previous|Indent|Corner/u.test(name));
    expect(pointing.length).toBeGreaterThan(3);
    expect(drawings.filter(({ turns }) => turns)).toEqual(pointing);
    const base = readFileSync(join(SRC, "lib/styles/base.css"), "utf8");
    expect(base).toMatch(/\[dir="rtl"\] \.drawing\.turns \{\s*scale: -1 1;/u);
  });
});

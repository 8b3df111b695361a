import { describe, expect, it } from "vitest";

import { complete } from "../src/lib/emoji";
import { dayAndTime, shortTime, sinceTime, time } from "../src/lib/format";
import { rank, score } from "../src/lib/fuzzy";
import { visible } from "../src/lib/hostile";
import { host, split } from "../src/lib/links";
import { endsIn } from "../src/lib/direction";
import { beginning } from "../src/lib/long";
import { hashOf, parseRoute } from "../src/lib/routes";

describe("visible", () => {
  it("shows characters that turn or hide text", () => {
    expect(visible("photo\u202egnp.exe")).toBe("photo⟨U+202E⟩gnp.exe");
    expect(visible("Ada\u200b")).toBe("Ada⟨U+200B⟩");
    expect(visible("A\u200dda")).toBe("A⟨U+200D⟩da");
    expect(visible("a\u0000b")).toBe("a⟨U+0000⟩b");
    expect(visible(`Z${"\u0301".repeat(90)}o`)).toBe(`Z${"\u0301".repeat(4)}o`);
  });

  it("leaves names of the world alone", () => {
    for (const name of ["Tomás Herrera", "ليلى حداد", "山田 由紀", "👨\u200d👩\u200d👧 family", "👩🏽\u200d💻"]) expect(visible(name)).toBe(name);
  });
});

describe("a long message", () => {
  it("is shown from its beginning, whole words, never half a letter", () => {
    expect(beginning("short")).toBeNull();
    expect(beginning("x".repeat(3_500))).toBeNull();
    expect(beginning("word ".repeat(2_000))).toMatch(/^(word )+word$/u);
    expect(beginning("word ".repeat(2_000))?.length).toBeLessThanOrEqual(3_000);
    expect(beginning("line\n".repeat(200))?.split("\n")).toHaveLength(60);
    expect(beginning(`x${"👍".repeat(9_000)}`)).toMatch(/^x(👍)+$/u);
  });
});

describe("links", () => {
  it("finds links and leaves punctuation outside", () => {
    expect(split("see https://a.example/b, or (www.c.example).")).toEqual([
      { text: "see ", url: null },
      { text: "https://a.example/b", url: "https://a.example/b" },
      { text: ", or (", url: null },
      { text: "www.c.example", url: "https://www.c.example/" },
      { text: ").", url: null },
    ]);
  });

  it("makes no links of other schemes", () => {
    expect(split("javascript:alert(1) file:///etc/passwd")).toEqual([{ text: "javascript:alert(1) file:///etc/passwd", url: null }]);
  });

  it("shows look-alike hosts as what they are", () => {
    expect(host(split("https://аpple.com/x")[0]?.url ?? "")).toBe("xn--pple-43d.com");
    expect(host("https://bank.example@evil.example/")).toBe("evil.example");
  });
});

describe("fuzzy", () => {
  it("prefers names that begin so", () => {
    expect(rank("ben", ["Rubens", "Ben Okafor", "Bellini"], (name) => name)[0]).toBe("Ben Okafor");
  });

  it("forgives accents and gaps", () => {
    expect(score("tomas", "Tomás Herrera")).not.toBeNull();
    expect(score("vlrs", "Villa Rosa")).not.toBeNull();
    expect(score("xyz", "Villa Rosa")).toBeNull();
  });

  it("takes words in any order before letters", () => {
    expect(score("rosa villa", "Villa Rosa")).not.toBeNull();
    expect(rank("vi ro", ["Device and people room", "Villa Rosa"], (name) => name)[0]).toBe("Villa Rosa");
    expect(score("rosa castle", "Villa Rosa")).toBeNull();
  });
});

describe("routes", () => {
  it("reads what it writes", () => {
    expect(parseRoute(hashOf("conversation", "a/b c", { m: "x&y" }))).toEqual({ name: "conversation", layer: "pane", id: "a/b c", query: { m: "x&y" } });
  });

  it("takes anything unknown or broken as the inbox", () => {
    for (const hash of ["", "#", "#/nowhere", "#/conversation/", "#/conversation/%E0%A4%A"]) expect(parseRoute(hash).name).toBe("inbox");
  });
});

describe("emoji", () => {
  it("completes at the caret only after a space or at the start", () => {
    expect(complete("hi :smi", 7)?.list[0]?.name).toBe("smile");
    expect(complete("10:30", 5)).toBeNull();
    expect(complete("a:smile", 7)).toBeNull();
    expect(complete(":s", 2)).toBeNull();
  });
});

describe("times", () => {
  const at = (...parts: [number, number, number, number, number]): string => new Date(...parts).toISOString();

  it("are relative at first and absolute later", () => {
    const now = new Date(2026, 5, 15, 12, 0).getTime();
    expect(shortTime(at(2026, 5, 15, 11, 58), now)).toMatch(/2/);
    expect(shortTime(at(2026, 5, 15, 8, 5), now)).toMatch(/0?8:05/);
    expect(shortTime(at(2026, 5, 13, 8, 5), now)).toBe(new Intl.DateTimeFormat(navigator.language, { weekday: "short" }).format(new Date(2026, 5, 13)));
    expect(shortTime(at(2024, 5, 13, 8, 5), now)).toMatch(/2024/);
  });

  it("calls what has just happened now, although the clock of a list lags behind", () => {
    const now = new Date(2026, 5, 15, 12, 0).getTime();
    expect(shortTime(new Date(now + 29_000).toISOString(), now)).toBe("now");
    expect(shortTime(new Date(now - 29_000).toISOString(), now)).toBe("now");
    expect(shortTime(new Date(now + 20 * 60_000).toISOString(), now)).toMatch(/12:20/);
  });

  it("says the day too when something has lasted since another", () => {
    const now = new Date(2026, 5, 15, 12, 0).getTime();
    expect(sinceTime(at(2026, 5, 15, 8, 5), now)).toBe(time(at(2026, 5, 15, 8, 5)));
    expect(sinceTime(at(2026, 5, 14, 23, 55), now)).toBe(dayAndTime(at(2026, 5, 14, 23, 55)));
  });
});

it("a text ends in the direction of its last paragraph's first letter", () => {
  expect(endsIn("Good morning")).toBe("ltr");
  expect(endsIn("صباح الخير")).toBe("rtl");
  expect(endsIn("\u05e9\u05dc\u05d5\u05dd Ben")).toBe("rtl");
  expect(endsIn("Ben: \u05e9\u05dc\u05d5\u05dd")).toBe("ltr");
  expect(endsIn("first\n12. \u05e9\u05dc\u05d5\u05dd\n\n")).toBe("rtl");
  expect(endsIn("14:30 \u{1f44d}")).toBe("ltr");
  expect(endsIn("")).toBe(null);
});

import { describe, expect, it } from "vitest";

import type { MergedPart } from "../src/lib/bindings/MergedPart";
import { message } from "../src/lib/backend/fake/world";
import { mergedBetween, timeline } from "../src/lib/timeline";

function at(id: string, author: string, time: string, late = false): ReturnType<typeof message> {
  return message(id, "c", { author, at: new Date(time).toISOString(), late });
}

describe("timeline", () => {
  it("begins days, groups what one person says in one breath, and puts the divider before the first unread", () => {
    const items = timeline(
      [
        at("1", "ben", "2026-03-12T10:00"),
        at("2", "ben", "2026-03-12T10:04"),
        at("3", "ben", "2026-03-12T10:20"),
        at("4", "ada", "2026-03-12T10:21"),
        at("5", "ada", "2026-03-12T10:22"),
        at("6", "ada", "2026-03-12T10:23", true),
        at("7", "ada", "2026-03-13T09:00"),
      ],
      "5",
    );
    const ids = (which: "day" | "divider" | "head"): string[] => items.filter((item) => item[which]).map((item) => item.row.id);
    expect(ids("day")).toEqual(["1", "7"]);
    expect(ids("divider")).toEqual(["5"]);
    expect(ids("head")).toEqual(["1", "3", "4", "5", "6", "7"]);
  });

  it("says where another conversation came into this one", () => {
    const rows = [at("1", "ben", "2026-03-12T10:00"), at("2", "ben", "2026-03-12T10:04")];
    const part = (id: string, time: string | null): MergedPart => ({ id, title: id, at: time && new Date(time).toISOString(), by: "Ada" });
    const [between, later, waits] = [part("between", "2026-03-12T10:02"), part("later", "2026-03-12T11:00"), part("waits", null)];
    const items = timeline(rows, null, [between, later, waits]);
    expect(items.map((item) => item.merged)).toEqual([[], [between]]);
    expect(items.map((item) => item.head)).toEqual([true, true]);
    expect(mergedBetween([between, later, waits], rows[1]?.at ?? null, null)).toEqual([later, waits]);
  });
});

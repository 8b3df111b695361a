import { describe, expect, it } from "vitest";

import type { MergedPart } from "../src/lib/bindings/MergedPart";
import { message } from "../src/lib/backend/fake/world";
import { mergedBetween, Timeline } from "../src/lib/timeline";

function at(id: string, author: string, time: string, late = false): ReturnType<typeof message> {
  return message(id, "c", { author, at: new Date(time).toISOString(), late });
}

describe("Timeline", () => {
  it("begins days, groups what one person says in one breath, and puts the divider before the first unread", () => {
    const items = new Timeline().of(
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
    const items = new Timeline().of(rows, null, [between, later, waits]);
    expect(items.map((item) => item.merged)).toEqual([[], [between]]);
    expect(items.map((item) => item.head)).toEqual([true, true]);
    expect(mergedBetween([between, later, waits], rows[1]?.at ?? null, null)).toEqual([later, waits]);
  });

  it("keeps an item until something about it changes", () => {
    const rows = ["1", "2", "3", "4"].map((id, index) => at(id, "ben", `2026-03-12T10:0${index}`));
    const timeline = new Timeline();
    const [, second, third, fourth] = timeline.of(rows, null, []);
    const older = at("0", "ben", "2026-03-12T09:59");
    const grown = timeline.of([older, ...rows], null, []);
    expect(grown.slice(2)).toEqual([second, third, fourth]);
    expect(grown[2]).toBe(second);
    expect(grown[4]).toBe(fourth);
    expect(grown[1]?.head, "it stood first").toBe(false);
    const divided = timeline.of([older, ...rows], "3", []);
    expect(divided[3]?.divider).toBe(true);
    expect(divided[4]).toBe(fourth);
    const changed = rows.map((row) => (row.id === "4" ? { ...row, state: "read" as const } : row));
    expect(timeline.of([older, ...changed], "3", [])[4]?.row.state).toBe("read");
    const part: MergedPart = { id: "p", title: "p", at: new Date("2026-03-12T10:02:30").toISOString(), by: "Ada" };
    expect(timeline.of([older, ...changed], "3", [part])[4]?.merged).toEqual([part]);
  });
});

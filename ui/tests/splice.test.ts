import { describe, expect, it } from "vitest";

import { apply, diff, merge, moveCaret } from "../src/lib/splice";

describe("diff", () => {
  it.each([
    ["", "abc"],
    ["abc", ""],
    ["hello world", "hello brave world"],
    ["aaa", "aa"],
    ["same", "same"],
    ["a😀b", "a😁b"],
  ])("turns %j into %j", (from, to) => {
    expect(apply(from, diff(from, to))).toBe(to);
  });

  it("never cuts a surrogate pair", () => {
    const splice = diff("😀", "😁");
    expect(splice).toEqual({ at: 0, remove: 2, insert: "😁" });
  });
});

describe("merge", () => {
  it("keeps text typed at the start elsewhere and at the end here", () => {
    expect(merge("base", "base, and more", "Dear all, base").text).toBe("Dear all, base, and more");
  });

  it("keeps text typed at the end elsewhere and at the start here", () => {
    expect(merge("base", "Hi base", "base!").text).toBe("Hi base!");
  });

  it("keeps both insertions at one place", () => {
    const { text } = merge("", "mine", "theirs");
    expect(text).toContain("mine");
    expect(text).toContain("theirs");
  });

  it("keeps what was typed here when the other side replaced everything", () => {
    expect(merge("old words", "old new words", "fresh").text).toContain("new");
  });

  it("takes a deletion made elsewhere", () => {
    expect(merge("one two three", "one two three four", "two three").text).toBe("two three four");
  });
});

describe("moveCaret", () => {
  it("stays before, moves after, and goes to the end of a replaced range", () => {
    const splice = { at: 3, remove: 2, insert: "long" };
    expect(moveCaret(2, splice)).toBe(2);
    expect(moveCaret(3, splice)).toBe(3);
    expect(moveCaret(9, splice)).toBe(11);
    expect(moveCaret(4, splice)).toBe(7);
  });
});

import { describe, expect, it } from "vitest";

import { parse, words, type Block, type Inline } from "../src/lib/markdown";
import { completeMention } from "../src/lib/mentions";
import { wrap } from "../src/lib/wrap";

function show(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      if (node.kind === "strong") return `<b>${show(node.children)}</b>`;
      if (node.kind === "em") return `<i>${show(node.children)}</i>`;
      if (node.kind === "code") return `<c>${node.text}</c>`;
      if (node.kind === "link") return `<a ${node.url}>${node.text}</a>`;
      if (node.kind === "mention") return `<@${node.person}>`;
      return node.text;
    })
    .join("");
}

function blocks(all: readonly Block[]): string {
  return all
    .map((block) => {
      if (block.kind === "code") return `[${block.text}]`;
      if (block.kind === "paragraph") return show(block.children);
      return `${block.start ?? "-"}(${block.items.map(show).join("|")})`;
    })
    .join("/");
}

describe("marks in messages", () => {
  it.each([
    ["plain words", "plain words"],
    ["**bold** and *italic* and _italic_", "<b>bold</b> and <i>italic</i> and <i>italic</i>"],
    ["**bold _and italic_**", "<b>bold <i>and italic</i></b>"],
    ["2 * 3 * 4, a_file_name, f(x)**2**y", "2 * 3 * 4, a_file_name, f(x)**2**y"],
    ["**never closed and _this", "**never closed and _this"],
    ["*a **b* c**", "<i>a **b</i> c**"],
    ["`**code**` stays", "<c>**code**</c> stays"],
    ["\\*no mark\\*", "*no mark*"],
    ["https://example.org/a_b_c *x*", "<a https://example.org/a_b_c>https://example.org/a_b_c</a> <i>x</i>"],
    ["[words](https://example.org/x)", "<a https://example.org/x>words</a>"],
    ["[words](javascript:alert(1))", "[words](javascript:alert(1))"],
    ["[a](data:text/html,x) <script>alert(1)</script>", "[a](data:text/html,x) <script>alert(1)</script>"],
    ["first\n- one\n- *two*\nlast", "first/-(one|<i>two</i>)/last"],
    ["3. three\n4. four", "3(three|four)"],
    ["-5 degrees\n1.5 m", "-5 degrees\n1.5 m"],
    ["```\nlet *x* = 1;\n```\nafter", "[let *x* = 1;]/after"],
    ["```\nnever closed *x*", "```\nnever closed <i>x</i>"],
    ["****", "****"],
    ["", ""],
  ])("%j", (text, tree) => expect(blocks(parse(text))).toBe(tree));

  it("finds the people a message names, the longest name first", () => {
    const people = [
      { person: "1", name: "Ben", me: false },
      { person: "2", name: "Ben Okafor", me: true },
    ];
    expect(blocks(parse("**@Ben Okafor** and @Ben, mail@Ben @Benny", people))).toBe("<b><@2></b> and <@1>, mail@Ben @Benny");
    expect(blocks(parse("@Ben", []))).toBe("@Ben");
  });

  it("copies words without their marks", () => {
    expect(words("**See** [the plan](https://example.org/p):\n1. `one`\n2. _two_")).toBe("See the plan (https://example.org/p):\n1. one\n2. two");
  });

  it("takes no longer for what is made to be slow", () => {
    const nasty = ["**a ", "*a_", "[", "[a](", "`", "_a*b_ ", "> - 1. ", "@", "\\*", "```\n", "- a\n"].map((piece) => piece.repeat(Math.ceil(32_768 / piece.length)));
    const floor = performance.now();
    for (const text of nasty) text.split("").reverse().join("");
    const before = performance.now();
    for (const text of nasty) parse(text, [{ person: "1", name: "a", me: false }]);
    expect(performance.now() - before).toBeLessThan((before - floor) * 100 + 500);
  });
});

describe("naming people", () => {
  const people = [
    { person: "1", name: "Ada Lindgren", me: true },
    { person: "2", name: "Ben Okafor", me: false },
    { person: "3", name: "Bella", me: false },
  ];
  const found = (text: string) => completeMention(text, text.length, people)?.list.map((one) => one.name) ?? null;

  it("offers who fits what was typed", () => {
    expect(found("hello @")).toEqual(["Ben Okafor", "Bella"]);
    expect(found("@be")).toEqual(["Ben Okafor", "Bella"]);
    expect(found("@Oka")).toEqual(["Ben Okafor"]);
    expect(found("@Ben O")).toEqual(["Ben Okafor"]);
  });

  it("is quiet where nobody is meant", () => {
    for (const text of ["mail@be", "@Ben Okafor ", "@ be", "@xyz", "be"]) expect(found(text)).toBeNull();
  });
});

describe("marking what is selected", () => {
  it("puts marks around it and takes them away again", () => {
    const marked = wrap("see this now", 4, 8, "**");
    expect(marked).toEqual({ text: "see **this** now", from: 6, to: 10 });
    expect(wrap(marked.text, marked.from, marked.to, "**")).toEqual({ text: "see this now", from: 4, to: 8 });
  });
});

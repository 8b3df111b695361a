/**
 * Catalogues made from another one, to see what no catalogue can be read for: each text framed, so that what is left
 * out of the catalogue stands bare; longer, as most languages are; and in the second, running from right to left.
 */

/** Around what comes from a catalogue, and around what `format.ts` made of a date, a number or a list. */
const FRAME = ["⟦", "⟧"] as const;
const LONGER = 0.4;

const ACCENTED: Record<string, string> = {
  a: "á", b: "ƀ", c: "ç", d: "ð", e: "é", f: "ƒ", g: "ĝ", h: "ĥ", i: "î", j: "ĵ", k: "ķ", l: "ļ", m: "ɱ",
  n: "ñ", o: "ö", p: "þ", q: "ǫ", r: "ŕ", s: "š", t: "ţ", u: "û", v: "ṽ", w: "ŵ", x: "ẋ", y: "ý", z: "ž",
  A: "Å", B: "Ɓ", C: "Ç", D: "Ð", E: "É", F: "Ƒ", G: "Ĝ", H: "Ĥ", I: "Î", J: "Ĵ", K: "Ķ", L: "Ļ", M: "Ṁ",
  N: "Ñ", O: "Ö", P: "Þ", Q: "Ǫ", R: "Ŕ", S: "Š", T: "Ţ", U: "Û", V: "Ṽ", W: "Ŵ", X: "Ẋ", Y: "Ý", Z: "Ž",
};
const RIGHT_TO_LEFT = "\u202e";
const END = "\u202c";
/** Around the names inside a text that runs the other way: they keep their own direction. */
const ISOLATED = ["\u2068", "\u2069"] as const;

export type Direction = "ltr" | "rtl";

export function framed(text: string): string {
  return /\p{L}/u.test(text) ? `${FRAME[0]}${text}${FRAME[1]}` : text;
}

/** A catalogue in the same shape with every text in it changed; what a text takes in (names, dates) stays as it is. */
export function pseudo<T>(catalogue: T, direction: Direction): T {
  return change(catalogue, direction) as T;
}

function change(value: unknown, direction: Direction): unknown {
  if (typeof value === "string") return said(value, [], direction);
  if (typeof value === "function") {
    return (...args: unknown[]): unknown => {
      const made = (value as (...args: unknown[]) => unknown)(...args);
      return typeof made === "string" ? said(made, args.flat(2).filter((one) => typeof one === "string"), direction) : change(made, direction);
    };
  }
  if (Array.isArray(value)) return value.map((one) => change(one, direction));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one, direction)]));
}

function said(text: string, taken: string[], direction: Direction): string {
  if (!/\p{L}/u.test(text)) return text;
  const kept = taken.filter((one) => one.length > 1).map((one) => one.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"));
  const parts = text.split(new RegExp(`(⟦[^⟦⟧]*⟧${kept.map((one) => `|${one}`).join("")})`, "u"));
  const words = parts.map((part, index) => (index % 2 === 1 ? quoted(part, direction) : drawn(part, direction))).join("");
  return `${FRAME[0]}${words}${FRAME[1]}`;
}

function quoted(part: string, direction: Direction): string {
  return direction === "rtl" ? `${ISOLATED[0]}${part}${ISOLATED[1]}` : part;
}

/** Accents on every letter, and vowels twice until the text is longer. */
function drawn(part: string, direction: Direction): string {
  let spare = Math.ceil([...part].length * LONGER);
  const letters = [...part].map((letter) => {
    const accented = ACCENTED[letter] ?? letter;
    if (spare === 0 || !/[aeiou]/iu.test(letter)) return accented;
    spare -= 1;
    return accented + accented.toLowerCase();
  });
  const longer = letters.join("");
  return direction === "rtl" && /\p{L}/u.test(part) ? RIGHT_TO_LEFT + longer + END : longer;
}

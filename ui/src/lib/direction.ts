const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}]/u;
const LETTER = /\p{L}/u;

/**
 * Which way the last paragraph of a text runs: as its first letter does, and without one from left to right (UAX #9, rules P2
 * and P3); null if there is no text.
 */
export function endsIn(text: string): "ltr" | "rtl" | null {
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  if (last === "") return null;
  return RIGHT_TO_LEFT.test(LETTER.exec(last)?.[0] ?? "") ? "rtl" : "ltr";
}

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}]/u;
const LETTER = /\p{L}/u;

/** Which way the last paragraph of a text runs: as its first letter does (UAX #9, rules P2 and P3); null without one. */
export function endsIn(text: string): "ltr" | "rtl" | null {
  const letter = LETTER.exec(text.trimEnd().split("\n").at(-1) ?? "")?.[0];
  if (letter === undefined) return null;
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}

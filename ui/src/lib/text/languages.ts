import { en } from "./en";
import { framed, pseudo, type Direction } from "./pseudo";

/** The texts of a language. English is the first catalogue and the shape of all others. */
export type Catalogue = typeof en;

interface Spoken {
  /** As those call it who speak it. */
  name: string;
  /** BCP 47: what the page says it is written in. */
  tag: string;
  direction: Direction;
  catalogue: () => Catalogue;
  /** What dates, numbers and lists go through. */
  formatted?: (text: string) => string;
}

/** Every language the window speaks. A new one is a catalogue in this folder and a line here. */
const SPOKEN = {
  en: { name: "English", tag: "en", direction: "ltr", catalogue: () => en },
  pseudo: { name: "Pseudo-locale", tag: "en-XA", direction: "ltr", catalogue: () => pseudo(en, "ltr"), formatted: framed },
  "pseudo-rtl": { name: "Pseudo-locale, right to left", tag: "ar-XB", direction: "rtl", catalogue: () => pseudo(en, "rtl"), formatted: framed },
} satisfies Record<string, Spoken>;

export type Language = keyof typeof SPOKEN;

/** For the tests of the window itself: not offered to anybody who does not ask for them by name. */
const MADE: readonly Language[] = ["pseudo", "pseudo-rtl"];

export function isLanguage(name: string | null | undefined): name is Language {
  return typeof name === "string" && Object.hasOwn(SPOKEN, name);
}

export function spoken(language: Language): Spoken {
  return SPOKEN[language];
}

/** What can be chosen, with its own name; the made ones if they are asked for. */
export function languages(made: boolean): Array<[Language, string]> {
  return (Object.keys(SPOKEN) as Language[]).filter((one) => made || !MADE.includes(one)).map((one) => [one, SPOKEN[one].name]);
}

/** The language of a system, as far as there is a catalogue: by the first part of its tag. */
export function nearest(tags: readonly string[]): Language {
  for (const tag of tags) {
    const part = tag.split("-")[0]?.toLowerCase();
    if (part !== undefined && isLanguage(part) && !MADE.includes(part)) return part;
  }
  return "en";
}

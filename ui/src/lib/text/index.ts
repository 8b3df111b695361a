/**
 * Every text of the window. Components say `t.section.name`; a text that takes something in is a function. Which
 * catalogue that is, is chosen before the page is mounted; changing it mounts the page anew.
 */
import type { ApiError } from "../bindings/ApiError";
import type { Finding } from "../bindings/Finding";
import type { QuickFault } from "../bindings/QuickFault";
import { speakIn } from "../format";
import { visible } from "../hostile";
import { isLanguage, nearest, spoken, type Catalogue, type Language } from "./languages";
import { en } from "./en";

export { languages, type Catalogue, type Language } from "./languages";

const KEY = "homing.language";

/** The texts of the language spoken now: a live binding, so never kept in a module's own variable. */
export let t: Catalogue = en;
let current: Language = "en";

/** What was chosen on this computer; null goes with the system. Kept by the page, which speaks before a profile opens. */
export function chosenLanguage(): Language | null {
  const asked = new URLSearchParams(window.location.search).get("locale") ?? localStorage.getItem(KEY);
  return isLanguage(asked) ? asked : null;
}

export function chooseLanguage(language: Language | null): void {
  if (language === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, language);
  speak();
}

/** Takes up the chosen language: its texts, its dates and numbers, and which way it runs. */
export function speak(): void {
  const chosen = chosenLanguage();
  current = chosen ?? nearest(navigator.languages);
  const language = spoken(current);
  t = language.catalogue();
  // Who chose no language has dates and numbers as the system writes them.
  speakIn(chosen === null ? navigator.language : language.tag, language.formatted);
  document.documentElement.lang = language.tag;
  document.documentElement.dir = language.direction;
}

/** What went wrong, as a person is told. The engine's own sentence knows more of the case, and is English. */
export function tell(error: Pick<ApiError, "code" | "message">): string {
  return current === "en" && error.message !== "" ? error.message : t.error[error.code];
}

/** What is wrong with a line of a table, in the same way. */
export function tellFault(fault: QuickFault): string {
  return current === "en" ? fault.message : t.quick.fault[fault.code](visible(fault.about));
}

/** What a check of the data found, in the same way. */
export function tellFinding(finding: Finding): string {
  return current === "en" ? finding.message : (t.doctor.found[finding.code] ?? t.doctor.foundOther);
}

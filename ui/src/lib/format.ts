/** Dates, sizes and lists in the reader's locale and zone. */
const locale = supported(typeof navigator === "undefined" ? "en" : navigator.language);

/** The webview hands on what the system is set to, and `C` is no language: everything below would throw. */
function supported(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "en";
  } catch {
    return "en";
  }
}

const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(locale, { weekday: "short" });
const dayMonth = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const dayLong = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const dayYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
const medium = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" });
const relativeDay = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const names = new Intl.ListFormat(locale, { type: "conjunction" });
const number = new Intl.NumberFormat(locale);

const MINUTE = 60_000;
const DAY = 86_400_000;

function dayNumber(date: Date): number {
  return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY);
}

export function time(at: string): string {
  return clock.format(new Date(at));
}

export function fullTime(at: string): string {
  return full.format(new Date(at));
}

export function dateTime(at: string): string {
  return medium.format(new Date(at));
}

/** For lists: "2 min", "14:05", "Tue", "12 Mar", "12 Mar 2024". */
export function shortTime(at: string, now = Date.now()): string {
  const date = new Date(at);
  const ago = now - date.getTime();
  // The clock of a list moves slowly, so what has just happened may lie ahead of it.
  if (ago > -MINUTE && ago < MINUTE) return relative.format(0, "second");
  if (ago >= 0 && ago < 60 * MINUTE) return relative.format(-Math.floor(ago / MINUTE), "minute");
  const today = new Date(now);
  const days = dayNumber(today) - dayNumber(date);
  if (days === 0) return clock.format(date);
  if (days > 0 && days < 7) return weekday.format(date);
  return date.getFullYear() === today.getFullYear() ? dayMonth.format(date) : dayYear.format(date);
}

/** For separators between days. */
export function dayTitle(at: string, now = Date.now()): string {
  const date = new Date(at);
  const today = new Date(now);
  const days = dayNumber(today) - dayNumber(date);
  if (days === 0 || days === 1) {
    const words = relativeDay.format(-days, "day");
    return words.charAt(0).toLocaleUpperCase(locale) + words.slice(1);
  }
  return date.getFullYear() === today.getFullYear() ? dayLong.format(date) : dayYear.format(date);
}

export function sameDay(a: string, b: string): boolean {
  return dayNumber(new Date(a)) === dayNumber(new Date(b));
}

export function size(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}

export function count(value: number): string {
  return number.format(value);
}

export function list(items: string[]): string {
  return names.format(items);
}

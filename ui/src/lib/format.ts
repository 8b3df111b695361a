/** Dates, times, numbers, money, sizes and lists in the language that is spoken and the reader's zone. */
const FORMATS = {
  clock: (locale) => new Intl.DateTimeFormat(locale, { timeStyle: "short" }),
  weekday: (locale) => new Intl.DateTimeFormat(locale, { weekday: "short" }),
  dayMonth: (locale) => new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }),
  dayLong: (locale) => new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" }),
  dayYear: (locale) => new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" }),
  letter: (locale) => new Intl.DateTimeFormat(locale, { dateStyle: "long" }),
  full: (locale) => new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }),
  soon: (locale) => new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }),
  medium: (locale) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }),
  relative: (locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" }),
  relativeDay: (locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }),
  names: (locale) => new Intl.ListFormat(locale, { type: "conjunction" }),
  number: (locale) => new Intl.NumberFormat(locale),
  share: (locale) => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }),
} satisfies Record<string, (locale: string) => unknown>;

type Formats = { readonly [Name in keyof typeof FORMATS]: ReturnType<(typeof FORMATS)[Name]> } & {
  readonly locale: string;
  /** What each text goes through that was made here. */
  readonly made: (text: string) => string;
};

/** Each format is made when it is asked for first: all of them together take longer than the first view. */
function formats(locale: string, made: (text: string) => string): Formats {
  const all = { locale, made };
  for (const [name, make] of Object.entries(FORMATS)) {
    const get = (): unknown => {
      const value = make(locale);
      Object.defineProperty(all, name, { value });
      return value;
    };
    Object.defineProperty(all, name, { get, configurable: true });
  }
  return all as Formats;
}

const asIs = (text: string): string => text;
let f = formats(supported(typeof navigator === "undefined" ? "en" : navigator.language), asIs);

/** Formats as `locale` does from now on. */
export function speakIn(locale: string, made: (text: string) => string = asIs): void {
  f = formats(supported(locale), made);
}

/** The webview hands on what the system is set to, and `C` is no language: everything below would throw. A made locale has
 * no formats: it takes those of English. */
function supported(language: string): string {
  if (/^(en-XA|ar-XB)$/u.test(language)) return "en";
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "en";
  } catch {
    return "en";
  }
}

const MINUTE = 60_000;
const DAY = 86_400_000;

function dayNumber(date: Date): number {
  return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY);
}

export function time(at: string): string {
  return f.made(f.clock.format(new Date(at)));
}

export function fullTime(at: string): string {
  return f.made(f.full.format(new Date(at)));
}

export function dateTime(at: string): string {
  return f.made(f.medium.format(new Date(at)));
}

/** A time of the days to come: "Sun, 12 Mar, 09:00". */
export function dayAndTime(at: string): string {
  return f.made(f.soon.format(new Date(at)));
}

/** Since when something lasts: "14:05" if that was today, else "Sun, 12 Mar, 14:05". */
export function sinceTime(at: string, now = Date.now()): string {
  return dayNumber(new Date(at)) === dayNumber(new Date(now)) ? time(at) : dayAndTime(at);
}

/** For lists: "2 min", "14:05", "Tue", "12 Mar", "12 Mar 2024". */
export function shortTime(at: string, now = Date.now()): string {
  return f.made(short(at, now));
}

function short(at: string, now: number): string {
  const date = new Date(at);
  const ago = now - date.getTime();
  // The clock of a list moves slowly, so what has just happened may lie ahead of it.
  if (ago > -MINUTE && ago < MINUTE) return f.relative.format(0, "second");
  if (ago >= 0 && ago < 60 * MINUTE) return f.relative.format(-Math.floor(ago / MINUTE), "minute");
  const today = new Date(now);
  const days = dayNumber(today) - dayNumber(date);
  if (days === 0) return f.clock.format(date);
  if (days > 0 && days < 7) return f.weekday.format(date);
  return date.getFullYear() === today.getFullYear() ? f.dayMonth.format(date) : f.dayYear.format(date);
}

/** For separators between days. */
export function dayTitle(at: string, now = Date.now()): string {
  return f.made(day(at, now));
}

function day(at: string, now: number): string {
  const date = new Date(at);
  const today = new Date(now);
  const days = dayNumber(today) - dayNumber(date);
  if (days === 0 || days === 1) {
    const words = f.relativeDay.format(-days, "day");
    return words.charAt(0).toLocaleUpperCase(f.locale) + words.slice(1);
  }
  return date.getFullYear() === today.getFullYear() ? f.dayLong.format(date) : f.dayYear.format(date);
}

/** The name of a day, 1 for Monday to 7 for Sunday. */
export function weekday(day: number, style: "long" | "short"): string {
  // The fifth of January 1970 was a Monday.
  return f.made(new Intl.DateTimeFormat(f.locale, { weekday: style, timeZone: "UTC" }).format(new Date((day + 3) * DAY)));
}

/** A day, as it is written in a letter. */
export function letterDay(at: Date): string {
  return f.made(f.letter.format(at));
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
  const written = new Intl.NumberFormat(f.locale, {
    style: "unit",
    unit: units[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
  // A number stays with its unit, also where there is room for one of them only.
  return f.made(written.replace(/\s/gu, "\u00a0"));
}

/** How long something is: 0:07, 12:30, 1:02:03. */
export function duration(ms: number): string {
  const seconds = Math.floor(Math.min(Math.max(0, ms), 359_999_000) / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** 1.5×, as the language writes numbers. */
export function times(factor: number): string {
  return `${f.number.format(factor)}×`;
}

export function count(value: number): string {
  return f.number.format(value);
}

export function list(items: string[]): string {
  return f.names.format(items);
}

/** A part of a whole, 0 to 1. */
export function percent(part: number): string {
  return f.share.format(part);
}

/** An amount in the smallest unit of its currency (cents), as the currency counts them; whole ones without a fraction. */
export function money(minor: number, currency: string): string {
  const digits = currencyDigits(currency);
  const whole = minor % 10 ** digits === 0;
  const format = new Intl.NumberFormat(f.locale, { style: "currency", currency, minimumFractionDigits: whole ? 0 : digits });
  return f.made(format.format(minor / 10 ** digits));
}

/** How many digits a currency has behind the point. */
export function currencyDigits(currency: string): number {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

/** Which form of a word goes with a number, by the rules of a catalogue's language. */
export function plural<F extends Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>(language: string): (n: number, forms: F) => string {
  const rules = new Intl.PluralRules(language);
  return (n, forms) => `${count(n)} ${forms[rules.select(n)] ?? forms.other}`;
}

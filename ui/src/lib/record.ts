import type { FieldVersion } from "./bindings/FieldVersion";
import type { RecordDetail } from "./bindings/RecordDetail";
import type { RecordFieldRow } from "./bindings/RecordFieldRow";
import type { RecordRow } from "./bindings/RecordRow";
import type { RecordValue } from "./bindings/RecordValue";
import { count, currencyDigits, money } from "./format";
import { Interest, Property } from "./icons";
import { called } from "./said";
import { t } from "./text";

/** Kinds of records that the window shows. */
export type RecordKind = "property" | "interest";

/** What a kind is known by everywhere: its icon and the token of its colour. */
export const KINDS: Record<RecordKind, { icon: typeof Property; colour: string }> = {
  property: { icon: Property, colour: "var(--property)" },
  interest: { icon: Interest, colour: "var(--interest)" },
};

export function kindOf(name: string): RecordKind {
  return name === "interest" ? "interest" : "property";
}

/** Names of choices; one of a later version is shown by its own name. */
export function choiceName(name: string): string {
  return (t.record.choice as Record<string, string>)[name] ?? name.replaceAll("_", " ");
}

export function fieldName(key: string): string {
  return (t.record.field as Record<string, string>)[key] ?? key.replaceAll("_", " ");
}

/** A value as one reads it. */
export function shown(value: RecordValue | null | undefined): string {
  if (!value) return "";
  if ("text" in value) return value.text;
  if ("choice" in value) return choiceName(value.choice);
  if ("money" in value) return money(value.money.minor, value.money.currency);
  if ("date" in value) return value.date;
  if ("time" in value) return value.time.local.replace("T", " ");
  if ("person" in value) return called(value.person.name);
  if ("record" in value) return value.record.name;
  if ("files" in value) return t.record.files(value.files.length);
  if ("number" in value) return count(value.number);
  return value.flag ? t.record.yes : t.record.no;
}

/** A small picture of a record, if it has one. */
export function coverOf(row: RecordRow): string | null {
  const value = row.fields["photos"];
  return value && "files" in value ? (value.files[0]?.thumbnail ?? null) : null;
}

export function choiceOf(row: RecordRow, key: string): string {
  const value = row.fields[key];
  return value && "choice" in value ? value.choice : "";
}

export function fieldOf(detail: RecordDetail | null, key: string): RecordFieldRow | undefined {
  return detail?.fields.find((field) => field.key === key);
}

/** The shown value of a field and the others that were written apart. */
export function valueOf(field: RecordFieldRow): FieldVersion | undefined {
  return field.values[0];
}

/** An amount that was typed, in the currency's smallest unit; null if it is none. */
export function minorOf(text: string, currency: string): number | null {
  const plain = text.replaceAll(/[\s\u00a0\u202f'\u2019]/gu, "");
  const last = Math.max(plain.lastIndexOf(","), plain.lastIndexOf("."));
  const digits = currencyDigits(currency);
  // A separator is a decimal point if what is behind it is as long as the currency's parts.
  const decimal = last >= 0 && digits > 0 && plain.length - last - 1 <= digits;
  const whole = (decimal ? plain.slice(0, last) : plain).replaceAll(/[.,]/gu, "");
  const parts = decimal ? plain.slice(last + 1) : "";
  if (!/^\d{1,12}$/u.test(whole) || !/^\d*$/u.test(parts)) return null;
  return Number(whole) * 10 ** digits + Number(parts.padEnd(digits, "0") || "0");
}

/** An amount as it is typed. */
export function typed(minor: number, currency: string): string {
  const digits = currencyDigits(currency);
  return (minor / 10 ** digits).toFixed(minor % 10 ** digits === 0 ? 0 : digits);
}

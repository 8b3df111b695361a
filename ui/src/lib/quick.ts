import { CallError } from "./backend";
import { QUICK_VARIABLES, TABLE_BYTES } from "./bindings/constants";
import { t } from "./text";

/** What stands in a text as a variable: `{{client.name}}`. */
const VARIABLE = /\{\{\s*([\p{L}\p{N}._-]{1,64})\s*\}\}/gu;

/** Variables that are still in a text, each once. */
export function variables(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map((found) => (found[1] ?? "").toLowerCase()))];
}

/** Those that a form offers: nothing is known of reservations yet. */
export const OFFERED = QUICK_VARIABLES.filter((name) => !name.startsWith("reservation."));

export interface Slash {
  from: number;
  to: number;
  query: string;
}

/** The `/` before the caret that asks for a quick reply: at the beginning of a word, not in an address or a path. */
export function slashAt(text: string, caret: number): Slash | null {
  const found = /(?:^|\s)\/([^\s/]{0,40})$/u.exec(text.slice(0, caret));
  if (!found) return null;
  const query = found[1] ?? "";
  return { from: caret - query.length - 1, to: caret, query };
}

/** Puts text into a field as if it were typed: the system's undo knows it. */
export function typeIn(area: HTMLTextAreaElement, from: number, to: number, text: string): void {
  area.focus();
  area.setSelectionRange(from, to);
  // The only way there is to write into a field and keep its undo.
  const typed = typeof document.execCommand === "function" && document.execCommand(text === "" ? "delete" : "insertText", false, text);
  if (typed) return;
  area.setRangeText(text, from, to, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function bytesOf(file: File): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as ArrayBuffer);
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.readAsArrayBuffer(file);
  });
}

/** A table as text: UTF-8, or what a spreadsheet calls "Unicode text". Anything else would come in with wrong letters. */
export async function readTable(file: File): Promise<string> {
  if (file.size > TABLE_BYTES) throw new CallError({ code: "too_large", message: t.quick.tooLarge });
  const bytes = new Uint8Array(await bytesOf(file));
  const wide = { "255,254": "utf-16le", "254,255": "utf-16be" }[String(bytes.slice(0, 2))];
  try {
    return new TextDecoder(wide ?? "utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new CallError({ code: "invalid_argument", message: t.quick.notText });
  }
}

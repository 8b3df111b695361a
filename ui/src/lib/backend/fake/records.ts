import type { Calls } from "../../bindings/calls";
import type { FieldKind } from "../../bindings/FieldKind";
import type { FieldVersion } from "../../bindings/FieldVersion";
import type { RecordDetail } from "../../bindings/RecordDetail";
import type { RecordFieldRow } from "../../bindings/RecordFieldRow";
import type { RecordRow } from "../../bindings/RecordRow";
import type { RecordValue } from "../../bindings/RecordValue";
import { CallError, type CallName } from "../index";
import type { FakeBackend } from "./index";
import { ME } from "./world";

type Handlers = { [N in CallName]: (fake: FakeBackend, args: Calls[N]["args"]) => Calls[N]["answer"] };

const STATES = ["draft", "available", "reserved", "sold", "rented", "off_market"];
const LEVELS = ["low", "medium", "high", "very_high"];
const STEPS = ["interested", "viewing_scheduled", "offer_made", "negotiating", "purchased", "not_interested"];

type Shape = [key: string, kind: FieldKind, choices?: string[], internal?: boolean];
const FIELDS: Record<string, Shape[]> = {
  property: [["title", "text"], ["price", "money"], ["place", "text"], ["status", "choice", STATES], ["description", "long_text"], ["photos", "files"], ["internal_notes", "long_text", [], true]],
  interest: [["level", "choice", LEVELS], ["status", "choice", STEPS], ["notes", "long_text"]],
};

export function version(value: RecordValue | null, over: Partial<FieldVersion> = {}): FieldVersion {
  return { value, change: `c-${JSON.stringify(value)}`, by: ME, by_name: "Ada Lindgren", me: true, at: new Date().toISOString(), waiting: false, ...over };
}

export function record(id: string, kind: string, title: string, fields: Record<string, RecordValue>, over: Partial<RecordRow> = {}): RecordDetail {
  const row: RecordRow = { id, kind, title, shared: false, deleted: false, space: "s-team", space_name: "Lindgren & Okafor", about: null, fields, conflicts: 0, updated_at: new Date().toISOString(), state: "sent", can_write: true, can_delete: true, ...over };
  return { row, fields: shapes(kind, fields), history: [], conversations: [], copies: [], can_publish: kind === "property" && !row.shared, interests: [] };
}

function shapes(kind: string, fields: Record<string, RecordValue>): RecordFieldRow[] {
  return (FIELDS[kind] ?? []).map(([key, type, choices = [], internal = false]) => {
    const value = fields[key];
    return { key, kind: type, choices, limit: 512, internal, required: key === "title", values: value ? [version(value)] : [] };
  });
}

export function villa(): RecordDetail {
  return record("r-villa", "property", "Villa Rosa", {
    title: { text: "Villa Rosa" },
    price: { money: { minor: 42_000_000, currency: "EUR" } },
    place: { text: "Sopot, Parkowa 4" },
    status: { choice: "available" },
    description: { text: "Five rooms and a garden, ten minutes from the sea." },
    internal_notes: { text: "The owner would take a little less." },
  });
}

function fail(code: "not_found", message: string): never {
  throw new CallError({ code, message });
}

function find(fake: FakeBackend, id: string): RecordDetail {
  return fake.world.records.get(id) ?? fail("not_found", "There is no such record.");
}

/** Tells the screens and answers the row. */
function told(fake: FakeBackend, detail: RecordDetail): RecordRow {
  detail.row.conflicts = detail.fields.filter((field) => field.values.length > 1).length;
  fake.world.records.set(detail.row.id, detail);
  const previous = fake.revision;
  fake.emit({ event: "records", previous, revision: fake.step(), upsert: [detail.row], remove: [] });
  return detail.row;
}

function write(detail: RecordDetail, key: string, value: RecordValue | null): void {
  const field = detail.fields.find((one) => one.key === key);
  if (field) field.values = [version(value)];
  if (value) detail.row.fields[key] = value;
  else delete detail.row.fields[key];
  if (key === "title" && value && "text" in value) detail.row.title = value.text;
}

export const records = {
  records: (fake, args) => {
    const rows = [...fake.world.records.values()].map((one) => one.row).filter((row) => row.kind === args.kind && row.deleted === args.deleted && row.title.toLowerCase().includes(args.query.toLowerCase()) && (!args.about || row.about?.id === args.about) && (!args.level || JSON.stringify(row.fields["level"] ?? "").includes(`"${args.level}"`)) && (!args.status || JSON.stringify(row.fields["status"] ?? "").includes(`"${args.status}"`)));
    return { rows, next: null, revision: fake.revision, total: rows.length };
  },
  record_columns: (fake, args) => {
    const counts = new Map<string, number>();
    for (const { row } of fake.world.records.values()) {
      const value = row.fields[args.by];
      if (row.kind === args.kind && !row.deleted && value && "choice" in value) counts.set(value.choice, (counts.get(value.choice) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => ({ name, count }));
  },
  record: (fake, args) => {
    const detail = find(fake, args.record);
    return { ...detail, interests: [...fake.world.records.values()].map((one) => one.row).filter((row) => row.about?.id === args.record && !row.deleted) };
  },
  record_new: (fake, args) => {
    const title = args.fields["title"];
    const fields = Object.fromEntries(Object.entries(args.fields).filter((entry): entry is [string, RecordValue] => entry[1] !== null));
    return told(fake, record(`r-${fake.world.records.size + 1}`, args.kind, title && "text" in title ? title.text : "", fields));
  },
  record_set: (fake, args) => {
    const detail = find(fake, args.record);
    for (const [key, value] of Object.entries(args.fields)) write(detail, key, value ?? null);
    return told(fake, detail);
  },
  record_settle: (fake, args) => {
    const detail = find(fake, args.record);
    const chosen = detail.fields.find((field) => field.key === args.field)?.values.find((one) => one.change === args.change);
    write(detail, args.field, chosen?.value ?? null);
    told(fake, detail);
    return detail;
  },
  record_delete: (fake, args) => {
    const detail = find(fake, args.record);
    detail.row = { ...detail.row, deleted: args.deleted };
    return told(fake, detail);
  },
  record_publish: (fake, args) => {
    const detail = find(fake, args.record);
    detail.copies = args.on ? args.clients.map((space) => ({ space, name: space, state: "waiting" })) : [];
    told(fake, detail);
    return detail;
  },
  record_preview: (fake, args) => {
    const detail = find(fake, args.record);
    const { internal_notes: _, ...fields } = detail.row.fields;
    return { title: detail.row.title, fields, hidden: ["internal_notes"] };
  },
  record_link: (fake, args) => {
    const row = fake.world.rows.get(args.conversation) ?? fail("not_found", "There is no such conversation.");
    const { id, kind, title, shared, deleted } = find(fake, args.record).row;
    const others = row.records.filter((chip) => chip.id !== id);
    const changed = { ...row, records: args.on ? [...others, { id, kind, title, shared, deleted }] : others };
    fake.world.rows.set(row.id, changed);
    return changed;
  },
  record_ask: (fake) => ({ id: "m-asked", conversation: fake.world.rows.keys().next().value ?? "", state: "pending" }),
  record_files: (fake, args) => find(fake, args.record),
  interest_set: (fake, args) => {
    const about = find(fake, args.property).row;
    const id = `i-${args.property}-${args.client ?? "own"}`;
    const detail = fake.world.records.get(id) ?? record(id, "interest", about.title, { level: { choice: "medium" }, status: { choice: "interested" } }, { about: { id: about.id, name: about.title }, space: args.client ?? "s-own", space_name: args.client ?? "Maria Bellini" });
    for (const key of ["level", "status"] as const) {
      const choice = args[key];
      if (choice) write(detail, key, { choice });
    }
    if (args.notes !== null && args.notes !== undefined) write(detail, "notes", args.notes ? { text: args.notes } : null);
    detail.row.deleted = false;
    return told(fake, detail);
  },
  clients: () => [
    { space: "s-maria", name: "Maria Bellini", people: ["Maria Bellini"] },
    { space: "s-tomas", name: "Tomás Herrera", people: ["Tomás Herrera"] },
  ],
} satisfies Partial<Handlers>;

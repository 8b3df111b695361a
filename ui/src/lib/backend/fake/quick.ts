import type { QuickReply } from "../../bindings/QuickReply";
import { QUICK_VARIABLES } from "../../bindings/constants";
import type { Handlers } from "./handlers";
import { fail } from "./handlers";
import type { FakeBackend } from "./index";
import { draft } from "./world";

type Names = "quick_replies" | "quick_reply_set" | "quick_reply_remove" | "quick_fill" | "quick_attach" | "quick_import" | "quick_export";

let made = 0;

function told(fake: FakeBackend, id: string): void {
  const previous = fake.revision;
  fake.emit({ event: "records", previous, revision: fake.step(), upsert: [], remove: [id] });
}

function find(fake: FakeBackend, id: string): QuickReply {
  return fake.world.quick.find((one) => one.id === id) ?? fail("not_found", "There is no such quick reply.");
}

/** Quick replies of the fake engine. Its tables are split at commas and nothing else. */
export const quick: Pick<Handlers, Names> = {
  quick_replies: (fake, args) => fake.world.quick.filter((one) => (args.inactive || one.active) && !fake.world.quickGone.has(one.id)),
  quick_reply_set: (fake, args) => {
    if (args.title.trim() === "" || args.body.trim() === "") fail("invalid_argument", "A quick reply needs a title.");
    made += 1;
    const known = args.id ? find(fake, args.id) : null;
    const one: QuickReply = {
      id: known?.id ?? `q-new-${made}`,
      title: args.title,
      body: args.body,
      category: args.category ?? "custom",
      active: args.active ?? true,
      property: args.property || null,
      property_title: null,
      uses: known?.uses ?? 0,
      team: true,
      updated_at: new Date().toISOString(),
      conflict: false,
      files: known?.files ?? [],
    };
    fake.world.quick = [...fake.world.quick.filter((other) => other.id !== one.id), one];
    told(fake, one.id);
    return one;
  },
  quick_reply_remove: (fake, args) => {
    if (args.back) fake.world.quickGone.delete(args.id);
    else fake.world.quickGone.add(args.id);
    told(fake, args.id);
    return { done: true };
  },
  quick_attach: (fake, args) => {
    const held = fake.world.drafts.get(args.conversation) ?? draft(args.conversation);
    const files = find(fake, args.id).files.map((file) => ({ ...file, id: `${file.id}-again-${(made += 1)}` }));
    const changed = { ...held, id: held.id || `dr-quick-${made}`, files: [...held.files, ...files] };
    fake.world.drafts.set(args.conversation, changed);
    return changed;
  },
  quick_fill: (fake, args) => {
    const body = args.body ?? find(fake, args.id ?? "").body;
    const me = fake.world.status.name ?? "";
    const row = args.conversation ? fake.world.rows.get(args.conversation) : undefined;
    const others = row?.participants.filter((one) => !one.me).map((one) => one.name) ?? [];
    const client = others.length === 1 ? (others[0] ?? "") : "";
    const values: Record<string, string> = {
      "me.name": me,
      "me.first_name": me.split(" ")[0] ?? "",
      "client.name": client,
      "client.first_name": client.split(" ")[0] ?? "",
      today: args.today ?? "2026-11-21",
    };
    const gaps = new Map<string, boolean>();
    const known: readonly string[] = QUICK_VARIABLES;
    const text = body.replace(/\{\{\s*([\w.-]+)\s*\}\}/gu, (whole, name: string) => {
      if (values[name]) return values[name];
      gaps.set(name, known.includes(name));
      return whole;
    });
    return { text, gaps: [...gaps].map(([name, is]) => ({ name, known: is })), id: args.id };
  },
  quick_import: (fake, args) => {
    const [, ...lines] = args.csv.trim().split(/\r?\n/u);
    const rows = lines.map((line, index) => ({ line: index + 2, title: line.split(",")[0] ?? "", body: line.split(",")[1] ?? "" }));
    const faults = rows.filter((row) => row.body === "").map((row) => ({ line: row.line, code: "body_missing" as const, about: "", message: "A quick reply needs some words." }));
    const shown = rows.map((row) => ({ line: row.line, title: row.title, category: "custom", duplicate: fake.world.quick.some((one) => one.title === row.title) }));
    shown.sort((a, b) => Number(b.duplicate) - Number(a.duplicate));
    if (faults.length > 0 || !args.apply) return { lines: faults.length > 0 ? [] : shown, faults, taken: 0 };
    const fresh = rows.filter((row) => args.duplicates !== "skip" || !fake.world.quick.some((one) => one.title === row.title));
    for (const row of fresh) quick.quick_reply_set(fake, { id: null, title: row.title, body: row.body, category: null, active: true, property: null });
    return { lines: shown, faults, taken: fresh.length };
  },
  quick_export: (fake) => ({ csv: "title,body\r\n", count: fake.world.quick.length }),
};

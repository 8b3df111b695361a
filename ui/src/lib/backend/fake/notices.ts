import type { NoticeKind } from "../../bindings/NoticeKind";
import type { NoticeRow } from "../../bindings/NoticeRow";
import type { NotifySettings } from "../../bindings/NotifySettings";
import type { Handlers } from "./handlers";
import type { FakeBackend } from "./index";

type NoticeCall = "notices" | "notices_read" | "notify_settings" | "notify_set" | "announce_state" | "announce_set";

const KINDS: NoticeKind[] = ["message", "mention", "assignment", "interest", "portal", "request", "joined", "late", "not_sent", "device", "left", "back", "planned", "invite_ends"];

export function notify(): NotifySettings {
  return {
    kinds: KINDS.map((kind) => ({ kind, in_app: true, desktop: kind !== "portal", sound: kind !== "portal" })),
    quiet: { on: false, days: [1, 2, 3, 4, 5, 6, 7], from: "22:00", to: "07:00", mentions: true },
    quiet_now: false,
  };
}

export function notice(id: string, kind: NoticeKind, over: Partial<NoticeRow> = {}): NoticeRow {
  return { id, kind, at: new Date().toISOString(), unread: true, person: null, me: false, name: "", title: "", text: "", files: null, count: 0, conversation: null, message: null, record: null, ...over };
}

/** Conversations with unread messages, as the engine lists them. */
function talks(fake: FakeBackend): NoticeRow[] {
  return [...fake.world.rows.values()]
    .filter((row) => row.unread > 0 && !row.archived)
    .map((row) => notice(`c:${row.id}`, "message", { at: row.last_at, name: row.preview_author ?? "", title: row.title, text: row.preview, files: row.preview_files, count: row.unread, conversation: row.id }));
}

export const notices: Pick<Handlers, NoticeCall> = {
  notices: (fake, args) => {
    const all = [...talks(fake), ...fake.world.notices].sort((a, b) => (a.at < b.at ? 1 : -1));
    const shown = all.filter((row) => row.unread || !args.unread);
    const rest = shown.slice(args.after ? shown.findIndex((row) => row.id === args.after) + 1 : 0);
    const rows = rest.slice(0, args.limit);
    return { rows, next: rest.length > rows.length ? (rows.at(-1)?.id ?? null) : null, unread: all.filter((row) => row.unread).length };
  },
  notices_read: (fake, args) => {
    const read = (id: string): boolean => args.all || args.ids.includes(id);
    for (const row of talks(fake)) {
      const held = row.conversation ? fake.world.rows.get(row.conversation) : undefined;
      if (held && read(row.id)) fake.putRow({ ...held, unread: 0 });
    }
    fake.world.notices = fake.world.notices.map((row) => (read(row.id) ? { ...row, unread: false } : row));
    const unread = [...talks(fake), ...fake.world.notices].filter((row) => row.unread).length;
    fake.world.status = { ...fake.world.status, notices: unread };
    fake.emit({ event: "notices", unread, read: args.ids });
    return { done: true };
  },
  notify_settings: (fake) => fake.world.notify,
  notify_set: (fake, args) => {
    const { kind, quiet } = args;
    const kinds = fake.world.notify.kinds.map((one) => (one.kind === kind?.kind ? kind : one));
    return (fake.world.notify = { ...fake.world.notify, kinds, quiet: quiet ?? fake.world.notify.quiet });
  },
  announce_state: (fake, args) => ({ announce: fake.world.announce.get(args.conversation) ?? "all", muted_until: null }),
  announce_set: (fake, args) => {
    fake.world.announce.set(args.conversation, args.announce);
    return { announce: args.announce, muted_until: null };
  },
};

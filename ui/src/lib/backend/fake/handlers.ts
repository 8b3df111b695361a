import type { Attachment } from "../../bindings/Attachment";
import type { ConversationRow } from "../../bindings/ConversationRow";
import type { MessageRow } from "../../bindings/MessageRow";
import type { FileSource } from "../../bindings/FileSource";
import type { Calls } from "../../bindings/calls";
import type { Code } from "../../bindings/Code";
import type { Draft } from "../../bindings/Draft";
import type { DraftRow } from "../../bindings/DraftRow";
import type { MessagePage } from "../../bindings/MessagePage";
import { filesSaid, quoteOf } from "../../said";
import { diff, merge } from "../../splice";
import { CallError, type CallName } from "../index";
import { agency } from "./agency";
import { choices, discardComment, shows } from "./choices";
import type { FakeBackend } from "./index";
import { changes } from "./changes";
import { notices } from "./notices";
import { overview } from "./overview";
import { people } from "./people";
import { records } from "./records";
import { plan, scheduled } from "./scheduled";
import { search } from "./search";
import { quick } from "./quick";
import { filesRoom } from "./room";
import { waiting } from "./waiting";
import { ME, attachment, conversation, draft, message, participant, receipt } from "./world";

export type Handlers = { [N in CallName]: (fake: FakeBackend, args: Calls[N]["args"]) => Calls[N]["answer"] };

export function fail(code: Code, text: string): never {
  throw new CallError({ code, message: text });
}

function row(fake: FakeBackend, id: string) {
  return fake.world.rows.get(id) ?? fail("not_found", "There is no such conversation.");
}

/** What the person deleted for themselves, to be brought back. */
const deleted = new Map<string, { row: ConversationRow; messages: MessageRow[] }>();

let counter = 1;
function next(prefix: string): string {
  counter += 1;
  return `${prefix}-new-${counter}`;
}

function page(fake: FakeBackend, args: Calls["messages"]["args"], among: (one: MessageRow) => boolean = () => true): MessagePage {
  const all = (fake.world.messages.get(args.conversation) ?? []).filter(among);
  let from = Math.max(0, all.length - args.limit);
  let to = all.length;
  if (args.before) {
    to = Math.max(0, all.findIndex((one) => one.id === args.before));
    from = Math.max(0, to - args.limit);
  } else if (args.after) {
    from = all.findIndex((one) => one.id === args.after) + 1;
    to = Math.min(all.length, from + args.limit);
  } else if (args.around) {
    const at = all.findIndex((one) => one.id === args.around);
    if (at < 0) fail("not_found", "There is no such message.");
    from = Math.max(0, at - Math.floor(args.limit / 2));
    to = Math.min(all.length, from + args.limit);
  }
  return {
    rows: all.slice(from, to),
    older: from > 0 ? (all[from]?.id ?? null) : null,
    newer: to < all.length ? (all[to - 1]?.id ?? null) : null,
    revision: fake.revision,
  };
}

function setFile(fake: FakeBackend, id: string, next: (state: Attachment["state"]) => Attachment["state"]): Attachment {
  for (const rows of fake.world.messages.values()) {
    for (const one of rows) {
      const found = one.attachments.find((file) => file.id === id);
      if (found) {
        const state = next(found.state);
        const changed = { ...found, state, progress: 1, here: state !== "remote" };
        fake.putMessage({ ...one, attachments: one.attachments.map((file) => (file.id === id ? changed : file)) });
        return changed;
      }
    }
  }
  return fail("not_found", "There is no such file.");
}

/** A file as the engine has it once it was given. */
function attached(fake: FakeBackend, file: FileSource): Attachment {
  if ("given" in file) {
    const held = fake.handed[file.given.number] ?? fail("file_failed", "This file is no longer at hand.");
    return { ...attachment(next("a"), held.name, held.mime, held.size), voice: held.voice ?? null };
  }
  const name = "path" in file ? (file.path.path.split("/").at(-1) ?? "file") : file.bytes.name;
  return attachment(next("a"), name, "bytes" in file ? file.bytes.mime : "application/octet-stream", 1024);
}

export function put(fake: FakeBackend, id: string, body: string, files: FileSource[], replyTo: string | null, draftFiles: Attachment[] = []): Calls["send"]["answer"] {
  const held = row(fake, id);
  const at = new Date().toISOString();
  const { status, messages } = fake.world;
  const state = status.relay === null ? "local" : status.online ? "sent" : "pending";
  const quoted = (messages.get(id) ?? []).find((one) => one.id === replyTo);
  const sent = message(next(id), id, {
    author_name: status.name ?? "",
    at,
    body,
    state,
    attachments: [...draftFiles, ...files.map((file) => attached(fake, file))],
    reply_to: quoted ? quoteOf(quoted) : null,
    receipts: held.participants.filter((one) => !one.me).map((one) => receipt(one.person, one.name, null, null)),
  });
  fake.putMessage(sent);
  fake.putRow({ ...row(fake, id), preview: body.slice(0, 100), preview_files: body === "" ? filesSaid(sent.attachments) : null, preview_deleted: false, preview_author: null, last_at: at, last_state: state, archived: false });
  return { id: sent.id, conversation: id, state };
}

/** The composer of a conversation shows another of its drafts, or begins one; what it showed is beside it. */
function choose(fake: FakeBackend, id: string, chosen: string | null): Calls["draft_choose"]["answer"] {
  const held = fake.world.drafts.get(id) ?? draft(id);
  if (chosen === held.id) return held;
  const found = held.others.find((other) => other.id === chosen);
  if (chosen !== null && !found) fail("not_found", "There is no such draft.");
  const others = held.others.filter((other) => other.id !== chosen);
  if (held.text !== "") others.unshift(listed(fake, held));
  const shown = draft(id, found ? { ...found, files: [], revision: String(Number(held.revision) + 1), others } : { others });
  fake.draftTexts(id).set(shown.revision, shown.text);
  fake.world.drafts.set(id, shown);
  return shown;
}

export function listed(fake: FakeBackend, one: Draft): DraftRow {
  return { id: one.id, conversation: one.conversation, comment: one.comment, title: row(fake, one.conversation).title, text: one.text, updated_at: one.updated_at ?? "", sending: one.sending, files: one.files.length };
}

export function setDraft(fake: FakeBackend, id: string, text: string, base: string | null, reply: string | null, which: string | null = null, template: string | null = null): Calls["draft_set"]["answer"] {
  const shown = fake.world.drafts.get(id);
  if (which === "" && (shown?.text ?? "") !== "") choose(fake, id, null);
  else if (which && shown?.others.some((other) => other.id === which)) choose(fake, id, which);
  const held = fake.world.drafts.get(id) ?? draft(id);
  const history = fake.draftTexts(id);
  const before = history.get(base ?? "0") ?? "";
  const joined = merge(before, text, held.text).text;
  const revision = String(Number(held.revision) + 1);
  const quoted = (fake.world.messages.get(id) ?? []).find((one) => one.id === reply);
  const saved = {
    ...held,
    id: held.id || next("dr"),
    text: diff(before, held.text).remove === 0 && before === held.text ? text : joined,
    revision,
    updated_at: new Date().toISOString(),
    template: template === null ? held.template : template || null,
    reply_to: quoted ? quoteOf(quoted) : null,
  };
  history.set(revision, saved.text);
  fake.world.drafts.set(id, saved);
  const changed = row(fake, id);
  fake.putRow({ ...changed, has_draft: saved.text !== "", draft_preview: saved.text.slice(0, 100) });
  return saved;
}

const core: Pick<Handlers, Exclude<CallName, keyof typeof people | keyof typeof changes | keyof typeof records | keyof typeof choices | keyof typeof notices | keyof typeof overview | keyof typeof search>> = {
  status: (fake) => fake.world.status,
  init: (fake, args) => {
    const { status } = fake.world;
    fake.world.status = { ...status, person: ME, device: "d-laptop", name: args.name, device_name: "Laptop", relay: args.relay, connection: args.relay ? "online" : "none", online: args.relay !== null };
    fake.world.people = fake.world.people.map((one) => (one.me ? { ...one, name: args.name } : one));
    return fake.world.status;
  },
  unlock: (fake, args) => {
    if (args.passphrase !== "correct horse") fail("wrong_passphrase", "That is not the passphrase. Nothing was changed.");
    return (fake.world.status = { ...fake.world.status, locked: false });
  },
  lock: (fake) => (fake.world.status = { ...fake.world.status, locked: true }),
  passphrase_set: (fake, args) => (fake.world.status = { ...fake.world.status, key_protection: args.new ? "passphrase" : "keychain" }),
  profile_rename: (fake, args) => (fake.world.status = { ...fake.world.status, name: args.name }),
  relay_set: (fake, args) => {
    if (!/^https?:\/\/\S+$/.test(args.address)) fail("invalid_argument", "This is not an address. It looks like https://relay.example.org.");
    fake.setStatus({ relay: args.address, relay_is_local: /127\.0\.0\.1|localhost/.test(args.address), connection: "online", online: true });
    return fake.world.status;
  },
  conversations: (fake, args) => {
    const rows = [...fake.world.rows.values()]
      .filter((one) => shows(args.filter, one))
      .sort((a, b) => (a.order < b.order ? 1 : -1));
    const from = args.after ? rows.findIndex((one) => one.id === args.after) + 1 : 0;
    const shown = rows.slice(from, from + args.limit);
    return {
      rows: shown,
      next: from + args.limit < rows.length ? (shown.at(-1)?.id ?? null) : null,
      revision: fake.revision,
      unread_total: rows.reduce((sum, one) => sum + one.unread, 0),
    };
  },
  conversation: (fake, args) => {
    const held = row(fake, args.conversation);
    return {
      row: held,
      creator: ME,
      created_at: fake.world.messages.get(held.id)?.[0]?.at ?? held.last_at,
      first_unread: fake.world.messages.get(held.id)?.find((one) => one.unread)?.id ?? null,
      space_name: held.space_kind === "client" ? (held.participants.find((one) => !one.me)?.name ?? "") : "",
      siblings: held.id === "c-rosa" ? [{ id: "c-tom", title: "Kitchen quote" }] : [],
      can_invite: true,
      can_leave: held.space_kind !== "personal",
      member: true,
      left: false,
      parts: [],
      colleagues: held.staffed ? fake.world.people.filter((one) => one.me || one.staff).map((one) => ({ person: one.id, name: one.name, me: one.me })) : [],
    };
  },
  conversation_new: (fake, args) => {
    const id = next("c");
    const others = fake.world.people.filter((one) => args.with.includes(one.id));
    const participants = [participant(ME, fake.world.status.name ?? "", "owner"), ...others.map((one) => participant(one.id, one.name))];
    fake.world.messages.set(id, []);
    fake.putRow(conversation(id, { subject: args.subject ?? "", participants, last_at: new Date().toISOString(), space_kind: others.length ? "talk" : "personal" }));
    if (args.message || args.attachments.length > 0) put(fake, id, args.message ?? "", args.attachments, null);
    return { id, space: `s-${id}` };
  },
  conversation_archive: (fake, args) => fake.putRow({ ...row(fake, args.conversation), archived: args.archived }),
  conversation_read: (fake, args) => {
    for (const one of fake.world.messages.get(args.conversation) ?? []) if (one.unread) fake.putMessage({ ...one, unread: false });
    return fake.putRow({ ...row(fake, args.conversation), unread: 0, marked_unread: false });
  },
  conversation_unread: (fake, args) => fake.putRow({ ...row(fake, args.conversation), marked_unread: true }),
  conversation_rename: (fake, args) => fake.putRow({ ...row(fake, args.conversation), subject: args.subject, title: args.subject }),
  conversation_leave: (fake, args) => {
    fake.dropRow(args.conversation);
    return { done: true };
  },
  conversation_delete: (fake, args) => {
    for (const held of args.conversations.map((id) => row(fake, id))) {
      if (!args.everyone) deleted.set(held.id, { row: held, messages: fake.world.messages.get(held.id) ?? [] });
      fake.dropRow(held.id);
      fake.world.messages.delete(held.id);
    }
    return { done: true };
  },
  conversation_restore: (fake, args) =>
    args.conversations.map((id) => {
      const back = deleted.get(id) ?? fail("not_found", "There is no such conversation.");
      fake.world.messages.set(back.row.id, back.messages);
      return fake.putRow(back.row);
    }),
  messages: (fake, args) => page(fake, args),
  send: (fake, args) => args.at ? plan(fake, args.conversation, args.text, args.at) : put(fake, args.conversation, args.text, args.attachments, args.reply_to),
  message_delete: (fake, args) => {
    for (const rows of [...fake.world.messages.values()]) {
      const found = rows.find((one) => one.id === args.id);
      if (found) fake.putMessage({ ...found, body: "", attachments: [], reply_to: null, deleted: true, can_delete: false });
    }
    return { done: true };
  },
  shown: (fake, args) => {
    let left = 0;
    for (const one of fake.world.messages.get(args.conversation) ?? []) {
      if (one.unread && args.messages.includes(one.id)) fake.putMessage({ ...one, unread: false });
      else if (one.unread) left += 1;
    }
    fake.putRow({ ...row(fake, args.conversation), unread: left, marked_unread: false });
    return { done: true };
  },
  focus: () => ({ done: true }),
  typing: () => ({ done: true }),
  draft_show: (fake, args) => {
    const held = fake.world.drafts.get(args.conversation) ?? draft(args.conversation);
    fake.draftTexts(args.conversation).set(held.revision, held.text);
    return held;
  },
  draft_set: (fake, args) => setDraft(fake, args.conversation, args.text, args.base ?? null, args.reply_to ?? null, args.draft ?? null, args.template ?? null),
  draft_attach: (fake, args) => {
    const held = fake.world.drafts.get(args.conversation) ?? draft(args.conversation);
    const files = [...held.files, ...args.files.map((file) => attached(fake, file))];
    const changed = { ...held, id: held.id || next("dr"), files, updated_at: new Date().toISOString() };
    fake.world.drafts.set(args.conversation, changed);
    return changed;
  },
  draft_detach: (fake, args) => {
    const held = fake.world.drafts.get(args.conversation) ?? draft(args.conversation);
    const changed = { ...held, files: held.files.filter((file) => file.id !== args.id) };
    fake.world.drafts.set(args.conversation, changed);
    return changed;
  },
  draft_choose: (fake, args) => choose(fake, args.conversation, args.draft ?? null),
  link_preview: (fake, args) => ({ preview: (fake.world.settings.link_previews && fake.world.pages.get(args.url)) || null }),
  draft_send: (fake, args) => {
    const held = fake.world.drafts.get(args.conversation);
    const sent = args.at
      ? plan(fake, args.conversation, args.text, args.at, held?.files ?? [])
      : put(fake, args.conversation, args.text, args.attachments, held?.reply_to?.id ?? null, held?.files ?? []);
    const said = fake.world.messages.get(args.conversation)?.find((one) => one.id === sent.id);
    if (said) fake.putMessage({ ...said, previews: args.previews.flatMap((url) => fake.world.pages.get(url) ?? []) });
    const others = held?.others ?? [];
    fake.world.drafts.set(args.conversation, draft(args.conversation, { others }));
    fake.draftTexts(args.conversation).clear();
    fake.putRow({ ...row(fake, args.conversation), has_draft: others.length > 0, draft_preview: others[0]?.text.slice(0, 100) ?? "" });
    return sent;
  },
  draft_compare: (fake, args) => {
    const all = [...fake.world.drafts.values()].flatMap((one) => [listed(fake, one), ...one.others]);
    const of = (id: string): DraftRow => all.find((one) => one.id === id) ?? fail("not_found", "There is no such draft.");
    const [left, right] = [of(args.left), of(args.right)];
    const splice = diff(left.text, right.text);
    const end = splice.at + splice.remove;
    const parts = [
      { same: true, left: left.text.slice(0, splice.at), right: left.text.slice(0, splice.at) },
      { same: false, left: left.text.slice(splice.at, end), right: splice.insert },
      { same: true, left: left.text.slice(end), right: left.text.slice(end) },
    ];
    return { left, right, parts: parts.filter((part) => part.left !== "" || part.right !== "") };
  },
  draft_discard: (fake, args) => {
    for (const [id, held] of fake.world.drafts) {
      const others = held.others.filter((other) => other.id !== args.id);
      if (held.id !== args.id && others.length === held.others.length) continue;
      const left = held.id === args.id ? draft(id, { others }) : { ...held, others };
      fake.world.drafts.set(id, left);
      const preview = left.text || (others[0]?.text ?? "");
      fake.putRow({ ...row(fake, id), has_draft: preview !== "", draft_preview: preview.slice(0, 100) });
      fake.emit({ event: "draft", draft: left });
    }
    discardComment(fake, args.id);
    return { done: true };
  },
  drafts: (fake) =>
    [...fake.world.drafts.values(), ...fake.world.comments.values()]
      .flatMap((one) => (one.text === "" ? one.others : [listed(fake, one), ...one.others])),
  unsaved: (fake) => [...fake.world.unsaved].map(([place, text]) => ({ place, text })),
  unsaved_set: (fake, { place, text }) => {
    if (text === "") fake.world.unsaved.delete(place);
    else fake.world.unsaved.set(place, text);
    return { done: true };
  },
  outbox: (fake) => fake.world.outbox,
  outbox_cancel: (fake, args) => {
    fake.removeOutbox(args.id);
    return { done: true };
  },
  outbox_edit: (fake, args) => {
    const found = fake.world.outbox.find((one) => one.id === args.id) ?? fail("already_sent", "It is already on its way.");
    const id = found.conversation ?? fail("invalid_argument", "Only messages can be edited.");
    fake.removeOutbox(args.id);
    return setDraft(fake, id, found.preview, null, null);
  },
  outbox_retry: (fake, args) => {
    fake.removeOutbox(args.id);
    return { done: true };
  },
  ...waiting,
  ...scheduled,
  ...quick,
  ...filesRoom,
  attachment_read: (fake, args) => {
    const held = fake.world.files.get(args.id) ?? fail("not_found", "There is no such file.");
    const base64 = held.startsWith("base64,") ? held.slice(7) : btoa(unescape(encodeURIComponent(held)));
    return { name: "file", mime: held.startsWith("<svg") ? "image/svg+xml" : "application/octet-stream", base64 };
  },
  attachment_save: (fake, args) => {
    fake.saved.add(args.attachment);
    return { done: true };
  },
  conversation_files: (fake, args) => page(fake, { ...args, unread: false }, (one) => one.attachments.length > 0),
  attachment: (fake, args) => {
    for (const [conversation, rows] of fake.world.messages) {
      for (const one of rows) {
        const file = one.attachments.find((held) => held.id === args.id);
        if (file) return { file, conversation, message: one.id, record: null };
      }
    }
    return fail("not_found", "There is no such file.");
  },
  attachment_fetch: (fake, args) => setFile(fake, args.id, () => "ready"),
  attachment_stop: (fake, args) => setFile(fake, args.id, (state) => (state === "downloading" ? "remote" : "stopped")),
  settings: (fake) => fake.world.settings,
  settings_set: (fake, args) => {
    const change = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null && value !== undefined));
    fake.world.settings = { ...fake.world.settings, ...change };
    fake.emit({ event: "settings", settings: fake.world.settings });
    return fake.world.settings;
  },
  backup: (_fake, args) => ({ file: args.file, bytes: 4_823_110 }),
  restore: (fake) => (fake.world = agency()).status,
  doctor: (_fake, args) => ({
    healthy: false,
    findings: [{ code: "stale_counter", message: "The unread count of one conversation was off by one.", repaired: args.repair }],
  }),
  sync: () => ({ pushed: 0, pulled: 0 }),
  seed: (_fake, args) => ({ messages: args.messages, conversations: args.conversations, seconds: 0 }),
  demo_start: (fake) => {
    fake.world = agency();
    fake.world.status = { ...fake.world.status, demo: true, relay: null, connection: "none", online: false, offline_since: null, outbox: 1 };
    return fake.world.status;
  },
  demo_remove: (fake) => {
    fake.setStatus({ demo_profile: null });
    return fake.world.status;
  },
};

export const handlers: Handlers = { ...core, ...changes, ...choices, ...people, ...records, ...notices, ...overview, ...search };

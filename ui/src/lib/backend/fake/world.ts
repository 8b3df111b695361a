import type { Attachment } from "../../bindings/Attachment";
import type { ConversationRow } from "../../bindings/ConversationRow";
import type { DeviceRow } from "../../bindings/DeviceRow";
import type { Draft } from "../../bindings/Draft";
import type { MessageRow } from "../../bindings/MessageRow";
import type { Announce } from "../../bindings/Announce";
import type { NoticeRow } from "../../bindings/NoticeRow";
import type { NotifySettings } from "../../bindings/NotifySettings";
import type { OutboxRow } from "../../bindings/OutboxRow";
import type { Participant } from "../../bindings/Participant";
import type { PersonRow } from "../../bindings/PersonRow";
import type { QuickReply } from "../../bindings/QuickReply";
import type { Receipt } from "../../bindings/Receipt";
import type { RequestRow } from "../../bindings/RequestRow";
import type { RecordDetail } from "../../bindings/RecordDetail";
import type { RoleName } from "../../bindings/RoleName";
import type { ScheduledRow } from "../../bindings/ScheduledRow";
import type { Settings } from "../../bindings/Settings";
import type { SpaceKind } from "../../bindings/SpaceKind";
import type { Preview } from "../../bindings/Preview";
import type { State } from "../../bindings/State";
import type { Status } from "../../bindings/Status";

import { notify } from "./notices";

/** What the fake engine holds. */
export interface World {
  status: Status;
  settings: Settings;
  rows: Map<string, ConversationRow>;
  messages: Map<string, MessageRow[]>;
  drafts: Map<string, Draft>;
  /** What is typed of comments, by conversation. */
  comments: Map<string, Draft>;
  people: PersonRow[];
  devices: DeviceRow[];
  requests: RequestRow[];
  outbox: OutboxRow[];
  scheduled: ScheduledRow[];
  quick: QuickReply[];
  /** Quick replies that were removed. */
  quickGone: Set<string>;
  /** What pages say of themselves, by address. */
  pages: Map<string, Preview>;
  files: Map<string, string>;
  records: Map<string, RecordDetail>;
  notices: NoticeRow[];
  notify: NotifySettings;
  announce: Map<string, Announce>;
  searches: string[];
  /** What is typed outside of drafts, by place. */
  unsaved: Map<string, string>;
}

export const ME = "p-ada";

export function status(over: Partial<Status> = {}): Status {
  return {
    person: ME,
    device: "d-laptop",
    name: "Ada Lindgren",
    device_name: "Laptop",
    relay: "https://relay.example.org",
    relay_is_local: false,
    connection: "online",
    online: true,
    offline_since: null,
    outbox: 0,
    refused: 0,
    unread: 0,
    quarantined: 0,
    parked: 0,
    locked: false,
    demo: false,
    demo_profile: null,
    recovery_confirmed: true,
    recovery_here: true,
    key_protection: "keychain",
    requests: 0,
    notices: 0,
    problem: null,
    version: "0.1.0",
    ...over,
  };
}

export function settings(over: Partial<Settings> = {}): Settings {
  return {
    theme: "system",
    notifications: true,
    notification_content: true,
    read_receipts: true,
    enter_sends: true,
    zoom: 100,
    close_to_tray: false,
    lock_after_minutes: 0,
    compact_list: false,
    undo_send_seconds: 0,
    presence: true,
    link_previews: false,
    clean_photos: true,
    video_call: "",
    translate_at: "",
    translate_to: "",
    welcome_done: false,
    recovery_reminder_at: null,
    ...over,
  };
}

export function draft(conversation: string, over: Partial<Draft> = {}): Draft {
  return {
    id: "",
    conversation,
    comment: false,
    text: "",
    revision: "0",
    reply_to: null,
    sending: null,
    updated_at: null,
    template: null,
    others: [],
    files: [],
    files_coming: 0,
    ...over,
  };
}

export function participant(person: string, name: string, role: RoleName = "member"): Participant {
  return { person, name, role, me: person === ME, team: false };
}

export function conversation(id: string, over: Partial<ConversationRow> = {}): ConversationRow {
  const participants = over.participants ?? [participant(ME, "Ada Lindgren", "owner")];
  const others = participants.filter((one) => !one.me).map((one) => one.name);
  return {
    id,
    space: `s-${id}`,
    space_kind: "talk" as SpaceKind,
    subject: "",
    title: over.subject || others.join(", ") || "Only you",
    participants,
    unread: 0,
    marked_unread: false,
    preview: "",
    preview_files: null,
    preview_deleted: false,
    preview_author: null,
    last_at: new Date(0).toISOString(),
    last_state: null,
    archived: false,
    has_draft: false,
    draft_preview: "",
    waiting: 0,
    can_write: true,
    can_manage: true,
    records: [],
    order: `${over.pinned ? 1 : 0}${over.last_at ?? new Date(0).toISOString()}${id}`,
    space_name: "",
    preview_internal: false,
    pinned: false,
    muted_until: null,
    snoozed_until: null,
    keep_files: false,
    snoozed: false,
    blocked: false,
    staffed: false,
    named: false,
    assignee: null,
    ...over,
  };
}

export function receipt(person: string, name: string, delivered: string | null, read: string | null): Receipt {
  return { person, name, delivered_at: delivered, read_at: read, delivered: delivered !== null, read: read !== null };
}

export function message(id: string, conversationId: string, over: Partial<MessageRow> = {}): MessageRow {
  const author = over.author ?? ME;
  const at = over.at ?? new Date().toISOString();
  return {
    id,
    conversation: conversationId,
    author,
    author_name: author === ME ? "Ada Lindgren" : author,
    mine: author === ME,
    at,
    body: "",
    state: "sent" as State,
    error: null,
    receipts: [],
    attachments: [],
    reply_to: null,
    unread: false,
    late: false,
    deleted: false,
    internal: false,
    colleague: false,
    blocked: false,
    can_delete: author === ME,
    can_edit: author === ME,
    edited_at: null,
    reactions: [],
    mentions: [],
    mentions_me: false,
    previews: [],
    forwarded: false,
    template: null,
    about: null,
    replies: 0,
    changing: null,
    undo_until: null,
    order: `${at}/${id}`,
    ...over,
  };
}

export function attachment(id: string, name: string, mime: string, size: number, over: Partial<Attachment> = {}): Attachment {
  return { id, name, mime, size, state: "ready", progress: 1, here: over.state === undefined || over.state === "ready", width: null, height: null, thumbnail: null, voice: null, pinned: false, held: null, ...over };
}

export function empty(over: Partial<Status> = {}): World {
  return {
    status: status(over),
    settings: settings(),
    rows: new Map(),
    messages: new Map(),
    drafts: new Map(),
    comments: new Map(),
    people: [{ id: ME, name: "Ada Lindgren", me: true, verified: true, role: null, spaces: [], client: false, staff: false, can_remove: false, leaves: false, own_name: null, blocked: false }],
    devices: [{ id: "d-laptop", name: "Laptop", current: true, added_at: new Date().toISOString(), revoked: false }],
    requests: [],
    outbox: [],
    scheduled: [],
    quick: [],
    quickGone: new Set(),
    pages: new Map(),
    files: new Map(),
    records: new Map(),
    notices: [],
    notify: notify(),
    announce: new Map(),
    searches: [],
    unsaved: new Map(),
  };
}

import { getContext, setContext } from "svelte";
import { SvelteMap } from "svelte/reactivity";

import { asCallError, type Answer, type Args, type Backend, type CallError, type CallName, type EngineEvent, type OpenConversation, type ShellInfo } from "../backend";
import type { ConversationRow } from "../bindings/ConversationRow";
import type { LinkState } from "../bindings/LinkState";
import type { Settings } from "../bindings/Settings";
import type { SettingsSet } from "../bindings/SettingsSet";
import type { Status } from "../bindings/Status";
import type { Unsaved as Kept } from "../bindings/Unsaved";
import { desktopWords } from "../desktop";
import { ROUTES } from "../routes";
import { titled } from "../said";
import { chooseLanguage, chosenLanguage, t, tell, type Language } from "../text";
import { Attention } from "./attention";
import { Choices, inParts } from "./choices.svelte";
import { ConversationList, type Beginning } from "./conversations.svelte";
import { FilesDesk } from "./files-desk.svelte";
import { Discards } from "./discards.svelte";
import { CommentEditor, DraftEditor } from "./draft.svelte";
import { FileDrops } from "./drops";
import { Edits } from "./edits";
import { Announcer } from "./announcer";
import { Layout } from "./layout.svelte";
import { NotifyPrefs } from "./notices.svelte";
import { forgetPictures } from "./pictures";
import { Player } from "./player.svelte";
import { Recorder } from "./recorder.svelte";
import { FilesRoom } from "./room.svelte";
import { Router } from "./router.svelte";
import { Selection, type Chosen } from "./selection.svelte";
import type { Marks } from "./search.svelte";
import { Thread } from "./thread.svelte";
import { Toasts } from "./toasts.svelte";
import { Unsaved } from "./unsaved.svelte";

export type Phase = "loading" | "failed" | "first" | "locked" | "ready";

const THREADS_KEPT = 8;
const TYPING_MS = 6000;

type RecordsEvent = Extract<EngineEvent, { event: "records" }>;
type MessagesEvent = Extract<EngineEvent, { event: "messages" }>;

/** What was asked for before it was known whose profile this is. */
interface Ahead {
  settings: Promise<Settings>;
  unsaved: Promise<Kept[]>;
  page: Promise<Beginning>;
}

/** Everything the screens share. */
export class App {
  phase = $state<Phase>("loading");
  /** The first view is on the screen: from here on what nobody looks for at once is drawn too. */
  settled = $state(false);
  status = $state.raw<Status | null>(null);
  settings = $state.raw<Settings | null>(null);
  info = $state.raw<ShellInfo | null>(null);
  error = $state<CallError | null>(null);
  link = $state.raw<LinkState | null>(null);
  /** The conversation on the screen. */
  thread = $state<Thread | null>(null);
  /** The language chosen on this computer; null goes with the system. */
  language = $state<Language | null>(chosenLanguage());
  palette = $state(false);
  /** The conversation somebody wants to write in at once. */
  writeTo = $state<string | null>(null);
  /** What somebody searched for is marked where it stands. */
  marks = $state.raw<Marks | null>(null);
  /** The search that led there. */
  searched = "";
  /** The search box of the open conversation. */
  finding = $state(false);
  /** Rises whenever people, devices, invitations or requests changed. */
  peopleRevision = $state(0);
  outboxRevision = $state(0);
  /** Rises when records that are shown have to be asked for again. */
  recordsRevision = $state(0);
  /** Rises whenever what is scheduled changed. */
  scheduledRevision = $state(0);
  /** Rises when the notification centre is out of date. */
  noticesRevision = $state(0);
  /** Rises when quick replies changed. */
  quickRevision = $state(0);
  /** Rises when somebody comes to or leaves the window. */
  attended = $state(0);
  /** Rises when a draft list is out of date. */
  draftsRevision = $state(0);
  /** Who was seen to be there, and when; forgotten with the window. */
  readonly presence = new SvelteMap<string, { here: boolean; seenAt: string }>();
  readonly router = new Router();
  readonly layout = new Layout();
  readonly toasts = new Toasts();
  readonly drops = new FileDrops();
  readonly discards = new Discards(this);
  readonly unsaved = new Unsaved(this);
  readonly edits = new Edits(this.unsaved);
  readonly attention = new Attention(() => this.focusChanged());
  readonly list: ConversationList;
  readonly choices = new Choices(this);
  readonly files = new FilesDesk(this);
  readonly selection: Selection;
  readonly notify: NotifyPrefs;
  readonly announcer: Announcer;
  readonly room: FilesRoom;
  readonly recorder = new Recorder(this);
  readonly player: Player;
  #threads = new Map<string, Thread>();
  #editors = new Map<string, DraftEditor>();
  #comments = new Map<string, CommentEditor>();
  /** Which field the conversation that is about to open shows. */
  #field: { conversation: string; comment: boolean } | null = null;
  #stops: Array<() => void> = [];
  #messageLists = new Set<(event: MessagesEvent) => void>();
  #recordLists = new Set<(event: RecordsEvent) => void>();
  #identity = "";
  /** How often a profile came behind the window. */
  #entered = 0;
  #person: string | null = null;
  /** The last change heard: the engine counts all of them in one row. */
  #revision: number | null = null;

  constructor(readonly backend: Backend) {
    this.list = new ConversationList(backend);
    this.selection = new Selection(this.list, (filter) => this.attempt("conversation_marks", { filter }));
    this.notify = new NotifyPrefs(backend);
    this.room = new FilesRoom(backend);
    this.player = new Player(this);
    this.announcer = new Announcer(this.toasts, (conversation, message) => this.#openNotice(conversation, message, false));
  }

  /** Changes that wait for the relay; without one nothing waits. */
  get waiting(): number {
    const { status } = this;
    return status && (status.relay !== null || status.demo) ? status.outbox : 0;
  }

  /** What stands in the outbox: what waits for the relay, and what waits for somebody because no relay takes it. */
  get unsent(): number {
    return this.waiting + (this.status?.refused ?? 0);
  }

  async start(): Promise<void> {
    try {
      // All that the first view needs is asked for at once: each question takes its way through the desktop and back.
      const status = this.backend.call("status", {});
      const ahead = { settings: this.backend.call("settings", {}), unsaved: this.backend.call("unsaved", {}), page: this.list.ask(this.list.filter) };
      // A profile that is locked or new refuses them; only one that is neither is asked for the answers.
      for (const asked of [ahead.settings, ahead.unsaved, ahead.page]) asked.catch(() => undefined);
      await this.#enter(await status, ahead);
      const info = await this.#listen();
      if (info.deep_link) this.router.go("join", null, { link: info.deep_link });
      else if (info.notification_target) this.#openTarget(info.notification_target);
      this.#speakOutside();
    } catch (thrown) {
      this.broken(thrown);
    }
  }

  /** Nothing can be shown but what went wrong. */
  broken(thrown: unknown): void {
    this.error = asCallError(thrown);
    this.phase = "failed";
  }

  /** Hears the engine and the desktop. They keep what they have to tell until the page asks for `info`: after the answers
   * it began with, which may be older, and whose way to the first view this would only lengthen. */
  async #listen(): Promise<ShellInfo> {
    const { shell } = this.backend;
    this.#stops.push(
      ...(await Promise.all([
        this.backend.listen(this.#event),
        shell.onDeepLink((link) => this.router.go("join", null, { link })),
        shell.onOpenConversation((target) => this.#openTarget(target)),
        shell.onMenu((item) => this.#menu(item)),
        shell.onFileDrag((drag) => this.drops.heard(drag)),
        shell.onVoice((progress) => this.recorder.heard(progress)),
      ])),
    );
    this.info = await shell.info();
    return this.info;
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.attention.dispose();
    this.router.dispose();
    this.layout.dispose();
  }

  call<N extends CallName>(name: N, args: Args<N>): Promise<Answer<N>> {
    return this.backend.call(name, args);
  }

  /** For actions whose failure is told in a toast; null then. */
  async attempt<N extends CallName>(name: N, args: Args<N>): Promise<Answer<N> | null> {
    try {
      return await this.backend.call(name, args);
    } catch (thrown) {
      this.fail(thrown);
      return null;
    }
  }

  fail(thrown: unknown): void {
    const error = asCallError(thrown);
    this.toasts.show(tell(error), { kind: "error", code: error.code });
  }

  /** The profile behind the window is another one now, or was opened. */
  async enter(status: Status): Promise<void> {
    try {
      await this.#enter(status);
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** Changes the language; the page is mounted anew in it. What was typed is kept first. */
  speak(language: Language | null): void {
    void this.flush();
    chooseLanguage(language);
    this.language = language;
    this.#speakOutside();
  }

  /** What is said on the tray and in notifications of the desktop is said in the same language. */
  #speakOutside(): void {
    void this.backend.shell.setWords(desktopWords(t)).catch(() => undefined);
  }

  async set(change: Partial<SettingsSet>): Promise<boolean> {
    const settings = await this.attempt("settings_set", change);
    if (settings) this.#setSettings(settings);
    return settings !== null;
  }

  editor(conversation: string): DraftEditor {
    let editor = this.#editors.get(conversation);
    if (!editor) {
      editor = new DraftEditor(this.backend, conversation);
      this.#editors.set(conversation, editor);
    }
    return editor;
  }

  /** Where comments beside a conversation are typed. */
  commentEditor(conversation: string): CommentEditor {
    let editor = this.#comments.get(conversation);
    if (!editor) {
      editor = new CommentEditor(this.backend, conversation);
      this.#comments.set(conversation, editor);
    }
    return editor;
  }

  /** Where a draft is typed. */
  editorOf(draft: { conversation: string; comment: boolean }): DraftEditor {
    return draft.comment ? this.commentEditor(draft.conversation) : this.editor(draft.conversation);
  }

  /** Opens the conversation of a draft with the field it is typed in. */
  goOn(draft: { conversation: string; comment: boolean }): void {
    if (this.thread?.id === draft.conversation) this.thread.commenting = draft.comment;
    else this.#field = { conversation: draft.conversation, comment: draft.comment };
    this.router.go("conversation", draft.conversation);
  }

  /** Everything unsaved is handed to the engine: before the window hides. */
  async flush(): Promise<void> {
    await this.recorder.keep();
    await Promise.all([this.unsaved, ...this.#editors.values(), ...this.#comments.values()].map((typed) => typed.flush()));
  }

  /** The same, and what waits for its undo is done: before the window locks, changes its profile or goes. */
  async finish(): Promise<void> {
    await Promise.all([this.toasts.settleAll(), this.flush()]);
  }

  open(conversation: string | null, target: string | null): void {
    if (this.marks && this.marks.conversation !== conversation) this.marks = null;
    if (!conversation) {
      this.#close();
      return;
    }
    if (this.thread?.id === conversation) {
      if (target) void this.thread.reveal(target);
      return;
    }
    this.#close();
    const cached = this.#threads.get(conversation);
    const thread = cached ?? new Thread(this.backend, conversation);
    this.#threads.delete(conversation);
    this.#threads.set(conversation, thread);
    const oldest = this.#threads.keys().next();
    if (this.#threads.size > THREADS_KEPT && !oldest.done) this.#threads.delete(oldest.value);
    this.thread = thread;
    if (this.#field?.conversation === conversation) thread.commenting = this.#field.comment;
    this.#field = null;
    this.list.keep(conversation);
    void (cached ? thread.revisit(target) : thread.open(target));
    void this.editor(conversation).load();
    this.focusChanged();
  }

  #close(): void {
    if (!this.thread) return;
    void this.editor(this.thread.id).flush();
    this.thread.forgetShown();
    this.thread = null;
    this.finding = false;
    this.list.keep(null);
    this.focusChanged();
  }

  #openTarget(target: OpenConversation): void {
    this.#openNotice(target.conversation, target.write ? null : target.message, target.write);
  }

  #openNotice(conversation: string | null, message: string | null, write: boolean): void {
    this.writeTo = write ? conversation : null;
    if (!conversation) this.router.go("notices");
    else this.router.go("conversation", conversation, message ? { m: message } : {});
  }

  /** Which conversation an attended window shows, for notifications and receipts. */
  focusChanged(): void {
    this.attended += 1;
    const attended = this.attention.here;
    const conversation = attended ? (this.thread?.id ?? null) : null;
    if (conversation) this.announcer.takeBack(conversation);
    if (this.phase === "ready") void this.backend.call("focus", { conversation, attended }).catch(() => undefined);
  }

  /** Tells `list` what the engine says of records, until the answer is called. */
  onRecords(list: (event: RecordsEvent) => void): () => void {
    this.#recordLists.add(list);
    return () => this.#recordLists.delete(list);
  }

  /** Tells `list` what the engine says of messages, until the answer is called. */
  onMessages(list: (event: MessagesEvent) => void): () => void {
    this.#messageLists.add(list);
    return () => this.#messageLists.delete(list);
  }

  /** Gone at once, here and on all own devices: what comes meanwhile is not deleted with it. The undo brings it back on all. */
  deleteForMe(rows: readonly Pick<Chosen, "id" | "title">[]): void {
    const ids = rows.map((row) => row.id);
    this.list.hide(ids, true);
    if (this.router.base.id && ids.includes(this.router.base.id)) this.router.go("inbox");
    const deleting = this.#deleteForMe(ids);
    this.toasts.show(t.toast.deletedForMe(titled(rows[0]?.title ?? ""), rows.length), {
      action: { label: t.common.undo, run: () => void deleting.then((deleted) => this.#restore(deleted)) },
      settle: () => deleting,
    });
  }

  /** Answers what was deleted. */
  async #deleteForMe(ids: readonly string[]): Promise<string[]> {
    const deleted: string[] = [];
    for (const conversations of inParts(ids)) {
      if (!(await this.attempt("conversation_delete", { conversations, everyone: false }))) break;
      for (const id of conversations) this.#threads.delete(id);
      deleted.push(...conversations);
    }
    // What could not be deleted is still there, and what is written in the others from now on brings them back.
    this.list.hide(ids, false);
    return deleted;
  }

  async #restore(ids: readonly string[]): Promise<void> {
    for (const conversations of inParts(ids)) {
      const back = await this.attempt("conversation_restore", { conversations });
      if (!back) return;
      this.list.putAll(back);
    }
  }

  async lock(): Promise<void> {
    await this.finish();
    const status = await this.attempt("lock", {});
    if (status) await this.enter(status);
  }

  /** Goes on in the demo: as it was left, or made anew. */
  async demo(fresh = false): Promise<void> {
    await this.finish();
    await this.#change(this.backend.call("demo_start", { fresh }));
  }

  /** Goes back to the own profile; what is shown over the inbox stays, if it was what made somebody leave. */
  async leaveDemo(stay = false): Promise<void> {
    await this.finish();
    await this.#change(this.backend.shell.leaveDemo(), stay);
  }

  async removeDemo(): Promise<void> {
    const status = await this.attempt("demo_remove", {});
    if (!status) return;
    this.#setStatus(status);
    this.toasts.show(t.toast.demoRemoved);
  }

  /** Another profile comes behind the window. */
  async #change(changing: Promise<Status>, stay = false): Promise<void> {
    try {
      const status = await changing;
      if (!stay) this.router.replace("inbox");
      await this.enter(status);
    } catch (thrown) {
      this.fail(thrown);
      await this.#look();
    }
  }

  async #enter(status: Status, ahead?: Ahead): Promise<void> {
    const entered = (this.#entered += 1);
    this.#setStatus(status);
    this.#identity = identity(status);
    this.#revision = null;
    this.thread = null;
    this.#threads.clear();
    this.list.reset();
    this.selection.clear();
    forgetPictures();
    this.player.forget();
    this.#keepEditors(status.person);
    this.toasts.forget(status.locked);
    if (status.locked) {
      this.palette = false;
      this.phase = "locked";
      return;
    }
    if (!status.person) {
      const { name } = this.router.current;
      if (!ROUTES.some((route) => route.name === name && "first" in route)) this.router.replace("inbox");
      this.phase = "first";
      return;
    }
    const [settings, unsaved] = await Promise.all([
      ahead?.settings ?? this.backend.call("settings", {}),
      ahead?.unsaved ?? this.backend.call("unsaved", {}),
      this.list.load(this.list.filter, ahead?.page),
    ]);
    if (entered !== this.#entered) return;
    this.settings = settings;
    this.unsaved.take(unsaved);
    this.#revision ??= this.list.revision;
    this.phase = "ready";
    const { current, base } = this.router;
    const shown = current.name === "conversation" ? current : base;
    this.open(shown.name === "conversation" ? shown.id : null, shown.query["m"] ?? null);
  }

  /** A lock or a reload keeps what is unsaved; another person's profile starts with nothing. */
  #keepEditors(person: string | null): void {
    const same = person === null || this.#person === null || person === this.#person;
    this.#person = person ?? this.#person;
    if (!same) {
      this.unsaved.forget();
      this.edits.forget();
    }
    for (const editors of [this.#editors, this.#comments]) {
      for (const [id, editor] of editors) if (!same || (!editor.dirty && editor.attaching.length === 0)) editors.delete(id);
    }
  }

  /** Another profile seems to be behind the window. While one takes over, the last words of the other still come in,
   * so the engine is asked which it is; again, if another was entered before the answer came. */
  async #look(): Promise<void> {
    let entered: number;
    let status: Status | null;
    do {
      entered = this.#entered;
      status = await this.attempt("status", {});
    } while (entered !== this.#entered);
    if (status && identity(status) !== this.#identity) await this.enter(status);
  }

  #setSettings(settings: Settings): void {
    const before = this.settings;
    this.settings = settings;
    // What others have read shows, or shows no more, wherever messages do.
    if (before && before.read_receipts !== settings.read_receipts) this.#again();
  }

  #setStatus(status: Status): void {
    this.status = status;
    void this.backend.shell.setBadge(status.unread).catch(() => undefined);
  }

  #event = (event: EngineEvent): void => {
    switch (event.event) {
      case "status":
        if (identity(event.status) !== this.#identity) void this.#look();
        else this.#setStatus(event.status);
        break;
      case "conversations":
        this.#count(event);
        this.list.apply(event);
        this.selection.apply(event.upsert, event.remove);
        this.draftsRevision += 1;
        this.#refreshDetails(event.upsert);
        this.#forget(event.remove);
        break;
      case "messages":
        this.#count(event);
        this.#threads.get(event.conversation)?.apply(event, this.attention.here);
        for (const list of this.#messageLists) list(event);
        break;
      case "draft":
        this.#editors.get(event.draft.conversation)?.remote(event.draft);
        this.draftsRevision += 1;
        break;
      case "comment_draft":
        this.#comments.get(event.draft.conversation)?.remote(event.draft);
        this.draftsRevision += 1;
        break;
      case "outbox":
        this.outboxRevision += 1;
        if (this.status) this.status = { ...this.status, outbox: event.waiting, refused: event.refused };
        break;
      case "scheduled":
        this.scheduledRevision += 1;
        break;
      case "people":
        this.peopleRevision += 1;
        if (this.thread) void this.thread.refreshDetail();
        break;
      case "link":
        this.link = event.state;
        break;
      case "records":
        this.#count(event);
        for (const list of this.#recordLists) list(event);
        if (event.remove.length > 0 || event.upsert.some((row) => row.kind === "quick_reply")) this.quickRevision += 1;
        break;
      case "settings":
        this.#setSettings(event.settings);
        break;
      case "typing": {
        const thread = this.#threads.get(event.conversation);
        if (thread) thread.typing = { person: event.person, name: event.name, until: Date.now() + TYPING_MS };
        break;
      }
      case "replying": {
        const thread = this.#threads.get(event.conversation);
        if (thread) thread.replying = { person: event.person, name: event.name, until: Date.now() + TYPING_MS };
        break;
      }
      case "reshaped":
        if (this.thread?.id !== event.conversation) this.#threads.delete(event.conversation);
        else {
          void this.thread.reload();
          void this.thread.refreshDetail();
        }
        break;
      case "notices":
        this.noticesRevision += 1;
        if (this.status) this.status = { ...this.status, notices: event.unread };
        for (const id of event.read) this.announcer.takeBack(id);
        break;
      case "presence":
        this.presence.set(event.person, { here: event.here, seenAt: event.seen_at });
        break;
      case "notify":
        if (event.in_app) this.announcer.announce(event);
        break;
      case "unnotify":
        this.announcer.takeBack(event.conversation);
        break;
    }
  };

  /** Whatever was missed is asked for again: the list, what is open, and everything else when it is opened. */
  #count(event: { previous: number; revision: number }): void {
    const missed = this.#revision !== null && event.previous !== this.#revision;
    this.#revision = event.revision;
    if (missed) this.#again();
  }

  #again(): void {
    for (const id of [...this.#threads.keys()]) if (id !== this.thread?.id) this.#threads.delete(id);
    void this.thread?.reload();
    void this.list.load();
    void this.selection.renew();
    this.recordsRevision += 1;
    this.quickRevision += 1;
  }

  #refreshDetails(rows: ConversationRow[]): void {
    for (const row of rows) {
      const thread = this.#threads.get(row.id);
      if (thread?.detail) thread.detail = { ...thread.detail, row };
    }
  }

  /** Conversations that are gone: what is open of them closes. */
  #forget(ids: string[]): void {
    for (const id of ids) this.#threads.delete(id);
    const open = this.thread?.id;
    if (open && ids.includes(open) && this.router.base.id === open) this.router.go("inbox");
  }

  #menu(item: string): void {
    if (item === "new") this.router.go("new");
    else if (item === "settings") this.router.go("settings");
    else if (item === "search") this.router.go("search");
    else if (item === "help") this.router.go("help");
    else if (item === "outbox") this.router.go("outbox");
    else if (item === "lock") void this.lock();
    else if (item === "quit") void this.finish().then(() => this.backend.shell.quit());
  }
}

function identity(status: Status): string {
  return `${status.person ?? ""}/${status.demo}/${status.locked}`;
}

const CONTEXT = Symbol("app");

export function provideApp(app: App): void {
  setContext(CONTEXT, app);
}

export function useApp(): App {
  return getContext<App>(CONTEXT);
}

import type { MessageRow } from "./bindings/MessageRow";
import { Answers, Check, Close, Copy, Draft, Forward, History, Remove, Reply, Retry, Select, Translate } from "./icons";
import { focusComposer } from "./keys";
import { words } from "./markdown";
import { quoteOf } from "./said";
import type { App } from "./state/app.svelte";
import type { Thread } from "./state/thread.svelte";
import { t } from "./text";
import { testids } from "./testids";
import { canTranslate, translate, translationOf } from "./translate";
import type { MenuItem } from "./ui/Menu.svelte";

export type MessageDialog = "remove" | "receipts" | "history" | "forward";

/** What can be done with one message; what needs a dialog opens it through `open`. */
export class MessageActions {
  constructor(
    private readonly app: App,
    private readonly thread: Thread,
    private readonly row: () => MessageRow,
    private readonly open: (dialog: MessageDialog) => void,
  ) {}

  get queued(): boolean {
    const { mine, state } = this.row();
    return mine && (state === "pending" || state === "local" || state === "failed");
  }

  get canWrite(): boolean {
    return this.thread.detail?.row.can_write !== false;
  }

  get items(): MenuItem[] {
    const row = this.row();
    const { message } = t;
    const list: MenuItem[] = [];
    const add = (when: boolean, label: string, icon: MenuItem["icon"], run: () => void, testid?: string): void => {
      if (when) list.push({ label, ...(icon && { icon }), run, ...(testid && { testid }) });
    };
    add(!row.deleted && this.canWrite, message.reply, Reply, () => this.reply());
    add(row.replies > 0 || row.reply_to !== null, message.answers, Answers, () => this.answers(), testids.messageAnswers);
    add(row.body !== "", message.copy, Copy, () => void this.copy());
    if (translationOf(this.thread, row)) add(true, t.translate.hide, Translate, () => this.thread.translations.delete(row.id), testids.messageTranslate);
    else add(canTranslate(this.app, row), t.translate.do, Translate, () => void translate(this.app, this.thread, row), testids.messageTranslate);
    add(row.can_edit, message.edit, Draft, () => this.edit(), testids.messageEdit);
    add(row.edited_at !== null, message.history, History, () => this.open("history"), testids.messageHistory);
    add(!row.deleted && !row.internal, message.forward, Forward, () => this.open("forward"), testids.messageForward);
    add(true, message.select, Select, () => this.thread.toggle(row.id), testids.messageSelect);
    add(row.mine, message.info, Check, () => this.open("receipts"));
    add(row.state === "failed", message.retry, Retry, () => this.queue("outbox_retry"));
    add(this.queued, message.back, Draft, () => void this.back(), testids.messageBack);
    add(this.queued, message.cancel, Close, () => this.queue("outbox_cancel"));
    if (row.can_delete) list.push({ label: message.remove, icon: Remove, danger: true, testid: testids.messageDelete, run: () => this.open("remove") });
    return list;
  }

  reply(): void {
    const row = this.row();
    // The client must not read what answers a remark.
    if (row.internal) {
      this.thread.commenting = true;
      return;
    }
    this.thread.commenting = false;
    this.app.editor(this.thread.id).setReply(quoteOf(row));
    focusComposer();
  }

  answers(): void {
    this.app.finding = false;
    this.thread.answers = this.row().id;
  }

  edit(): void {
    this.app.edits.begin(this.row().id);
  }

  async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(words(this.row().body));
      this.app.toasts.show(t.toast.copied);
    } catch (thrown) {
      this.app.fail(thrown);
    }
  }

  queue(name: "outbox_retry" | "outbox_cancel"): void {
    void this.app.attempt(name, { id: this.row().id });
  }

  /** Takes what waits back into the composer. */
  async back(): Promise<void> {
    const draft = await this.app.attempt("outbox_edit", { id: this.row().id });
    if (!draft) return;
    this.app.editorOf({ conversation: this.thread.id, comment: draft.comment }).remote(draft);
    this.thread.commenting = draft.comment;
    if (!draft.comment) focusComposer();
  }

  react(emoji: string): void {
    const on = !this.row().reactions.some((one) => one.emoji === emoji && one.mine);
    void this.app.attempt("react", { message: this.row().id, emoji, on });
  }
}

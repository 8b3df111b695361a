import type { ConversationRow } from "../bindings/ConversationRow";
import { Archive, ArchiveRestore, Assign, Bell, Kept, Leave, Merge, Muted, People, Pin, Read, Remove, Rename, Snooze, Unread, VideoCall } from "../icons";
import type { App } from "../state/app.svelte";
import { muted } from "../state/choices.svelte";
import type { Thread } from "../state/thread.svelte";
import { t } from "../text";
import { inGroups, type MenuItem } from "../ui/Menu.svelte";
import { offerCall } from "../video";

/** What becomes of it in the own lists. `prefix` tells the menus apart in tests. */
function lists(app: App, row: ConversationRow, prefix: string): MenuItem[] {
  const { choices } = app;
  const unread = row.unread > 0 || row.marked_unread;
  return [
    row.archived
      ? { label: t.list.unarchive, icon: ArchiveRestore, testid: `${prefix}-unarchive`, run: () => void choices.archive([row], false) }
      : { label: t.list.archive, icon: Archive, testid: `${prefix}-archive`, run: () => void choices.archive([row], true) },
    unread
      ? { label: t.list.markRead, icon: Read, testid: `${prefix}-read`, run: () => void choices.read([row]) }
      : { label: t.list.markUnread, icon: Unread, testid: `${prefix}-unread`, run: () => void choices.mark([row]) },
    { label: row.pinned ? t.choices.unpin : t.choices.pin, icon: Pin, testid: `${prefix}-pin`, run: () => void choices.pin([row], !row.pinned) },
    row.snoozed
      ? { label: t.choices.unsnooze, icon: Snooze, testid: `${prefix}-unsnooze`, run: () => void choices.snooze([row], null) }
      : { label: t.choices.snooze, icon: Snooze, testid: `${prefix}-snooze`, run: () => choices.ask("snooze", [row]) },
  ];
}

/** What is told of it. */
function silence(app: App, row: ConversationRow, prefix: string): MenuItem[] {
  const { choices } = app;
  return [
    muted(row, Date.now())
      ? { label: t.choices.unmute, icon: Muted, testid: `${prefix}-unmute`, run: () => void choices.mute([row], null) }
      : { label: t.choices.mute, icon: Muted, testid: `${prefix}-mute`, run: () => choices.ask("mute", [row]) },
  ];
}

/** What it is worked with. */
function work(app: App, row: ConversationRow, prefix: string): MenuItem[] {
  const { choices } = app;
  const items: MenuItem[] = [];
  if (row.staffed) items.push({ label: t.choices.assign, icon: Assign, testid: `${prefix}-assign`, run: () => choices.ask("assign", [row]) });
  if (row.can_manage && row.space_kind === "client") {
    items.push({ label: t.choices.merge, icon: Merge, testid: `${prefix}-merge`, run: () => choices.ask("merge", [row]) });
  }
  items.push({ label: row.keep_files ? t.keep.unkeepAll : t.keep.keepAll, icon: Kept, testid: `${prefix}-keep`, run: () => void choices.keepFiles([row], !row.keep_files) });
  return items;
}

/** What can be done with a conversation in a list. */
export function rowItems(app: App, row: ConversationRow): MenuItem[] {
  return inGroups([
    lists(app, row, "row"),
    silence(app, row, "row"),
    work(app, row, "row"),
    [{ label: t.thread.deleteForMe, icon: Remove, danger: true, testid: "row-delete-me", run: () => app.deleteForMe([row]) }],
  ]);
}

/** What can be done with the open one: its menu, and the palette. */
export function threadItems(app: App, thread: Thread, row: ConversationRow): MenuItem[] {
  const asking = (what: typeof thread.question) => (): void => void (thread.question = what);
  const people: MenuItem[] = [{ label: t.thread.members, icon: People, testid: "thread-members", run: () => app.router.go("members", row.id) }];
  if (row.can_manage) people.push({ label: t.thread.rename, icon: Rename, testid: "thread-rename", run: asking("rename") });
  if (row.can_write) people.push({ label: t.video.menu, icon: VideoCall, testid: "thread-video", run: () => void offerCall(app, thread) });
  const out: MenuItem[] = [];
  if (thread.detail?.can_leave) out.push({ label: t.thread.leave, icon: Leave, danger: true, testid: "thread-leave", run: asking("leave") });
  out.push({ label: t.thread.deleteForMe, icon: Remove, danger: true, testid: "thread-delete-me", run: () => app.deleteForMe([row]) });
  if (row.can_manage) out.push({ label: t.thread.deleteForAll, icon: Remove, danger: true, testid: "thread-delete-all", run: asking("delete") });
  return inGroups([
    lists(app, row, "thread"),
    [...silence(app, row, "thread"), { label: t.notices.announce.menu, icon: Bell, testid: "thread-announce", run: () => app.router.go("announce", row.id) }],
    people,
    work(app, row, "thread"),
    out,
  ]);
}

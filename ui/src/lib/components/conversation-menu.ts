import type { ConversationRow } from "../bindings/ConversationRow";
import { Archive, ArchiveRestore, Assign, Kept, Merge, Muted, Pin, Read, Snooze, Unread } from "../icons";
import type { App } from "../state/app.svelte";
import { muted } from "../state/choices.svelte";
import { t } from "../text";
import type { MenuItem } from "../ui/Menu.svelte";

/** What can be done with a conversation, wherever it is shown. `prefix` tells the menus apart in tests. */
export function conversationItems(app: App, row: ConversationRow, prefix: string): MenuItem[] {
  const { choices } = app;
  const unread = row.unread > 0 || row.marked_unread;
  const items: MenuItem[] = [
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
    muted(row, Date.now())
      ? { label: t.choices.unmute, icon: Muted, testid: `${prefix}-unmute`, run: () => void choices.mute([row], null) }
      : { label: t.choices.mute, icon: Muted, testid: `${prefix}-mute`, run: () => choices.ask("mute", [row]) },
  ];
  items.push({ label: row.keep_files ? t.keep.unkeepAll : t.keep.keepAll, icon: Kept, testid: `${prefix}-keep`, run: () => void choices.keepFiles([row], !row.keep_files) });
  if (row.staffed) items.push({ label: t.choices.assign, icon: Assign, testid: `${prefix}-assign`, run: () => choices.ask("assign", [row]) });
  if (row.can_manage && row.space_kind === "client") {
    items.push({ label: t.choices.merge, icon: Merge, testid: `${prefix}-merge`, run: () => choices.ask("merge", [row]) });
  }
  return items;
}

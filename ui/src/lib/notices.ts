import type { Component } from "svelte";

import type { NoticeKind } from "./bindings/NoticeKind";
import type { NoticeRow } from "./bindings/NoticeRow";
import { visible } from "./hostile";
import { Alert, AtSign, Device, Interest, Invite, Join, Late, Leave, Portal, Snooze, Talk, Assigned } from "./icons";
import { t } from "./text";

/** A kind of notice, as the centre draws it. */
export const noticeIcons: Record<NoticeKind, Component<{ size?: number; "aria-hidden"?: "true" }>> = {
  message: Talk,
  mention: AtSign,
  assignment: Assigned,
  interest: Interest,
  portal: Portal,
  request: Invite,
  joined: Join,
  late: Late,
  not_sent: Alert,
  device: Device,
  left: Leave,
  back: Snooze,
};

/** What happened, in one sentence. */
export function noticeSays(row: NoticeRow, me: string | null): string {
  const says = t.notices.says;
  const name = visible(row.name);
  const title = visible(row.title);
  switch (row.kind) {
    case "message":
      if (row.count > 1) return says.messages(row.count, title);
      return name === title || title === "" ? says.wrote(name) : says.wroteIn(name, title);
    case "joined":
      if (name === title) return says.cameIn(name);
      return row.person === me ? says.youJoined(title) : says.joined(name, title);
    case "left":
      return row.person === me ? says.youLeft(title) : says.left(name, title);
    default:
      return says[row.kind](name, title);
  }
}

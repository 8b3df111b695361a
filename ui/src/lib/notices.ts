import type { Component } from "svelte";

import type { NoticeKind } from "./bindings/NoticeKind";
import type { NoticeRow } from "./bindings/NoticeRow";
import { visible } from "./hostile";
import { Alert, AtSign, Clock, Device, Interest, Invite, Join, Late, Leave, Portal, Snooze, Talk, Assigned } from "./icons";
import { called, calledDevice, said, titled } from "./said";
import { t } from "./text";

/** A kind of notice, as the centre draws it. */
export const noticeIcons: Record<NoticeKind, Component<{ size?: number }>> = {
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
  planned: Clock,
  invite_ends: Invite,
};

/** All of them, as the settings list them. */
export const noticeKinds = Object.keys(noticeIcons) as NoticeKind[];

/** What happened, in one sentence. */
export function noticeSays(row: NoticeRow): string {
  const says = t.notices.says;
  const name = row.kind === "device" ? calledDevice(row.name) : called(row.name);
  const title = row.conversation === null ? visible(row.title) : titled(row.title);
  switch (row.kind) {
    case "message":
      if (row.count > 1) return says.messages(row.count, title);
      return name === title || title === "" ? says.wrote(name) : says.wroteIn(name, title);
    case "joined":
      if (name === title) return says.cameIn(name);
      return row.me ? says.youJoined(title) : says.joined(name, title);
    case "left":
      return row.me ? says.youLeft(title) : says.left(name, title);
    case "invite_ends":
      return title === "" ? says.anInviteEnds : says.invite_ends(name, title);
    default:
      return says[row.kind](name, title);
  }
}

/** The same where there is room for a line: in the window, while it shows something else. */
export function noticeTold(row: NoticeRow): string {
  const words = said(row.text, row.files);
  if (row.kind === "message") return t.toast.told(called(row.name), words);
  return words === "" ? noticeSays(row) : t.toast.told(noticeSays(row), words);
}

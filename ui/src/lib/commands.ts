import type { Component } from "svelte";

import { Add, Archive, ArchiveRestore, Bell, Device, Draft, Emoji, Help, Inbox, Interest, Invite, Leave, Lock, New, Online, Outbox, People, Property, Quick, Relay, Safety, Search, Settings, Translate, VideoCall } from "./icons";
import type { KeyId } from "./keys";
import type { App } from "./state/app.svelte";
import { t } from "./text";
import { offerCall } from "./video";

export interface Command {
  group: string;
  label: string;
  icon: Component<{ size?: number }>;
  /** More words it is found by. */
  words?: string;
  key?: KeyId;
  run: () => void;
}

/** Everything that can be done by name. */
export function commands(app: App): Command[] {
  const go = app.router.go.bind(app.router);
  const { thread } = app;
  const row = thread?.detail?.row;
  const group = t.palette.actions;
  const list: Command[] = [
    { group, label: t.nav.new, icon: New, key: "new", run: () => go("new") },
    { group, label: t.invite.title, icon: Invite, words: "link qr client team", run: () => go("invite") },
    { group, label: t.search.title, icon: Search, key: "search", words: "find", run: () => go("search") },
    { group, label: t.nav.inbox, icon: Inbox, run: () => go("inbox") },
    { group, label: t.nav.notices, icon: Bell, words: "bell alerts unread", run: () => go("notices") },
    { group, label: t.nav.drafts, icon: Draft, run: () => go("drafts") },
    { group, label: t.nav.outbox, icon: Outbox, words: "waiting unsent", run: () => go("outbox") },
    { group, label: t.nav.records, icon: Property, words: "properties listings", run: () => go("records") },
    { group, label: t.records.add, icon: Property, words: "listing", run: () => go("property") },
    { group, label: t.interests.title, icon: Interest, words: "board", run: () => go("interests") },
    { group, label: t.quick.title, icon: Quick, words: "template canned snippet", run: () => go("quick") },
    { group, label: t.nav.people, icon: People, words: "contacts", run: () => go("people") },
    { group, label: t.nav.devices, icon: Device, words: "revoke", run: () => go("devices") },
    { group, label: t.linking.title, icon: Add, words: "phone laptop code", run: () => go("link") },
    { group, label: t.join.title, icon: Invite, words: "invitation link", run: () => go("join") },
    { group, label: t.nav.help, icon: Help, key: "help", words: "shortcuts", run: () => go("help") },
  ];
  if (row) {
    list.unshift(
      { group, label: row.archived ? t.thread.unarchive : t.thread.archive, icon: row.archived ? ArchiveRestore : Archive, key: "archive", run: () => void app.choices.archive([row], !row.archived) },
      { group, label: t.thread.members, icon: People, words: "add remove role", run: () => go("members", row.id) },
      { group, label: t.notices.announce.title, icon: Bell, words: "mute mentions", run: () => go("announce", row.id) },
      { group, label: t.thread.find, icon: Search, key: "find", run: () => (app.finding = true) },
    );
  }
  if (thread && row?.can_write) list.push({ group, label: t.video.menu, icon: VideoCall, words: "meeting room conference", run: () => void offerCall(app, thread) });
  if (app.status?.key_protection === "passphrase") list.push({ group, label: t.settings.lockNow, icon: Lock, run: () => void app.lock() });
  if (app.status?.demo) {
    list.push(
      { group, label: t.settings.demoLeave, icon: Leave, run: () => void app.leaveDemo() },
      { group, label: t.settings.demoFresh, icon: Emoji, words: "demo reset", run: () => void app.demo(true) },
    );
  } else {
    const label = app.status?.demo_profile ? t.settings.demoOpen : t.settings.demoStart;
    list.push({ group, label, icon: Emoji, run: () => void app.demo() });
  }
  const settings = t.palette.settings;
  for (const theme of ["system", "light", "dark"] as const) {
    list.push({ group: settings, label: t.palette.theme(t.settings.themes[theme]), icon: Settings, run: () => void app.set({ theme }) });
  }
  const named: Array<[string, Command["icon"]]> = [
    [t.settings.relay, Relay],
    [t.settings.notifications, Online],
    [t.settings.enter, Settings],
    [t.settings.receipts, Settings],
    [t.settings.language, Settings],
    [t.video.setting, VideoCall],
    [t.translate.at, Translate],
    [t.settings.zoom, Settings],
    [t.settings.lockAfter, Lock],
    [t.settings.backup, Safety],
  ];
  list.push({ group: settings, label: t.settings.title, icon: Settings, key: "settings", run: () => go("settings") });
  for (const [label, icon] of named) {
    list.push({ group: settings, label: `${t.settings.title}: ${label}`, icon, run: () => go("settings", null, { q: label }) });
  }
  list.push(
    { group: settings, label: t.recovery.title, icon: Safety, run: () => go("recovery") },
    { group: settings, label: t.passphrase.title, icon: Lock, run: () => go("passphrase") },
    { group: settings, label: t.doctor.title, icon: Safety, words: "doctor repair", run: () => go("doctor") },
  );
  return list;
}

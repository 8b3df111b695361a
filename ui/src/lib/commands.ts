import type { Component } from "svelte";

import { Add, Archive, ArchiveRestore, Bell, Block, Device, Draft, Emoji, Help, Inbox, Interest, Invite, Leave, Lock, New, Outbox, People, Property, Quick, Safety, Search, Settings } from "./icons";
import { threadItems } from "./components/conversation-menu";
import { sections } from "./components/settings";
import type { KeyId } from "./keys";
import { called } from "./said";
import type { App } from "./state/app.svelte";
import { t } from "./text";

export interface Command {
  group: string;
  label: string;
  icon: Component<{ size?: number }>;
  /** More words it is found by. */
  words?: string | undefined;
  key?: KeyId;
  run: () => void;
}

/** More words for what the menu of a conversation holds. */
const WORDS: Record<string, string> = { "thread-announce": "notifications mentions", "thread-members": "add remove role people", "thread-video": "meeting room conference", "thread-rename": "subject title", "thread-mute": "silence notifications", "thread-snooze": "later remind" };

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
  if (thread && row) {
    list.unshift(
      { group, label: row.archived ? t.thread.unarchive : t.thread.archive, icon: row.archived ? ArchiveRestore : Archive, key: "archive", run: () => void app.choices.archive([row], !row.archived) },
      { group, label: t.thread.find, icon: Search, key: "find", run: () => (app.finding = true) },
    );
    // What its menu holds, but for what stands above already.
    for (const item of threadItems(app, thread, row).slice(1)) {
      list.push({ group, label: t.palette.here(item.label), icon: item.icon ?? Inbox, words: WORDS[item.testid ?? ""], run: item.run });
    }
    const others = row.participants.filter((one) => !one.me && !one.team);
    const [other] = others;
    if (other && others.length === 1) {
      const name = called(other.name);
      list.push({ group, label: row.blocked ? t.palette.unblock(name) : t.palette.block(name), icon: Block, words: "spam", run: () => void app.choices.block(other.person, name, !row.blocked).catch((thrown) => app.fail(thrown)) });
    }
  }
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
  list.push({ group: settings, label: t.settings.title, icon: Settings, key: "settings", run: () => go("settings") });
  // Whatever the page of settings holds is found here.
  for (const section of sections(app)) {
    for (const row of section.rows) {
      if (row.kind === "info") continue;
      const words = `${section.title} ${row.words ?? ""}`;
      list.push({ group: settings, label: `${t.settings.title}: ${row.label}`, icon: Settings, words, run: () => go("settings", null, { q: row.label }) });
    }
  }
  list.push(
    { group: settings, label: t.recovery.title, icon: Safety, run: () => go("recovery") },
    { group: settings, label: t.passphrase.title, icon: Lock, run: () => go("passphrase") },
    { group: settings, label: t.doctor.title, icon: Safety, words: "doctor repair", run: () => go("doctor") },
  );
  return list;
}

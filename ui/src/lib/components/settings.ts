import type { KindChannels } from "../bindings/KindChannels";
import type { QuietHours } from "../bindings/QuietHours";
import { percent } from "../format";
import type { App } from "../state/app.svelte";
import { languages, t, type Language } from "../text";
import { files } from "./settings-files";

interface Base {
  id: string;
  label: string;
  help?: string;
  disabled?: boolean;
  /** More words it is found by. */
  words?: string;
}

export type Setting = Base &
  (
    | { kind: "switch"; value: boolean; set: (value: boolean) => void }
    | { kind: "choice"; value: string; options: Array<[string, string]>; content?: boolean; set: (value: string) => void }
    | { kind: "text"; value: string; save: (value: string) => Promise<boolean>; address?: boolean }
    | { kind: "action"; action: string; run: () => void }
    | { kind: "relay" }
    | { kind: "channels"; value: KindChannels; set: (value: KindChannels) => void }
    | { kind: "quiet"; value: QuietHours; set: (value: QuietHours) => void }
    | { kind: "info"; value: string; content?: boolean }
  );

export interface Section {
  title: string;
  rows: Setting[];
}

const ZOOMS = [50, 75, 90, 100, 110, 125, 150, 175, 200];
const MADE = "pseudo";
const MINUTES = [1, 5, 15, 30, 60];

/** The demo: begun, gone on with, left, started over, removed. */
function demo(app: App): Setting[] {
  const s = t.settings;
  const { status } = app;
  if (status?.demo) {
    return [
      { kind: "action", id: "demo", label: s.demo, help: s.demoLeaveHelp, action: s.demoLeave, run: () => void app.leaveDemo() },
      { kind: "action", id: "demo_fresh", label: s.demoFresh, help: s.demoFreshHelp, action: s.demoFresh, run: () => void app.demo(true) },
    ];
  }
  const there = Boolean(status?.demo_profile);
  const start: Setting = { kind: "action", id: "demo", label: s.demo, help: s.demoHelp, action: there ? s.demoOpen : s.demoStart, run: () => void app.demo() };
  if (!there) return [start];
  return [start, { kind: "action", id: "demo_remove", label: s.demoRemove, help: s.demoRemoveHelp, action: s.demoRemove, run: () => void app.removeDemo() }];
}

/** The made languages are for looking at the window itself: whoever searches for them finds them. */
function language(app: App, words: string): Setting {
  const s = t.settings;
  const made = words.includes(MADE) || app.language?.startsWith(MADE) === true;
  return {
    kind: "choice",
    id: "language",
    label: s.language,
    help: s.languageHelp,
    words: MADE,
    value: app.language ?? "",
    // A language is called what those call it who speak it.
    content: true,
    options: [["", s.languageSystem], ...languages(made)],
    set: (value) => app.speak(value === "" ? null : (value as Language)),
  };
}

/** What each kind of notification may do, and the hours without: they follow the person. */
function notify(app: App): Setting[] {
  const held = app.notify.value;
  if (!held) return [];
  const n = t.notices;
  const keep = (saving: Promise<void>): void => void saving.catch((thrown) => app.fail(thrown));
  const setQuiet = (quiet: QuietHours): void => keep(app.notify.setQuiet(quiet));
  const quiet: Setting[] = [
    {
      kind: "switch",
      id: "quiet",
      label: n.quiet.label,
      help: held.quiet_now ? n.quiet.now : n.quiet.help,
      value: held.quiet.on,
      set: (on) => setQuiet({ ...held.quiet, on }),
    },
  ];
  if (held.quiet.on) quiet.push({ kind: "quiet", id: "quiet_hours", label: n.quiet.when, value: held.quiet, set: setQuiet });
  const kinds = held.kinds.map((value): Setting => ({
    kind: "channels",
    id: `notify_${value.kind}`,
    label: n.kinds[value.kind],
    value,
    set: (changed) => keep(app.notify.setKind(changed)),
  }));
  return [...quiet, ...kinds];
}

/** The one page of settings, as data: what is not here can't be set. */
export function sections(app: App, words = ""): Section[] {
  const { status, settings } = app;
  if (!status || !settings) return [];
  const s = t.settings;
  const go = app.router.go.bind(app.router);
  const locked = status.key_protection === "passphrase";
  const zooms = ZOOMS.includes(settings.zoom) ? ZOOMS : [...ZOOMS, settings.zoom].sort((a, b) => a - b);
  return [
    {
      title: s.sections.profile,
      rows: [
        {
          kind: "text",
          id: "name",
          label: s.name,
          help: s.nameHelp,
          value: status.name ?? "",
          save: async (name) => {
            const changed = await app.attempt("profile_rename", { name });
            if (changed) app.status = changed;
            return changed !== null;
          },
        },
        { kind: "action", id: "devices", label: s.devices, help: s.devicesHelp, action: s.devicesOpen, run: () => go("devices") },
      ],
    },
    {
      title: s.sections.look,
      rows: [
        language(app, words),
        {
          kind: "choice",
          id: "theme",
          label: s.theme,
          value: settings.theme,
          options: [["system", s.themes.system], ["light", s.themes.light], ["dark", s.themes.dark]],
          set: (value) => void app.set({ theme: value as "system" | "light" | "dark" }),
        },
        { kind: "choice", id: "zoom", label: s.zoom, value: String(settings.zoom), options: zooms.map((zoom) => [String(zoom), percent(zoom / 100)]), set: (value) => void app.set({ zoom: Number(value) }) },
        { kind: "switch", id: "compact_list", label: s.compact, help: s.compactHelp, value: settings.compact_list, set: (value) => void app.set({ compact_list: value }) },
      ],
    },
    {
      title: s.sections.writing,
      rows: [
        { kind: "switch", id: "enter_sends", label: s.enter, help: s.enterHelp, value: settings.enter_sends, set: (value) => void app.set({ enter_sends: value }) },
        {
          kind: "choice",
          id: "undo_send",
          label: s.undoSend,
          help: s.undoSendHelp,
          value: String(settings.undo_send_seconds),
          options: [["0", s.undoSendOff], ["5", s.undoSendSeconds(5)], ["10", s.undoSendSeconds(10)]],
          set: (value) => void app.set({ undo_send_seconds: Number(value) }),
        },
        { kind: "action", id: "quick", label: t.quick.title, help: t.quick.lead, action: t.quick.manage, words: "templates canned snippets", run: () => go("quick") },
        { kind: "switch", id: "link_previews", label: s.linkPreviews, help: s.linkPreviewsHelp, value: settings.link_previews, set: (value) => void app.set({ link_previews: value }) },
        { kind: "switch", id: "clean_photos", label: s.cleanPhotos, help: s.cleanPhotosHelp, words: "location gps exif metadata pictures privacy", value: settings.clean_photos, set: (value) => void app.set({ clean_photos: value }) },
        { kind: "text", address: true, id: "video_call", label: t.video.setting, help: t.video.settingHelp, words: "meeting room link conference", value: settings.video_call, save: (video_call) => app.set({ video_call }) },
        { kind: "text", address: true, id: "translate_at", label: t.translate.at, help: t.translate.atHelp, words: "translator libretranslate language machine", value: settings.translate_at, save: (translate_at) => app.set({ translate_at }) },
        ...(settings.translate_at === "" ? [] : [{ kind: "text" as const, address: true, id: "translate_to", label: t.translate.to, help: t.translate.toHelp, value: settings.translate_to, save: (translate_to: string) => app.set({ translate_to }) }]),
        { kind: "switch", id: "presence", label: s.presence, help: s.presenceHelp, words: "presence online last seen", value: settings.presence, set: (value) => void app.set({ presence: value }) },
        { kind: "switch", id: "read_receipts", label: s.receipts, help: s.receiptsHelp, value: settings.read_receipts, set: (value) => void app.set({ read_receipts: value }) },
      ],
    },
    {
      title: s.sections.notifications,
      rows: [
        { kind: "switch", id: "notifications", label: s.notifications, help: s.notificationsHelp, value: settings.notifications, set: (value) => void app.set({ notifications: value }) },
        { kind: "switch", id: "notification_content", label: s.content, help: s.contentHelp, value: settings.notification_content, disabled: !settings.notifications, set: (value) => void app.set({ notification_content: value }) },
        ...notify(app),
        { kind: "switch", id: "close_to_tray", label: s.tray, help: s.trayHelp, value: settings.close_to_tray, set: (value) => void app.set({ close_to_tray: value }) },
      ],
    },
    {
      title: s.sections.security,
      rows: [
        { kind: "action", id: "passphrase", label: s.passphrase, help: s.protection[status.key_protection], action: locked ? s.passphraseChange : s.passphraseSet, run: () => go("passphrase") },
        {
          kind: "choice",
          id: "lock_after_minutes",
          label: s.lockAfter,
          help: locked ? s.lockAfterHelp : s.lockNeeds,
          disabled: !locked,
          value: String(settings.lock_after_minutes),
          options: [["0", s.lockNever], ...MINUTES.map((n): [string, string] => [String(n), s.lockMinutes(n)])],
          set: (value) => void app.set({ lock_after_minutes: Number(value) }),
        },
        ...(locked ? [{ kind: "action" as const, id: "lock_now", label: s.lockNow, action: s.lockNow, run: () => void app.lock() }] : []),
        { kind: "action", id: "recovery", label: s.recovery, help: status.recovery_confirmed ? s.recoveryConfirmed : status.recovery_here ? s.recoveryHelp : s.recoveryElsewhere, action: s.recoveryShow, run: () => go("recovery") },
        { kind: "info", id: "encryption", label: s.encryption, value: s.encryptionHelp },
      ],
    },
    { title: s.sections.relay, rows: status.demo ? [{ kind: "info", id: "relay", label: s.relay, value: t.invite.demo }] : [{ kind: "relay", id: "relay", label: s.relay, help: status.relay ? s.relayHelp : s.relayNone }] },
    { title: t.keep.settings.title, rows: files(app) },
    {
      title: s.sections.data,
      rows: [
        { kind: "action", id: "backup", label: s.backup, help: s.backupHelp, action: s.backupDo, run: () => go("backup") },
        { kind: "action", id: "restore", label: s.restore, help: s.restoreHelp, action: s.restore, run: () => go("restore") },
        { kind: "action", id: "doctor", label: s.doctor, help: s.doctorHelp, action: s.doctorDo, run: () => go("doctor") },
        ...demo(app),
      ],
    },
    {
      title: s.sections.about,
      rows: [
        { kind: "info", id: "version", label: s.version, value: status.version, content: true },
        { kind: "info", id: "profile", label: s.profile, value: app.info?.profile ?? "", content: true },
        { kind: "info", id: "licence", label: s.licence, value: s.licenceName },
      ],
    },
  ];
}

/** What is around every view: words used all over, the rail, banners, the palette, toasts. */
import { count, sinceTime } from "../../format";
import { many } from "./many";

export const common = {
  /** What a button does, with the key that does it too. */
  withKey: (what: string, key: string) => `${what} (${key})`,
  /** Who has no name here yet. */
  somebody: "Somebody",
  /** Of one's own, that has no name here. */
  device: "A device",
  undo: "Undo",
  cancel: "Cancel",
  close: "Close",
  back: "Back",
  save: "Save",
  done: "Done",
  next: "Next",
  retry: "Try again",
  copy: "Copy",
  copied: "Copied",
  you: "You",
  loading: "Loading…",
  more: "More actions",
  details: "Details",
  code: (code: string) => `Code: ${code}`,
  dismiss: "Dismiss",
  optional: "optional",
  resize: "Resize pane",
};

export const nav = {
  label: "Main",
  inbox: "Inbox",
  notices: "Notifications",
  drafts: "Drafts",
  outbox: "Outbox",
  search: "Search",
  records: "Properties",
  people: "People",
  devices: "Devices",
  settings: "Settings",
  help: "Keys and help",
  new: "New conversation",
  more: "More",
  me: (name: string) => `You: ${name}`,
  counted: (what: string, n: number) => `${what}, ${count(n)}`,
  countedFailed: (what: string, n: number, failed: number) => `${what}, ${count(n)}, ${count(failed)} not sent`,
  connection: {
    none: "On this device",
    offline: "Offline",
    connecting: "Connecting…",
    online: "Connected",
  },
};

export const banner = {
  offline: (n: number, since: string | null) => {
    const what = n > 0 ? `${many(n, "change", "changes")} waiting` : "you can go on, everything is kept here";
    return since ? `Offline since ${sinceTime(since)} - ${what}` : `Offline - ${what}`;
  },
  show: "Show outbox",
  demo: "This is a demo. Nothing leaves this computer.",
  demoLeave: "Back to my own inbox",
  recovery: "Keep your recovery words: without them, losing this device means losing your account.",
  recoveryElsewhere:
    "Your recovery words changed when a device was shut out. What you wrote down before no longer works: write down the new ones on the device where that was done.",
  recoveryDo: "Show the words",
  recoveryLater: "Remind me in a week",
  keyFile: "The key of this profile lies in a file beside it. A passphrase would protect it.",
  keyFileDo: "Set a passphrase",
  noRelay: "On this device; connect a relay to reach others",
  noRelayDo: "Connect",
  requests: (n: number) => `${many(n, "person wants", "people want")} to join`,
  requestsDo: "Review",
};

export const link = {
  title: "Open this link?",
  body: "It leads to",
  open: "Open in the browser",
};

/** What is said outside the window. */
export const desktop = {
  show: "Open Homing",
  quit: "Quit",
  reply: "Reply",
  hiddenMessage: "New message",
  hidden: "Something new",
};

export const toast = {
  told: (who: string, what: string) => `${who}: ${what}`,
  deletedForMe: (title: string, n: number) => (n === 1 ? `“${title}” deleted on your devices` : `${many(n, "conversation", "conversations")} deleted on your devices`),
  copied: "Copied",
  demoRemoved: "The demo is gone from this computer",
  region: "Notices",
};

export const palette = {
  label: "Go to or do",
  placeholder: "Type a name or what you want to do",
  none: "Nothing by that name",
  conversations: "Conversations",
  people: "People",
  records: "Properties",
  actions: "Actions",
  settings: "Settings",
  write: (name: string) => `Write to ${name}`,
  searchFor: (words: string) => `Search messages for “${words}”`,
  /** An action of the open conversation. */
  here: (what: string) => `This conversation: ${what}`,
  block: (name: string) => `Block ${name}`,
  unblock: (name: string) => `Unblock ${name}`,
  theme: (name: string) => `Theme: ${name}`,
};

/** Messages that were written: their thread, what is done with them, and how far they came. */
import { list, shortTime, sinceTime } from "../../format";
import { many } from "./many";

export const thread = {
  pick: "No conversation open",
  pickHelp: "Choose one from the list, or start a new one.",
  log: (title: string) => `Messages in ${title}`,
  empty: "Nothing said yet",
  emptyHelp: "Write the first message below. Everybody named above can read it.",
  emptyExpected: (name: string) => `${name} has not joined yet. What you write now is here when they come.`,
  emptyAlone: "Only you are here: a notebook on all your devices.",
  failed: "This conversation could not be read",
  unread: "Unread",
  late: "Arrived late",
  lateHelp: (at: string) => `Written ${at}, before what you had already read, and arrived after it.`,
  latest: "Jump to latest",
  latestNew: (n: number) => many(n, "new message", "new messages"),
  toUnread: "Jump to unread",
  deleted: "This message was deleted",
  online: "online",
  onlineOf: (n: number) => `${n} online`,
  lastSeen: (at: string) => `last seen ${shortTime(at)}`,
  typing: (name: string) => `${name} is typing…`,
  merged: (name: string, title: string) => `${name} merged “${title}” into this conversation`,
  mergedHere: (title: string) => `“${title}” was merged into this conversation`,
  back: "Back to the list",
  panel: "People and files",
  find: "Search in this conversation",
  archive: "Archive",
  unarchive: "Move to inbox",
  rename: "Rename",
  subject: "Subject",
  members: "Members and roles",
  leave: "Leave",
  deleteForMe: "Delete for me",
  deleteForAll: "Delete for everyone",
  left: "You left. What you have stays here; nothing new arrives.",
  gone: "You are not part of this any more. What you have stays here; nothing new arrives.",
  readOnly: "You can read here, but your role does not let you write.",
  you: "You",
  people: (names: string[]) => list(names),
  onlyYou: "Only you",
};

export const message = {
  reply: "Reply",
  copy: "Copy text",
  remove: "Delete for everyone",
  info: "Who has read this",
  actions: "Message actions",
  by: (name: string, at: string) => `${name}, ${at}`,
  replyTo: (name: string, words: string) => `In reply to ${name}: ${words}`,
  jump: "Show the quoted message",
  whole: "Show all of it",
  retry: "Try again",
  cancel: "Cancel sending",
  edit: "Edit",
  editLabel: "Other words for this message",
  editSave: "Save",
  edited: "edited",
  editedAt: (at: string) => `Edited ${at}: show what it said before`,
  history: "What it said before",
  changing: {
    queued: "A change of this message waits to be sent",
    sealed: "A change of this message is on its way",
    refused: "A change of this message was not taken. The outbox says why.",
  },
  answers: "Show answers",
  replies: (n: number) => many(n, "answer", "answers"),
  forward: "Forward",
  forwarded: "Forwarded",
  select: "Select",
  back: "Take back into the composer",
  removeTitle: "Delete this message for everyone?",
  removeBody: "It disappears from every device that can be reached. This can't be undone.",
};

export const reactions = {
  label: "Reactions",
  add: "React",
  with: (name: string) => `React with ${name}`,
  by: (emoji: string, names: string) => `${emoji} ${names}`,
  counted: (emoji: string, count: number, names: string) => `${emoji} ${count}: ${names}`,
  search: "Search emoji",
  none: "No emoji by this name",
};

export const history = {
  title: "What it said before",
  lead: (name: string) => `${name} changed this message. Everybody here can read what it said.`,
  now: "now",
};

export const answers = {
  title: "Answers",
  none: "Nobody has answered yet.",
  add: "Answer",
  show: "Show in the conversation",
  files: (n: number) => many(n, "file", "files"),
};

export const forward = {
  title: (n: number) => (n === 1 ? "Forward this message" : `Forward ${many(n, "message", "messages")}`),
  lead: "Words and files are encrypted anew for who gets them. Who wrote them is not said.",
  search: "Search conversations",
  nobody: "No conversation by this name",
  comment: "Add a word (optional)",
  send: "Forward",
  done: (n: number) => `Forwarded to ${many(n, "conversation", "conversations")}`,
};

export const select = {
  label: "Selected messages",
  count: (n: number) => `${many(n, "message", "messages")} selected`,
  end: "End selecting",
  copy: "Copy",
  forward: "Forward",
  remove: "Delete",
  removeTitle: (n: number) => `Delete ${many(n, "message", "messages")} for everyone?`,
  line: (name: string, at: string, words: string) => `${name}, ${at}\n${words}`,
};

export const state = {
  local: "On this device. Connect a relay to send it.",
  scheduled: "Is sent at its time",
  pending: (since: string | null) =>
    since ? `Waiting to be sent - you are offline since ${sinceTime(since)}` : "Waiting to be sent",
  sent: "Sent: safe at the relay",
  delivered: "Delivered to their device",
  read: "Read",
  failed: (reason: string | null) => `Not sent${reason ? `. ${reason}` : ""}`,
};

export const receipts = {
  title: "Delivery",
  written: "Written",
  delivered: (at: string | null) => (at ? `Delivered ${at}` : "Delivered"),
  read: (at: string | null) => (at ? `Read ${at}` : "Read"),
  of: (name: string, state: string) => `${name}: ${state}`,
  none: "Not delivered yet",
  nobody: "Nobody else is in this conversation.",
};

/** Remarks among colleagues beside a client's conversation. */
export const comments = {
  mode: "Who reads what you write",
  toClient: (name: string) => `Reply to ${name}`,
  toTeam: "Comment for your team",
  only: "Only your team sees this",
  label: "Comment for your team",
  placeholder: "Something the client must not read… @ names a colleague",
  write: "Add comment",
  long: "This is longer than a comment can be. Your words are kept.",
  replying: (name: string) => `${name} is replying to this client`,
  meanwhile: (name: string) => `${name} has answered meanwhile`,
  askTitle: (name: string) => `${name} answered while you were writing`,
  askBody: "Your words are kept. This is what the client got:",
  askDo: "Send mine too",
  cantQuote: "A comment is answered with a comment: only your team sees it.",
};

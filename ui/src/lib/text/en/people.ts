/** People: how they come in, what they may do, and what somebody sets for them. */
import type { RoleName } from "../../bindings/RoleName";
import type { SpaceKind } from "../../bindings/SpaceKind";
import { many } from "./many";

export const role = {
  owner: "Owner",
  admin: "Admin",
  member: "Member",
  reader: "Reader",
  client: "Client",
  ingest: "Inquiry intake",
} satisfies Record<RoleName, string>;

export const roleHelp = {
  owner: "Everything, including roles and removal",
  admin: "Adds and removes people",
  member: "Reads and writes",
  reader: "Reads only",
  client: "Reads and writes in their own space",
  ingest: "Hands in inquiries, reads nothing",
} satisfies Record<RoleName, string>;

export const space = {
  personal: "Only you",
  team: "Team",
  client: "Client",
  talk: "Talk",
} satisfies Record<SpaceKind, string>;

export const invite = {
  title: "Invite",
  who: "Who is it for?",
  person: "A person",
  personHelp: "You two get a talk of your own.",
  client: "A client",
  clientHelp: "A space for this client. Your team can read it; other clients can't. They join at once.",
  team: "A colleague",
  teamHelp: "Joins your team and sees its clients. You approve them first.",
  talk: "Into a conversation",
  talkHelp: "Joins a conversation you have, with its whole history.",
  clientName: "Client's name",
  clientNamePlaceholder: "Maria Bellini",
  conversation: "Conversation",
  make: "Create invitation",
  making: "Making the invitation…",
  ready: "Send this link to one person",
  readyHelp: "Anyone who has the link can use it once. Send it by a way you trust.",
  expires: (at: string) => `Valid until ${at}.`,
  instant: "They join at once.",
  approve: "You approve them before they can read anything.",
  localOnly: "The relay runs on this computer: the link works here only.",
  copy: "Copy link",
  qr: "The invitation as a QR code",
  another: "Another invitation",
  noRelay: "First, a relay",
  noRelayHelp:
    "A relay carries sealed messages between devices. It can't read them. Ask your team for its address, or run one yourself with one command.",
  relay: "Address of the relay",
  relayPlaceholder: "https://relay.example.org",
  relayLocal: "This address is on this computer: it works here only, which is fine for trying things out.",
  connect: "Connect",
  open: "Open invitations",
  cancelled: "Invitation cancelled",
  demo: "The demo never talks to a relay. Go back to your own inbox to work with real people.",
  demoStay: "Stay in the demo",
};

export const join = {
  title: "Join",
  paste: "Paste the invitation link",
  placeholder: "homing://join/1/…",
  look: "Continue",
  asks: (inviter: string) => `${inviter} invites you`,
  kind: {
    personal: "to an account",
    team: "to the team",
    client: "as a client of",
    talk: "to a conversation",
  } satisfies Record<SpaceKind, string>,
  nameless: {
    personal: "to an account",
    team: "to their team",
    client: "as a client",
    talk: "to a conversation",
  } satisfies Record<SpaceKind, string>,
  relay: "Through the relay",
  role: "You will be",
  expires: "Valid until",
  instant: "You can write at once.",
  approval: "Somebody of the team lets you in first.",
  already: "You are in this space already.",
  otherRelay: "This link belongs to another relay. It needs a profile of its own.",
  localOnly: "This relay runs on this computer only.",
  name: "Your name",
  do: "Join",
  awaiting: "Almost there",
  awaitingHelp: (inviter: string) => `${inviter} has to let you in. What they share with you shows up here then; you can go on meanwhile.`,
  joined: "You're in",
};

export const people = {
  title: "People",
  lead: "Those you share a conversation, a client or a team with.",
  search: "Find a person",
  empty: "Nobody here yet",
  emptyHelp: "There is no directory: people come by invitation.",
  invite: "Invite",
  write: "Write",
  verified: "Safety number compared",
  unverified: "Safety number not compared",
  compare: "Compare safety number",
  client: "Client",
  staff: "Colleague",
  leaves: "Leaves the team once the relay is reached",
  requests: "Want to join",
  approve: "Let in",
  decline: "Decline",
  asks: (space: string, role: string) => `${space}, as ${role.toLocaleLowerCase()}`,
  approved: (name: string) => `${name} is in`,
  declined: (name: string) => `${name} was declined`,
  failed: "People could not be read",
  none: "Nobody by that name",
  remove: "Take out",
  removeFrom: "Take out of the team",
  removeTitle: (name: string) => `Take ${name} out of the team?`,
  removeBody:
    "All keys of the team are changed: nothing its clients and colleagues write from now on can be read by them. What they already have stays with them.",
  removeRest: "Conversations in which they are a member themselves go on with them: remove them there too.",
  removed: (name: string) => `${name} is not in the team any more`,
  removing: (name: string) => `${name} leaves the team once the relay is reached`,
};

export const safety = {
  title: (name: string) => `Safety number with ${name}`,
  of: (name: string, compared: boolean) => `Safety number with ${name}, ${compared ? "compared" : "not compared"}`,
  lead: (name: string) =>
    `Compare these digits with ${name} when you meet or on a call. If they are the same on both sides, nobody stands in between.`,
  qr: "The safety number as a QR code",
  mark: "They are the same",
  unmark: "Take the mark back",
  verified: "You compared these digits.",
};

export const members = {
  title: "Members",
  lead: (title: string) => `Exactly these can read “${title}”.`,
  add: "Add somebody",
  addTitle: (name: string) => `Let ${name} in?`,
  addHistory: "They will be able to read the whole history, from the first message on.",
  addSiblings: "They join the whole client space, so they can read these conversations too:",
  addDo: "Let in",
  role: (name: string) => `Role of ${name}`,
  remove: "Remove",
  removeTitle: (name: string) => `Remove ${name}?`,
  removeBody: "Keys are changed: nothing written from now on can be read by them. What they already have stays with them.",
  removeSiblings: "It concerns these conversations too:",
  removeDo: "Remove",
  leave: "Leave",
  leaveThis: "Leave this conversation",
  leaveTitle: "Leave this conversation?",
  leaveBody: "You can read what you have until you delete it, but nothing new arrives. Somebody has to invite you to come back.",
  team: "The whole team",
  pick: "Choose a person",
  nobody: "Everybody you know is already here.",
  waits: {
    added: "Let in once the relay is reached",
    removed: "Removed once the relay is reached",
    role: "Gets this role once the relay is reached",
  },
  invite: "Invite somebody by link",
};

/** What a person sets for somebody else, on their own devices only. */
export const persons = {
  more: (name: string) => `What to call ${name}, and whether to hear them`,
  callThem: "Your name for them",
  callHelp: (own: string) => `They go by ${own}. Nobody else sees your name for them.`,
  renamed: (own: string, name: string) => (name === "" ? `${own} is shown by their own name` : `${own} is called ${name} here`),
  block: "Block",
  unblock: "Unblock",
  blockHelp: "Nothing of somebody you block is announced. What you have with them alone lies under Blocked; in groups their messages are folded and count for nothing. They are not told.",
  blocked: (name: string) => `${name} is blocked`,
  unblocked: (name: string) => `${name} is not blocked any more`,
  spam: "Report spam",
  spamKeep: "Report spam, keep evidence…",
  evidenceFile: "evidence.txt",
  /** In that file, each before what it names. */
  evidence: { report: "Report of", name: "Name", id: "Id", conversation: "Conversation", attachment: "File" },
  reported: (name: string) => `${name} is blocked, and the conversation put away`,
  reportedKept: (name: string, n: number) => `${name} is blocked; ${many(n, "message", "messages")} kept as evidence`,
  isBlocked: "Blocked",
  calls: (own: string) => `Calls themselves ${own}`,
  folded: (name: string) => `Message from ${name}, whom you blocked`,
  show: "Show",
};

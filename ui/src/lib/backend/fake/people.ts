import type { LinkState } from "../../bindings/LinkState";
import type { MemberRow } from "../../bindings/MemberRow";
import { CallError } from "../index";
import type { FakeBackend } from "./index";
import type { Handlers } from "./handlers";

type PeopleCall =
  | "people" | "people_by_id" | "safety" | "safety_verify" | "members" | "member_add" | "member_remove" | "member_role" | "colleague_remove"
  | "invite" | "invitations" | "invitation_cancel" | "join_preview" | "join" | "requests" | "approve" | "decline"
  | "link_offer" | "link_accept" | "link_approve" | "link_show" | "link_cancel"
  | "devices" | "device_rename" | "device_revoke" | "recovery_show" | "recovery_confirm" | "recovery_use";

const QR = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 21 21" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h21v21H0z"/><path d="${Array.from({ length: 21 * 21 }, (_, i) => ((i * 2654435761) % 4294967296) % 7 < 3 ? `M${i % 21} ${Math.floor(i / 21)}h1v1h-1z` : "").join("")}"/></svg>`;
const WORDS = "abandon harbor cradle velvet sunny ladder orbit pepper window garden marble rocket silver timber urban valley walnut yellow zebra anchor basket candle dinner engine".split(" ");

function inAWeek(): string {
  return new Date(Date.now() + 7 * 86_400_000).toISOString();
}

function missing(): never {
  throw new CallError({ code: "not_found", message: "It is not there any more." });
}

function members(fake: FakeBackend, conversation: string): MemberRow[] {
  const held = fake.world.rows.get(conversation) ?? missing();
  return held.participants.map((one) => ({
    member: one.person,
    name: one.name,
    team: one.team,
    role: one.role,
    me: one.me,
    can_remove: !one.me,
    can_change_role: !one.me,
    waiting: null,
  }));
}

function safety(fake: FakeBackend, person: string) {
  const held = fake.world.people.find((one) => one.id === person) ?? missing();
  return {
    person,
    name: held.name,
    digits: "30418 55921 07734 28816 94027 61355 48190 22763 75508 31942 86617 40285",
    verified: held.verified,
    qr_svg: QR,
  };
}

let link: LinkState | null = null;

export const people: Pick<Handlers, PeopleCall> = {
  people: (fake) => fake.world.people,
  people_by_id: (fake, args) => fake.world.people.filter((one) => args.people.includes(one.id)),
  safety: (fake, args) => safety(fake, args.person),
  safety_verify: (fake, args) => {
    fake.world.people = fake.world.people.map((one) => (one.id === args.person ? { ...one, verified: args.verified } : one));
    fake.emit({ event: "people" });
    return safety(fake, args.person);
  },
  colleague_remove: (fake, args) => {
    fake.world.people = fake.world.people.map((one) => (one.id === args.person ? { ...one, staff: false, can_remove: false, role: null, spaces: [] } : one));
    fake.emit({ event: "people" });
    return fake.world.people;
  },
  members: (fake, args) => members(fake, args.conversation),
  member_add: (fake, args) => {
    const held = fake.world.rows.get(args.conversation) ?? missing();
    const person = fake.world.people.find((one) => one.id === args.person) ?? missing();
    fake.putRow({ ...held, participants: [...held.participants, { person: person.id, name: person.name, role: args.role ?? "member", me: false, team: false }] });
    return members(fake, args.conversation);
  },
  member_remove: (fake, args) => {
    const held = fake.world.rows.get(args.conversation) ?? missing();
    fake.putRow({ ...held, participants: held.participants.filter((one) => one.person !== args.member) });
    return members(fake, args.conversation);
  },
  member_role: (fake, args) => {
    const held = fake.world.rows.get(args.conversation) ?? missing();
    fake.putRow({ ...held, participants: held.participants.map((one) => (one.person === args.member ? { ...one, role: args.role } : one)) });
    return members(fake, args.conversation);
  },
  invite: (fake, args) => {
    if (!fake.world.status.relay) throw new CallError({ code: "relay_missing", message: "No relay is set." });
    const team = typeof args.to === "object" && "team" in args.to;
    return {
      id: "i-1",
      link: "homing://join/1/aGlyYWJlZXNlYXJlY3VyaW91cw#9f3kQx7bR2m",
      space: "s-new",
      role: team ? "member" : "client",
      expires_at: inAWeek(),
      name: "",
      qr_svg: QR,
      instant: !team,
      relay_is_local: fake.world.status.relay_is_local,
    };
  },
  invitations: (fake) =>
    fake.world.status.relay
      ? [{ id: "i-0", space: "s-team", space_name: "Lindgren Homes", role: "member", expires_at: inAWeek(), instant: false }]
      : [],
  invitation_cancel: () => ({ done: true }),
  join_preview: (_fake, args) => {
    if (!args.link.startsWith("homing://join/1/")) {
      throw new CallError({ code: "invite_invalid", message: "This is not an invitation link. Copy all of it, from “homing://” to the end." });
    }
    const team = args.link.includes("team");
    return { relay: "https://relay.example.org", space: "s-x", kind: team ? "team" : "client", role: team ? "member" : "client", inviter: "Ben Okafor", space_name: "Lindgren Homes", expires_at: inAWeek(), instant: !team, already_member: false, other_relay: false, relay_is_local: false };
  },
  join: (fake, args) => {
    if (!fake.world.status.person) fake.world.status = { ...fake.world.status, person: "p-ada", device: "d-laptop", name: args.name, relay: "https://relay.example.org" };
    return { space: "s-x", state: args.link.includes("team") ? "awaiting_approval" : "joined", conversation: null };
  },
  requests: (fake) => fake.world.requests,
  approve: (fake, args) => {
    fake.world.requests = fake.world.requests.filter((one) => one.id !== args.id);
    fake.setStatus({ requests: fake.world.requests.length });
    fake.emit({ event: "people" });
    return { done: true };
  },
  decline: (fake, args) => {
    fake.world.requests = fake.world.requests.filter((one) => one.id !== args.id);
    fake.setStatus({ requests: fake.world.requests.length });
    return { done: true };
  },
  link_offer: () =>
    (link = { code: "KESTREL-4821-MAPLE-0937", qr_svg: QR, digits: null, stage: "waiting", device_name: null, expires_at: new Date(Date.now() + 600_000).toISOString(), error: null }),
  link_accept: (_fake, args) =>
    (link = { code: null, qr_svg: null, digits: "482 913", stage: "compare", device_name: args.device_name, expires_at: new Date(Date.now() + 600_000).toISOString(), error: null }),
  link_approve: () =>
    (link = { code: null, qr_svg: null, digits: null, stage: "done", device_name: "Desktop", expires_at: inAWeek(), error: null }),
  link_show: () => link,
  link_cancel: () => {
    link = null;
    return { done: true };
  },
  devices: (fake) => fake.world.devices,
  device_rename: (fake, args) => (fake.world.devices = fake.world.devices.map((one) => (one.id === args.device ? { ...one, name: args.name } : one))),
  device_revoke: (fake, args) => (fake.world.devices = fake.world.devices.map((one) => (one.id === args.id ? { ...one, revoked: true } : one))),
  recovery_show: (fake) => ({ words: WORDS, confirmed: fake.world.status.recovery_confirmed }),
  recovery_confirm: (fake, args) => {
    if (args.words.some(([place, word]) => WORDS[place] !== word)) {
      throw new CallError({ code: "recovery_invalid", message: "These are not the words at these places." });
    }
    return (fake.world.status = { ...fake.world.status, recovery_confirmed: true });
  },
  recovery_use: (fake) => (fake.world.status = { ...fake.world.status, person: "p-ada", device: "d-laptop", name: "Ada Lindgren" }),
};

import { notice } from "./notices";
import type { MessageRow } from "../../bindings/MessageRow";
import type { Participant } from "../../bindings/Participant";
import { filesSaid } from "../../said";
import { record, version, villa } from "./records";
import { ME, attachment, conversation, draft, empty, message, participant, receipt, type World } from "./world";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="640" viewBox="0 0 960 640"><defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#8fb9d6"/><stop offset="1" stop-color="#f4dcc0"/></linearGradient></defs><rect width="960" height="640" fill="url(#s)"/><circle cx="760" cy="170" r="54" fill="#fff3d6"/><path d="M0 430 220 300l180 110 200-150 360 190v190H0z" fill="#6f8f7a"/><path d="M300 350h330v200H300z" fill="#efe6d8"/><path d="M270 360 465 230l195 130z" fill="#a4563f"/><path d="M430 430h74v120h-74z" fill="#6b4a38"/><path d="M335 410h64v56h-64zm200 0h64v56h-64z" fill="#b8d3de" stroke="#8b7a66" stroke-width="6"/><path d="M0 550h960v90H0z" fill="#557a5c"/></svg>`;

const people: Record<string, string> = {
  "p-maria": "Maria Bellini",
  "p-ben": "Ben Okafor",
  "p-cora": "Cora Jensen",
  "p-tom": "Tomás Herrera",
  "p-layla": "ليلى حداد",
  "p-yuki": "山田 由紀",
  "p-greta": "Greta Vogel",
  "p-sam": "Sam\u202egnp.txt",
};

interface Line {
  from: string;
  ago: number;
  body: string;
  over?: Partial<MessageRow>;
}

/** A small estate agency on a busy morning. */
export function agency(now = Date.now()): World {
  const world = empty();
  const at = (ago: number): string => new Date(now - ago).toISOString();
  const who = (...ids: string[]): Participant[] => [
    participant(ME, "Ada Lindgren", "owner"),
    ...ids.map((id) => participant(id, people[id] ?? id, id === "p-ben" ? "member" : "client")),
  ];

  function add(id: string, subject: string, others: string[], lines: Line[], over: Parameters<typeof conversation>[1] = {}): void {
    const rows = lines.map((line, index) => {
      const when = at(line.ago);
      const mine = line.from === ME;
      return message(`${id}-${index}`, id, {
        author: line.from,
        author_name: mine ? "Ada Lindgren" : (people[line.from] ?? line.from),
        at: when,
        body: line.body,
        state: "read",
        receipts: mine ? others.map((other) => receipt(other, people[other] ?? other, when, when)) : [],
        order: `${when}/${String(index).padStart(5, "0")}`,
        ...line.over,
      });
    });
    const last = rows.at(-1);
    world.messages.set(id, rows);
    world.rows.set(
      id,
      conversation(id, {
        subject,
        participants: who(...others),
        preview: last?.body ?? "",
        preview_files: last?.body ? null : filesSaid(last?.attachments ?? []),
        preview_deleted: last?.deleted ?? false,
        preview_author: last && !last.mine ? last.author_name : null,
        last_at: last?.at ?? at(0),
        last_state: last?.mine ? last.state : null,
        unread: rows.filter((row) => row.unread).length,
        space_kind: others.length === 1 ? "client" : "talk",
        ...over,
      }),
    );
  }

  const house = attachment("a-house", "Villa Rosa, front.png", "image/png", 184_220, { width: 960, height: 640 });
  world.files.set("a-house", PICTURE);
  const plan = attachment("a-plan", "Floor plan, both storeys.pdf", "application/pdf", 2_430_118, { state: "remote", progress: 0 });
  world.files.set("a-plan", "floor plan");

  add("c-rosa", "Villa Rosa, via dei Pini 4", ["p-maria", "p-ben"], [
    { from: "p-maria", ago: 26 * HOUR, body: "Good morning! We loved the garden. Is the boiler original? It makes a noise when the water runs upstairs." },
    { from: "p-ben", ago: 25 * HOUR + 30 * MINUTE, body: "It was changed in 2019. I’ll ask the owners for the service papers." },
    { from: ME, ago: 25 * HOUR, body: "Thanks, Ben. Maria, here is the picture from the street you asked for.", over: { attachments: [house] } },
    { from: "p-maria", ago: 24 * HOUR + 40 * MINUTE, body: "Perfect, thank you.\n\nCould we come back with my father on Tuesday at three? He knows more about roofs than all of us." },
    { from: ME, ago: 3 * HOUR, body: "Tuesday at three works. I’ll bring the keys to the attic too.", over: { reply_to: { id: "c-rosa-3", author_name: "Maria Bellini", preview: "Could we come back with my father on Tuesday at three?", files: null, deleted: false } } },
    { from: "p-ben", ago: 2 * HOUR + 20 * MINUTE, body: "Service papers are here, see page 3: https://papers.example.org/villa-rosa/boiler-2019.pdf", over: { attachments: [plan] } },
    { from: ME, ago: 2 * HOUR, body: "Great. So the noise is only the valve, and the owners pay for it.", over: { state: "delivered", receipts: [receipt("p-maria", "Maria Bellini", at(100 * MINUTE), null), receipt("p-ben", "Ben Okafor", at(110 * MINUTE), at(105 * MINUTE))] } },
    { from: "p-maria", ago: 95 * MINUTE, body: "I wrote this on the train without a signal: can we park inside the gate?", over: { unread: true, late: true } },
    { from: "p-maria", ago: 14 * MINUTE, body: "And is the price still where it was? We would like to make an offer this week.", over: { unread: true } },
    { from: "p-maria", ago: 12 * MINUTE, body: "420 is our limit, between us 🙂", over: { unread: true } },
  ], { space_kind: "client" });

  add("c-ben", "", ["p-ben"], [
    { from: "p-ben", ago: 5 * HOUR, body: "Did you see the inquiry for the loft? Three people in one night." },
    { from: ME, ago: 4 * HOUR + 50 * MINUTE, body: "Yes. You take the first two, I take the couple from Turin." },
    { from: "p-ben", ago: 41 * MINUTE, body: "Deal 👍 I’m at the lake house until noon, bad signal there." },
    { from: ME, ago: 22 * MINUTE, body: "Then I’ll send you the contract when you are back.", over: { state: "sent", receipts: [receipt("p-ben", "Ben Okafor", null, null)] } },
  ], { space_kind: "talk" });

  add("c-layla", "شقة الميناء", ["p-layla"], [
    { from: "p-layla", ago: 8 * HOUR, body: "مرحبا، هل الشقة ما زالت متاحة في شهر مايو؟" },
    { from: ME, ago: 7 * HOUR, body: "مرحبا ليلى، نعم. هل تناسبك زيارة يوم الخميس؟" },
    { from: "p-layla", ago: 55 * MINUTE, body: "الخميس ممتاز، الساعة 16:30 مع أخي Karim إن أمكن.", over: { unread: true } },
  ]);

  add("c-yuki", "駅前のアパート", ["p-yuki"], [
    { from: "p-yuki", ago: 30 * HOUR, body: "こんにちは。来週の内見は何時からですか？" },
    { from: ME, ago: 29 * HOUR, body: "水曜日の10時はいかがでしょうか。" },
    { from: "p-yuki", ago: 28 * HOUR, body: "はい、大丈夫です。よろしくお願いします。" },
  ]);

  add("c-cora", "Loft on Canal Street", ["p-cora", "p-ben"], [
    { from: "p-cora", ago: 2 * DAY, body: "The bank needs the energy certificate before Friday." },
    { from: ME, ago: 2 * DAY - HOUR, body: "I have it, sending it over now." },
    { from: ME, ago: 2 * DAY - 2 * HOUR, body: "Energy certificate attached.", over: { state: "failed", error: { code: "too_large", message: "The file is larger than 50 MB. It is kept here: send it in two parts." } } },
  ]);

  add("c-tom", "Kitchen quote", ["p-tom"], [
    { from: "p-tom", ago: 3 * DAY, body: "Two offers are in. The second one is cheaper but they only start in June." },
    { from: ME, ago: 3 * DAY - HOUR, body: "June is fine for the owners. Can you send me both?" },
  ]);

  add("c-notes", "Notes to myself", [], [
    { from: ME, ago: 4 * DAY, body: "Keys: attic 14, cellar 9, gate code with Ben." , over: { receipts: [], state: "sent" } },
  ], { space_kind: "personal" });

  add("c-greta", "Handover protocol", ["p-greta"], [
    { from: ME, ago: 9 * DAY, body: "Everything signed. Welcome to your new home!" },
    { from: "p-greta", ago: 9 * DAY - HOUR, body: "Thank you so much for everything, Ada." },
  ], { archived: true });

  add("c-sam", "", ["p-sam"], [{ from: "p-sam", ago: 6 * DAY, body: "Is this the right place to ask about the garage?" }]);

  const long: Line[] = Array.from({ length: 240 }, (_, index) => ({
    from: index % 3 === 0 ? ME : "p-tom",
    ago: 20 * DAY - index * 2 * HOUR,
    body: `Point ${index + 1}: ${"the tiles arrive in the second week, then the fitter can start. ".repeat(1 + (index % 3)).trim()}`,
  }));
  add("c-site", "Renovation, Hill Road 12", ["p-tom", "p-ben"], long);

  world.drafts.set("c-cora", draft("c-cora", { id: "dr-1", text: "Dear Cora, I split the certificate into two parts and", revision: "7", updated_at: at(8 * MINUTE), others: [{ id: "dr-3", conversation: "c-cora", comment: false, title: "Loft on Canal Street", text: "Dear Cora, the certificate comes in two parts and", updated_at: at(50 * MINUTE), sending: null, files: 0 }] }));
  world.drafts.set("c-tom", draft("c-tom", { id: "dr-2", text: "Both offers look fine to me. Before we", revision: "3", updated_at: at(3 * HOUR), sending: { device: "d-phone", device_name: "Desktop at work", here: false } }));
  for (const id of ["c-cora", "c-tom"]) {
    const row = world.rows.get(id);
    const held = world.drafts.get(id);
    if (row && held) world.rows.set(id, { ...row, has_draft: true, draft_preview: held.text });
  }
  const quick = { active: true, property: null, property_title: null, team: true, updated_at: at(3 * DAY), conflict: false, files: [] };
  world.quick = [
    { ...quick, id: "q-1", title: "Welcome", body: "Dear {{client.first_name}},\nthank you for asking. I will call you tomorrow.\n{{me.name}}", category: "greeting", uses: 41 },
    { ...quick, id: "q-2", title: "Keys and gate", body: "You can come from {{reservation.check_in}} on. The keys lie in the box beside the gate.", category: "check_in", uses: 12 },
    { ...quick, id: "q-3", title: "Winter service", body: "We look after the heating while you are away.", category: "custom", uses: 0, active: false },
  ];
  world.outbox = [
    { id: "c-ben-9", kind: "message", conversation: "c-ben", title: "Ben Okafor", preview: "And bring the big umbrella", files: null, state: "queued", since: at(9 * MINUTE), error: null, can_cancel: true, can_edit: true, can_move: true },
    { id: "c-ben-10", kind: "message", conversation: "c-ben", title: "Ben Okafor", preview: "And the keys", files: null, state: "queued", since: at(6 * MINUTE), error: null, can_cancel: true, can_edit: true, can_move: true },
    { id: "c-cora-2", kind: "message", conversation: "c-cora", title: "Loft on Canal Street", preview: "Energy certificate attached.", files: null, state: "refused", since: at(2 * DAY), error: { code: "too_large", message: "The file is larger than 50 MB. It is kept here: send it in two parts." }, can_cancel: true, can_edit: true, can_move: false },
    { id: "o-3", kind: "membership", conversation: "c-rosa", title: "Villa Rosa, via dei Pini 4", preview: "Ben Okafor becomes a member", files: null, state: "sealed", since: at(4 * MINUTE), error: null, can_cancel: false, can_edit: false, can_move: false },
  ];
  world.people.push(
    ...Object.entries(people).map(([id, name]) => ({
      id,
      name,
      me: false,
      verified: id === "p-ben",
      role: id === "p-ben" ? ("admin" as const) : null,
      spaces: id === "p-ben" ? ["Lindgren Homes"] : [name],
      client: id !== "p-ben",
      staff: id === "p-ben",
      can_remove: id === "p-ben",
      leaves: false,
      own_name: null,
      blocked: false,
    })),
  );
  world.devices.push(
    { id: "d-desktop", name: "Desktop at work", current: false, added_at: at(40 * DAY), revoked: false },
    { id: "d-old", name: "Old laptop", current: false, added_at: at(400 * DAY), revoked: true },
  );
  world.requests.push({ id: "r-1", person: "p-nina", name: "Nina Roth", space: "s-team", space_name: "Lindgren Homes", role: "member", asked_at: at(30 * MINUTE) });
  world.notices = [
    notice("n-1", "mention", { at: at(12 * MINUTE), person: "p-ben", name: "Ben Okafor", title: "Renovation, Hill Road 12", text: "Ada, can you call the fitter?", conversation: "c-site", message: "c-site-5" }),
    notice("n-2", "request", { at: at(30 * MINUTE), person: "p-nina", name: "Nina Roth", title: "Lindgren Homes" }),
    notice("n-3", "joined", { at: at(5 * HOUR), unread: false, person: "p-tom", name: "Tom Weber", title: "Renovation, Hill Road 12", conversation: "c-site" }),
    notice("n-4", "not_sent", { at: at(2 * DAY), unread: false, title: "Loft on Canal Street", text: "Energy certificate attached.", conversation: "c-cora" }),
  ];
  world.status = { ...world.status, notices: 4, connection: "offline", online: false, offline_since: at(35 * MINUTE), outbox: 3, refused: 1, unread: 4, requests: 1 };
  world.settings.welcome_done = true;
  const flat = record("r-attic", "property", "Attic, Kanał 12", { title: { text: "Attic, Kanał 12" }, price: { money: { minor: 189_000_00, currency: "EUR" } }, status: { choice: "draft" } });
  const place = flat.fields.find((field) => field.key === "title");
  place?.values.push(version({ text: "Loft, Kanał 12" }, { by: "p-ben", by_name: "Ben Okafor", me: false, at: at(2 * HOUR) }));
  flat.row.conflicts = 1;
  const interest = (id: string, client: string, level: string, status: string): void => {
    const about = { id: "r-villa", name: "Villa Rosa" };
    world.records.set(id, record(id, "interest", "Villa Rosa", { level: { choice: level }, status: { choice: status } }, { about, space: `s-${id}`, space_name: client }));
  };
  for (const one of [villa(), flat]) world.records.set(one.row.id, one);
  interest("i-maria", "Maria Bellini", "high", "viewing_scheduled");
  interest("i-tom", "Tomás Herrera", "medium", "interested");
  const rosa = world.rows.get("c-rosa");
  if (rosa) rosa.records = [{ id: "r-villa", kind: "property", title: "Villa Rosa", shared: false, deleted: false }];
  return world;
}

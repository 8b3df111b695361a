import type { OutboxResult } from "../../bindings/OutboxResult";
import type { OutboxRow } from "../../bindings/OutboxRow";
import type { Handlers } from "./handlers";

/** What was taken back last, for its undo. */
let taken: OutboxRow[] = [];

/** What waits in the fake engine: taken back, put back, put into another order. */
export const waiting: Pick<Handlers, "outbox_move" | "outbox_take_back" | "outbox_put_back"> = {
  outbox_move: (fake, args) => {
    const rows = fake.world.outbox.filter((row) => row.id !== args.id);
    const moved = fake.world.outbox.find((row) => row.id === args.id);
    const last = rows.findLastIndex((row) => row.conversation === moved?.conversation) + 1;
    const before = args.before ? rows.findIndex((row) => row.id === args.before) : last;
    if (moved) rows.splice(before, 0, moved);
    fake.world.outbox = rows;
    fake.outboxChanged();
    return { done: true };
  },
  outbox_take_back: (fake, args) => {
    taken = fake.world.outbox.filter((row) => args.ids.includes(row.id) && row.can_cancel);
    for (const row of taken) fake.removeOutbox(row.id);
    return args.ids.map((id): OutboxResult => {
      const done = taken.some((row) => row.id === id);
      return { id, error: done ? null : { code: "already_sent", message: "It is already on its way." } };
    });
  },
  outbox_put_back: (fake, args) => {
    fake.world.outbox = [...fake.world.outbox, ...taken.filter((row) => args.ids.includes(row.id))];
    fake.outboxChanged();
    return args.ids.map((id): OutboxResult => ({ id, error: null }));
  },
};

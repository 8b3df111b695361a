import { render } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import type { State } from "../src/lib/bindings/State";
import Tick from "../src/lib/ui/Tick.svelte";

const STATES: State[] = ["local", "pending", "sent", "delivered", "read", "failed"];

describe("Tick", () => {
  it("says every state in words and draws each differently", () => {
    const seen = STATES.map((state) => {
      const { container } = render(Tick, { props: { state } });
      const tick = container.querySelector("[data-testid=tick]");
      expect(tick?.getAttribute("role")).toBe("img");
      expect(tick?.getAttribute("title")).toContain(tick?.getAttribute("aria-label"));
      return { words: tick?.getAttribute("aria-label"), shape: tick?.querySelector("svg")?.innerHTML };
    });
    expect(new Set(seen.map((one) => one.words)).size).toBe(STATES.length);
    expect(new Set(seen.map((one) => one.shape)).size).toBe(STATES.length);
  });

  it("gives the reason and what is safe when a message failed", () => {
    const { container } = render(Tick, {
      props: { state: "failed", error: { code: "relay_refused", message: "You left this talk. The text is kept here." } },
    });
    expect(container.querySelector("[data-testid=tick]")?.getAttribute("aria-label")).toBe("Not sent. You left this talk. The text is kept here.");
  });

  it("gives the reason when what waits is held back", () => {
    const { container } = render(Tick, {
      props: { state: "pending", offlineSince: "2026-11-21T09:00:00Z", error: { code: "relay_quota", message: "Your share is used up." } },
    });
    expect(container.querySelector("[data-testid=tick]")?.getAttribute("aria-label")).toBe("Your share is used up.");
  });

  it("shows who has it since when in the tooltip", () => {
    const { container } = render(Tick, { props: { state: "delivered", detail: "Ben: Delivered 12:05" } });
    expect(container.querySelector("[data-testid=tick]")?.getAttribute("title")).toContain("Ben: Delivered 12:05");
  });
});

const STEP_MS = 30_000;

let current = $state(Date.now());

if (typeof window !== "undefined") {
  window.setInterval(() => {
    if (document.visibilityState !== "hidden") current = Date.now();
  }, STEP_MS);
}

/** The time for relative dates: it moves slowly, so that lists are redrawn seldom. */
export function now(): number {
  return current;
}

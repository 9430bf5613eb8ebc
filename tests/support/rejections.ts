/** Promises that reject and have nobody who minds. */
import { delay } from "../../lib/base/async.ts";

/** Runs a story to its end and a little longer. @returns with what promises have rejected unhandled meanwhile */
export async function unhandledIn(story: () => Promise<unknown>): Promise<unknown[]> {
  const reasons: unknown[] = [];
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault(); // or it would end every test of the file
    reasons.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  try {
    await story();
    await delay(5);
  } finally {
    globalThis.removeEventListener("unhandledrejection", onRejection);
  }
  return reasons;
}

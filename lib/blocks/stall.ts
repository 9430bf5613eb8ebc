/**
 * The time in which a peer answers nothing that it is asked for.
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";

/** How long a peer may stall before it is closed. */
const MAX_STALLED_MS = 60_000;

/** Whether one peer stalls, and since when. */
export class Stall {
  #sinceMs: number | undefined;

  /** Whether it does. */
  get isOn(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** It has been silent for too long. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** It has answered, or nothing is expected of it any more. */
  end(): void {
    this.#sinceMs = undefined;
  }

  /** @throws {PeerError} "timeout", when it has lasted too long */
  check(nowMs: number): void {
    if (this.#sinceMs === undefined || nowMs - this.#sinceMs < MAX_STALLED_MS) return;
    throw new PeerError("Peer stopped answering requests", "timeout");
  }
}

/**
 * The command `tracker`: the mock tracker until a signal ends it.
 *
 * @module
 */
import { formatAddress } from "../base/address.ts";
import { serveMockTracker } from "../tracker/mock_server.ts";
import type { Invocation } from "./options.ts";
import type { CliEvent } from "./cli_event.ts";

/** Names the peers that it shall name: ports on this machine, such as `33854,51413`. */
const PEERS_VARIABLE = "WESTORRENT_LOCAL_PEERS";

/**
 * Serves, and reports where.
 *
 * @throws {Error} when it cannot listen there; the signal's reason when it aborts
 */
export async function* runTracker(
  invocation: Invocation & { readonly kind: "tracker" },
  signal: AbortSignal,
): AsyncGenerator<CliEvent, void, undefined> {
  const { host, port } = invocation;
  await using tracker = listen(invocation, signal);
  const address = formatAddress({ host, port: tracker.port });
  yield { kind: "serving", url: `http://${address}/announce` };
  if (Deno.env.get(PEERS_VARIABLE) === undefined) {
    yield { kind: "warning", message: `${PEERS_VARIABLE} is not set: all requests fail` };
  }
  await tracker.finished;
  signal.throwIfAborted();
  throw new Error(`Cannot go on listening on port ${port}: the server ended`);
}

function listen(
  invocation: Invocation & { readonly kind: "tracker" },
  signal: AbortSignal,
): ReturnType<typeof serveMockTracker> {
  const { host, port } = invocation;
  try {
    const peersText = Deno.env.get(PEERS_VARIABLE);
    return serveMockTracker({ hostname: host, port, peersText, signal });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot listen on ${formatAddress({ host, port })}: ${detail}`, { cause });
  }
}

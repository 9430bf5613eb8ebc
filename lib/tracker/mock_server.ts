/**
 * A tracker for tests and demos: names the same local peers to everybody, whatever is asked.
 *
 * @module
 */

/** How often clients are told to come back, in seconds. */
const INTERVAL_SECONDS = 30;
const PATHS = new Set(["/", "/announce"]);
const LOOPBACK = [127, 0, 0, 1] as const;

/** Where a mock tracker listens and whom it names. */
export interface MockTrackerOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** An IP literal. */
  readonly hostname: string;
  /** Ports on 127.0.0.1, such as "33854,51413"; without any every request fails with status 500. */
  readonly peersText: string | undefined;
  /** Stops it, as disposal does. */
  readonly signal: AbortSignal;
}

/** A mock tracker that serves until it is disposed, or the signal aborts. */
export interface MockTracker extends AsyncDisposable {
  /** The IP literal that it listens on. */
  readonly hostname: string;
  /** The one that the system chose, where 0 was asked for. */
  readonly port: number;
  /** Settles when it serves no more. */
  readonly finished: Promise<void>;
}

/**
 * Starts a mock tracker. The caller disposes it.
 *
 * @throws the system's error when it cannot listen there; the signal's reason when it has aborted
 */
export function serveMockTracker(options: MockTrackerOptions): MockTracker {
  const { hostname, port, peersText, signal } = options;
  signal.throwIfAborted();
  const server = Deno.serve(
    { hostname, port, onListen: () => {} },
    (request) => answer(request, peersText),
  );
  // Not Deno.serve's own signal: aborted after a shutdown, that throws where nobody can catch it.
  let ending: Promise<void> | undefined;
  const end = () => ending ??= server.shutdown();
  const onAbort = () => void end();
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    hostname: server.addr.hostname,
    port: server.addr.port,
    finished: server.finished,
    async [Symbol.asyncDispose](): Promise<void> {
      signal.removeEventListener("abort", onAbort);
      await end();
    },
  };
}

function answer(request: Request, peersText: string | undefined): Response {
  if (!PATHS.has(new URL(request.url).pathname)) return text("NOT FOUND", 404);
  if (request.method !== "GET") return text("GET ONLY", 405, { allow: "GET" });
  if (peersText === undefined || peersText.trim() === "") return text("NO PEERS IN ENV", 500);
  const ports = parsePorts(peersText);
  if (ports === undefined) {
    return text("BAD PEERS IN ENV: ports such as 33854,51413 are wanted", 500);
  }
  return text(encodeReply(ports), 200);
}

function text(body: string | Uint8Array<ArrayBuffer>, status: number, headers = {}): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain", ...headers } });
}

/** Ports of 1 to 65535 between commas, spaces allowed. */
function parsePorts(peersText: string): number[] | undefined {
  const words = peersText.split(",").map((word) => word.trim());
  const ports = words.map((word) => /^\d{1,5}$/.test(word) ? Number(word) : 0);
  return ports.every((port) => port >= 1 && port <= 65535) ? ports : undefined;
}

function encodeReply(ports: readonly number[]): Uint8Array<ArrayBuffer> {
  const peers = ports.flatMap((port) => [...LOOPBACK, port >> 8, port & 0xff]);
  const head = new TextEncoder().encode(`d8:intervali${INTERVAL_SECONDS}e5:peers${peers.length}:`);
  const bytes = new Uint8Array(head.length + peers.length + 1);
  bytes.set(head);
  bytes.set(peers, head.length);
  bytes.set([0x65], bytes.length - 1); // e
  return bytes;
}

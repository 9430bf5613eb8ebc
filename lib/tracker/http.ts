/**
 * One announce to a tracker over HTTP or HTTPS (BEP 3, 7, 23).
 *
 * @module
 */
import { untilAborted } from "../base/async.ts";
import { TrackerError } from "../base/errors.ts";
import { USER_AGENT } from "../base/identity.ts";
import { decodeLatin1, printable, printableReply } from "../base/text.ts";
import { decodeHttpReply } from "./reply.ts";
import type { AnnounceReply, AnnounceRequest } from "./request.ts";
import {
  checkTrackerPlace,
  followRedirect,
  type Resolve,
  resolveHost,
  trackerFailure,
} from "./url.ts";

/** How many bytes of a reply are read, unpacked: a packed one of a megabyte can become a gigabyte. */
export const MAX_REPLY_LENGTH = 1024 * 1024;
/** How often a tracker may send us elsewhere for one announce. */
export const MAX_REDIRECTS = 5;
const MAX_REASON_LENGTH = 300;

/** What an announce over HTTP stands on. */
export interface HttpAnnounceOptions {
  /** Ends the request, whatever it waits for. */
  readonly signal: AbortSignal;
  /** Who connects: carries the local address under --bind. The caller owns it. */
  readonly client: Deno.HttpClient;
  readonly resolve?: Resolve;
}

/** A client that keeps no connection open between announces. The caller closes it. */
export function createTrackerClient(bind?: string): Deno.HttpClient {
  return Deno.createHttpClient({
    poolMaxIdlePerHost: 0,
    ...(bind === undefined ? {} : { localAddress: bind }),
  });
}

/**
 * Announces once.
 *
 * @param tracker a URL that parseTrackerUrl() let pass
 * @throws {TrackerError} whatever the tracker or the network did; the signal's reason when it aborted
 */
export async function announceHttp(
  tracker: URL,
  request: AnnounceRequest,
  options: HttpAnnounceOptions,
): Promise<AnnounceReply> {
  const { signal, client, resolve = resolveHost } = options;
  await untilAborted(checkTrackerPlace(tracker, resolve), signal);
  let url = announceUrl(tracker, request);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await ask(url, { signal, client });
    if (answer.kind === "reply") return answer.reply;
    url = await untilAborted(followRedirect(url, answer.location, resolve), signal);
  }
  throw trackerFailure(tracker.href, `it redirects more than ${MAX_REDIRECTS} times`);
}

/** The URL of an announce: the tracker's own, its query kept, and our parameters after it. */
export function announceUrl(tracker: URL, request: AnnounceRequest): URL {
  const parameters = [
    `info_hash=${percentEncode(request.infoHash)}`,
    `peer_id=${percentEncode(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploadedBytes}`,
    `downloaded=${request.downloadedBytes}`,
    `left=${request.leftBytes}`,
    "compact=1",
    `numwant=${request.event === "stopped" ? 0 : request.numWant}`,
    `key=${request.key.toString(16).padStart(8, "0")}`,
  ];
  if (request.event !== "update") parameters.push(`event=${request.event}`);
  if (request.trackerId) parameters.push(`trackerid=${percentEncode(request.trackerId)}`);
  const url = new URL(tracker);
  url.hash = "";
  const own = url.search.length > 1 ? `${url.search}&` : "?";
  url.search = own + parameters.join("&");
  return url;
}

/** Every byte but the unreserved ones as %XX: URLSearchParams would take bytes for Unicode. */
export function percentEncode(bytes: Uint8Array): string {
  return decodeLatin1(bytes).replace(
    /[^A-Za-z0-9._~-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`,
  );
}

type Answer =
  | { readonly kind: "reply"; readonly reply: AnnounceReply }
  | { readonly kind: "redirect"; readonly location: string };

async function ask(
  url: URL,
  options: { readonly signal: AbortSignal; readonly client: Deno.HttpClient },
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      ...options,
      redirect: "manual",
      headers: { "user-agent": USER_AGENT, "accept": "text/plain, */*" },
    });
    try {
      return await readAnswer(url, response);
    } finally {
      await response.body?.cancel();
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof TrackerError) throw error;
    throw trackerFailure(url.href, describeFetchError(error));
  }
}

async function readAnswer(url: URL, response: Response): Promise<Answer> {
  const location = response.headers.get("location");
  if (response.status >= 300 && response.status < 400 && location !== null) {
    return { kind: "redirect", location };
  }
  const bytes = await readBody(url, response);
  const decoded = decodeAnswer(bytes);
  if (decoded.kind === "failure") {
    const reason = printableReply(decoded.reason, url.href, MAX_REASON_LENGTH);
    const { retrySeconds } = decoded;
    throw trackerFailure(url.href, `the tracker says: "${reason}"`, { retrySeconds });
  }
  // An error page may well be bencode with a reason: that says more than the status.
  if (!response.ok) {
    throw trackerFailure(url.href, shown(`HTTP ${response.status} ${response.statusText}`).trim());
  }
  if (decoded.kind === "nonsense") {
    throw trackerFailure(url.href, describeNonsense(bytes, decoded.error));
  }
  return decoded;
}

type DecodedAnswer =
  | ReturnType<typeof decodeHttpReply>
  | { readonly kind: "nonsense"; readonly error: SyntaxError };

function decodeAnswer(bytes: Uint8Array): DecodedAnswer {
  try {
    return decodeHttpReply(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "nonsense", error };
    throw error;
  }
}

async function readBody(url: URL, response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_REPLY_LENGTH) throw trackerFailure(url.href, "the reply is longer than 1 MiB");
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function describeNonsense(bytes: Uint8Array, error: SyntaxError): string {
  if (bytes.length === 0) return "the reply is empty";
  if (/^\s*</.test(decodeLatin1(bytes.subarray(0, 64)))) return "the reply is a web page";
  return `the reply makes no sense: ${shown(error.message)}`;
}

/** What fetch says went wrong, without the URL: that holds our passkey. */
function describeFetchError(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  const text = deepest instanceof Error ? deepest.message : String(deepest);
  const inner = /client error \(\w+\): (.+)$/s.exec(text)?.[1] ?? text;
  return shown(inner.replace(/\bhttps?:\/\/\S+/g, "its URL").replace(/^Fetch failed: /, ""));
}

function shown(text: string): string {
  return printable(text, MAX_REASON_LENGTH);
}

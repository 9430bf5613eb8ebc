/**
 * A torrent from an http or https URL.
 *
 * @module
 */
import { USER_AGENT } from "../base/identity.ts";
import { printable, redactUrl } from "../base/text.ts";
import { ByteGatherer } from "./byte_gatherer.ts";

const MAX_REDIRECTS = 5;
/** For the whole of it, redirects included, in milliseconds. */
const TIME_LIMIT_MS = 60_000;

/** What reaching a URL needs. */
export interface UrlOptions {
  readonly signal: AbortSignal;
  /** The local address to reach it from. */
  readonly bind?: string;
}

/**
 * Downloads it, following redirects to http and https only. The user's URL may hold a passkey: errors
 * show it redacted.
 *
 * @throws {MetainfoError} when it is longer than any torrent
 * @throws {Error} when it cannot be had; the signal's reason when it aborted
 */
export async function downloadSource(
  source: string,
  options: UrlOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const limit = AbortSignal.timeout(TIME_LIMIT_MS);
  using client = Deno.createHttpClient({
    poolMaxIdlePerHost: 0,
    ...(options.bind === undefined ? {} : { localAddress: options.bind }),
  });
  const signal = AbortSignal.any([options.signal, limit]);
  try {
    return await follow(new URL(source), { client, signal });
  } catch (error) {
    options.signal.throwIfAborted();
    if (limit.aborted) throw failure(source, `it took more than ${TIME_LIMIT_MS / 1000} s`, error);
    if (error instanceof TypeError) throw failure(source, describeFetchError(error), error);
    throw error;
  }
}

interface Request {
  readonly client: Deno.HttpClient;
  readonly signal: AbortSignal;
}

async function follow(start: URL, request: Request): Promise<Uint8Array<ArrayBuffer>> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await ask(url, request);
    if (answer instanceof Uint8Array) return answer;
    url = answer;
  }
  throw failure(start.href, `it redirects more than ${MAX_REDIRECTS} times`);
}

/** The body, or where to go instead. */
async function ask(url: URL, request: Request): Promise<Uint8Array<ArrayBuffer> | URL> {
  const response = await fetch(url, {
    ...request,
    redirect: "manual",
    headers: { "user-agent": USER_AGENT, "accept": "application/x-bittorrent, */*" },
  });
  try {
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      return redirectTarget(url, location);
    }
    if (!response.ok) {
      throw failure(
        url.href,
        `HTTP ${response.status} ${printable(response.statusText, 100)}`.trim(),
      );
    }
    const gathered = new ByteGatherer(`"${redactUrl(url.href)}"`);
    for await (const part of response.body ?? []) gathered.add(part);
    return gathered.bytes();
  } finally {
    await response.body?.cancel();
  }
}

function redirectTarget(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target?.protocol === "http:" || target?.protocol === "https:") return target;
  throw failure(from.href, "it redirects to what is not an http or https URL");
}

function failure(url: string, detail: string, cause?: unknown): Error {
  return new Error(`Cannot download "${redactUrl(url)}": ${detail}`, { cause });
}

/** What fetch() says went wrong, without the URL, which may hold a passkey. */
function describeFetchError(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  const text = deepest instanceof Error ? deepest.message : String(deepest);
  const detail = text.replace(/\bhttps?:\/\/\S+/g, "the URL").replace(
    /^.*client error \(\w+\): /s,
    "",
  );
  return printable(detail, 300);
}

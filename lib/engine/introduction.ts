/**
 * What peers are told of us.
 *
 * @module
 */
import { USER_AGENT } from "../base/identity.ts";
import type { Introduction } from "../peers/session.ts";

/** Requests that we say we queue for a peer (BEP 10). */
const OWN_REQQ = 500;

/** An introduction that says at each time how things are by then. */
export function introductionOf(
  where: { readonly port: number },
  wantsNothing: () => boolean,
): Introduction {
  return {
    reqq: OWN_REQQ,
    client: USER_AGENT,
    get port() {
      return where.port === 0 ? undefined : where.port;
    },
    get isUploadOnly() {
      return wantsNothing();
    },
  };
}

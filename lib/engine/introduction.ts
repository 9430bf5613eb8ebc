/**
 * What peers are told of us.
 *
 * @module
 */
import { USER_AGENT } from "../base/identity.ts";
import type { Introduction } from "../peers/session.ts";

/**
 * Requests that we say we queue for a peer (BEP 10): fewer than the uploader keeps at most. Transmission 3.00
 * asks for so many a second, however fast they are answered.
 */
const OWN_REQQ = 2000;

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

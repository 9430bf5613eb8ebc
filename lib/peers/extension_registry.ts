/**
 * Which extensions (BEP 10) we play, and under which ids peers send us their messages: the same towards
 * everybody.
 *
 * @module
 */

/** Our extensions: each has the number of its place among the roles that play one, from 1 up. */
export class ExtensionRegistry {
  /** What the handshake's `m` says. */
  readonly ids: ReadonlyMap<string, number>;
  readonly #roleOf: readonly (number | undefined)[];

  /** @param roles what each role plays, if anything; no two the same */
  constructor(roles: readonly { readonly extension?: string }[]) {
    const played = roles.flatMap(({ extension }, index) =>
      extension === undefined ? [] : [{ extension, index }]
    );
    this.ids = new Map(played.map(({ extension }, at) => [extension, at + 1]));
    // Id 0 is the handshake's.
    this.#roleOf = [undefined, ...played.map(({ index }) => index)];
  }

  /** The place of the role whose messages come under this id; undefined for one that we never gave. */
  roleOf(extensionId: number): number | undefined {
    return this.#roleOf[extensionId];
  }
}

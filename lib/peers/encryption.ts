/**
 * What the user decides about Message Stream Encryption.
 *
 * @module
 */

/**
 * Which connections are encrypted: those of peers that will have it so, all and no others, or none. Where
 * it is allowed, a peer that closes at a plain handshake is dialled again, encrypted.
 */
export type Encryption = "allow" | "require" | "off";

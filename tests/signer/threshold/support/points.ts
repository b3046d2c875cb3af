/** Encodings of 32 bytes that are no point of Ed25519's prime-order group (RFC 9591, section 6.1). */

/** The identity. */
export const IDENTITY: Uint8Array = Uint8Array.of(1, ...new Uint8Array(31));

/** A point of order 8. */
export const SMALL_ORDER: Uint8Array = new Uint8Array(
  Buffer.from("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "hex"),
);

/** No point at all: y is 2^255 - 1, above the field's prime. */
export const NOT_CANONICAL: Uint8Array = new Uint8Array(32).fill(0xff);

/** The group's order in 32 bytes, little-endian, which is therefore no scalar (RFC 8032, section 5.1). */
export const ORDER: Uint8Array = new Uint8Array(
  Buffer.from("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", "hex"),
);

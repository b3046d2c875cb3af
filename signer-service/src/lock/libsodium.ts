/**
 * What suite 1 takes of libsodium: its C functions of ristretto255 with shorter names and the same arguments. They are given
 * bytes of `allocate`, and no others. Points and scalars are 32 bytes.
 */
export interface Libsodium {
  /** So many zeros, which stay where they are. */
  allocate(bytes: number): Uint8Array;
  /** 1 for the one encoding of a point, the identity among them. */
  isValidPoint(point: Uint8Array): number;
  /** 64 bytes to 32. */
  reduceScalar(out: Uint8Array, wide: Uint8Array): void;
  invertScalar(out: Uint8Array, scalar: Uint8Array): number;
  multiplyScalars(out: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  addScalars(out: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  /** Not 0 when the point is none, or the product is the identity. */
  multiply(out: Uint8Array, scalar: Uint8Array, point: Uint8Array): number;
  /** Not 0 when the product is the identity. */
  multiplyBase(out: Uint8Array, scalar: Uint8Array): number;
}

/** A libsodium that may be there. */
export interface LibsodiumLoader {
  /** Which one it is, for people. */
  readonly name: string;
  /** Throws an Error where it is not there. */
  load(): Promise<Libsodium>;
}

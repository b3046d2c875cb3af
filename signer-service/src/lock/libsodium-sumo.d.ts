/** The part of libsodium's WebAssembly that is used: places are addresses in its memory. */
declare module "libsodium-sumo" {
  interface Libsodium {
    readonly HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _crypto_core_ristretto255_is_valid_point(point: number): number;
    /** 64 bytes to 32. */
    _crypto_core_ristretto255_scalar_reduce(out: number, wide: number): void;
    _crypto_core_ristretto255_scalar_invert(out: number, scalar: number): number;
    _crypto_core_ristretto255_scalar_mul(out: number, a: number, b: number): void;
    _crypto_core_ristretto255_scalar_add(out: number, a: number, b: number): void;
    /** Not 0 when the point is none, or the product is the identity. */
    _crypto_scalarmult_ristretto255(out: number, scalar: number, point: number): number;
    /** Not 0 when the product is the identity. */
    _crypto_scalarmult_ristretto255_base(out: number, scalar: number): number;
  }
  export default function libsodium(): Promise<Libsodium>;
}

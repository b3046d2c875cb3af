import type { Libsodium, LibsodiumLoader } from "./libsodium.ts";

/** libsodium in WebAssembly, which is everywhere: an address in its memory is where a view of that memory begins. */
export const wasmLibsodium: LibsodiumLoader = { name: "libsodium in WebAssembly", load: loadWebAssembly };

async function loadWebAssembly(): Promise<Libsodium> {
  const { default: libsodium } = await import("libsodium-sumo");
  const sodium = await libsodium();
  return {
    // Nothing else allocates, so the memory does not grow, which would cut its views off.
    allocate: (bytes) => {
      const address = sodium._malloc(bytes);
      return sodium.HEAPU8.subarray(address, address + bytes).fill(0);
    },
    isValidPoint: (p) => sodium._crypto_core_ristretto255_is_valid_point(p.byteOffset),
    reduceScalar: (r, s) => sodium._crypto_core_ristretto255_scalar_reduce(r.byteOffset, s.byteOffset),
    invertScalar: (recip, s) =>
      sodium._crypto_core_ristretto255_scalar_invert(recip.byteOffset, s.byteOffset),
    multiplyScalars: (z, x, y) =>
      sodium._crypto_core_ristretto255_scalar_mul(z.byteOffset, x.byteOffset, y.byteOffset),
    addScalars: (z, x, y) =>
      sodium._crypto_core_ristretto255_scalar_add(z.byteOffset, x.byteOffset, y.byteOffset),
    multiply: (q, n, p) => sodium._crypto_scalarmult_ristretto255(q.byteOffset, n.byteOffset, p.byteOffset),
    multiplyBase: (q, n) => sodium._crypto_scalarmult_ristretto255_base(q.byteOffset, n.byteOffset),
  };
}

import type { Libsodium, LibsodiumLoader } from "./libsodium.ts";

/**
 * Where libsodium is, by platform: on Linux by its names, which the loader looks for in the system's folders, and on macOS
 * where Homebrew puts it. 23 is libsodium 1.0.18, which has ristretto255 first, 26 what came after it.
 */
const LIBRARIES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ["libsodium.so.26", "libsodium.so.23"],
  darwin: ["/opt/homebrew/lib/libsodium.dylib", "/usr/local/lib/libsodium.dylib"],
};

/** The operating system's libsodium, which koffi calls: one for each file that it may be. */
export const nativeLibsodium: readonly LibsodiumLoader[] = (LIBRARIES[process.platform] ?? []).map(
  (name) => ({ name, load: () => loadLibrary(name) }),
);

/**
 * Nothing checks these declarations against the library but the known answers that it has to give. koffi passes the address
 * of a Uint8Array's bytes and copies none. Each thread loads the library for itself, and the system maps it once.
 */
async function loadLibrary(name: string): Promise<Libsodium> {
  const { default: koffi } = await import("koffi");
  const library = koffi.load(name);
  const initialise: () => number = library.func("int sodium_init(void)");
  if (initialise() < 0) throw new Error("sodium_init failed");
  return {
    // An ArrayBuffer's bytes are never moved. A small array without one may be, and leaves a copy where it was.
    allocate: (bytes) => new Uint8Array(new ArrayBuffer(bytes)),
    isValidPoint: library.func("int crypto_core_ristretto255_is_valid_point(const void *p)"),
    reduceScalar: library.func("void crypto_core_ristretto255_scalar_reduce(void *r, const void *s)"),
    invertScalar: library.func("int crypto_core_ristretto255_scalar_invert(void *recip, const void *s)"),
    multiplyScalars: library.func(
      "void crypto_core_ristretto255_scalar_mul(void *z, const void *x, const void *y)",
    ),
    addScalars: library.func(
      "void crypto_core_ristretto255_scalar_add(void *z, const void *x, const void *y)",
    ),
    multiply: library.func("int crypto_scalarmult_ristretto255(void *q, const void *n, const void *p)"),
    multiplyBase: library.func("int crypto_scalarmult_ristretto255_base(void *q, const void *n)"),
  };
}

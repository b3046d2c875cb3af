/** The part of Trusted Types (https://w3c.github.io/trusted-types) that is used here; TypeScript's own types do not have it. */
interface TrustedTypes {
  createPolicy(name: "default", rules: { createScriptURL(url: string): string }): unknown;
}

/**
 * Lets this page load scripts of its own origin, which are its workers, and turn no text into markup or code. For pages that
 * are served with `require-trusted-types-for 'script'`.
 */
export function enforceTrustedTypes(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", {
    createScriptURL(url) {
      if (new URL(url, location.href).origin === location.origin) return url;
      throw new TypeError("scripts come from this origin alone");
    },
  });
}

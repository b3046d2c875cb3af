import { type Browser, chromium, type Page } from "playwright-core";

/** Chromium's program, that scripts/services.sh found; undefined without it. */
export const chromiumPath = process.env.TEST_CHROMIUM;

/** Starts a browser without a window. Throws without the program. Call `close` at the end. */
export async function startChromium(): Promise<Browser> {
  if (chromiumPath === undefined)
    throw new Error("TEST_CHROMIUM is not set: run through scripts/services.sh");
  // Chromium's own sandbox does not start as root.
  return chromium.launch({ executablePath: chromiumPath, chromiumSandbox: process.getuid?.() !== 0 });
}

/**
 * Gives a page an authenticator of the device's own, with resident keys and the PRF extension. Its user agrees, and is
 * verified unless `isUserVerified` says otherwise.
 */
export async function addAuthenticator(page: Page, { isUserVerified = true } = {}): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf: true,
      isUserVerified,
      automaticPresenceSimulation: true,
    },
  });
}

import type { WebDemo } from "./web-demo.ts";

/** What a person is told once everything runs. */
export function invitation(demo: WebDemo, folder: string): string {
  const { walletUrl, appUrl, relayUrls, evmUrl } = demo;
  const evm =
    evmUrl === undefined
      ? "No EVM chain: npm has no anvil for this platform (@foundry-rs/anvil). The wallet signs for NEAR alone."
      : `EVM chain ${evmUrl}`;
  return `
The wallet        ${walletUrl}
An application    ${appUrl}

Create an account in the wallet first, then open the application, which embeds it. You need a browser with passkeys and
WebAuthn's PRF extension: Chrome or Edge with a platform authenticator, Safari 18, or a security key with hmac-secret.

Relays ${relayUrls.join(" and ")} (the second one only takes locks off)
${evm}
Files and logs: ${folder}. Everything runs until Ctrl-C.
`;
}

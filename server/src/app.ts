import type { LockRelayConfig, RelayConfig } from "./config/config.ts";
import { openEntrance } from "./entrance.ts";
import { type AppOverrides, type Opened, openFoundation } from "./foundation.ts";
import { lockRoom } from "./lock/lock-room.ts";
import { openNear } from "./near/open-near.ts";
import { postByUndici } from "./near/post-by-undici.ts";
import { type App, serveApp } from "./serve-app.ts";

export type { AppOverrides } from "./foundation.ts";
export type { App } from "./serve-app.ts";

/**
 * Starts a relay: opens the ledger, takes up the work that an earlier process left, and serves. It starts
 * without a signer or a chain and is ready once both answer. Throws what openLedger throws, and when an address cannot
 * be had or a file of the admin port not be read; nothing is left open then.
 */
export function createApp(config: RelayConfig, overrides: AppOverrides = {}): Promise<App> {
  return closingIfItFails(async (opened) => {
    // What spends money is large, and a relay for locks alone has none of it.
    const [{ openChain }, { openRelaying }] = await Promise.all([
      import("./near/open-chain.ts"),
      import("./relaying.ts"),
    ]);
    const foundation = await openFoundation(config, overrides, opened);
    const { network, near } = config;
    const { events } = foundation;
    const chain = openChain({
      network,
      near: openNear({ post: postByUndici, ...foundation, config: near }),
      config: near,
      events,
    });
    const { authenticators = [] } = overrides;
    const { views } = chain;
    const entrance = await openEntrance({ config, foundation, views, authenticators, opened });
    const room = openRelaying({ config, foundation, chain, entrance });
    return serveApp({ config, foundation, entrance, room, opened });
  });
}

/**
 * Starts a relay that serves the lock, and sessions where they are configured: without funds, and ready once its signer
 * has lock keys. Throws as createApp does.
 */
export function createLockApp(config: LockRelayConfig, overrides: AppOverrides = {}): Promise<App> {
  return closingIfItFails(async (opened) => {
    const foundation = await openFoundation(config, overrides, opened);
    const near = config.near && openNear({ post: postByUndici, ...foundation, config: config.near });
    const { authenticators = [] } = overrides;
    const views = near?.views;
    const entrance = await openEntrance({ config, foundation, views, authenticators, opened });
    const room = lockRoom(foundation.signer.lockSigner, config.signer);
    return serveApp({ config, foundation, entrance, room, opened });
  });
}

async function closingIfItFails(open: (opened: Opened) => Promise<App>): Promise<App> {
  const opened: Opened = [];
  try {
    return await open(opened);
  } catch (error) {
    // A port that stays open keeps the process alive, and takes calls on which nobody works.
    for (const close of opened.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

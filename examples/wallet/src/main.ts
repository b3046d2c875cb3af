// The page of the wallet: all of it in a window of its own, confirmations alone in an application's frame.
import { runEmbedded } from "./embedded/run-embedded.ts";
import { runStandalone } from "./standalone.ts";
import { enforceTrustedTypes } from "./trusted-types.ts";
import { element, fill } from "./ui/element.ts";
import { openWalletApp } from "./wallet-app.ts";
import type { WalletConfig } from "./wallet-config.ts";

const root = document.getElementById("wallet");
if (root === null) throw new Error("there is no #wallet");
enforceTrustedTypes();
try {
  const response = await fetch("./config.json");
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  const config: WalletConfig = await response.json();
  const app = openWalletApp(config);
  await (window.top === window ? runStandalone(app, root) : runEmbedded(app, root));
} catch (error) {
  fill(
    root,
    element(
      "p",
      { class: "loading", role: "alert" },
      `The wallet does not start: ${(error as Error).message}`,
    ),
  );
}

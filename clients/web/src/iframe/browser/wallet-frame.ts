import { frameAllow } from "../../headers/frame-permissions.ts";
import type { ConnectWalletOptions } from "./connect-wallet.ts";

/** The wallet's frame in the application's page. Hidden until the wallet has something to show. */
export interface WalletFrame {
  readonly element: HTMLIFrameElement;
  show(isVisible: boolean): void;
  /** In CSS pixels; never higher than the window. */
  resize(height: number): void;
  /** Removes it, and gives the focus back. */
  remove(): void;
}

const DIALOG =
  "position:fixed;z-index:2147483647;right:0;bottom:0;width:min(26rem,100vw);border:0;border-radius:.75rem;box-shadow:0 .5rem 2rem #0006;color-scheme:light dark";
const INLINE = "width:100%;border:0;color-scheme:light dark";
/** Not `display:none`, under which some browsers do not lay out, nor give a passkey. */
const HIDDEN = "position:fixed;width:1px;height:1px;border:0;visibility:hidden";
const FIRST_HEIGHT = 480;

/** Puts it into the page, which starts to load it. */
export function openFrame(url: URL, { container, title = "Wallet" }: ConnectWalletOptions): WalletFrame {
  const element = document.createElement("iframe");
  element.title = title;
  element.allow = frameAllow(url.origin);
  element.referrerPolicy = "no-referrer";
  element.src = url.href;
  element.style.cssText = HIDDEN;
  (container ?? document.body).append(element);

  let height = FIRST_HEIGHT;
  let isShown = false;
  let focused: Element | null = null;
  const lay = () => {
    const shown = `${container === undefined ? DIALOG : INLINE};height:min(${height}px,100vh)`;
    element.style.cssText = isShown ? shown : HIDDEN;
  };
  const show = (isVisible: boolean) => {
    if (isVisible === isShown) return;
    isShown = isVisible;
    lay();
    if (isShown) {
      focused = document.activeElement;
      element.focus();
    } else if (focused instanceof HTMLElement && focused.isConnected) {
      focused.focus();
    }
  };
  return {
    element,
    show,
    resize(wanted) {
      height = wanted;
      lay();
    },
    remove() {
      show(false);
      element.remove();
    },
  };
}

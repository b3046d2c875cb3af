import type { FramePort } from "../frame-port.ts";

/** A port of a browser's MessageChannel. */
export function framePortOf(port: MessagePort): FramePort {
  return {
    send: (message) => port.postMessage(message),
    receive(listener) {
      port.onmessage = ({ data }) => listener(data);
      port.onmessageerror = () => listener(undefined);
    },
    ended: (listener) => port.addEventListener("close", listener),
    close: () => port.close(),
  };
}

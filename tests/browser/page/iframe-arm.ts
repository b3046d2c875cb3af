// A question and its button, for tests: as many lines as the address says, and what each click tells the page around.
import { armWhenVisible } from "../../../clients/web/src/iframe/browser/guest.ts";
import { element } from "./steps.ts";

const lines = Number(new URLSearchParams(location.search).get("lines"));
const request = element("request");
request.textContent = Array.from({ length: lines }, (_, i) => `line ${i}`).join("\n");
const agree = element("agree") as HTMLButtonElement;
armWhenVisible(agree, { with: [element("origin"), request] });
agree.onclick = () => {
  document.body.dataset.agreed = "true";
};

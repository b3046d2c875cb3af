/**
 * What keeps people from using the page as it is now, as sentences: parts without a name, and texts that are hard to read.
 * Contrast is WCAG 2.2's (section 1.4.3), of what is on the screen and not disabled.
 */
export function findBarriers(): string[] {
  const found: string[] = [];
  const isShown = (element: Element) => element.checkVisibility({ visibilityProperty: true });
  const said = (element: Element) =>
    `${element.tagName.toLowerCase()} "${element.textContent?.trim().slice(0, 40)}"`;
  const named = (ids: string | null) =>
    (ids ?? "")
      .split(" ")
      .map((id) => document.getElementById(id)?.textContent ?? "")
      .join("");
  const nameOf = (element: Element) =>
    element.getAttribute("aria-label") ||
    named(element.getAttribute("aria-labelledby")) ||
    [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent).join("") ||
    element.textContent?.trim();

  if (document.documentElement.lang === "") found.push("the page has no language");
  if (document.title === "") found.push("the page has no title");
  if (document.querySelectorAll("h1").length !== 1) found.push("there is not one h1");
  if (document.querySelectorAll("main, [role=dialog]").length !== 1) found.push("there is not one main part");
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  if (new Set(ids).size !== ids.length) found.push("an id stands twice");
  for (const element of document.querySelectorAll(
    "button, input, textarea, a, form, section[aria-labelledby]",
  )) {
    if (isShown(element) && !nameOf(element)) found.push(`${element.outerHTML.slice(0, 80)} has no name`);
  }
  for (const element of document.querySelectorAll("[aria-describedby]")) {
    const id = element.getAttribute("aria-describedby") ?? "";
    if (document.getElementById(id) === null) found.push(`#${id} is not there`);
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color: string): number[] => {
    if (canvas === null) return [0, 0, 0, 0];
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element: Element | null): number[] => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const light = (color: number[]) => {
    const [r = 0, g = 0, b = 0] = color.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
    if (!hasText || !isShown(element) || element.closest(":disabled, [aria-disabled=true]") !== null)
      continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${said(element)} has a contrast of ${contrast.toFixed(2)}`);
  }
  return found;
}

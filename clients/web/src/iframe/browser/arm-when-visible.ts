/** Milliseconds that everything has been seen before the button may be clicked. */
const ARM_AFTER_MS = 500;
/** CSS pixels by which what browsers round may be off. */
const ROUNDING = 1;

/** Styles without which browsers do not say that something is seen as it is. */
const PLAIN = [
  ["opacity", "1"],
  ["filter", "none"],
] as const;

/** What browsers with the second version of IntersectionObserver add (https://w3c.github.io/IntersectionObserver/v2/). */
interface Tracking {
  readonly trackVisibility: boolean;
  readonly delay: number;
}

export interface ArmOptions {
  /**
   * What the user agrees to, in elements that are displayed: who asks, the warnings, the request. All must be in view, uncovered
   * and whole, together with the button. What is longer than its place is to scroll in an element of its own (`overflow: auto`),
   * and the user must have scrolled through it.
   */
  readonly with: readonly HTMLElement[];
  readonly armAfterMs?: number;
}

/**
 * Keeps a button disabled until the user has had it and what they agree to before their eyes for `armAfterMs` (500), and whenever
 * they have not: the page is in the background, a part is out of view or cropped, or, where the browser tells, something covers
 * the frame or makes it transparent. So a page cannot have its user click on what they do not see, nor show them the button alone.
 * Gives a function that ends this, and leaves the button disabled. Elements around the parts must be neither transparent nor
 * filtered; style a disabled button by its colours.
 */
export function armWhenVisible(
  button: HTMLButtonElement,
  { with: shown, armAfterMs = ARM_AFTER_MS }: ArmOptions,
): () => void {
  const seen = new Set<Element>();
  /** Down to where each was seen without a gap, in its own pixels. */
  const readTo = new Map<Element, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const read = (part: HTMLElement) => {
    const to = readTo.get(part) ?? 0;
    const { scrollTop, clientHeight } = part;
    if (seen.has(part) && scrollTop <= to + ROUNDING)
      readTo.set(part, Math.max(to, scrollTop + clientHeight));
  };
  const isRead = (part: HTMLElement) => (readTo.get(part) ?? 0) + ROUNDING >= part.scrollHeight;
  const update = () => {
    const isInFront = document.visibilityState === "visible";
    if (isInFront) shown.forEach(read);
    if (isInFront && [button, ...shown].every((part) => seen.has(part)) && shown.every(isRead)) {
      timer ??= setTimeout(() => {
        button.disabled = false;
      }, armAfterMs);
      return;
    }
    clearTimeout(timer);
    timer = undefined;
    button.disabled = true;
  };
  const tracking: Tracking = { trackVisibility: true, delay: 100 };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries as (IntersectionObserverEntry & { isVisible?: boolean })[]) {
        // Browsers without the second version have no such field.
        if (entry.intersectionRatio >= 0.99 && entry.isVisible !== false) seen.add(entry.target);
        else seen.delete(entry.target);
      }
      update();
    },
    { threshold: [0, 0.99, 1], ...tracking },
  );
  const resizes = new ResizeObserver(update);
  button.disabled = true;
  // A style of disabled buttons that makes them paler would count as not seen, for good.
  for (const [name, value] of PLAIN) button.style.setProperty(name, value, "important");
  observer.observe(button);
  for (const part of shown) {
    observer.observe(part);
    resizes.observe(part);
    part.addEventListener("scroll", update);
  }
  document.addEventListener("visibilitychange", update);
  return () => {
    observer.disconnect();
    resizes.disconnect();
    for (const part of shown) part.removeEventListener("scroll", update);
    document.removeEventListener("visibilitychange", update);
    clearTimeout(timer);
    button.disabled = true;
    for (const [name] of PLAIN) button.style.removeProperty(name);
  };
}

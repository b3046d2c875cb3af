import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Frame, Page } from "playwright-core";
import { expect } from "vitest";
import { barriers } from "./accessible.ts";

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
/** The narrowest phone, in CSS pixels. */
const NARROW = { width: 360, height: 740 };

/** Looks at a page in all its forms. */
export type Look = (name: string, frame?: Frame) => Promise<void>;

/**
 * Takes pictures of a page as it is, for a person to look at, in light and dark, on a phone and a desktop; and expects that it has
 * no barriers in any, and fits a narrow phone. Says where the pictures are.
 */
export async function startLooking(page: Page, what: string): Promise<Look> {
  const folder = await mkdtemp(join(tmpdir(), `${what}-`));
  process.stdout.write(`screenshots: ${folder}\n`);
  return async (name, frame) => {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
        expect(await barriers(frame ?? page), `${name}, ${size}, ${colorScheme}`).toEqual([]);
      }
    }
    await page.setViewportSize(NARROW);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(width, `${name} on a narrow phone`).toBeLessThanOrEqual(NARROW.width);
    await page.setViewportSize(SIZES.desktop);
  };
}

import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

const PAGE = "\0page";

/** Bytes of a page that uses these names of a module, or all of them: bundled with all that it imports, and minified. */
export async function bundleSize(
  module: string,
  names?: readonly string[],
): Promise<{ minified: number; gzip: number }> {
  const page =
    names === undefined
      ? `import * as all from ${JSON.stringify(module)};\nglobalThis.used = all;`
      : `import { ${names.join(", ")} } from ${JSON.stringify(module)};\nglobalThis.used = [${names.join(", ")}];`;
  const bundle = await rolldown({
    input: PAGE,
    platform: "browser",
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === PAGE ? PAGE : undefined),
        load: (id) => (id === PAGE ? page : undefined),
      },
    ],
  });
  try {
    const { output } = await bundle.generate({ format: "esm", minify: true });
    const chunks = output.filter((file) => file.type === "chunk").map(({ code }) => code);
    return {
      minified: chunks.reduce((sum, code) => sum + Buffer.byteLength(code), 0),
      gzip: chunks.reduce((sum, code) => sum + gzipSync(code, { level: 9 }).length, 0),
    };
  } finally {
    await bundle.close();
  }
}

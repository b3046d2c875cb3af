/** Who has an account at the demo's provider. */
export const PERSONS = [
  { subject: "ada", name: "Ada Lovelace", mail: "ada@demo.example" },
  { subject: "emmy", name: "Emmy Noether", mail: "emmy@demo.example" },
] as const;

const STYLE = `
  :root { color-scheme: light dark; --back: #f4f5f7; --card: #fff; --text: #16181d; --soft: #5b6270; --line: #c9cdd6; }
  @media (prefers-color-scheme: dark) {
    :root { --back: #101216; --card: #1a1d23; --text: #eceef2; --soft: #a3abba; --line: #454b57; }
  }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--back); color: var(--text);
    font: 16px/1.5 system-ui, sans-serif; }
  main { width: min(24rem, calc(100vw - 4rem)); padding: 1.5rem; background: var(--card); border-radius: 1rem; }
  h1 { margin: 0 0 .5rem; font-size: 1.25rem; }
  p { margin: 0 0 1rem; color: var(--soft); }
  a { display: block; margin-top: .75rem; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .75rem;
    color: inherit; text-decoration: none; }
  a:hover, a:focus-visible { outline: 2px solid #3b6fe0; }
  small { display: block; color: var(--soft); }`;

/** The page on which a person is picked. @param request names what was asked; base64url */
export function authorizePage(request: string): string {
  const persons = PERSONS.map(
    ({ subject, name, mail }) =>
      `<a href="/agree?request=${request}&amp;person=${subject}">${name}<small>${mail}</small></a>`,
  );
  return html(
    "Demo ID",
    `<p>The demo's identity provider. Who are you today? There are no passwords.</p>${persons.join("")}`,
  );
}

/** @param text of ours: it is put into the page as it is */
export function errorPage(text: string): string {
  return html("Demo ID", `<p>${text}</p>`);
}

function html(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>${content}</main></body></html>`;
}

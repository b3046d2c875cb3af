// What the pages share: a button for each thing that a user does, and a line for each that happened.

export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no #${id}`);
  return found;
}

/** The log of a page. Before each line, `show` shows how things stand. */
export function startLog(show: () => void | Promise<void>) {
  async function log(text: string, kind = "done"): Promise<void> {
    await show();
    const line = document.createElement("li");
    line.className = kind;
    line.textContent = text;
    element("log").append(line);
  }

  /** What a click does. A failure is a line as well. */
  function onClick(id: string, act: () => Promise<string>): void {
    const button = element(id) as HTMLButtonElement;
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await log(`${id}: ${await act()}`);
      } catch (error) {
        const { message, cause } = error as Error;
        await log(`${id} failed: ${message} (${cause})`, "failed");
      } finally {
        button.disabled = false;
      }
    });
  }

  return { log, onClick };
}

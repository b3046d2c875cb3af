import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Identity, User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { timeText } from "../format.ts";
import { element, fill } from "../ui/element.ts";
import { Field } from "../ui/field.ts";
import { run, Status } from "../ui/status.ts";
import type { WalletApp } from "../wallet-app.ts";

/** The ways in which the user signs in: to see, to add, and to take away. */
export function identitiesCard(app: WalletApp, accountId: string): HTMLElement {
  const { wallet, config } = app;
  const list = element("ul", { class: "identities", "aria-label": "Ways to sign in" });
  const status = new Status();
  const show = (user: User) => {
    const isOnly = user.identities.length === 1;
    fill(list, ...user.identities.map((identity) => item(app, identity, isOnly, status, show)));
  };
  const load = async () => {
    status.pending("Loading…");
    try {
      show(await wallet.identities.user());
      status.clear();
    } catch (error) {
      status.failed(error);
    }
  };
  void load();

  return element(
    "section",
    { class: "card", "aria-labelledby": "identities-title" },
    element("h2", { id: "identities-title" }, "How you sign in"),
    list,
    addPasskey(app, accountId, status, show),
    config.provider !== undefined && connectProvider(app, config.provider, status),
    status.element,
  );
}

function item(
  { wallet }: WalletApp,
  { id, kind, createTime }: Identity,
  isOnly: boolean,
  status: Status,
  changed: (user: User) => void,
): HTMLLIElement {
  const name = nameOf(kind);
  const remove = element(
    "button",
    { type: "button", class: "quiet", "aria-label": `Unlink ${name}` },
    "Unlink",
  );
  let isSure = false;
  remove.addEventListener("click", () => {
    // The second click does it.
    if (!isSure) {
      isSure = true;
      remove.textContent = "Really unlink?";
      return;
    }
    void run(remove, status, "Unlinking. Your passkey may be asked for…", async () => {
      changed(await wallet.identities.unlink({ identityId: id }));
      return `${name} is unlinked.`;
    });
  });
  return element(
    "li",
    {},
    element("span", { class: "title" }, name),
    element("small", {}, createTime === undefined ? "" : `Since ${timeText(timestampDate(createTime))}`),
    !isOnly && remove,
  );
}

/** What a way to sign in is called. */
export function nameOf(kind: Identity["kind"]): string {
  switch (kind.case) {
    case "passkey":
      return `Passkey ${kind.value.name}`.trim();
    case "providerAccount":
      return `${kind.value.providerId} account ${kind.value.subject}`;
    default:
      return "Something newer";
  }
}

function addPasskey(
  { wallet }: WalletApp,
  accountId: string,
  status: Status,
  changed: (user: User) => void,
): HTMLElement {
  const name = new Field({
    label: "A further passkey",
    hint: "It signs you in. This account's keys stay with the passkey that made them.",
    attributes: { maxlength: "64", placeholder: "Its name, for example Phone", autocapitalize: "sentences" },
    problem: (value) => (value === "" ? "Give it a name, so that you know it again." : undefined),
  });
  const add = element("button", { type: "submit", class: "quiet" }, "Add passkey");
  const form = element(
    "form",
    { class: "stack", novalidate: true, "aria-label": "Add a passkey" },
    name.element,
    element("div", { class: "row" }, add),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const passkeyName = name.checked();
    if (passkeyName === undefined) return;
    void run(add, status, "Your device asks for a new passkey…", async () => {
      changed(await wallet.register({ userName: accountId, passkeyName }));
      name.input.value = "";
      return `${passkeyName} is added.`;
    });
  });
  return form;
}

function connectProvider(
  { wallet }: WalletApp,
  { id, name }: { readonly id: string; readonly name: string },
  status: Status,
): HTMLElement {
  const button = element("button", { type: "button", class: "quiet" }, `Connect ${name}`);
  button.addEventListener("click", () =>
    run(button, status, `Going to ${name}…`, async () => {
      const returnTo = location.href.split("#", 1)[0] ?? location.href;
      location.assign(await wallet.identities.startRedirect({ providerId: id, returnTo }));
      return `Going to ${name}…`;
    }),
  );
  return element("div", { class: "row" }, button);
}

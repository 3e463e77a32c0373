// Where a person says which folders there are.

import type { Side } from "bisync";

import { type Field, kindsOf } from "./kinds.js";

/** Fills a fieldset with what can be chosen, and gives a function that returns what was. */
export function chooser(fieldset: HTMLElement, name: string): { chosen(): Promise<Side>; set(side: Side, words: string): void } {
  const kinds = kindsOf(name);
  const select = document.createElement("select");
  select.setAttribute("aria-label", `What ${name} is`);
  select.append(...Object.entries(kinds).map(([value, { label }]) => new Option(label, value)));
  select.value = "own";
  const pick = document.createElement("button");
  pick.type = "button";
  pick.textContent = "Choose…";
  const row = document.createElement("p");
  row.className = "row";
  row.append(select, pick);
  const inputs = document.createElement("div");
  inputs.className = "fields";
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.textContent = "The server has to allow requests from this page (CORS). What you type goes to that server alone.";
  fieldset.append(row, inputs, hint);

  let given: Side | undefined;
  let picked: FileSystemDirectoryHandle | undefined;
  /** The folder that was opened last, and with what: a side remembers what it has seen. */
  let opened: { key: string; picked: FileSystemDirectoryHandle | undefined; side: Side } | undefined;
  const show = () => {
    const kind = kinds[select.value];
    pick.hidden = select.value !== "picked";
    hint.hidden = !kind?.isRemote;
    inputs.replaceChildren(...(kind?.fields ?? []).map((field) => labelled(field, name)));
  };
  select.addEventListener("change", () => {
    given = undefined;
    select.querySelector("option[value=given]")?.remove();
    show();
  });
  pick.addEventListener("click", async () => {
    try {
      picked = await window.showDirectoryPicker?.({ mode: "readwrite" });
      pick.textContent = picked?.name ?? "Choose…";
    } catch (error) {
      // Whoever closes the picker has chosen nothing.
      if ((error as DOMException).name !== "AbortError") throw error;
    }
  });
  show();
  return {
    async chosen() {
      if (given) return given;
      const kind = kinds[select.value];
      if (!kind) throw new Error(`choose what ${name} is`);
      const values: Record<string, string> = {};
      for (const input of inputs.querySelectorAll("input")) {
        values[input.name] = input.type === "password" ? input.value : input.value.trim();
        if (input.required && values[input.name] === "") throw new Error(`${input.ariaLabel} is empty`);
      }
      const key = JSON.stringify([select.value, values]);
      if (opened?.key !== key || opened.picked !== picked) opened = { key, picked, side: await kind.open(values, picked) };
      return opened.side;
    },
    set(side, words) {
      given = side;
      select.querySelector("option[value=given]")?.remove();
      select.prepend(new Option(words, "given"));
      select.value = "given";
      show();
    },
  };
}

function labelled({ name, label, value = "", placeholder = "", isSecret, isOptional }: Field, side: string): HTMLElement {
  const input = document.createElement("input");
  input.type = isSecret ? "password" : "text";
  Object.assign(input, { name, value, placeholder, required: !isOptional, autocomplete: isSecret ? "current-password" : "on", spellcheck: false });
  input.ariaLabel = `${label} of ${side}`;
  const shown = document.createElement("label");
  shown.append(`${label}${isOptional ? " (optional)" : ""}`, input);
  return shown;
}

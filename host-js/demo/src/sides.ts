// Where a person says which folders there are.

import type { Side } from "bisync";

import { type Field, kindsOf } from "./kinds.js";

/** Where a person chooses one side. */
export interface Chooser {
  fieldset: HTMLElement;
  /** Returns the side that was chosen; asks the person whether the page may write there. */
  chosen(): Promise<Side>;
  /** Chooses this side. */
  set(side: Side, words: string): void;
  /** Chooses this folder of the computer. */
  take(folder: FileSystemDirectoryHandle): void;
}

/** Fills a fieldset with what can be chosen. What a click begins is done by `attempt`. An event `input` says that something else was chosen. */
export function chooser(fieldset: HTMLElement, name: string, attempt: (work: () => Promise<void>) => Promise<void>): Chooser {
  const kinds = kindsOf(name);
  const select = document.createElement("select");
  select.setAttribute("aria-label", `What ${name} is`);
  for (const [value, { label, missing }] of Object.entries(kinds)) {
    const option = new Option(missing === undefined ? label : `${label}: ${missing}`, value);
    option.disabled = missing !== undefined;
    select.append(option);
  }
  select.value = kinds["own"]?.missing === undefined ? "own" : "memory";
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
  fieldset.append(row, inputs, hint);

  let given: Side | undefined;
  let picked: FileSystemDirectoryHandle | undefined;
  /** The folder that was opened last, and with what: a side remembers what it has seen. */
  let opened: { key: string; picked: FileSystemDirectoryHandle | undefined; side: Side } | undefined;
  const show = () => {
    const kind = kinds[select.value];
    pick.hidden = select.value !== "picked";
    hint.textContent = kind?.hint ?? "";
    hint.hidden = kind?.hint === undefined;
    inputs.replaceChildren(...(kind?.fields ?? []).map((field) => labelled(field, name)));
  };
  const choose = () => {
    given = undefined;
    select.querySelector("option[value=given]")?.remove();
    show();
  };
  const take = (folder: FileSystemDirectoryHandle) => {
    picked = folder;
    pick.textContent = folder.name;
    select.value = "picked";
    choose();
    fieldset.dispatchEvent(new Event("input", { bubbles: true }));
  };
  select.addEventListener("change", choose);
  pick.addEventListener("click", () =>
    void attempt(async () => {
      try {
        const folder = await window.showDirectoryPicker?.({ mode: "readwrite" });
        if (folder) take(folder);
      } catch (error) {
        // Whoever closes the picker has chosen nothing.
        if ((error as DOMException).name !== "AbortError") throw error;
      }
    }),
  );
  show();
  return {
    fieldset,
    take,
    async chosen() {
      if (given) return given;
      const kind = kinds[select.value];
      if (!kind) throw new Error(`choose what ${name} is`);
      const values: Record<string, string> = {};
      for (const input of inputs.querySelectorAll("input")) {
        values[input.name] = input.type === "password" ? input.value : input.value.trim();
        if (input.required && values[input.name] === "") throw new Error(`${input.ariaLabel} is empty`);
      }
      // Of a folder that was dropped, the page may at first only read.
      if (select.value === "picked") await picked?.requestPermission({ mode: "readwrite" });
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

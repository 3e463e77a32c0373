// A plan as a tree of directories.

import { type Decision, isConflict, type PlanLines, type Verdict } from "./plan-lines.js";

/** What a person has chosen. */
export interface Chosen {
  leftOut: Set<Decision>;
  verdicts: Map<Decision, Verdict>;
}

interface Node {
  directories: Map<string, Node>;
  decisions: Decision[];
}

/** Shows the decisions of a plan. Where `chosen` is given they can be chosen from, and `compare` is offered for conflicts. */
export function tree(plan: PlanLines, chosen: Chosen | undefined, compare: (decision: Decision) => void): HTMLUListElement {
  const root: Node = { directories: new Map(), decisions: [] };
  for (const { decision } of plan.decisions) {
    let node = root;
    for (const name of decision.path.split("/").slice(0, -1)) {
      const next = node.directories.get(name) ?? { directories: new Map(), decisions: [] };
      node.directories.set(name, next);
      node = next;
    }
    node.decisions.push(decision);
  }
  return shown(root, chosen, compare);
}

function shown(node: Node, chosen: Chosen | undefined, compare: (decision: Decision) => void): HTMLUListElement {
  const list = document.createElement("ul");
  for (const [name, inner] of [...node.directories].sort(([one], [two]) => one.localeCompare(two))) {
    const details = document.createElement("details");
    details.open = true;
    const summary = document.createElement("summary");
    summary.append(element("bdi", "name", name), "/");
    details.append(summary, shown(inner, chosen, compare));
    list.append(item(details));
  }
  node.decisions.forEach((decision) => list.append(item(row(decision, chosen, compare))));
  return list;
}

function row(decision: Decision, chosen: Chosen | undefined, compare: (decision: Decision) => void): HTMLElement {
  const [sign, kind] = signOf(decision);
  const row = element("div", `decision ${kind}`);
  const name = element("bdi", "name", decision.path.slice(decision.path.lastIndexOf("/") + 1));
  // What becomes of a conflict is chosen beside it.
  const isOpen = chosen && isConflict(decision);
  const does = decision.does.length > 0 && !isOpen ? `${decision.does.join(", then ")}: ${decision.why}` : decision.why;
  const words = element("span", "why", does);
  const what = element("span", "what", sign);
  // The words beside it say it too.
  what.ariaHidden = "true";
  row.append(what);
  if (chosen) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => {
      chosen.leftOut[box.checked ? "delete" : "add"](decision);
      row.classList.toggle("left-out", !box.checked);
    });
    const label = document.createElement("label");
    label.append(box, name);
    row.append(label);
  } else {
    row.append(name);
  }
  row.append(words);
  if (isOpen) row.append(...verdict(decision, chosen, compare));
  return row;
}

function verdict(decision: Decision, { verdicts }: Chosen, compare: (decision: Decision) => void): HTMLElement[] {
  const select = document.createElement("select");
  select.setAttribute("aria-label", `What becomes of ${decision.path}`);
  for (const [value, text] of [["both", "keep both"], ["path1", "keep that of Path1"], ["path2", "keep that of Path2"]]) {
    select.append(new Option(text, value));
  }
  select.addEventListener("change", () => verdicts.set(decision, select.value as Verdict));
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Compare";
  button.addEventListener("click", () => compare(decision));
  return [select, button];
}

/** A sign for what is done, and what kind of thing it is. */
function signOf({ choice, does }: Decision): [sign: string, kind: string] {
  const [what, about] = typeof choice === "string" ? [choice, ""] : (Object.entries(choice)[0] ?? ["", ""]);
  const on = typeof about === "string" ? about : ((about as { from?: string; on?: string; side?: string }).from ?? (about as { on?: string }).on);
  switch (what) {
    case "carry":
      return [on === "path1" ? "→" : "←", "copied"];
    case "remove":
    case "remove-directory":
      return ["×", "gone"];
    case "conflict":
    case "step-aside":
      return ["≠", "conflict"];
    case "follow":
      return ["↷", "moved"];
    case "make-directory":
      return ["+", "made"];
    default:
      return [does.length > 0 ? "•" : "·", "other"];
  }
}

function item(content: HTMLElement): HTMLLIElement {
  const item = document.createElement("li");
  item.append(content);
  return item;
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

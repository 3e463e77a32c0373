// A plan as data: what its lines say, and a plan with some of them left out or decided otherwise.

export type SideName = "path1" | "path2";

/** A version of a file, as far as a plan names it. */
export interface Version {
  kind: "file" | "directory";
  size?: number;
  modified?: string;
}

/** A line between the first and the last: see docs/plan-format.md. */
export interface Decision {
  path: string;
  now?: Record<SideName, Version | null>;
  does: string[];
  why: string;
  choice: string | Record<string, unknown>;
}

/** Whether both versions are kept, or that of one side alone. */
export type Verdict = "both" | SideName;

/** The lines of a plan. */
export interface PlanLines {
  header: string;
  roots: Record<SideName, string>;
  decisions: { line: string; decision: Decision }[];
}

/** Reads a plan; throws a sentence when it is none. */
export function readPlan(text: string): PlanLines {
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const end = lines.pop() ?? "";
  try {
    const { roots, "bisync-plan": format } = JSON.parse(header) as { roots: PlanLines["roots"]; "bisync-plan"?: number };
    if (format !== 1) throw new Error("it is of another format");
    const decisions = lines.map((line) => ({ line, decision: JSON.parse(line) as Decision }));
    if ((JSON.parse(end) as { decisions?: number }).decisions !== decisions.length) throw new Error("its end is missing");
    return { header, roots, decisions };
  } catch (error) {
    throw new Error(`this is no plan: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Whether both sides changed a file. */
export function isConflict({ choice }: Decision): boolean {
  return typeof choice === "object" && "conflict" in choice;
}

/** Returns the plan without the decisions that are left out, and with the conflicts decided. */
export function edited(plan: PlanLines, leftOut: Set<Decision>, verdicts: Map<Decision, Verdict>): string {
  const kept = plan.decisions.filter(({ decision }) => !leftOut.has(decision));
  const lines = kept.map(({ line, decision }) => {
    const verdict = verdicts.get(decision) ?? "both";
    if (verdict === "both" || !isConflict(decision)) return line;
    // The line still names both versions, so the copy replaces that one and no other.
    return JSON.stringify({ ...(JSON.parse(line) as Decision), choice: { carry: { from: verdict, reason: { conflict: verdict } } } });
  });
  return [plan.header, ...lines, JSON.stringify({ decisions: lines.length }), ""].join("\n");
}

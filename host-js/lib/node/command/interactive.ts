// `--interactive`: asks before each change.
//
// The plan is made as for a dry run, the person chooses from it, and what was chosen is carried out like any other plan.

import { createInterface } from "node:readline";

import { visible } from "./text.js";

/** What a line of a plan says of a path, as far as it is shown. */
interface Decision {
  path?: string;
  does?: string[];
  why?: string;
}

/** What a person answers; the last two are for all that follows, too. */
type Answer = "yes" | "no" | "all" | "quit";

const ANSWERS: Record<string, Answer> = { y: "yes", yes: "yes", n: "no", no: "no", a: "all", all: "all", "!": "all", q: "quit", quit: "quit", s: "quit" };

/** Returns the plan with the decisions that the person wants. What changes only the listings is not asked about. */
export async function chosen(plan: string, answers: NodeJS.ReadableStream, questions: NodeJS.WritableStream): Promise<string> {
  const reader = createInterface({ input: answers, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  try {
    const [header = "", ...rest] = plan.split("\n").filter((line) => line !== "");
    const kept: string[] = [];
    let forAll: Answer | undefined;
    // The last line counts the others.
    for (const line of rest.slice(0, -1)) {
      const decision = JSON.parse(line) as Decision;
      let answer: Answer = forAll ?? "yes";
      if (!forAll && (decision.does ?? []).length > 0) answer = await ask(decision, lines, questions);
      if (answer === "all" || answer === "quit") forAll = answer;
      if (answer === "yes" || answer === "all") kept.push(line);
    }
    return [header, ...kept, JSON.stringify({ decisions: kept.length }), ""].join("\n");
  } finally {
    reader.close();
  }
}

async function ask({ path = "", does = [], why = "" }: Decision, lines: AsyncIterator<string>, questions: NodeJS.WritableStream): Promise<Answer> {
  for (;;) {
    // What is done, and why, may name other files.
    questions.write(`${visible(`${path}: ${does.join(", ")}: ${why}`)}\n  do it? [y]es, [n]o, [a]ll, [q]uit: `);
    const line = await lines.next();
    if (line.done) {
      questions.write("\n");
      return "quit";
    }
    const answer = ANSWERS[line.value.trim().toLowerCase()];
    if (answer) return answer;
  }
}

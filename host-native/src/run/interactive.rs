//! `--interactive`: asks before each change.
//!
//! The plan is made as for a dry run, the person chooses from it, and what was chosen is carried out like any other plan.

use std::io::{self, BufRead, Write};

use bisync_engine::options::Options;
use bisync_engine::outcome::Outcome;
use serde_json::Value;
use tempfile::{NamedTempFile, TempPath};
use tokio::sync::mpsc;

use crate::failure::reason;
use crate::report::Reporter;

use super::RunError;
use super::ready::Ready;

/// Why nobody could be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The plan cannot be kept meanwhile.
    #[error("cannot keep the plan while you choose: {}", reason(.0))]
    Plan(io::Error),
    /// The answers cannot be read.
    #[error("cannot ask: {}", reason(.0))]
    Answer(io::Error),
}

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// Yes to this and to all that follow.
    All,
    /// No to this and to all that follow.
    Quit,
}

/// What a person chose.
pub struct Choice {
    /// The plan that is left; `None` when none could be made.
    pub plan: Option<TempPath>,
    /// How making the plan ended: what failed then is not in it.
    pub outcome: Outcome,
}

/// Makes a plan, and lets the person choose from it.
pub fn choose(ready: &Ready) -> Result<Choice, RunError> {
    let plan = NamedTempFile::new_in(ready.state()).map_err(AskError::Plan)?.into_temp_path();
    let quiet = [("quiet".to_owned(), "true".to_owned())];
    let mut silent = Reporter::new(&Options::parse(&quiet)?)?;
    let (_wish, stops) = mpsc::unbounded_channel();
    let outcome = ready.lead(Some((ready.writing()?, plan.to_path_buf())), &mut silent, stops)?;
    let text = std::fs::read_to_string(&plan).map_err(AskError::Plan)?;
    if text.is_empty() {
        return Ok(Choice { plan: None, outcome });
    }
    let chosen = chosen(&text, &mut io::stdin().lock(), &mut io::stderr()).map_err(AskError::Answer)?;
    std::fs::write(&plan, chosen).map_err(AskError::Plan)?;
    Ok(Choice { plan: Some(plan), outcome })
}

/// Returns the plan with the decisions that the person wants. What changes only the listings is not asked about.
fn chosen(plan: &str, answers: &mut impl BufRead, questions: &mut impl Write) -> io::Result<String> {
    let mut chosen = String::with_capacity(plan.len());
    let (mut decisions, mut for_all) = (0, None);
    for (number, line) in plan.lines().enumerate() {
        let fields: Value = serde_json::from_str(line)?;
        if fields.get("decisions").is_some() {
            chosen.push_str(&format!("{{\"decisions\":{decisions}}}\n"));
            break;
        }
        if number > 0 {
            let answer = match (for_all, steps(&fields)) {
                (Some(answer), _) => answer,
                (None, steps) if steps.is_empty() => Answer::Yes,
                (None, steps) => ask(&question(&fields, &steps), answers, questions)?,
            };
            match answer {
                Answer::All => for_all = Some(Answer::Yes),
                Answer::Quit => for_all = Some(Answer::No),
                Answer::Yes | Answer::No => {}
            }
            if matches!(answer, Answer::No | Answer::Quit) {
                continue;
            }
            decisions += 1;
        }
        chosen.push_str(line);
        chosen.push('\n');
    }
    Ok(chosen)
}

fn steps(fields: &Value) -> Vec<&str> {
    let steps = fields.get("does").and_then(Value::as_array);
    steps.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn question(fields: &Value, steps: &[&str]) -> String {
    let text = |name| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let question = format!("{}: {}: {}", text("path"), steps.join(", "), text("why"));
    // Names may hold what a terminal takes for commands.
    let visible = |character: char| match character.is_control() {
        true => character.escape_default().collect::<Vec<_>>(),
        false => vec![character],
    };
    question.chars().flat_map(visible).collect()
}

fn ask(question: &str, answers: &mut impl BufRead, questions: &mut impl Write) -> io::Result<Answer> {
    loop {
        write!(questions, "{question}\n  do it? [y]es, [n]o, [a]ll, [q]uit: ")?;
        questions.flush()?;
        let mut line = String::new();
        if answers.read_line(&mut line)? == 0 {
            writeln!(questions)?;
            return Ok(Answer::Quit);
        }
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => return Ok(Answer::Yes),
            "n" | "no" => return Ok(Answer::No),
            "a" | "all" | "!" => return Ok(Answer::All),
            "q" | "quit" | "s" => return Ok(Answer::Quit),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_choose_from_the_plan() {
        let plan = concat!(
            "{\"bisync-plan\":1}\n",
            "{\"path\":\"a\",\"does\":[\"copy to Path2\"],\"why\":\"new on Path1\"}\n",
            "{\"path\":\"b\",\"does\":[\"delete from Path2\"],\"why\":\"deleted on Path1\"}\n",
            "{\"path\":\"c\",\"does\":[],\"why\":\"the same on both sides\"}\n",
            "{\"path\":\"d\",\"does\":[\"copy to Path1\"],\"why\":\"new on Path2\"}\n",
            "{\"decisions\":4}\n",
        );
        let check = |answers: &str, expected: &str, questions: usize| {
            let mut asked = Vec::new();
            let text = chosen(plan, &mut answers.as_bytes(), &mut asked).unwrap();
            let paths: Vec<_> =
                text.lines().filter_map(|line| line.split('"').nth(3).filter(|_| line.contains("path"))).collect();
            assert_eq!(paths.join(" "), expected, "{answers:?}");
            assert!(text.ends_with(&format!("{{\"decisions\":{}}}\n", paths.len())), "{text}");
            let asked = String::from_utf8(asked).unwrap();
            assert_eq!(asked.matches("do it?").count(), questions, "{asked}");
        };
        check("y\ny\ny\n", "a b c d", 3);
        check("y\nn\nYES\n", "a c d", 3);
        check("what\nn\nn\nn\n", "c", 4);
        check("n\na\n", "b c d", 2);
        check("y\nq\n", "a", 2);
        check("", "", 1);
    }
}

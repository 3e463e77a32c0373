// What the tables of options and commands hold.

/** An option of the command line. */
export interface Flag {
  name: string;
  short?: string;
  /** What it takes, as far as this matters here. */
  kind: "flag" | "count" | "choice" | "words" | "list" | "text" | "file" | "files" | "age" | "other";
  /** What its value is called; one without takes none. */
  value?: string;
  /** The words that it takes, if it takes only those. */
  words?: string[];
  /** The value when it is not given. */
  default?: string;
  /** A plain number is a value. */
  number?: true;
  /** The value names a file or a directory. */
  path?: true;
  /** It is carried out by the command, and of no concern to the engine. */
  host?: true;
  group: string;
  help: string;
}

/** What is done when its name is the first word that is no option. */
export interface Command {
  name: string;
  /** What follows the name, with a blank before it. */
  operands: string;
  /** What it does, in one line. */
  summary: string;
  /** More about it, in lines. */
  details: string;
  /** The names of the options that it takes. */
  takes: string[];
  /** The options that only it has. */
  own: Flag[];
}

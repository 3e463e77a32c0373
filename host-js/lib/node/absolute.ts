import { normalize, resolve, sep } from "node:path";

/** Returns the absolute path of a path, as the system reads it: behind a link, `..` leads elsewhere than its text says. */
export function absolute(path: string): string {
  // Windows itself goes by the text.
  if (sep !== "/") return resolve(path);
  const names = (path.startsWith("/") ? path : `${process.cwd()}/${path}`).split("/");
  return `/${names.filter((name) => name !== "" && name !== ".").join("/")}`;
}

/** Returns a path without `.`, and without `..` where a name before it can go too, by its text alone, as rclone does. */
export function cleaned(path: string): string {
  return normalize(path).replace(/(?<=.)[/\\]$/, "");
}

/** Returns the path of something in a directory, whose own path stays as it is. */
export function inside(directory: string, name: string): string {
  return directory.endsWith(sep) ? directory + name : directory + sep + name;
}

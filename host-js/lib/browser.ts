export * from "./index.js";
export { browserFolder } from "./browser/folder.js";
export { browserState } from "./browser/state.js";

export * from "./index.js";
export { folderState } from "./node/state.js";
export { nodeFolder } from "./node/folder.js";

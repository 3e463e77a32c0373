export * from "./index.js";
export { folderState } from "./node/state.js";
export { nodeFolder, type NodeFolderOptions } from "./node/folder.js";

// The page lies anywhere: its addresses are relative.
export default { base: "./", build: { target: "es2022" } };

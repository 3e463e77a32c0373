// The page lies anywhere: its addresses are relative. It is one script, so that nothing has to be fetched later on.
export default { base: "./", build: { target: "es2022", rolldownOptions: { output: { codeSplitting: false } } } };

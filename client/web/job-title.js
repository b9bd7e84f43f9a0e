// The name of a job for people: its owner's translation, where there is one.

/** @param {any} content of the job @param {import("./languages.js").Language} language */
export const titleOf = ({ name, metadata }, language) => language.bestOf(metadata?.title)?.text || String(name);

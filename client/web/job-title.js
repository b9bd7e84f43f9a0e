// The name of a job for people: its owner's translation, where there is one.

/** @param {import("../js/index.js").Document} job @param {import("./languages.js").Language} language */
export const titleOf = ({ content }, language) =>
  language.bestOf(content.metadata?.title)?.text || String(content.name);

// JavaScript with highlighting: the source is divided into tokens, and each becomes the text of an element.

import { element } from "../dom.js";

const KEYWORDS =
  "async|await|break|case|catch|class|const|continue|default|delete|do|else|extends|finally|for|function|get|if|in|" +
  "instanceof|let|new|of|return|set|static|super|switch|this|throw|try|typeof|var|void|while|yield";
/**
 * A regular expression may begin where a value may, and a division only behind one. It looks back from a slash alone,
 * and is bounded: otherwise a hostile source takes a time that grows with its square.
 */
const REGEX =
  String.raw`(?=\/(?![*\/]))(?<=(?:^|[=(,:;!&|?{}\[+*%~^<>-]|\breturn)\s{0,99})\/` +
  String.raw`(?:\\.|\[(?:\\.|[^\]\\\n]){0,99}\]|[^\/\\\n\[]){1,300}\/[a-z]*`;
const KINDS = {
  comment: String.raw`\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)`,
  string: String.raw`"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?|` + "`(?:\\\\[^]|[^`\\\\])*`?",
  regex: REGEX,
  number: String.raw`\b(?:0[xob][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?)n?\b`,
  keyword: String.raw`\b(?:${KEYWORDS})\b`,
  constant: String.raw`\b(?:true|false|null|undefined|NaN|Infinity)\b`,
};
const TOKEN = new RegExp(Object.entries(KINDS).map(([kind, pattern]) => `(?<${kind}>${pattern})`).join("|"), "g");
/** Longer sources would slow the page down, and stay plain. */
const MAX_LENGTH = 50_000;

/** @param {string} source @returns {(Node | string)[]} the whole source: elements with the kind of a token, and texts */
export function highlighted(source) {
  if (source.length > MAX_LENGTH) return [source];
  const parts = [];
  let end = 0;
  for (const found of source.matchAll(TOKEN)) {
    const [kind] = Object.entries(found.groups ?? {}).find(([, text]) => text !== undefined) ?? [""];
    parts.push(source.slice(end, found.index), element("span", { class: `token-${kind}` }, found[0]));
    end = found.index + found[0].length;
  }
  return [...parts, source.slice(end)];
}

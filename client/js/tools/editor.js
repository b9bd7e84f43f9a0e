// The editor of functions: CodeMirror, as much of it as a job's function needs. `npm run vendor` bundles it for the
// pages. Its styles are constructed style sheets of a shadow root, so that the pages' policy permits no inline styles.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascriptLanguage } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** The colours are the page's. */
const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword, tags.definitionKeyword], color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--warning)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--failure)" },
  { tag: tags.comment, color: "var(--text-muted)", fontStyle: "italic" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "0.875rem", maxHeight: "26rem" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": {
    fontFamily: 'ui-monospace, "SF Mono", Consolas, "Liberation Mono", monospace',
    lineHeight: "1.5",
    minHeight: "8rem",
  },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "var(--background)" },
  ".cm-gutters": { color: "var(--text-muted)", backgroundColor: "var(--background)", borderRight: "1px solid var(--border)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--accent-tint)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-tint)", outline: "1px solid var(--accent)" },
});

/**
 * Text typed in place of a selection. Chromium itself would put an inline style around it, which the pages' policy blocks.
 */
const replacing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { inputType, data } = event;
    if (inputType !== "insertText" || data === null || view.composing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

/**
 * An editor in a shadow root. Tab moves the focus on, as everywhere on the page.
 * @param {ShadowRoot} root
 * @param {{text: string, attributes: Record<string, string>, onchange: (text: string) => void}} options `attributes` of
 *   the element that is edited
 */
export function createEditor(root, { text, attributes, onchange }) {
  let isInvalid = false;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        replacing,
        indentUnit.of("  "),
        bracketMatching(),
        highlightActiveLine(),
        javascriptLanguage,
        syntaxHighlighting(highlighting),
        theme,
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.contentAttributes.of({ ...attributes, tabindex: "0", spellcheck: "false", autocapitalize: "off", translate: "no" }),
        // Asked for with each update.
        EditorView.contentAttributes.of(() => ({ "aria-invalid": String(isInvalid) })),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onchange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    /** @param {string} next */
    setText(next) {
      if (next === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    /** @param {boolean} invalid */
    setInvalid(invalid) {
      isInvalid = invalid;
      view.dispatch({});
    },
    /** @param {number} [line] counted from 1 */
    focus(line) {
      if (line !== undefined && line >= 1 && line <= view.state.doc.lines) {
        view.dispatch({ selection: { anchor: view.state.doc.line(line).from }, scrollIntoView: true });
      }
      view.focus();
    },
  };
}

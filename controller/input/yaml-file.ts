import { isNode, LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { Found } from './check.ts';
import type { Fault } from './fault.ts';

/** One document of a YAML text, with a way back from a fault to its line. */
export interface YamlDocument {
  readonly value: unknown;
  withLine(fault: Found): Fault;
}

export type YamlResult =
  | { readonly ok: true; readonly documents: readonly YamlDocument[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Documents that hold nothing are left out. Aliases are limited by the parser (100 expansions). */
export function readYaml(text: string): YamlResult {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents = Array.isArray(parsed) ? parsed : [];
  const faults = documents.flatMap(({ errors }) =>
    errors.map((error) => ({
      path: '',
      message: `not YAML: ${error.message}`,
      line: lines.linePos(error.pos[0]).line,
    })),
  );
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    documents: documents
      .map((document) => ({
        value: document.toJS() as unknown,
        withLine: ({ at, path, message }: Found) => ({
          path,
          message,
          ...lineOf(document, at, lines),
        }),
      }))
      .filter(({ value }) => value !== null),
  };
}

/** Of the node itself or, where it is missing, of the nearest one around it. */
function lineOf(
  document: Document,
  at: readonly PropertyKey[],
  lines: LineCounter,
): { readonly line?: number } {
  for (let length = at.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(at.slice(0, length), true);
    if (isNode(node) && node.range) return { line: lines.linePos(node.range[0]).line };
  }
  return {};
}

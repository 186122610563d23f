/** Checks YAML and JSON files against a schema. Every mistake is reported with file, line and path. */
import { readFile } from 'node:fs/promises';

import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';

type Path = readonly PropertyKey[];

/** A file that matches its schema. Mistakes can still be added with their positions. */
export interface CheckedFile<T> {
  path: string;
  value: T;
  /** Adds a mistake that the schema cannot find. */
  mistake(at: Path, message: string): void;
  /** Throws if mistakes were added. @throws EngineError `ERR_DATA` */
  throwMistakes(): void;
}

/**
 * Reads a YAML (or JSON) file.
 *
 * @throws EngineError `ERR_DATA` with one line per mistake: `FILE:LINE: path.to.it: what is wrong`; `ERR_IO`
 */
export async function readYamlFile<S extends z.ZodType>(path: string, schema: S): Promise<CheckedFile<z.infer<S>>> {
  const source = await withFileErrors(`read ${path}`, () => readFile(path, 'utf8'));
  return checkYaml(path, source, schema);
}

/** Checks a text. `path` is for messages. */
export function checkYaml<S extends z.ZodType>(path: string, source: string, schema: S): CheckedFile<z.infer<S>> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const found: { line: number; message: string }[] = document.errors.map(({ pos, message }) => ({
    line: lines.linePos(pos[0]).line,
    message,
  }));
  throwAll(path, found);
  const mistake = (at: Path, message: string): void => {
    const line = lines.linePos(offsetOf(document, at)).line || 1;
    found.push({ line, message: at.length === 0 ? message : `${formatPath(at)}: ${message}` });
  };
  const result = schema.safeParse(toJs(document, path), { error: describeIssue });
  if (!result.success) {
    for (const issue of result.error.issues) report(issue, mistake);
    throwAll(path, found);
    throw new EngineError('ERR_INTERNAL', `${path} does not match its schema, but no mistake was found`);
  }
  return { path, value: result.data, mistake, throwMistakes: () => throwAll(path, found) };
}

/** Limits the expansion of aliases. A reference to nothing is a mistake of the file. */
function toJs(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new EngineError('ERR_DATA', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function report(issue: z.core.$ZodIssue, mistake: (at: Path, message: string) => void): void {
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) mistake([...issue.path, key], 'is not a setting');
    return;
  }
  mistake(issue.path, issue.message);
}

/** Words Zod's messages like those of the rest of the program. */
function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type' && issue.input === undefined) return `is missing; expected ${issue.expected}`;
  if (issue.code === 'invalid_type') return `expected ${issue.expected}, got ${describeValue(issue.input)}`;
  if (issue.code === 'too_small')
    return `expected at least ${String(issue.minimum)}${unitOf(issue)}, got ${describeValue(issue.input)}`;
  if (issue.code === 'too_big')
    return `expected at most ${String(issue.maximum)}${unitOf(issue)}, got ${describeValue(issue.input)}`;
  if (issue.code === 'invalid_value')
    return `expected one of ${issue.values.map(String).join(', ')}, got ${describeValue(issue.input)}`;
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined)
    return `expected a known ${issue.discriminator}: chat, libretranslate or apertium`;
  return undefined;
}

function unitOf({ origin }: { origin: string }): string {
  return origin === 'array' ? ' entries' : '';
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a mapping';
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** Returns the offset of a path in the text: of its key, or else of the nearest node around it. */
function offsetOf(document: Document.Parsed, at: Path): number {
  for (let depth = at.length; depth > 0; depth--) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(at.slice(0, depth - 1), true);
    const key = at[depth - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
      );
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node: unknown = document.getIn(at.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range[0] ?? 0;
}

function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

function throwAll(path: string, mistakes: readonly { line: number; message: string }[]): void {
  if (mistakes.length === 0) return;
  const lines = [...mistakes].sort((a, b) => a.line - b.line).map(({ line, message }) => `${path}:${line}: ${message}`);
  throw new EngineError('ERR_DATA', lines.join('\n'));
}

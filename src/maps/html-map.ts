import { readFile } from 'node:fs/promises';

import { throwIfAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { escapeHtml } from '../core/escape-html.js';
import { packageFile } from '../core/package-files.js';
import type { QaRecord } from '../records/record.js';
import { blockId, HEADER_ID, type PackedHeader, POINTS_ID, type TextKind } from './packed-map.js';
import { pack, TextPacker } from './text-packer.js';
import type { ValueMap } from './value-map.js';

export interface HtmlMapOptions {
  /** Maximum length of a question or an answer in characters; longer texts are cut. */
  textLength: number;
  signal?: AbortSignal;
}

/** Allows only the page's own code and no network access, whatever an answer contains. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

/**
 * Builds a map as one self-contained HTML page: points, texts and viewer.
 *
 * @param records records of the points, in the same order
 * @returns pieces of the page
 * @throws EngineError `ERR_DATA` if there are fewer records than points, `ERR_ABORTED`, and errors of `records`
 */
export async function htmlMap(
  map: ValueMap,
  records: AsyncIterable<QaRecord>,
  { textLength, signal }: HtmlMapOptions,
): Promise<string[]> {
  const { title, subtitle, columns, color, coordinates, valueIds } = map;
  const { answers, questions, questionOf } = await packTexts(records, valueIds.length, textLength, signal);
  const header: PackedHeader = { title, subtitle, points: valueIds.length, columns, color, regions: map.regions ?? [] };
  const points = Buffer.concat([bytesOf(coordinates), bytesOf(valueIds), bytesOf(questionOf)]);
  const { script, style } = await readViewer();
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">\n`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    '<meta name="color-scheme" content="light dark">\n',
    `<title>${escapeHtml(title)}</title>\n<style>\n${style}</style>\n</head>\n<body>\n`,
    '<noscript>A script in this page draws the map. Allow scripts to see it.</noscript>\n',
    element(HEADER_ID, await pack(JSON.stringify(header))),
    element(POINTS_ID, await pack(points)),
    ...blockElements('questions', questions),
    ...blockElements('answers', answers),
    `<script>\n${script}</script>\n</body>\n</html>\n`,
  ];
}

async function packTexts(
  records: AsyncIterable<QaRecord>,
  points: number,
  textLength: number,
  signal: AbortSignal | undefined,
): Promise<{ answers: readonly string[]; questions: readonly string[]; questionOf: Uint32Array }> {
  const answers = new TextPacker(textLength);
  const questions = new TextPacker(textLength);
  const numbers = new Map<string, number>();
  const questionOf = new Uint32Array(points);
  let point = 0;
  for await (const { question, answer } of records) {
    throwIfAborted(signal);
    let number = numbers.get(question);
    if (number === undefined) numbers.set(question, (number = await questions.add(question)));
    questionOf[point++] = number;
    await answers.add(answer);
  }
  if (point !== points)
    throw new EngineError('ERR_DATA', `The map has ${points} points, but there are ${point} records`);
  return { answers: await answers.end(), questions: await questions.end(), questionOf };
}

function bytesOf(array: Float32Array | Int32Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function blockElements(kind: TextKind, blocks: readonly string[]): string[] {
  return blocks.map((block, i) => element(blockId(kind, i), block));
}

/** Builds a script element of a type that browsers do not run. Base64 cannot end it. */
function element(id: string, base64: string): string {
  return `<script type="text/plain" id="${id}">${base64}</script>\n`;
}

/** Reads the viewer that `npm run build:ts` bundles. It is in dist/, also for sources that run from src/. */
async function readViewer(): Promise<{ script: string; style: string }> {
  const read = (name: string): Promise<string> => readFile(packageFile(`dist/maps/viewer/${name}`), 'utf8');
  try {
    return { script: await read('viewer.js'), style: await read('viewer.css') };
  } catch (cause) {
    throw new EngineError('ERR_INTERNAL', 'The map viewer is not built; run "npm run build:ts"', { cause });
  }
}

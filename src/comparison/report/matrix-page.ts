/** The report of all pairs: heat map and table, on one page without scripts that works from disk. */
import { escapeHtml } from '../../core/escape-html.js';
import { expectOptions, expectString } from '../../core/validate.js';
import { page, table } from '../../plots/html-page.js';
import type { ComparisonMatrix } from '../compare-all.js';
import { expectMatrix } from './expect-result.js';
import { heatMap } from './heat-map.js';
import { CAVEATS, formatP, percent, withInterval } from './wording.js';

const STYLE = 'td { white-space: nowrap; }';

/** Options of `matrixPage`. */
export interface MatrixPageOptions {
  /** Name of the encoder. */
  encoder: string;
  /** A remark that readers of the figures must know. */
  note?: string | undefined;
}

/**
 * Builds the page of a matrix.
 *
 * @returns pieces of the page
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`
 */
export function matrixPage(matrix: ComparisonMatrix, options: MatrixPageOptions): string[] {
  const checked = expectMatrix(matrix, 'matrix');
  const { names, pairs, missing } = checked;
  const given = expectOptions(options, 'options', ['encoder', 'note']);
  const encoder = expectString(given.encoder, 'encoder');
  const note = given.note === undefined ? '' : expectString(given.note, 'note');
  const sorted = [...pairs].sort((a, b) => a.difference.distance - b.difference.distance);
  const title = `All pairs of ${names.length} sides`;
  const without =
    missing.length === 0
      ? ''
      : ` Pairs left out, with fewer than two common questions: ${missing.length}. The tree uses the mean distance ` +
        'for them.';
  const parts = [
    `<main>\n<h1>${title}</h1>\n`,
    `<p class="soft">Every pair counts the questions that both answered. Embedded with ${escapeHtml(encoder)}.` +
      `${without}</p>\n`,
    note === '' ? '' : `<p>Note: ${escapeHtml(note)}.</p>\n`,
    '<h2>How far apart are they?</h2>\n',
    '<p class="soft">Similar sides are neighbours: the tree joins them by average linkage.</p>\n',
    `<div class="scroll" tabindex="0">${heatMap(checked, { isInline: true })}</div>\n`,
    '<h2>All pairs, the closest first</h2>\n',
    '<p class="soft">p values are adjusted for the number of pairs (Benjamini and Hochberg). “Told apart” is the ' +
      'share of single answers whose side is named correctly by a classifier fitted on other questions; chance is ' +
      '50 %.</p>\n',
    table([
      ['A', 'B', 'questions', 'distance', 'share', 'adjusted p', 'told apart', 'questions needed'],
      ...sorted.map(({ names: [a, b], questions, difference, classifier, adjustedP }) => [
        a,
        b,
        String(questions),
        withInterval(difference.distance, difference.interval, (value) => value.toFixed(3)),
        percent(difference.share),
        formatP(adjustedP),
        withInterval(classifier.accuracy, classifier.interval, percent),
        difference.sufficient.questions === null ? '' : String(difference.sufficient.questions),
      ]),
    ]),
    '<h2>What a difference means, and what it does not</h2>\n<ul>\n',
    ...CAVEATS.map((text) => `<li>${text}</li>\n`),
    '</ul>\n</main>\n',
  ];
  return page(title, parts, STYLE);
}

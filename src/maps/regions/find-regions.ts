/** Labels of the regions of a map at several zoom levels. */
import { throwIfAborted } from '../../core/abort.js';
import { languageTitle } from '../../core/languages.js';
import { SeededRandom } from '../../core/random.js';
import { boundsOf, type Region } from '../value-map.js';
import { type DensityRegions, densityRegions } from './density.js';
import { choosePhrases, scorePhrases } from './region-phrases.js';
import { type RegionText, RegionTexts, type TextWords } from './region-texts.js';

export interface RegionOptions {
  signal: AbortSignal | undefined;
  onProgress: (done: number, total: number) => void;
}

const CELLS = 512;
/** Radius of the density filter at each level, in cells. */
const RADII = [14, 8, 5, 3, 2];
/** Regions of the first level that get a label, the largest ones, and their growth from level to level. */
const MOST_REGIONS = 60;
const MOST_GROWTH = 1.4;
const SMALLEST = 12;
/** Texts of a region that are read. */
const TEXTS = 40;
const PHRASES = 2;
/** Letters of a label that a second phrase must fit in. */
const LONGEST_LABEL = 44;
/** A region with this share of the texts of a language is called by its name. */
const WHOLE_LANGUAGE = 0.6;
const SEED = 1;

interface Candidate {
  peak: number;
  rows: number[];
}

/**
 * Finds dense regions at several levels and names each by the phrases that are frequent in its texts and rare in other
 * texts of their languages. A region that most texts of a language are in is called by that language; a region without
 * such phrases has no label.
 *
 * @param read returns question, answer and language of some ascending rows
 */
export async function findRegions(
  coordinates: Float32Array,
  read: (rows: readonly number[]) => Promise<readonly RegionText[]>,
  { signal, onProgress }: RegionOptions,
): Promise<Region[]> {
  const bounds = boundsOf(coordinates);
  const order = new SeededRandom(SEED).shuffle([...Array(coordinates.length / 2).keys()]);
  const steps = RADII.length + 1;
  const levels: (DensityRegions & { candidates: Candidate[] })[] = [];
  for (const [level, radius] of RADII.entries()) {
    throwIfAborted(signal);
    onProgress(level, steps);
    await new Promise((resolve) => void setImmediate(resolve));
    const density = densityRegions(coordinates, { bounds, cells: CELLS, radius });
    levels.push({ ...density, candidates: candidatesOf(density, level, order) });
  }
  onProgress(RADII.length, steps);
  const rows = [...new Set(levels.flatMap(({ candidates }) => candidates.flatMap((one) => one.rows)))];
  rows.sort((a, b) => a - b);
  const all = new RegionTexts();
  const texts = new Map((await read(rows)).map((text, i) => [rows[i]!, all.add(text)]));
  const regions = levels.flatMap(({ peaks, peakOf, candidates }, level) => {
    throwIfAborted(signal);
    const byPeak = new Map(candidates.map(({ peak }) => [peak, [] as TextWords[]]));
    for (const [row, text] of texts) byPeak.get(peakOf[row]!)?.push(text);
    const own = [...byPeak.values()];
    const languages = own.map((some) => languageOf(some, all));
    const scored = own.map((some, i) =>
      scorePhrases(some, all).filter(({ isLone }) => !isLone || languages[i] === undefined),
    );
    const phrases = choosePhrases(scored, PHRASES);
    return candidates.map(({ peak }, i): Region => {
      const [first = '', second = ''] = [languages[i], ...phrases[i]!].filter((name) => name !== undefined);
      const both = `${first}, ${second}`;
      return { level, ...peaks[peak]!, label: second && both.length <= LONGEST_LABEL ? both : first };
    });
  });
  onProgress(steps, steps);
  return regions.filter(({ label }) => label !== '');
}

/**
 * Returns the largest regions of a level, each with some of its rows: the first ones in a random order, which is the
 * same at all levels, so that levels share most of the texts that are read.
 */
function candidatesOf({ peaks, peakOf }: DensityRegions, level: number, order: readonly number[]): Candidate[] {
  const largest = [...peaks.keys()]
    .filter((peak) => peaks[peak]!.count >= SMALLEST)
    .sort((a, b) => peaks[b]!.count - peaks[a]!.count)
    .slice(0, Math.round(MOST_REGIONS * MOST_GROWTH ** level));
  const byPeak = new Map(largest.map((peak) => [peak, { peak, rows: [] as number[] }]));
  for (const row of order) {
    const candidate = byPeak.get(peakOf[row]!);
    if (candidate && candidate.rows.length < TEXTS) candidate.rows.push(row);
  }
  return [...byPeak.values()];
}

/** The name of the language of a region that consists of one and has most of its texts. */
function languageOf(texts: readonly TextWords[], { counts: { languages } }: RegionTexts): string | undefined {
  const own = new Map<string, number>();
  for (const { lang } of texts) own.set(lang, (own.get(lang) ?? 0) + 1);
  const [lang, count] = [...own].reduce((best, one) => (one[1] > best[1] ? one : best));
  const isWhole = count > texts.length / 2 && count > WHOLE_LANGUAGE * languages.get(lang)!.texts;
  return languages.size > 1 && isWhole ? languageTitle(lang) : undefined;
}

/** Labels of the regions of a map at several zoom levels. */
import { throwIfAborted } from '../../core/abort.js';
import { SeededRandom } from '../../core/random.js';
import { boundsOf, type Region } from '../value-map.js';
import { densityRegions } from './density.js';
import { regionPhrases } from './region-phrases.js';

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
/** Texts of a region that are read, and characters of question and answer. */
const TEXTS = 40;
const CHARACTERS = 500;
const PHRASES = 2;

interface Candidate extends Region {
  rows: number[];
}

/**
 * Finds dense regions at several levels and names each by the phrases that are frequent in its texts and rare in those
 * of the other regions of the level.
 *
 * @param read returns question and answer of some ascending rows
 */
export async function findRegions(
  coordinates: Float32Array,
  read: (rows: readonly number[]) => Promise<readonly { question: string; answer: string }[]>,
  { signal, onProgress }: RegionOptions,
): Promise<Region[]> {
  const bounds = boundsOf(coordinates);
  const regions: Region[] = [];
  for (const [level, radius] of RADII.entries()) {
    throwIfAborted(signal);
    onProgress(level, RADII.length);
    await new Promise((resolve) => void setImmediate(resolve));
    const { peaks, peakOf } = densityRegions(coordinates, { bounds, cells: CELLS, radius });
    const most = Math.round(MOST_REGIONS * MOST_GROWTH ** level);
    const largest = [...peaks.keys()]
      .filter((peak) => peaks[peak]!.count >= SMALLEST)
      .sort((a, b) => peaks[b]!.count - peaks[a]!.count)
      .slice(0, most);
    const candidates = largest.map((peak): Candidate => ({ level, label: '', rows: [], ...peaks[peak]! }));
    sampleRows(candidates, largest, peakOf, level);
    const rows = [...new Set(candidates.flatMap((candidate) => candidate.rows))].sort((a, b) => a - b);
    const records = await read(rows);
    const texts = new Map(
      rows.map((row, i) => {
        const { question, answer } = records[i]!;
        return [row, `${question.slice(0, CHARACTERS)}\n${answer.slice(0, CHARACTERS)}`];
      }),
    );
    const phrases = regionPhrases(
      candidates.map((candidate) => candidate.rows.map((row) => texts.get(row)!)),
      PHRASES,
    );
    candidates.forEach(({ x, y, count }, i) => {
      if (phrases[i]!.length > 0) regions.push({ level, x, y, count, label: phrases[i]!.join(', ') });
    });
  }
  onProgress(RADII.length, RADII.length);
  return regions;
}

/** Draws the same number of rows of each region at random (reservoir sampling). */
function sampleRows(candidates: Candidate[], peaks: readonly number[], peakOf: Int32Array, level: number): void {
  const random = new SeededRandom(level + 1);
  const byPeak = new Map(peaks.map((peak, i) => [peak, candidates[i]!]));
  const seen = new Map<number, number>();
  peakOf.forEach((peak, row) => {
    const candidate = byPeak.get(peak);
    if (!candidate) return;
    const before = seen.get(peak) ?? 0;
    seen.set(peak, before + 1);
    if (before < TEXTS) candidate.rows.push(row);
    else {
      const at = random.integer(before + 1);
      if (at < TEXTS) candidate.rows[at] = row;
    }
  });
}

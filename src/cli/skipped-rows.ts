import type { RejectedRow } from '../records/formats/raw-row.js';
import { plural } from './format.js';

/** Counts what `--skip-bad` skips. */
export class SkippedRows {
  #rows = 0;
  #files = 0;
  #first: RejectedRow | undefined;

  add(rejected: readonly RejectedRow[]): void {
    for (const row of rejected) {
      if (row.line === 0) this.#files++;
      else this.#rows++;
      this.#first ??= row;
    }
  }

  /** Describes what was skipped; undefined if nothing was. */
  describe(): string | undefined {
    if (!this.#first) return undefined;
    const { file, line, reason } = this.#first;
    const parts = [
      ...(this.#rows > 0 ? [plural(this.#rows, 'bad row')] : []),
      ...(this.#files > 0 ? [`${plural(this.#files, 'file')} without answers`] : []),
    ];
    return `note: skipped ${parts.join(' and ')}; the first is ${line === 0 ? file : `${file}:${line}`}: ${reason}`;
  }
}

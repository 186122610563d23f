import { expectIterable, expectString } from './validate.js';

/** The label of every row, as a number. */
export interface RowLabels {
  /** The distinct labels, ascending by UTF-16 code unit. */
  names: string[];
  /** For every row, the position of its label in `names`. */
  labels: Int32Array;
}

/**
 * Numbers the labels of rows, for example `labelRows(records.map(valueId))`. The numbers depend on the set of labels,
 * not on the order of the rows.
 *
 * @param labels one label per row
 * @throws EngineError `ERR_ARG_TYPE`
 */
export function labelRows(labels: Iterable<string>): RowLabels {
  expectIterable(labels, 'labels');
  const labeller = new RowLabeller();
  let row = 0;
  for (const label of labels) {
    if (typeof label !== 'string') expectString(label, `labels[${row}]`);
    labeller.add(label);
    row++;
  }
  return labeller.toRowLabels();
}

/** Numbers labels that arrive one by one, without keeping a string per row. */
export class RowLabeller {
  readonly #numbering = new Numbering();
  readonly #rows: number[] = [];

  add(label: string): void {
    this.#rows.push(this.#numbering.numberOf(label));
  }

  /** Returns the added labels, see {@link labelRows}. */
  toRowLabels(): RowLabels {
    const { names, positions } = this.#numbering.sorted();
    return { names, labels: Int32Array.from(this.#rows, (number) => positions[number]!) };
  }
}

/** Joins the labels of consecutive pieces of rows to the labels of all these rows. */
export function joinRowLabels(pieces: readonly RowLabels[]): RowLabels {
  const numbering = new Numbering();
  const numbers = pieces.map((piece) => piece.names.map((name) => numbering.numberOf(name)));
  const { names, positions } = numbering.sorted();
  const all = new Int32Array(pieces.reduce((rows, piece) => rows + piece.labels.length, 0));
  let first = 0;
  for (const [i, { labels }] of pieces.entries()) {
    const translated = Int32Array.from(numbers[i]!, (number) => positions[number]!);
    for (let row = 0; row < labels.length; row++) all[first + row] = translated[labels[row]!]!;
    first += labels.length;
  }
  return { names, labels: all };
}

/** Distinct labels, numbered in the order of their arrival. */
class Numbering {
  readonly #numbers = new Map<string, number>();

  numberOf(label: string): number {
    let number = this.#numbers.get(label);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(label, number);
    }
    return number;
  }

  /** Returns the labels in ascending order, and for every number the position of its label among them. */
  sorted(): { names: string[]; positions: Int32Array } {
    const names = [...this.#numbers.keys()].sort();
    const positions = new Int32Array(names.length);
    names.forEach((name, position) => (positions[this.#numbers.get(name)!] = position));
    return { names, positions };
  }
}

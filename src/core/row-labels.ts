/** A label for every row, as a number. */
export interface RowLabels {
  /** The distinct labels, ascending by UTF-16 code unit. */
  names: string[];
  /** For every row the position of its label in `names`. */
  labels: Int32Array;
}

/**
 * Numbers the labels of rows, for example `labelRows(records.map(valueId))`. The numbers depend on the set of labels,
 * not on the order of the rows.
 *
 * @param labels one for each row
 */
export function labelRows(labels: Iterable<string>): RowLabels {
  const labeller = new RowLabeller();
  for (const label of labels) labeller.add(label);
  return labeller.toRowLabels();
}

/** Numbers labels that come one by one, without keeping a string per row. */
export class RowLabeller {
  /** Every label with its number, in the order in which the labels came. */
  readonly #numbers = new Map<string, number>();
  readonly #rows: number[] = [];

  add(label: string): void {
    let number = this.#numbers.get(label);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(label, number);
    }
    this.#rows.push(number);
  }

  /** The labels that were added, see {@link labelRows}. */
  toRowLabels(): RowLabels {
    const names = [...this.#numbers.keys()].sort();
    const positions = new Int32Array(names.length);
    names.forEach((name, position) => (positions[this.#numbers.get(name)!] = position));
    return { names, labels: Int32Array.from(this.#rows, (number) => positions[number]!) };
  }
}

/** The labels of consecutive rows that come in several pieces, as those of all these rows. */
export function joinRowLabels(pieces: readonly RowLabels[]): RowLabels {
  const names = [...new Set(pieces.flatMap((piece) => piece.names))].sort();
  const positions = new Map(names.map((name, position) => [name, position]));
  const all = new Int32Array(pieces.reduce((rows, piece) => rows + piece.labels.length, 0));
  let first = 0;
  for (const { names: own, labels } of pieces) {
    const translated = own.map((name) => positions.get(name)!);
    for (let i = 0; i < labels.length; i++) all[first + i] = translated[labels[i]!]!;
    first += labels.length;
  }
  return { names, labels: all };
}

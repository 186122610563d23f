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
export function labelRows(labels: readonly string[]): RowLabels {
  const names = [...new Set(labels)].sort();
  const numbers = new Map(names.map((name, i) => [name, i]));
  return { names, labels: Int32Array.from(labels, (label) => numbers.get(label)!) };
}

/** Names of the classes, sorted, and for each row the position of its name. */
export interface RowLabels {
  names: string[];
  labels: Int32Array;
}

/**
 * Numbers the classes of rows: `labelRows(records, valueId)` for value ids, with `(record) => record.group ??
 * record.qid` what a question-disjoint split keeps together. The numbers depend on the set of names, not on the order
 * of the rows.
 */
export function labelRows<T>(rows: readonly T[], nameOf: (row: T) => string): RowLabels {
  const all = rows.map(nameOf);
  const names = [...new Set(all)].sort();
  const numbers = new Map(names.map((name, i) => [name, i]));
  return { names, labels: Int32Array.from(all, (name) => numbers.get(name)!) };
}

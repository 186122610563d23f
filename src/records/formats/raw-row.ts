/** One row of an input file before its columns are mapped to the fields of a record. */
export interface RawRow {
  /** Line the row begins on, counted from 1; for Parquet the row, counted from 1. */
  line: number;
  /** The cells by column name; a string says why the row could not be read. */
  cells: Readonly<Record<string, unknown>> | string;
  /** The row as it stands in the file; undefined where the format has no text form. */
  text: string | undefined;
}

/** An open input file. */
export interface RowSource {
  /** Names of all columns where the format tells them; set at the latest when the first block is there. */
  columns?: readonly string[];
  /** The rows in file order, a block at a time. A file that is damaged as a whole rejects with `ERR_DATA`. */
  blocks: AsyncIterable<RawRow[]>;
  /** Share of the file that has been read, 0 to 1. */
  progress: () => number;
}

/** A row that was left out because of `skipBad`. */
export interface RejectedRow {
  file: string;
  /** Line the row begins on, counted from 1; for Parquet the row, counted from 1. */
  line: number;
  reason: string;
  /** The row as it stands in the file, or its cells as JSON (Parquet). A line beyond the size limit is cut. */
  text: string;
}

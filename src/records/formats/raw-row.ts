/** One row of an input file, before its columns are mapped to the fields of a record. */
export interface RawRow {
  /** Line on which the row begins, counted from 1; for Parquet, the row number, counted from 1. */
  line: number;
  /** The cells by column name, or a string that says why the row could not be read. */
  cells: Readonly<Record<string, unknown>> | string;
  /** The row as in the file; undefined if the format is not text. */
  text: string | undefined;
}

/** An open input file. */
export interface RowSource {
  /** Names of all columns, if the format declares them. Set at the latest when the first block is available. */
  columns?: readonly string[];
  /** Blocks of rows in file order. Rejects with `ERR_DATA` if the file itself is damaged. */
  blocks: AsyncIterable<RawRow[]>;
  /** Share of the file read so far, 0 to 1. */
  progress: () => number;
}

/** A row that was skipped because of `skipBad`, or a file of a folder that has no answers. */
export interface RejectedRow {
  file: string;
  /**
   * Line on which the row begins, counted from 1; for Parquet, the row number, counted from 1. 0 for an entire file.
   */
  line: number;
  reason: string;
  /** The row as in the file, or its cells as JSON (Parquet). A line over the size limit is cut. */
  text: string;
}

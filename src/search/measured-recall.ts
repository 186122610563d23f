/** The recall of an index, measured on rows of its dataset. */
export interface MeasuredRecall {
  /** Number of nearest rows to find. */
  k: number;
  /** Mean share of them that searches found. */
  share: number;
  /** The true share is at least this, with a confidence of 95 %. */
  atLeast: number;
  /** Number of rows that were searched for. */
  sample: number;
}

/** The recall of an index, measured on rows of its dataset. */
export interface MeasuredRecall {
  /** Number of nearest rows to find. */
  k: number;
  /** Mean share of them that searches found for rows of the index. */
  share: number;
  /**
   * Share that searches for new vectors find at least, with a confidence of 95 %. In a graph, a row leads the search to
   * its own neighbours, so up to 2.5 times as many are missed for a vector that is not in it.
   */
  atLeast: number;
  /** Number of rows that were searched for. */
  sample: number;
}

/** Figures of a curve at a given recall, which lets engines be compared at equal recall. */

/** Below it, the error of a recall of 1 would have no logarithm. */
const SMALLEST_ERROR = 1e-6;

/**
 * Interpolates a figure between the two settings around a recall: its logarithm is taken as linear in that of the
 * error, 1 - recall.
 *
 * @param points in the order of their settings
 * @returns the figure of the first setting if that already has the recall; null if no setting reaches it
 */
export function atRecall(points: readonly { recall: number; value: number }[], target: number): number | null {
  const next = points.findIndex(({ recall }) => recall >= target);
  const high = points[next];
  if (!high) return null;
  const low = points[next - 1];
  if (!low) return high.value;
  const error = ({ recall }: { recall: number }): number => Math.log(Math.max(SMALLEST_ERROR, 1 - recall));
  const part = (error(low) - Math.log(1 - target)) / (error(low) - error(high));
  return Math.exp((1 - part) * Math.log(low.value) + part * Math.log(high.value));
}

import type { CliContext } from './context.js';
import type { Progress, ProgressOptions } from './progress.js';

/** Shows the progress of a command whose steps follow one another. */
export class StagedProgress {
  #label: string | undefined;
  #progress: Progress | undefined;

  constructor(private readonly context: Pick<CliContext, 'progress'>) {}

  /** Reports the progress of a step. A new label ends the step before. */
  update(step: ProgressOptions, done: number): void {
    if (step.label !== this.#label) this.begin(step);
    this.#progress!.update(done);
  }

  /** Ends the step before, and shows a new one. */
  begin(step: ProgressOptions): void {
    this.stop();
    this.#label = step.label;
    this.#progress = this.context.progress(step);
  }

  /** Says whether anybody works on the step: see {@link Progress.setWorking}. */
  setWorking(isWorking: boolean): void {
    this.#progress?.setWorking(isWorking);
  }

  /** Removes the bar. Call it after failures too. */
  stop(): void {
    this.#progress?.stop();
  }
}

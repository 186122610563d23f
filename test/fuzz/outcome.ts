import type { Choices } from './choices.js';

/** What a call came to. */
export interface Outcome {
  /** The function or route. */
  name: string;
  /** Code of the error; undefined if the call was accepted. */
  refused?: string;
  /** What is wrong with the outcome; undefined if it is as documented. */
  fault?: string;
}

/** A kind of calls: how they are chosen, described and made. */
export interface Target<Plan> {
  plan(choices: Choices): Plan;
  run(plan: Plan): Promise<Outcome[]>;
  close(): Promise<void>;
}

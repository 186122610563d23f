import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { type AnswerSet, centroidDrift } from '../../../src/evaluation/centroid-drift.js';
import { plotDrift } from '../../../src/evaluation/drift-plot.js';

const DIM = 6;
const QUESTIONS = 40;

/** Makes two answers to each question around a point, with noise that both answers share. */
function around(name: string, centre: (i: number) => number, noise: number, seed: number): AnswerSet {
  const random = new SeededRandom(seed);
  const questions = Array.from({ length: 2 * QUESTIONS }, (_, i) => `q${i >> 1}`);
  const embeddings = Float32Array.from(
    { length: questions.length * DIM },
    (_, i) => centre(i % DIM) + noise * (random.next() - 0.5),
  );
  return { name, embeddings, questions };
}

describe('centroidDrift', () => {
  it('finds the position of a checkpoint between reference and target', () => {
    const sets = [0, 1, 0.25, 0.75].map((share, i) => around(`s${i}`, (at) => (at === 0 ? 2 * share : 1), 0, i));
    const { span, checkpoints, questions, leftOut } = centroidDrift(sets[0]!, sets[1]!, sets.slice(2), DIM, 200, 1);
    expect({ questions, leftOut }).toEqual({ questions: QUESTIONS, leftOut: 0 });
    expect(span.distance).toBeCloseTo(2, 6);
    expect(span.interval!.high - span.interval!.low).toBeLessThan(1e-6);
    expect(
      checkpoints.map(({ toReference, toTarget, progress }) =>
        [toReference.distance, toTarget.distance, progress!.share].map((value) => Number(value.toFixed(4))),
      ),
    ).toEqual([
      [0.5, 1.5, 0.25],
      [1.5, 0.5, 0.75],
    ]);
  });

  it('has intervals with the right coverage, and the same ones for the same seed', () => {
    let held = 0;
    for (let trial = 0; trial < 60; trial++) {
      const sets = [0, 1, 0.5].map((share, i) => around(`s${i}`, (at) => (at === 0 ? share : 0), 1.5, 100 * trial + i));
      const run = () => centroidDrift(sets[0]!, sets[1]!, [sets[2]!], DIM, 200, trial);
      const { progress } = run().checkpoints[0]!;
      expect(run().checkpoints[0]!.progress).toEqual(progress);
      if (progress!.interval!.low <= 0.5 && progress!.interval!.high >= 0.5) held++;
    }
    expect(held).toBeGreaterThanOrEqual(50);
  });

  it('counts only questions that all sets answer', () => {
    const sets = [around('a', () => 0, 0, 1), around('b', () => 1, 0, 2), around('c', () => 0.5, 0, 3)];
    sets[1] = {
      ...sets[1]!,
      questions: sets[1]!.questions.map((question, row) => (row < 10 ? `other-${question}` : question)),
    };
    expect(centroidDrift(sets[0]!, sets[1], [sets[2]!], DIM, 10, 1)).toMatchObject({
      questions: QUESTIONS - 5,
      leftOut: 10,
    });
    const strange = { ...sets[2]!, questions: sets[2]!.questions.map((question) => `x${question}`) };
    expect(() => centroidDrift(sets[0]!, sets[1]!, [strange], DIM, 10, 1)).toThrow(
      /No question is answered by all of a, b, c/,
    );
    expect(() => centroidDrift(sets[0]!, sets[1]!, [sets[2]!], DIM + 1, 10, 1)).toThrow(
      /Expected 80 x 7 = 560 entries for "reference.embeddings"/,
    );
  });

  it('has no progress without a distance, no interval without samples, and a plot', () => {
    const a = around('a', () => 0, 1, 1);
    const drift = centroidDrift(a, { ...a, name: 'b' }, [around('c', () => 1, 1, 2)], DIM, 0, 1);
    expect(drift.checkpoints[0]).toMatchObject({ progress: null, toReference: { interval: null } });
    expect(plotDrift(drift, 'a', 'b & <c>')).toContain('to b &amp; &lt;c&gt;');
  });
});

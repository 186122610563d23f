import { EngineError } from '../core/errors.js';
import { answerPart, type EmbeddableText } from '../core/question-answer.js';
import type { Collection } from '../datasets/live/collection.js';
import { explainClassification } from '../identification/classifier/explain.js';
import type { Explanation } from '../identification/classifier/explanation.js';
import type { Classification, TextEvidence } from '../identification/classifier/value-classifier.js';
import type { ValueFilter } from '../search/filters/value-filter.js';
import { MAX_EXPLAINED } from './limits.js';

/**
 * Texts that are classified at a time, so that the server answers other requests in between and does not hold the
 * probabilities of all value ids for all texts.
 */
const SLICE_TEXTS = 32;

interface ClassifyRequest {
  /** Undefined if the request has vectors, which cannot be classified. */
  texts: readonly EmbeddableText[] | undefined;
  /** [texts, dim], their vectors. */
  vectors: Float32Array;
  filter: ValueFilter | undefined;
  /** Value ids in each classification. */
  candidates: number;
  /** Whether to classify all texts together as well. */
  together: boolean;
  /** Whether to explain the classifications. */
  why: boolean;
}

/** The fields that a classifier adds to an identification. */
interface ClassifiedTexts {
  /** One per text. */
  results: { classification: Classification; why?: Explanation }[];
  together?: Classification;
}

/**
 * Classifies the texts of a request.
 *
 * @returns undefined if the dataset has no classifier or the request has no texts
 * @throws EngineError `ERR_ARG_TYPE` or `ERR_DATA` if the request needs them; `ERR_ARG_RANGE` for more texts than a
 *   request can explain; `ERR_ABORTED`
 */
export async function classifyTexts(
  { classifier, encoder: { dim } }: Collection,
  { texts, vectors, filter, candidates, together, why }: ClassifyRequest,
  signal: AbortSignal,
): Promise<ClassifiedTexts | undefined> {
  const needs = together ? 'together' : why ? 'why' : undefined;
  if (!texts) {
    if (needs) throw new EngineError('ERR_ARG_TYPE', `Expected "texts" with "${needs}", got "vectors"`);
    return undefined;
  }
  if (!classifier) {
    if (!needs) return undefined;
    const message = `Expected a dataset with a classifier for "${needs}", but this one has none`;
    throw new EngineError('ERR_DATA', message, { remedies: [{ text: 'run "univar fit" and reload' }] });
  }
  if (why && texts.length > MAX_EXPLAINED)
    throw new EngineError('ERR_ARG_RANGE', `Expected at most ${MAX_EXPLAINED} texts with "why", got ${texts.length}`);
  const answers = texts.map(answerPart);
  const results: ClassifiedTexts['results'] = [];
  const evidence: TextEvidence[] = [];
  for (let first = 0; first < answers.length; first += SLICE_TEXTS) {
    const end = first + SLICE_TEXTS;
    const slice = vectors.subarray(first * dim, end * dim);
    const scored = await classifier.score(answers.slice(first, end), slice, { signal });
    for (const classification of classifier.weigh(scored, { filter }))
      results.push({ classification: limited(classification, candidates) });
    if (together) evidence.push(scored);
  }
  const [all] = together ? classifier.weigh(joined(evidence), { filter, together }) : [];
  if (why) {
    for (const [i, result] of results.entries()) {
      const [likeliest] = (all ?? result.classification).ranking;
      if (likeliest) result.why = await explainClassification(classifier, answers[i]!, likeliest.valueId, { signal });
    }
  }
  return { results, ...(all && { together: limited(all, candidates) }) };
}

function joined(evidence: readonly TextEvidence[]): TextEvidence {
  return {
    scores: evidence.flatMap(({ scores }) => scores),
    known: Float32Array.from(evidence.flatMap(({ known }) => [...known])),
  };
}

function limited({ unknown, ranking }: Classification, candidates: number): Classification {
  return { unknown, ranking: ranking.slice(0, candidates) };
}

import { Type } from 'typebox';

/** A classification in a response. */
export const CLASSIFICATION = Type.Object(
  {
    unknown: Type.Union([Type.Number(), Type.Null()], {
      description: 'probability that none of the value ids wrote it; null if the dataset has too few to tell',
    }),
    ranking: Type.Array(
      Type.Object({
        valueId: Type.String(),
        model: Type.String(),
        lang: Type.String(),
        probability: Type.Number({ description: 'from 0 to 1; those of all value ids and "unknown" add up to 1' }),
      }),
      { description: 'the most probable value ids that match the filter, at most as many as "candidates"' },
    ),
  },
  { description: 'only for texts, not for vectors, and only if the dataset has a classifier' },
);

const phrases = (which: string) =>
  Type.Array(
    Type.Object({
      text: Type.String(),
      start: Type.Integer({ description: 'first UTF-16 unit in the text or, if it has a question, in the answer' }),
      end: Type.Integer({ description: 'position after the last UTF-16 unit' }),
      effect: Type.Number({ description: 'decision value of the text minus that without the phrase' }),
    }),
    { description: `phrases that speak most ${which} the value id, at most 5, the strongest first` },
  );

/** An explanation in a response. */
export const EXPLANATION = Type.Object({ valueId: Type.String(), for: phrases('for'), against: phrases('against') });

/** What explain.ts returns. Pages use this module too, so it must not depend on Node. */

/** A phrase of a text, and what it adds to the decision value of a value id. */
export interface Phrase {
  text: string;
  /** Position of its first UTF-16 unit in the text; in the answer, if the text is a question with an answer. */
  start: number;
  /** Position after its last UTF-16 unit. */
  end: number;
  /** Decision value of the text minus that of the text without the phrase. Positive: it speaks for the value id. */
  effect: number;
}

/** The phrases of a text that count most in the decision of the linear classifier on one value id. */
export interface Explanation {
  valueId: string;
  /** Up to 5 phrases that speak for the value id, the strongest first. */
  for: Phrase[];
  /** Up to 5 phrases that speak against it, the strongest first. */
  against: Phrase[];
}

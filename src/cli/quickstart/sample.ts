import { fileURLToPath } from 'node:url';

/** The answers that the quickstart embeds. */
export const SAMPLE = fileURLToPath(new URL('../../../examples/quickstart/answers.jsonl.gz', import.meta.url));

/** Which of them it holds out. The default encoder was trained on none of their questions (`npm run train:default`). */
export const SAMPLE_SPLIT = { split: 'question', seed: 1 } as const;

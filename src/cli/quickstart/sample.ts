import { fileURLToPath } from 'node:url';

/** The answers that the quickstart embeds. */
export const SAMPLE = fileURLToPath(new URL('../../../examples/quickstart/answers.jsonl.gz', import.meta.url));

/** The held-out split. The default encoder was trained on none of the held-out questions (`npm run train:default`). */
export const SAMPLE_SPLIT = { split: 'question', seed: 1 } as const;

import { packageFile } from '../../core/package-files.js';

/** The answers that the quickstart embeds. */
export const SAMPLE = packageFile('examples/quickstart/answers.jsonl.gz');

/** The held-out split. The default encoder was trained on none of the held-out questions (`npm run train:default`). */
export const SAMPLE_SPLIT = { split: 'question', seed: 1 } as const;

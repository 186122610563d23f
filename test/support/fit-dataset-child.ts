/** Process that fits an encoder on a dataset, and prints the name of every stage. Argument: the folder. */
import { fitDataset } from '../../src/pipeline/fit/fit-dataset.js';

const seen = new Set<string>();
const onProgress = (stage: string): void => {
  if (!seen.has(stage)) process.stdout.write(`${stage}\n`);
  seen.add(stage);
};
await fitDataset(process.argv[2]!, { steps: 40, pairs: 8, dim: 64, events: { onProgress } });
process.stdout.write('ended\n');

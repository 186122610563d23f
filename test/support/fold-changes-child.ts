/** Process that folds the changes of a dataset into it, and reports its start and end. Argument: the folder. */
import { foldChanges } from '../../src/datasets/changes/fold-changes.js';

process.stdout.write('begins\n');
const { added, removed } = await foldChanges(process.argv[2]!);
process.stdout.write(`added ${added}, removed ${removed}\n`);

/**
 * A process that makes the changes beside a dataset part of it, and says when it begins and ends. Argument: the folder.
 */
import { foldChanges } from '../../src/datasets/changes/fold-changes.js';

process.stdout.write('begins\n');
const { added, removed } = await foldChanges(process.argv[2]!);
process.stdout.write(`added ${added}, removed ${removed}\n`);

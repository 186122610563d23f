import type { Architecture } from './architecture.js';
import { bert } from './bert.js';
import { nomicBert } from './nomic-bert.js';
import { otherTransformer, roberta } from './onnx-only.js';

/** All architectures. The first one that accepts a folder is used. To add one, write a file and add an entry here. */
export const ARCHITECTURES: readonly Architecture[] = [bert, nomicBert, roberta, otherTransformer];

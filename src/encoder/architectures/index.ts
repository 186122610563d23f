import type { Architecture } from './architecture.js';
import { bert } from './bert.js';
import { nomicBert } from './nomic-bert.js';
import { otherTransformer, roberta } from './onnx-only.js';

/** Every architecture; of two that accept a folder, the first counts. A new one is a file of its own and an entry here. */
export const ARCHITECTURES: readonly Architecture[] = [bert, nomicBert, roberta, otherTransformer];

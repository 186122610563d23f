import { loadSet } from './base-sets.js';

/** Preloaded by `node --import`: replaces the addon by the build of it at UNIVAR_SOAK_ADDON, in worker threads too. */
import Module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const usual = fileURLToPath(new URL('../../build/Release/engine.node', import.meta.url));
const module = new Module(usual);
module.exports = createRequire(import.meta.url)(process.env.UNIVAR_SOAK_ADDON);
Module._cache[usual] = module;

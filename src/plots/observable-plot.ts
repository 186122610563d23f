/**
 * Observable Plot, and linkedom, the document that it draws into. The build puts both packages into this module
 * (scripts/bundle-plots.mjs), so that the npm package does not depend on them and their 40 dependencies.
 */
export * as Plot from '@observablehq/plot';
export { parseHTML } from 'linkedom';

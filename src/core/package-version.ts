import { createRequire } from 'node:module';

/** Version of this package, from its package.json. */
export const PACKAGE_VERSION: string = (createRequire(import.meta.url)('../../package.json') as { version: string })
  .version;

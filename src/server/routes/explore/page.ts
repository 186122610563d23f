import { readFile } from 'node:fs/promises';

import { EngineError } from '../../../core/errors.js';
import { packageFile } from '../../../core/package-files.js';
import type { App } from '../../service.js';

/** Only the files of this server can run and be reached. Texts cannot become markup: no script may set any. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** What the script asks for first. Without these lines, that would begin only once the script has arrived. */
const FIRST_REQUESTS = ['', '/arrays/coordinates', '/arrays/value-ids', '/arrays/lengths', '/labels'];

/** The page, whose script makes everything else. */
export const EXPLORE_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>univar explore</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/explore.css">
${FIRST_REQUESTS.map((path) => `<link rel="preload" as="fetch" crossorigin href="/v1/explore${path}">`).join('\n')}
</head>
<body>
<noscript>A script in this page draws the map. Allow scripts to see it.</noscript>
<script src="/explore.js"></script>
</body>
</html>
`;

const FILES = { '/explore.js': 'text/javascript', '/explore.css': 'text/css' } as const;

/** Adds the page at `/` and its files, which `npm run build:ts` bundles. They are in dist/, also for src/. */
export async function addExplorePage(app: App): Promise<void> {
  app.get('/', { schema: { hide: true } }, (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .serializer(String)
      .send(EXPLORE_PAGE),
  );
  for (const [path, type] of Object.entries(FILES)) {
    const content = await readBuilt(path);
    app.get(path, { schema: { hide: true } }, (_, reply) =>
      reply
        .type(`${type}; charset=utf-8`)
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'no-cache')
        .send(content),
    );
  }
}

async function readBuilt(path: string): Promise<Buffer> {
  try {
    return await readFile(packageFile(`dist/explore/page${path}`));
  } catch (cause) {
    throw new EngineError('ERR_INTERNAL', 'The page is not built; run "npm run build:ts"', { cause });
  }
}

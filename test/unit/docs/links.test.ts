import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ROOT, readPages } from '../../support/markdown-pages.js';

const pages = readPages();
const anchors = new Map(pages.map(({ path, anchors }) => [path, anchors]));

/** Says what is wrong with a link; undefined: nothing. `npm run docs` checks those to the API reference. */
function fault(from: string, href: string): string | undefined {
  if (/^([a-z]+:|\/api\/)/.test(href)) return undefined;
  const [file = '', anchor] = href.split('#', 2);
  const path = file === '' ? from : join(dirname(from), decodeURIComponent(file));
  if (!existsSync(join(ROOT, path))) return 'no such file';
  const known = anchors.get(path);
  return anchor === undefined || known === undefined || known.has(anchor) ? undefined : `${path} has no such heading`;
}

describe('the documentation', () => {
  it('links to files and headings that exist', () => {
    const faults = pages.flatMap(({ path, links }) =>
      links.flatMap(({ place, href }) => {
        const reason = fault(path, href);
        return reason === undefined ? [] : [`${place}: ${href}: ${reason}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  it('begins every page with a title and a paragraph about what it is for', () => {
    expect(pages.filter(({ isIntroduced }) => !isIntroduced).map(({ path }) => path)).toEqual([]);
  });
});

/** The pages in the order in which people learn. Every page of docs/ must be here: test/unit/docs/sidebar.test.ts. */
import { existsSync, readFileSync } from 'node:fs';

import type { DefaultTheme } from 'vitepress';

import { slug } from './slug.js';

const ENTRY = new URL('../../src/index.ts', import.meta.url);

const page = (text: string, name: string): DefaultTheme.SidebarItem => ({ text, link: `/${name}` });

/** A page that not every branch has yet. */
const pageIfThere = (text: string, name: string): DefaultTheme.SidebarItem[] =>
  existsSync(new URL(`../${name}.md`, import.meta.url)) ? [page(text, name)] : [];

export const GUIDES: DefaultTheme.SidebarItem[] = [
  {
    text: 'First steps',
    items: [
      page('What univar is', ''),
      page('Installation', 'installation'),
      page('First ten minutes', 'first-ten-minutes'),
      page('Your own answers', 'your-answers'),
      page('Reading the results', 'results'),
    ],
  },
  {
    text: 'Comparing and drawing',
    items: [
      page('Comparing models', 'compare'),
      page('Value maps', 'maps'),
      page('Exploring a dataset', 'explore'),
      ...pageIfThere('Python and notebooks', 'python'),
    ],
  },
  {
    text: 'Encoders and training',
    items: [
      page('Encoders', 'encoders'),
      page('univar-base', 'univar-base'),
      page('univar-mini', 'univar-mini'),
      page('Fits', 'fits'),
      page('Training', 'training'),
      page('N-gram features', 'ngram-features'),
      page('Generating a corpus', 'generation'),
    ],
  },
  {
    text: 'Serving',
    items: [page('Serving over HTTP', 'serving')],
  },
  {
    text: 'At scale',
    items: [
      page('Millions of answers', 'bulk-embedding'),
      page('Indexes', 'search'),
      page('PostgreSQL', 'postgresql'),
      page('From millions to billions', 'scale'),
    ],
  },
  {
    text: 'In depth',
    items: [
      page('Evidence', 'evidence'),
      page('Benchmarks', 'benchmarks'),
      page('GPU', 'gpu'),
      page('Errors', 'errors'),
      page('Dependencies', 'dependencies'),
    ],
  },
  page('Troubleshooting', 'troubleshooting'),
];

/** The sidebar of the API reference: the entry points, and the themes of the first. */
export function apiSidebar(): DefaultTheme.SidebarItem[] {
  const themes = [...readFileSync(ENTRY, 'utf8').matchAll(/^\/\/ (.+)$/gm)].map(([, theme = '']) => theme);
  return [
    { text: 'univar', link: '/api/univar/', items: themes.map((text) => page(text, `api/univar/#${slug(text)}`)) },
    page('univar/generation', 'api/univar/generation/'),
    page('univar/pgvector', 'api/univar/pgvector/'),
  ];
}

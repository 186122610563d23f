import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitepress';

import { repositoryLinks } from './repository-links.js';
import { apiSidebar, GUIDES } from './sidebar.js';
import { NOT_PAGES, REWRITES } from './site-pages.js';
import { slug } from './slug.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { description, repository } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  description: string;
  repository?: { url: string };
};
const sources = repository && `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/main`;

export default defineConfig({
  title: 'univar',
  description,
  head: [['link', { rel: 'icon', href: 'data:,' }]], // otherwise browsers ask for a favicon.ico that is not there
  srcDir: '..', // pages also lie beside what they describe, such as the cards of encoders
  srcExclude: NOT_PAGES,
  rewrites: { ...REWRITES },
  outDir: '../out/docs',
  cacheDir: '../out/docs-cache',
  base: process.env['UNIVAR_DOCS_BASE'] ?? '/', // GitHub Pages serves a project in a folder
  cleanUrls: true,
  markdown: {
    anchor: { slugify: slug },
    config: (md) => repositoryLinks(md, { root, repository: sources }),
  },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/first-ten-minutes', activeMatch: '^/(?!api/|changelog)' },
      { text: 'API', link: '/api/univar/' },
      { text: 'Changes', link: '/changelog' },
    ],
    sidebar: { '/': GUIDES, '/api/': apiSidebar() },
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        // Guides come before the names of the API reference, of which there are hundreds.
        miniSearch: { searchOptions: { boostDocument: (id: string) => (id.includes('/api/') ? 0.3 : 1) } },
      },
    },
  },
});

/** A plugin for TypeDoc: comments `// Theme` between the exports of src/index.ts become categories of the reference. */
import { readFileSync } from 'node:fs';

import { Application, Comment, CommentTag, Converter } from 'typedoc';

const ENTRY = new URL('../../src/index.ts', import.meta.url);

/** @returns {Map<string, string>} the theme of every exported name, in the order of the file */
export function themes() {
  const found = new Map();
  for (const section of readFileSync(ENTRY, 'utf8')
    .split(/^\/\/ /m)
    .slice(1)) {
    const [theme, ...code] = section.split('\n');
    for (const [, list] of code.join('\n').matchAll(/\{(.*?)\}/gs))
      for (const [, name] of list.matchAll(/(?:type )?(\w+)(?=,|\s*$)/g)) found.set(name, theme);
  }
  return found;
}

/** @param {Application} app */
export function load(app) {
  const themeOf = themes();
  app.on(Application.EVENT_BOOTSTRAP_END, () => app.options.setValue('categoryOrder', [...new Set(themeOf.values())]));
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const reflection of project.getChildByName('univar')?.children ?? []) {
      if (reflection.isReference()) continue; // a name of another entry point, which documents it
      const theme = themeOf.get(reflection.name);
      if (theme === undefined) throw new Error(`src/index.ts exports ${reflection.name} above the first theme`);
      // The comment of a function belongs to its signatures.
      for (const documented of reflection.signatures ?? [reflection]) {
        documented.comment ??= new Comment();
        documented.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: theme }]));
      }
    }
  });
}

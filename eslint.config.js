import tseslint from 'typescript-eslint';

/**
 * Allowed imports (CONTRIBUTING.md, "The map of the house"): for each folder of src/, the folders that it may import,
 * and the packages that only it and other folders listing them may import.
 */
const FOLDERS = {
  core: { uses: [], packages: ['fastest-levenshtein'] },
  plots: { uses: ['core'], packages: ['@observablehq/plot', 'linkedom'] },
  native: { uses: ['core'] },
  records: { uses: ['core'], packages: ['hyparquet', 'hyparquet-compressors'] },
  text: { uses: ['core', 'native'], packages: ['tokenizers'] },
  search: { uses: ['core', 'native'], packages: ['fastest-levenshtein', 'pg', 'pg-copy-streams'] },
  encoder: { uses: ['core', 'native', 'text'], packages: ['onnxruntime-node'] },
  identification: { uses: ['core', 'native', 'text', 'encoder', 'search'] },
  datasets: {
    uses: ['core', 'native', 'records', 'search', 'encoder', 'identification'],
    packages: ['hyparquet-writer', 'hyparquet'],
  },
  maps: {
    uses: ['core', 'native', 'records', 'text', 'search', 'plots'],
    packages: ['ml-matrix', '@napi-rs/canvas', 'd3-contour'],
  },
  evaluation: {
    uses: ['core', 'native', 'records', 'search', 'identification', 'datasets', 'encoder', 'plots'],
    packages: ['ml-matrix'],
  },
  comparison: { uses: ['core', 'native', 'records', 'text', 'search', 'evaluation', 'plots'] },
  explore: {
    uses: [
      'core',
      'native',
      'records',
      'text',
      'search',
      'encoder',
      'identification',
      'datasets',
      'maps',
      'comparison',
    ],
    packages: ['node-sqlite3-wasm'],
  },
  training: {
    uses: ['core', 'native', 'records', 'text', 'encoder', 'search', 'identification', 'evaluation', 'plots'],
  },
  generation: {
    uses: ['core', 'native', 'records', 'encoder', 'plots'],
    packages: ['openai', 'p-queue', 'yaml', 'zod', 'eld'],
  },
  queue: { uses: ['core', 'records', 'datasets', 'encoder', 'generation'], packages: ['bullmq', 'ioredis'] },
  server: {
    uses: ['core', 'native', 'records', 'encoder', 'search', 'identification', 'datasets', 'explore'],
    packages: [
      'fastify',
      '@fastify/rate-limit',
      '@fastify/swagger',
      '@fastify/type-provider-typebox',
      'typebox',
      'prom-client',
    ],
  },
  pipeline: {
    uses: [
      'core',
      'native',
      'records',
      'search',
      'encoder',
      'identification',
      'datasets',
      'comparison',
      'training',
      'queue',
    ],
  },
  cli: {
    uses: [
      'core',
      'plots',
      'native',
      'records',
      'text',
      'search',
      'encoder',
      'identification',
      'datasets',
      'maps',
      'evaluation',
      'comparison',
      'training',
      'generation',
      'queue',
      'explore',
      'server',
      'pipeline',
    ],
    packages: ['commander', 'cli-progress'],
  },
};

const fenced = [...new Set(Object.values(FOLDERS).flatMap((folder) => folder.packages ?? []))];

const fences = Object.entries(FOLDERS).map(([name, { uses, packages = [] }]) => {
  const folders = Object.keys(FOLDERS).filter((other) => other !== name && !uses.includes(other));
  const foreign = fenced.filter((entry) => !packages.includes(entry));
  return {
    files: [`src/${name}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...(folders.length > 0
              ? [
                  {
                    group: folders.map((other) => `**/${other}/*`),
                    message: `${name} may import: ${uses.join(', ') || 'nothing in src/'}.`,
                  },
                ]
              : []),
            ...foreign.map((entry) => ({
              regex: `^${entry}(/|$)`,
              message: `${entry} may only be imported by the folders that list it in eslint.config.js.`,
            })),
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/', 'packages/*/dist/', 'build/', 'out/', 'node_modules/', 'examples/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      // With noUncheckedIndexedAccess, every numeric loop over a typed array needs `!`, although the loop checks the
      // bounds.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreVoidOperator: true, ignoreArrowShorthand: true },
      ],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/cli/**', 'src/native/loader.ts', 'src/native/cuda-addon.ts', 'src/core/package-files.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env' },
        { object: 'process', property: 'exit' },
      ],
    },
  },
  { files: ['src/cli/**', 'scripts/**', 'bench/**', 'test/fuzz/**'], rules: { 'no-console': 'off' } },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  ...fences,
  {
    files: ['packages/bench-gate/src/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(?!node:|\\.{1,2}/)', message: 'bench-gate has no dependencies.' },
            { regex: '^(\\.\\./){2}', message: 'bench-gate imports nothing outside of its folder.' },
          ],
        },
      ],
    },
  },
);

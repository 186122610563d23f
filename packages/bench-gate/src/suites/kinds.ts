/** Recognises suites of other benchmark libraries. */

/** Libraries whose suites can be read, and how a suite imports them. */
const IMPORTS = {
  vitest: /^\s*import\s*\{[^}]*\bbench\b[^}]*\}\s*from\s*['"]vitest['"]/m,
  tinybench: /^\s*import\s[^;]*\bfrom\s*['"]tinybench['"]/m,
  mitata: /^\s*import\s[^;]*\bfrom\s*['"]mitata['"]/m,
} as const;

export type SuiteKind = keyof typeof IMPORTS;

export const SUITE_KINDS = Object.keys(IMPORTS) as SuiteKind[];

/** Returns the library that a module's source imports, or undefined if it is not a suite. */
export function kindOfSuite(source: string): SuiteKind | undefined {
  return SUITE_KINDS.find((kind) => IMPORTS[kind].test(source));
}

/**
 * Imports a compiled module of bench-gate. Its processes run as those of a user. The processes of the sources start
 * with tsx.
 */
export async function compiledBenchGate<T>(path: string): Promise<T> {
  return (await import(new URL(`../../packages/bench-gate/dist/${path}`, import.meta.url).href)) as T;
}

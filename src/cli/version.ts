import { PACKAGE } from '../core/package-files.js';

/**
 * Returns the version and, on a second line, what the addon uses on this machine. Works without the addon.
 */
export async function describeVersion(): Promise<string> {
  const system = `Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  return `${PACKAGE.version}\naddon: ${await describeAddon()}; ${system}`;
}

async function describeAddon(): Promise<string> {
  try {
    const { addon } = await import('../native/loader.js');
    const { simd, bf16, int8 } = addon().capabilities();
    return `${simd}, bf16 ${bf16}, int8 ${int8}`;
  } catch {
    return 'does not load, see "univar doctor"';
  }
}

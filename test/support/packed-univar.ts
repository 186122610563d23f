/** The npm packages of this checkout, packed as for publication. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = join(import.meta.dirname, '..', '..');
const ADDON_PACKAGE = 'univar-linux-x64';
const MADE = join(ROOT, 'out', 'npm');

/** Packs univar from dist/, and returns the path of the tarball. Its files are also in the folder `univar` of `out`. */
export function packUnivar(out: string): string {
  const script = pathToFileURL(join(ROOT, 'scripts', 'package', 'tarballs.mjs')).href;
  const code = `import { packCompiled } from '${script}'; console.log(packCompiled(...process.argv.slice(1)));`;
  const args = ['--input-type=module', '--eval', code, ROOT, out, ADDON_PACKAGE];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
}

/**
 * Returns the path of the package with the addon: the one that `npm run package` made, or one with the addon that was
 * compiled here.
 */
export function packAddon(out: string): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const name = `${ADDON_PACKAGE}-${version}.tgz`;
  if (existsSync(MADE) && readdirSync(MADE).includes(name)) return join(MADE, name);
  const folder = join(out, ADDON_PACKAGE);
  mkdirSync(out, { recursive: true });
  cpSync(join(ROOT, 'packages', ADDON_PACKAGE), folder, { recursive: true });
  copyFileSync(join(ROOT, 'build', 'Release', 'engine.node'), join(folder, 'engine.node'));
  const manifest = join(folder, 'package.json');
  const content = JSON.parse(readFileSync(manifest, 'utf8')) as object;
  writeFileSync(manifest, JSON.stringify({ ...content, version }));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', out], { cwd: folder });
  return join(out, name);
}

/** Says why nothing can be installed from the npm registry, or returns undefined. */
export function registryObstacle(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'npm has an addon for linux-x64 only';
  const { status } = spawnSync('npm', ['view', 'commander', 'version'], { stdio: 'ignore', timeout: 30_000 });
  return status === 0 ? undefined : 'the npm registry cannot be reached';
}

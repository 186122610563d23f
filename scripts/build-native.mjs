// Builds the addon with node-gyp against the headers of the Node that runs this script, so that nothing is downloaded.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');

/** The folder above include/node of this Node; a distribution may keep binary and headers apart. */
function headerRoot() {
  const candidates = [process.env.npm_config_nodedir, resolve(dirname(process.execPath), '..'), '/usr', '/usr/local'];
  return candidates.find((folder) => folder && existsSync(join(folder, 'include', 'node', 'node_api.h')));
}

const nodedir = headerRoot();
if (!nodedir) {
  console.error(
    'The headers of Node (include/node/node_api.h) were not found beside ' + process.execPath + '. ' +
      'Debian: apt-get install libnode-dev. Or set npm_config_nodedir to the folder that holds include/node.',
  );
  process.exit(1);
}
for (const step of ['configure', 'build']) {
  const args = [nodeGyp, step, `--nodedir=${nodedir}`, `--jobs=${availableParallelism()}`, '--loglevel=warn'];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

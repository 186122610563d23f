/** Compiles the addon in the chroot, from the sources and with the flags of binding.gyp, against static libraries. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { nodeHeaderRoot } from '../node-headers.mjs';
import { PackageError, runIn } from './chroot.mjs';

/** The C interface of Node-API, which is all that the addon needs of Node. */
const HEADERS = ['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'];

/** Flags of Node's own common.gypi. */
const NODE_FLAGS = '-fPIC -pthread -O3 -fno-omit-frame-pointer -D_FILE_OFFSET_BITS=64 -DBUILDING_NODE_EXTENSION';

/** OpenBLAS comes before LAPACK, whose error handler would need Fortran's input and output. */
const LIBRARIES = ['dnnl', 'hwy', 'utf8proc', 'faiss', 'openblas', 'lapack_pic'];

/**
 * libgomp stays shared, because Debian's libgomp.a is not position-independent. $ORIGIN finds the one beside the addon.
 * Without noexecstack, an assembler file without a note would ask for an executable stack, which glibc 2.41 refuses.
 * libstdc++ stays shared too, because the static one of Debian 12 needs glibc 2.36.
 */
const LINK_FLAGS = [
  '-shared -pthread -fopenmp -Wl,-soname,engine.node -Wl,-z,noexecstack -Wl,-z,relro -Wl,--as-needed',
  '-Wl,-u,openblas_get_config,-u,openblas_get_parallel -Wl,--gc-sections -Wl,--exclude-libs,ALL',
  "-Wl,-rpath,'$$ORIGIN' -s",
].join(' ');

/**
 * Reads the target of binding.gyp, which is a Python literal.
 *
 * @returns {{ sources: string[], defines: string[], cflags_cc: string[] }}
 */
function bindingGyp(root) {
  const code = 'import ast, json, sys; print(json.dumps(ast.literal_eval(open(sys.argv[1]).read())["targets"][0]))';
  return JSON.parse(execFileSync('python3', ['-c', code, join(root, 'binding.gyp')], { encoding: 'utf8' }));
}

function makefile({ sources, defines, cflags_cc }, { arch, compiler }) {
  const libraries = `/static/${arch}`;
  const flags = [NODE_FLAGS, ...defines.map((define) => `'-D${define}'`), ...cflags_cc].join(' ');
  const includes = `-Inative -Inode -Inode-addon-api -isystem ${libraries}/include`;
  const objects = [...sources, 'compat.cc'].map((source) => `out/${arch}/${source}.o`);
  return [
    `CXXFLAGS = ${flags} -ffunction-sections -fdata-sections ${includes}`,
    `OBJECTS = ${objects.join(' ')}`,
    `LIBRARIES = ${LIBRARIES.map((name) => `-l${name}`).join(' ')}`,
    `out/${arch}/engine.node: $(OBJECTS) $(wildcard ${libraries}/lib/*.a)`,
    `\t${compiler} ${LINK_FLAGS} -o $@ $(OBJECTS) -L${libraries}/lib -Wl,--start-group $(LIBRARIES) -Wl,--end-group`,
    `out/${arch}/%.o: % Makefile.${arch}`, // other flags give other objects
    '\t@mkdir -p $(@D)',
    `\t${compiler} $(CXXFLAGS) -MMD -c $< -o $@`,
    '-include $(OBJECTS:.o=.d)',
    '',
  ].join('\n');
}

/**
 * Returns the path of the addon in the chroot. Compiles only what changed.
 *
 * @param {{ arch: string, compiler: string }} target
 */
export function buildAddon(root, chroot, target, jobs) {
  const headers = nodeHeaderRoot();
  if (!headers) throw new PackageError("Node's headers were not found: apt-get install libnode-dev");
  const folder = join(chroot, 'addon');
  mkdirSync(join(folder, 'node'), { recursive: true });
  const copy = { recursive: true, preserveTimestamps: true };
  cpSync(join(root, 'native'), join(folder, 'native'), copy);
  cpSync(join(root, 'node_modules', 'node-addon-api'), join(folder, 'node-addon-api'), copy);
  cpSync(join(import.meta.dirname, 'compat.cc'), join(folder, 'compat.cc'), copy);
  for (const name of HEADERS) cpSync(join(headers, 'include', 'node', name), join(folder, 'node', name), copy);
  const rules = join(folder, `Makefile.${target.arch}`);
  const content = makefile(bindingGyp(root), target);
  if (!existsSync(rules) || readFileSync(rules, 'utf8') !== content) writeFileSync(rules, content);
  runIn(chroot, `make -C /addon -f Makefile.${target.arch} -s -j${jobs}`);
  return join(folder, 'out', target.arch, 'engine.node');
}

/** Copies the OpenMP library that the addon was linked with. */
export function copyOpenMp(chroot, { compiler }, folder) {
  const path = execFileSync('chroot', [chroot, compiler, '-print-file-name=libgomp.so.1'], { encoding: 'utf8' }).trim();
  copyFileSync(join(chroot, path), join(folder, 'libgomp.so.1'));
}

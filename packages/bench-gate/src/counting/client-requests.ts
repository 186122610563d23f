/**
 * Lets JavaScript talk to Callgrind. A client request is a sequence of machine instructions that does nothing outside
 * of Valgrind, so it needs native code: a Node-API addon of a few lines, which is compiled once per machine.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What the compiled addon exports. */
export interface ClientRequests {
  /** Starts counting. */
  start(): void;
  /** Sets all counts to 0. */
  zero(): void;
  /** Writes the counts to the next file: the prefix of the process and `.1`, `.2`, and so on. */
  dump(): void;
  /** Stops counting. */
  stop(): void;
}

/** Environment variable that makes the addon count from the moment when it is loaded. */
export const COUNT_ON_LOAD = 'BENCH_GATE_COUNT_ON_LOAD';

/** Declares the few functions of Node-API that it calls, because Node's headers are often not installed. */
const SOURCE = `
#include <stddef.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

#define REQUEST(name, macro) \\
  static napi_value name(napi_env env, napi_callback_info info) { \\
    (void)env, (void)info; \\
    macro; \\
    return NULL; \\
  }
REQUEST(start, CALLGRIND_START_INSTRUMENTATION)
REQUEST(zero, CALLGRIND_ZERO_STATS)
REQUEST(dump, CALLGRIND_DUMP_STATS)
REQUEST(stop, CALLGRIND_STOP_INSTRUMENTATION)

static void export_function(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, (size_t)-1, callback, NULL, &function) == 0)
    napi_set_named_property(env, exports, name, function);
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  if (getenv("${COUNT_ON_LOAD}")) CALLGRIND_START_INSTRUMENTATION;
  export_function(env, exports, "start", start);
  export_function(env, exports, "zero", zero);
  export_function(env, exports, "dump", dump);
  export_function(env, exports, "stop", stop);
  return exports;
}
`;

export type CompiledRequests = { path: string } | { missing: string };

/**
 * Compiles the addon, unless the folder has it.
 *
 * @param folder is created if it is missing
 */
export async function compileClientRequests(folder: string): Promise<CompiledRequests> {
  const version = createHash('sha256').update(SOURCE).update(process.arch).digest('hex').slice(0, 16);
  const path = join(folder, `client-requests-${version}.node`);
  if (existsSync(path)) return { path };
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'compile-'));
  try {
    const [source, built] = [join(work, 'requests.c'), join(work, 'requests.node')];
    await writeFile(source, SOURCE);
    await promisify(execFile)('cc', ['-O1', '-fPIC', '-shared', '-o', built, source]);
    await rename(built, path); // A concurrent check sees all of it or nothing.
    return { path };
  } catch (error) {
    return { missing: reasonOf(error as NodeJS.ErrnoException & { stderr?: string }) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function reasonOf({ code, stderr, message }: NodeJS.ErrnoException & { stderr?: string }): string {
  const todo = 'install a C compiler and the headers of Valgrind (Debian and Ubuntu: apt-get install gcc valgrind)';
  if (code === 'ENOENT') return `no C compiler was found; ${todo}, or pass --no-count`;
  const first = (stderr ?? message).split('\n').find((line) => line.includes('error')) ?? message;
  return `the requests to Callgrind do not compile (${first.trim()}); ${todo}, or pass --no-count`;
}

export function loadClientRequests(path: string): ClientRequests {
  return createRequire(import.meta.url)(path) as ClientRequests;
}

/** Setup of the unit tests: they are to run on a machine without a compiled addon, in seconds. */
const open = process.dlopen.bind(process);

process.dlopen = (module: object, path: string, ...flags: number[]) => {
  if (path.endsWith('engine.node')) throw new Error('This test needs the addon: it belongs into test/addon');
  open(module, path, ...(flags as [number]));
};

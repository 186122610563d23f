/** Setup of the unit tests, which must run without a compiled addon. */
const open = process.dlopen.bind(process);

process.dlopen = (module: object, path: string, ...flags: number[]) => {
  if (path.endsWith('engine.node')) throw new Error('This test needs the addon: move it to test/addon');
  open(module, path, ...(flags as [number]));
};

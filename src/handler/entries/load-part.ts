import { readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { Script } from 'node:vm';
import type { RunOptions } from './node-application.ts';

/** What the part beside the entry exports. */
interface Part {
  run(options: RunOptions): void;
}

export interface PartScript {
  script: Script;
  /** Evaluates the part in this process, once. */
  evaluate(): Part;
}

/**
 * Compiles `node.part.cjs`, the function itself, which is beside every CommonJS entry: without `require`, so that V8's
 * compile cache can be passed.
 * @param cachedData V8's compile cache of the same bytes
 */
export function compilePart(cachedData?: Buffer): PartScript {
  const path = `${import.meta.dirname}/node.part.cjs`;
  // The bundler writes ASCII alone, which needs no decoding.
  const script = new Script(Module.wrap(readFileSync(path, 'latin1')), { filename: path, cachedData });
  return {
    script,
    evaluate() {
      const part = new Module(path, module);
      part.filename = path;
      const require = createRequire(path);
      // Its own parts require it by name, and must not get a second one.
      require.cache[path] = part;
      script.runInThisContext()(part.exports, require, part, path, import.meta.dirname);
      return part.exports as Part;
    },
  };
}

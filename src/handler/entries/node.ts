import { CompileCache } from '../session/compile-cache.ts';
import { compilePart } from './load-part.ts';

/** sha256 of the part, put in by the bundler. */
declare const partDigest: string;

/** Time without an answer after which the process has nothing better to do, ms. */
const quietMs = 250;

/**
 * `node node.cjs --port N`: plain HTTP, for the local target and for containers. The function itself is the part beside
 * it. Where COLDGATE_CODE_CACHE names a folder, what V8 compiled of the part is kept there, and the next start does not
 * compile it again: 5 % of a start. Node's own compile cache keeps only what is compiled before anything runs, 1 to 2 %.
 */
function main(): void {
  const folder = process.env['COLDGATE_CODE_CACHE'];
  const kept = folder ? new CompileCache(folder, partDigest) : undefined;
  const { script, evaluate } = compilePart(kept?.read());
  const stale = kept !== undefined && script.cachedDataRejected !== false;

  let timer: NodeJS.Timeout | undefined;
  /** After the first predictions, when all that a start runs has been compiled. */
  const keepWhenQuiet = (): void => {
    timer ??= setTimeout(() => kept?.write(script.createCachedData()), quietMs).unref();
    timer.refresh();
  };
  evaluate().run({ entry: import.meta.filename, ...(stale && { onPrediction: keepWhenQuiet }) });
}

main();

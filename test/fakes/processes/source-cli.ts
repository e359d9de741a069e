/**
 * The command line from its sources; for tests that kill it, or that bring another handler than that of dist/ along:
 * HANDLER_DIST is the folder in which it lies. CLOCK_AHEAD_MS puts its clock forward.
 */
import { join } from 'node:path';

const ahead = Number(process.env['CLOCK_AHEAD_MS'] ?? 0);
if (ahead > 0) {
  const Real = Date;
  const now = (): number => Real.now() + ahead;
  globalThis.Date = new Proxy(Real, {
    construct: (target, args: []) => (args.length > 0 ? new target(...args) : new target(now())),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
const { runCli } = await import('../../../src/cli.ts');
const dist = process.env['HANDLER_DIST'] ?? join(import.meta.dirname, '..', '..', '..', 'dist');
process.exitCode = await runCli(process.argv.slice(2), dist);

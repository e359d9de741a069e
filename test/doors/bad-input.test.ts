import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../fakes/processes/runner.ts';
import { badInputs } from '../fixtures/bad-inputs.ts';
import { layOut } from '../fixtures/lay-out.ts';

/** The same table as test/config/bad-input.test.ts, through the command as a user types it. */
describe.concurrent('coldgate publish on bad input', () => {
  it.each(badInputs)('writes nothing and explains $name', async (input) => {
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-bad-'));
    try {
      layOut(folder, input);
      const { exit, stdout, stderr } = await runCommand(['publish', '--json'], folder, { ...input.env });
      const { error } = JSON.parse(stdout);
      expect([exit, error.code]).toEqual([input.exit, input.code ?? error.code]);
      expect(stderr).not.toMatch(/\n\s*at |node_modules|\[object|TypeError/);
      expect(existsSync(join(folder, '.coldgate', 'store'))).toBe(false);
      const lines = stderr.trim().split('\n').slice(1);
      expect(lines.length).toBeLessThanOrEqual(Math.max(1, input.problems.length) + 2);
      for (const { file } of input.problems) if (file) expect(stderr).toContain(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandOf } from '../../../src/targets/local/command.ts';
import { findListening } from '../../../src/targets/local/listening.ts';
import { formatMark, type ProcessMark, parseMark } from '../../../src/targets/local/process-mark.ts';
import { fromProc, parsePs, systemProcesses } from '../../../src/targets/local/process-table.ts';

const mark: ProcessMark = {
  tag: '0123456789abcdef',
  role: 'candidate',
  revision: 'candidate-0a1b2c',
  owner: { pid: 4711, started: '99' },
};
const text = formatMark(mark);

describe('a process mark', () => {
  it('is read as it was written', () => {
    expect(parseMark(text)).toEqual(mark);
  });

  it.each(['', 'x', text.slice(1), `${text} `, text.replace('candidate:', 'owner:'), text.replace('-99', '')])(
    'is not read from %j',
    (wrong) => {
      expect(parseMark(wrong)).toBeUndefined();
    },
  );
});

describe('the process table on Linux', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'coldgate-proc-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const addProcess = (pid: number, state: string, environ: string, threads = 1): void => {
    mkdirSync(join(root, String(pid)));
    const fields = [state, ...Array(16).fill('0'), String(threads), '0', '1234', '0'];
    writeFileSync(join(root, String(pid), 'stat'), `${pid} (a) b (c) ${fields.join(' ')}\n`);
    writeFileSync(join(root, String(pid), 'environ'), environ);
  };

  it('finds marked processes by their environment', () => {
    addProcess(10, 'S', `PATH=/bin\0COLDGATE_PROCESS=${text}\0LANG=C\0`);
    addProcess(11, 'S', 'PATH=/bin\0');
    addProcess(12, 'S', 'X_COLDGATE_PROCESS=x\0COLDGATE_PROCESS=forged\0');
    mkdirSync(join(root, 'net'));
    expect(fromProc(root).marked()).toEqual([{ pid: 10, started: '1234', mark }]);
  });

  it('tells the dead from the dying', () => {
    addProcess(10, 'Z', '', 1);
    addProcess(11, 'Z', '', 3);
    addProcess(12, 'X', '');
    const table = fromProc(root);
    expect([10, 11, 12, 13].map((pid) => table.identify(pid)?.started)).toEqual([
      undefined,
      '1234',
      undefined,
      undefined,
    ]);
  });

  it('knows this process as it really is', () => {
    expect(systemProcesses.identify(process.pid)?.started).toMatch(/^\d+$/);
  });
});

describe('the process table on macOS', () => {
  it('is read from ps', () => {
    const lines = [
      `  501 S    Mon Nov 24 05:08:35 2025 /usr/bin/node /a b/node.cjs --port 0 PATH=/bin COLDGATE_PROCESS=${text} LANG=C`,
      '  502 S    Mon Nov 24 05:08:35 2025 /usr/bin/node other.js PATH=/bin',
      `  503 Z    Mon Nov 24 05:08:35 2025 (node) COLDGATE_PROCESS=${text}`,
      `  504 S    Mon Nov  3 05:08:35 2025 node COLDGATE_PROCESS=forged`,
    ];
    expect(parsePs(lines.join('\n'))).toEqual([{ pid: 501, started: '1763960915', mark }]);
  });
});

describe('the command of a process', () => {
  it('carries the mark where the environment may be hidden', () => {
    expect(commandOf('/p', 80, mark, 'linux').args).toEqual(['/p/node.cjs', '--port', '80']);
    const { file, args } = commandOf('/p', 80, mark, 'darwin');
    const shown = `  501 S    Mon Nov 24 05:08:35 2025 ${file} ${args.join(' ')}`;
    expect(parsePs(shown)).toMatchObject([{ pid: 501, mark }]);
  });
});

describe('the line in which a process says where it listens', () => {
  const line = JSON.stringify({ level: 'info', event: 'listening', port: 4000, instance_id: 'i' });

  it('is found among others', () => {
    expect(findListening(`warning: "listening" soon\n{"event":"note"}\n${line}\n`)).toEqual({
      port: 4000,
      instanceId: 'i',
    });
  });

  it.each([
    '',
    line,
    line.slice(0, 20),
    '{"event":"listening"}\n',
    '{"event":"listening","port":"1","instance_id":"i"}\n',
  ])('is not taken from %j', (output) => {
    expect(findListening(output)).toBeUndefined();
  });
});

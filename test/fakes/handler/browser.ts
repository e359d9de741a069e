import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { npmInstall, run } from '../../emulators/commands.ts';
import { folderOf, type Part } from '../../emulators/part.ts';

/** Chromium's headless shell, from an npm package that holds it packed. */
export const chromium: Part = {
  name: 'chromium-shell',
  version: '153.0.0',
  from: 'npm',
  lacks: () => (process.platform === 'linux' && process.arch === 'x64' ? undefined : 'it comes for Linux on x64 only'),
  install: async (folder) => {
    await npmInstall(folder, [`@sparticuz/chromium@${chromium.version}`]);
    const code = `await (await import('@sparticuz/chromium')).default.executablePath()`;
    // It unpacks into the temporary folder, which is therefore this one.
    const options = { cwd: folder, env: { ...process.env, TMPDIR: folder } };
    await run(process.execPath, ['--input-type=module', '-e', code], options);
    rmSync(join(folder, 'node_modules'), { recursive: true });
    await run(join(folder, 'chromium'), ['--version', '--no-sandbox']);
  },
};

type Fields = Record<string, unknown>;
interface Message extends Fields {
  id?: number;
  method?: string;
  params?: Fields;
  result?: Fields;
  error?: { message: string };
}

/** One tab. Every request is noted; those to other places than `allowed` are refused. */
export interface Tab {
  /** Addresses that the page asked for. */
  readonly requested: string[];
  readonly refused: string[];
  /** What the page's console and the browser said that is no plain log. */
  readonly complaints: string[];
  open(url: string): Promise<void>;
  /** The value of an expression in the page, awaited there. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits for an expression in the page to be true. */
  until(expression: string): Promise<void>;
  /** A real click of the mouse in the middle of the element. */
  click(selector: string): Promise<void>;
  /** Types into the element as a keyboard does, after taking out what it held. */
  type(selector: string, text: string): Promise<void>;
  press(key: string, modifiers?: number): Promise<void>;
  resize(width: number, height: number, scheme?: 'light' | 'dark'): Promise<void>;
  /** A PNG of the whole page. */
  screenshot(): Promise<Buffer>;
}

export interface Browser {
  tab(allowed: string): Promise<Tab>;
  close(): Promise<void>;
}

/** Starts a browser of its own, driven over pipes by its own protocol: https://chromedevtools.github.io/devtools-protocol/ */
export async function openBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'coldgate-browser-'));
  const args = ['--headless', '--no-sandbox', '--no-zygote', '--disable-gpu', '--hide-scrollbars', '--no-first-run'];
  const child = spawn(
    join(folderOf(chromium), 'chromium'),
    [...args, `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    },
  );
  const wire = new Wire(child);
  return {
    tab: (allowed) => openTab(wire, allowed),
    close: async () => {
      const ended = new Promise((resolve) => child.on('close', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Requests and events, as JSON that ends with a zero byte. */
class Wire {
  readonly #out: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #heard: ((message: Message) => void)[] = [];
  #count = 0;

  constructor(child: ChildProcess) {
    this.#out = child.stdio[3] as Writable;
    let rest = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\0');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#take(JSON.parse(part) as Message);
    });
  }

  #take(message: Message): void {
    if (message.id === undefined) for (const hear of this.#heard) hear(message);
    else this.#waiting.get(message.id)?.(message);
  }

  onEvent(hear: (message: Message) => void): void {
    this.#heard.push(hear);
  }

  ask(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    const id = ++this.#count;
    this.#out.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        this.#waiting.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result ?? {});
      });
    });
  }
}

async function openTab(wire: Wire, allowed: string): Promise<Tab> {
  const { targetId } = await wire.ask('Target.createTarget', { url: 'about:blank' });
  const attached = await wire.ask('Target.attachToTarget', { targetId, flatten: true });
  const session = String(attached['sessionId']);
  const ask = (method: string, params?: Fields): Promise<Fields> => wire.ask(method, params, session);
  const notes: Pick<Tab, 'requested' | 'refused' | 'complaints'> = { requested: [], refused: [], complaints: [] };
  listen(wire, session, allowed, notes, ask);
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await ask(`${domain}.enable`);
  await ask('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
  return { ...notes, ...driveTab(wire, session, ask) };
}

type AskTab = (method: string, params?: Fields) => Promise<Fields>;

function listen(
  wire: Wire,
  session: string,
  allowed: string,
  notes: Pick<Tab, 'requested' | 'refused' | 'complaints'>,
  ask: AskTab,
): void {
  wire.onEvent(({ method, params = {}, sessionId }) => {
    if (sessionId !== session) return;
    if (method === 'Fetch.requestPaused') {
      const { requestId, request } = params as { requestId: string; request: { url: string } };
      notes.requested.push(request.url);
      if (request.url.startsWith(allowed)) return void ask('Fetch.continueRequest', { requestId });
      notes.refused.push(request.url);
      return void ask('Fetch.failRequest', { requestId, errorReason: 'AddressUnreachable' });
    }
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
      notes.complaints.push(JSON.stringify(params));
  });
}

function driveTab(wire: Wire, session: string, ask: AskTab): Omit<Tab, 'requested' | 'refused' | 'complaints'> {
  const evaluate = async <T>(expression: string): Promise<T> => {
    const answer = await ask('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = answer as { result: { value: T }; exceptionDetails?: object };
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  };
  const click = async (selector: string): Promise<void> => {
    const place = `{ const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: 'center' });
      const r = e.getBoundingClientRect(); [r.x + r.width / 2, r.y + r.height / 2] }`;
    const [x, y] = await evaluate<[number, number]>(place);
    for (const type of ['mousePressed', 'mouseReleased']) {
      await ask('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    }
  };
  const press = async (key: string, modifiers = 0): Promise<void> => {
    for (const type of ['keyDown', 'keyUp']) await ask('Input.dispatchKeyEvent', { type, key, code: key, modifiers });
  };
  return {
    evaluate,
    until: async (expression) => {
      while (!(await evaluate<boolean>(expression))) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    click,
    press,
    open: async (url) => {
      const loaded = new Promise<void>((resolve) => {
        wire.onEvent(({ method, sessionId }) => {
          if (sessionId === session && method === 'Page.loadEventFired') resolve();
        });
      });
      await ask('Page.navigate', { url });
      await loaded;
    },
    type: async (selector, text) => {
      await click(selector);
      await evaluate(`document.querySelector(${JSON.stringify(selector)}).select()`);
      await ask('Input.insertText', { text });
    },
    resize: async (width, height, scheme = 'light') => {
      const mobile = width < 600;
      await ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile });
      await ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    },
    screenshot: async () => {
      const { data } = await ask('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
      return Buffer.from(String(data), 'base64');
    },
  };
}

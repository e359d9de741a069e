import { defaultPointer } from '../model/layout.ts';
import { isModelName, isPointerName, isVersion, nameRules } from '../model/names.ts';
import { readSource, type StoreSource, type Text } from './readers/source.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Settings {
  source: StoreSource;
  /** With MODEL_URI: key of the model file in `source`; there is then no manifest and no pointer. */
  file: string | undefined;
  /** With MODEL_URI: what its bytes must hash to. */
  sha256: string | undefined;
  /** The model of /v1/infer. */
  model: string;
  /** All models that this function serves, `model` first. */
  models: string[];
  /** Pinned version of `model`; without it the pointer is followed. */
  version: string | undefined;
  pointer: string;
  refreshSeconds: number;
  /** The time over which the instances of a function follow a flip, each at a random moment; 0: at once. */
  followOverSeconds: number;
  /** How long one run may take, ms. */
  runTimeoutMs: number;
  maxPayloadBytes: number;
  /** Origins that browsers may call from; `*` for all. */
  cors: string[];
  /** Hosts that requests may name besides this machine's own. */
  hosts: string[];
  /** Threads for one inference; undefined leaves it to the runtime. */
  threads: number | undefined;
  revision: string | undefined;
  /** Whether GET / is a page to try the model with, for previews. */
  page: boolean;
  /** Folder for verified model files; undefined means one in the system's temporary folder. */
  cacheFolder: string | undefined;
}

/** A little less than the default time-out of our Lambda functions, so that the caller still gets a response. */
const defaultRunTimeoutMs = 25_000;

/** The function's variables are wrong; it must not start. All problems at once. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/**
 * Reads the variables named in docs/handler.md. An empty variable counts as missing. Throws SettingsError.
 * @param problem with a variable that is not among them
 */
export function readSettings(variables: Variables, problem?: string): Settings {
  const problems: string[] = problem ? [problem] : [];
  const text: Text = (name) => variables[name]?.trim() || undefined;
  const whole = (name: string, least: number, most: number): number | undefined =>
    readWhole(name, text(name), least, most, problems);
  const place = readSource(text, problems);
  const settings: Settings = {
    ...place,
    ...readNames(text, place.file, problems),
    sha256: readDigest(text('MODEL_SHA256'), place.file !== undefined, problems),
    refreshSeconds: whole('MODEL_REFRESH_SECONDS', 1, 86_400) ?? 30,
    followOverSeconds: whole('MODEL_FOLLOW_OVER_SECONDS', 0, 86_400) ?? 0,
    runTimeoutMs: whole('COLDGATE_RUN_TIMEOUT_MS', 100, 900_000) ?? defaultRunTimeoutMs,
    maxPayloadBytes: (whole('COLDGATE_MAX_PAYLOAD_KB', 1, 1_048_576) ?? 5120) * 1024,
    cors: list(text('COLDGATE_CORS')),
    hosts: list(text('COLDGATE_HOSTS')),
    threads: whole('COLDGATE_THREADS', 1, 256),
    revision: text('COLDGATE_REVISION'),
    page: readFlag('COLDGATE_PAGE', text('COLDGATE_PAGE'), problems),
    cacheFolder: text('MODEL_CACHE'),
  };
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

function readNames(
  text: Text,
  file: string | undefined,
  problems: string[],
): Pick<Settings, 'model' | 'models' | 'version' | 'pointer'> {
  const expect = (variable: string, fits: boolean, rule: string, got: string): void => {
    if (!fits) problems.push(`${variable}: expected ${rule}, got ${JSON.stringify(got.slice(0, 80))}.`);
  };
  const model = text('MODEL_NAME') ?? (file ? stemOf(file) : '');
  expect('MODEL_NAME', isModelName(model), nameRules.model, model);
  const others = list(text('COLDGATE_MODELS'));
  for (const name of others) expect('COLDGATE_MODELS', isModelName(name), nameRules.model, name);
  const version = text('MODEL_VERSION');
  expect('MODEL_VERSION', version === undefined || isVersion(version), nameRules.version, version ?? '');
  const pointer = text('MODEL_POINTER') ?? defaultPointer;
  expect('MODEL_POINTER', isPointerName(pointer), nameRules.pointer, pointer);
  return { model, models: [...new Set([model, ...others])], version, pointer };
}

function readDigest(hex: string | undefined, isOneFile: boolean, problems: string[]): string | undefined {
  if (hex === undefined) return undefined;
  if (!/^[0-9a-f]{64}$/.test(hex)) {
    problems.push(
      `MODEL_SHA256: expected 64 hexadecimal digits in lower case, got ${JSON.stringify(hex.slice(0, 80))}.`,
    );
  }
  if (!isOneFile) problems.push('MODEL_SHA256: is for MODEL_URI; versions of a store have their digests with them.');
  return hex;
}

const list = (text: string | undefined): string[] => (text ?? '').split(',').flatMap((part) => part.trim() || []);

const stemOf = (file: string): string => file.replace(/\.[^.]+$/, '').toLowerCase();

function readWhole(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
  problems: string[],
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  problems.push(`${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text.slice(0, 80))}.`);
  return undefined;
}

function readFlag(name: string, text: string | undefined, problems: string[]): boolean {
  if (text !== undefined && text !== 'true' && text !== 'false') {
    problems.push(`${name}: expected true or false, got ${JSON.stringify(text.slice(0, 80))}.`);
  }
  return text === 'true';
}

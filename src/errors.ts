/** Process exit codes; scripts and CI rely on them (see docs/cli.md). */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  integrity: 3,
  regression: 4,
  inconclusive: 5,
  conflict: 6,
  unproven: 7,
  denied: 8,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface ErrorOptions {
  /** What to type or change next, as one sentence. */
  hint?: string | undefined;
  cause?: unknown;
  /** Facts for the `--json` document: digests, versions, who holds the lock. */
  data?: Record<string, unknown> | undefined;
}

/**
 * Base of every failure that Coldgate explains: `code` is what tests and scripts match on, `message` is what failed and
 * why, `hint` what to do next.
 */
export class ColdgateError extends Error {
  readonly code: string;
  readonly exit: ExitCode;
  readonly hint: string | undefined;
  readonly data: Record<string, unknown> | undefined;

  constructor(code: string, exit: ExitCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.exit = exit;
    this.hint = options.hint;
    this.data = options.data;
  }
}

/** One thing wrong with what the user gave us. */
export interface Problem {
  /** Dotted path of the field, or the name of the flag or input: `models.digits.files.model.onnx`. */
  path: string;
  /** What was found, what was expected. */
  message: string;
  hint?: string | undefined;
  file?: string | undefined;
  /** 1-based. */
  line?: number | undefined;
}

/** One line per problem: `models.yaml:12: models.digits.retain: expected a whole number of at least 1, got -3.` */
export function formatProblem(problem: Problem): string {
  const place = problem.file ? `${problem.file}${problem.line ? `:${problem.line}` : ''}: ` : '';
  const path = problem.path ? `${problem.path}: ` : '';
  return `${place}${path}${problem.message}${problem.hint ? ` ${problem.hint}` : ''}`;
}

/** The user's configuration, flags or inputs are wrong; carries every problem at once. Exit 2. */
export class InputError extends ColdgateError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options: ErrorOptions & { code?: string } = {}) {
    super(options.code ?? 'bad-input', exitCodes.usage, problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }
}

/** Bytes are not what was promised: checksum, immutable version, broken model file. Exit 3. */
export class IntegrityError extends ColdgateError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, exitCodes.integrity, message, options);
  }
}

/** Someone else moved the pointer first, or holds what we need. Exit 6. */
export class ConflictError extends ColdgateError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, exitCodes.conflict, message, options);
  }
}

/** A function was deployed or called and did not prove that it serves what it should. Exit 7. */
export class UnprovenError extends ColdgateError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, exitCodes.unproven, message, options);
  }
}

/** The gate did not pass: regression or a broken SLO (exit 4), or no verdict (exit 5). */
export class GateError extends ColdgateError {
  constructor(code: 'regression' | 'inconclusive', message: string, options?: ErrorOptions) {
    super(code, code === 'regression' ? exitCodes.regression : exitCodes.inconclusive, message, options);
  }
}

/** What a machine, its disk or its user refuses: Node's codes in words that follow a path. */
const refusals: Readonly<Record<string, string>> = {
  EACCES: 'this user may not use it',
  EPERM: 'this user may not do that to it',
  EROFS: 'it can only be read',
  ENOENT: 'there is no such file, folder or program',
  ENOTDIR: 'a part of the path is a file and no folder',
  EISDIR: 'a folder is there',
  EEXIST: 'something is there already',
  ENOTEMPTY: 'a folder with files in it is there',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long for the file system',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EMFILE: 'this process may open no more files (ulimit -n)',
  ENFILE: 'this machine may open no more files',
  EBUSY: 'something else uses it',
  ETXTBSY: 'it is being run',
  EIO: 'the disk fails',
  ENXIO: 'it is no file that can be read or written',
  ENOTSUP: 'the file system cannot do that',
};

/** An answer of the system about a file or program of the user's; undefined for other failures. */
function toRefusal(thrown: unknown): ColdgateError | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { code = '', syscall, path, dest } = thrown as NodeJS.ErrnoException & { dest?: string };
  const words = refusals[code];
  const place = dest ?? path ?? syscall?.replace(/^spawn /, '');
  if (words === undefined || syscall === undefined || (path === undefined && !syscall.startsWith('spawn')))
    return undefined;
  return new ColdgateError('file-system', exitCodes.usage, `${place}: ${words} (${code}).`, {
    cause: thrown,
    hint: 'Look at the path, its owner and permissions, and the disk; then run this again.',
  });
}

/**
 * Turns anything thrown into a ColdgateError: what the system refuses is exit 2 and names the path; an unforeseen error
 * is exit 1 and asks for a report.
 */
export function toColdgateError(thrown: unknown): ColdgateError {
  if (thrown instanceof ColdgateError) return thrown;
  const refusal = toRefusal(thrown);
  if (refusal) return refusal;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ColdgateError('unexpected', exitCodes.unexpected, message.split('\n')[0] ?? 'unknown failure', {
    cause: thrown,
    hint: 'This may be a fault of Coldgate: run again with --verbose and report what it prints.',
  });
}

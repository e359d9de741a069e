import { ColdgateError, exitCodes } from '../../errors.ts';

type Sqlite = typeof import('node:sqlite');

let loaded: Sqlite | undefined;

/**
 * SQLite as Node carries it, loaded on first use. Early Node 24 releases print a warning that it is experimental; we use
 * locks alone, which do not change, so that one line is kept from the user's terminal. All in one synchronous step:
 * no other warning can be lost meanwhile. Throws ColdgateError `no-sqlite` for a Node that was built without it.
 */
export function loadSqlite(): Sqlite {
  if (loaded) return loaded;
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    loaded = process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
  if (!loaded) {
    throw new ColdgateError(
      'no-sqlite',
      exitCodes.usage,
      `File stores need the SQLite of Node for their locks, and this Node ${process.version} was built without it.`,
      { hint: 'Use an official build of Node 24 or later.' },
    );
  }
  return loaded;
}

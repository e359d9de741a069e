/** The code of what the promise throws; its message when it has none, and a plain sentence when it does not throw. */
export async function errorCode(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'did not throw';
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  }
}

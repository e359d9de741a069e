/**
 * The thread that ran a model is of no use any more: a run took too long and cannot be interrupted, or the thread ended.
 * The session is gone with it and has to be opened again.
 */
export class SessionLost extends Error {
  /** `timeout` for the run that took too long; `ended` for what else the thread was asked. */
  readonly reason: 'timeout' | 'ended';

  constructor(reason: 'timeout' | 'ended', message: string) {
    super(message);
    this.name = 'SessionLost';
    this.reason = reason;
  }
}

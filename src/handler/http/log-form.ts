/** A log line before it has its platform's form. Shapes and types of inputs, never values. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** Turns a record into the document that one platform's log reads best. Chosen by the adapter. */
export type LogForm = (record: LogRecord) => LogRecord;

/** The record as it is: plain Node, containers, Azure. */
export const plainForm: LogForm = (record) => record;

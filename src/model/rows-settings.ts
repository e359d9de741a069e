/** One column that a model takes. */
export interface Column {
  /** As callers write it. */
  name: string;
  /** The input of the graph that it goes into. Several columns of one input are side by side in it, in their order. */
  input: string;
  /** What stands for a cell that is missing. */
  default?: number | string | boolean;
}

/** How rows become tensors. */
export interface RowsSettings {
  columns: Column[];
  /** Default error: an unknown column is a typing error more often than one too many. */
  unknown_columns?: 'error' | 'ignore';
}

// What the proxy tells of recorded requests, for the type checker alone: no page loads
// this. Times are in seconds, `time` since 1970; sizes in bytes.

/** `waiting`: for a place. `held`: because no machine is up. */
export type State = "done" | "waiting" | "held" | "under way";

/**
 * A request that came in. `words`: its work; `thumbnail`: its picture is kept; `parts`: how
 * many requests it led to.
 */
export type Row = {
  id: string;
  time: number;
  traceId: string;
  kind: "predict" | "ping" | "page" | "other";
  method: string;
  path: string;
  tasks: string[];
  words: string;
  models: string[];
  machines: string[];
  status: number | null;
  state: State;
  wait: number;
  work: number;
  duration: number;
  requestBytes: number;
  responseBytes: number;
  thumbnail: boolean;
  error: string | null;
  parts: number;
};

/**
 * `rows`: newest last. `next`: what to ask `after` for what comes then; `older`: what to
 * ask `before` for what was there earlier, null: nothing. `matching` of `total` rows that
 * are kept match the filter. `underWay`: the first of `underWayTotal`. `more`: there is
 * still more that is newer. `reset`: what was told before is not to be kept.
 */
export type Rows = {
  rows: Row[];
  next: string;
  older: string | null;
  total: number;
  matching: number;
  underWay: Row[];
  underWayTotal?: number;
  dropped: number;
  more?: boolean;
  reset?: boolean;
};

export type Headers = Record<string, string[] | string>;

/**
 * A request that went out to a machine. `begin`: seconds after the row's, `wait`: for how
 * long nobody was asked before. `duration` is null while it is under way. `why` in a word,
 * `whyWords` in a sentence. `request` is null where it is the same as the row's.
 */
export type Part = {
  machine: string;
  begin: number;
  wait: number;
  duration: number | null;
  status: number | null;
  outcome: string;
  why: string;
  whyWords?: string | null;
  reason: string | null;
  requestHeaders?: Headers | null;
  responseHeaders?: Headers | null;
  request?: unknown;
  response?: unknown;
};

/** In pixels of the picture. */
export type FaceBox = { x1: number; y1: number; x2: number; y2: number; score: number };

/** Four corners, x and y of each: in pixels, or as parts of the picture (0 to 1). */
export type TextBox = { points: number[]; text: string; score: number };

/** `outgoingLeftOut`: how many parts came before those that are told. */
export type Detail = Row & {
  outgoing: Part[];
  outgoingLeftOut: number;
  request: { headers?: Headers | null; [field: string]: unknown } | null;
  response: { headers?: Headers | null; [field: string]: unknown } | null;
  boxes: { faces?: FaceBox[]; texts?: TextBox[] } | null;
  imageWidth: number | null;
  imageHeight: number | null;
  bodyKept: boolean;
  pictureKept: boolean;
};

/** What another machine made of the same work. `iou`: how far two boxes overlap. */
export type SentAgain = {
  machine: string;
  status: number | null;
  duration: number;
  text?: string;
  response?: unknown;
  similarity?: { clip?: number | null } | null;
  faces?: { cosine: number | null; iou: number }[] | null;
  error?: string | null;
};

/** Numbers that were left out of an answer. */
export type Folded = { numbers: number; first: number[] };

/** A text of so many characters, of which only the first are told. */
export type CutText = { characters: number; first: string };

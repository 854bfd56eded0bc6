// Asks the proxy for the requests that are wanted, piece by piece, and for what is newer.

import { ALL, asked, written } from "./address.js";
import { begun, continued, renewed } from "./known.js";
import { ApiError, get } from "../shared/api.js";
import { poll } from "../shared/poll.js";

/** @import { Filter } from "./address.js" */
/** @import { Known } from "./known.js" */

/** Rows in a first answer, and in each later one; the proxy gives fewer if they are large. */
const FIRST = 60;
const MORE = 250;

export class Source {
  /**
   * @param {(known: Known, isNew: boolean) => void} changed is told what is known; `isNew`:
   *     it is of another filter than what it was told before
   * @param {(reason: string) => void} tellFailure is told why nothing is; empty: it is
   */
  constructor(changed, tellFailure) {
    this._changed = changed;
    this._tellFailure = tellFailure;
    /** @type {Filter} */
    this._filter = ALL;
    /** What is known is of this filter. */
    this._of = "";
    /** @type {Known|undefined} */
    this._known = undefined;
    this._isFetching = false;
    /** @type {(() => void)|undefined} */
    this._refresh = undefined;
  }

  /**
   * Ask for these from now on.
   *
   * @param {Filter} filter
   */
  want(filter) {
    this._filter = filter;
    if (this._refresh) this._refresh();
    else this._refresh = poll(() => this._round(), 2, this._tellFailure);
  }

  /** Ask at once for what is new. */
  refresh() {
    this._refresh?.();
  }

  /**
   * See to it that so many lines are known, if there are as many.
   *
   * @param {number} lines
   */
  async need(lines) {
    const known = this._known;
    if (!known || known.older === null || this._isFetching) return;
    if (known.underWay.length + known.rows.length >= lines) return;
    const filter = this._filter;
    if (written(filter) !== this._of) return;
    this._isFetching = true;
    try {
      const query = asked(filter, { before: known.older, limit: MORE });
      const answer = await get(`api/debug/records?${query}`);
      // What was newer may have come meanwhile; what is older follows it all the same.
      if (this._known?.older === known.older && filter === this._filter) {
        this._known = continued(this._known, answer);
      }
    } catch (error) {
      // The next round tells.
      if (!(error instanceof ApiError)) throw error;
      return;
    } finally {
      this._isFetching = false;
    }
    if (this._known) this._changed(this._known, false);
  }

  async _round() {
    const filter = this._filter;
    const of = written(filter);
    const known = of === this._of ? this._known : undefined;
    /** @type {Record<string, string|number>} */
    const more = known ? { after: known.next, limit: MORE } : { limit: FIRST };
    const answer = await get(`api/debug/records?${asked(filter, more)}`);
    // Another filter is wanted by now: its round follows at once.
    if (filter !== this._filter) return;
    const base = of === this._of ? this._known : undefined;
    this._known = known && base ? renewed(base, answer) : begun(answer);
    this._of = of;
    this._changed(this._known, !known);
    if (answer.more && known) this.refresh();
  }
}

// What is edited: the configuration it began with, under its version, and the draft.

import { changesBetween, conflictsOf, withChanges } from "./changes.js";
import { changesOf, problems, readDraft, writeDraft } from "./draft.js";

/** @import { Configuration } from "../shared/answers.d.ts" */
/** @import { Change, Conflict } from "./changes.js" */

export class Editing {
  constructor() {
    /** @type {Configuration} */
    this.base = {};
    this.version = "";
    this.draft = readDraft(this.base);
  }

  /**
   * Begin anew, with what is in force.
   *
   * @param {Configuration} base
   * @param {string} version
   */
  begin(base, version) {
    this.base = base;
    this.version = version;
    this.draft = readDraft(base);
  }

  /**
   * Have the draft say what `document` does, instead of what was typed.
   *
   * @param {Configuration} document
   */
  replace(document) {
    this.draft = readDraft(document);
  }

  /** What saving would change. */
  changes() {
    return changesOf(this.draft, this.base);
  }

  /** Whether there is anything to save, or to be told that it cannot be. */
  get isChanged() {
    return this.changes().length > 0 || problems(this.draft).length > 0;
  }

  /** What is to be saved. */
  document() {
    return writeDraft(this.draft);
  }

  /**
   * Compare what was typed with what somebody else has saved meanwhile.
   *
   * @param {Configuration} current what is in force now
   * @returns {{theirs: Change[], conflicts: Conflict[], free: Change[]}}
   */
  against(current) {
    const theirs = changesBetween(this.base, current);
    return { theirs, ...conflictsOf(this.changes(), theirs) };
  }

  /**
   * Go on from what is in force now, with these changes made to it.
   *
   * @param {Configuration} current
   * @param {string} version
   * @param {Change[]} changes
   */
  rebase(current, version, changes) {
    this.base = current;
    this.version = version;
    this.draft = readDraft(withChanges(current, changes));
  }
}

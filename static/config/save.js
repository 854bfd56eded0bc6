// Saves: what will be changed is shown first, and what contradicts another save is settled.

import { ApiError, post, versionOf } from "../shared/api.js";
import { plural } from "../shared/words.js";
import { changesBetween } from "./changes.js";
import { review, settle } from "./review.js";

/** @import { Saved } from "../shared/answers.d.ts" */
/** @import { Change } from "./changes.js" */
/** @import { Editing } from "./editing.js" */

/** What was saved, with what somebody else had changed. @typedef {{saved: Saved, theirs: Change[]}} Outcome */

/**
 * Save, after asking.
 *
 * @param {Editing} editing
 * @param {string[]} warnings that are known already
 * @param {() => void} shown is called when the draft was changed by what was settled
 * @returns {Promise<Outcome|null>} null: it was called off
 * @throws {ApiError} what is wrong
 */
export async function save(editing, warnings, shown) {
  const found = await check(editing);
  const changes = editing.changes();
  const question = `Save ${plural(changes.length, "change")}?`;
  if (!(await review(question, changes, [...found, ...warnings], "Save now"))) return null;
  for (;;) {
    try {
      const sent = editing.document();
      const saved = await post("api/config", sent, editing.version);
      return { saved, theirs: saved.merged ? changesBetween(sent, withoutWarnings(saved)) : [] };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      if (!(await settled(editing, error, shown))) return null;
    }
  }
}

/**
 * Return what was saved without what was told beside it.
 *
 * @param {Saved} saved
 */
export function withoutWarnings({ warnings: _, warningsAt: _at, merged: _merged, ...saved }) {
  return saved;
}

/**
 * Return what the proxy would warn of; what it would refuse is thrown.
 *
 * @param {Editing} editing
 * @returns {Promise<string[]>}
 */
async function check(editing) {
  try {
    const { warnings = [] } = await post("api/config/check", editing.document(), editing.version);
    return warnings;
  } catch (error) {
    // Settled when it is saved.
    if (error instanceof ApiError && error.status === 412) return [];
    throw error;
  }
}

/**
 * Have contradictions settled, and join all that was changed.
 *
 * @param {Editing} editing
 * @param {ApiError} error
 * @param {() => void} shown
 */
async function settled(editing, error, shown) {
  const { current, version } = error.refusal;
  if (!current) throw error;
  const { theirs, conflicts, free } = editing.against(current);
  const chosen = conflicts.length > 0 ? await settle(conflicts) : [];
  if (!chosen) return false;
  const mine = conflicts.flatMap((conflict, index) => (chosen[index] ? conflict.mine : []));
  const tag = version ? `"${version.replaceAll('"', "")}"` : versionOf("api/config");
  editing.rebase(current, tag, [...free, ...mine]);
  shown();
  if (conflicts.length > 0 || theirs.length === 0) return true;
  const question = "Save together with what was changed elsewhere?";
  return review(question, editing.changes(), [], "Save both");
}

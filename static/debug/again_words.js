// What another machine made of the same work, in words. Pure.

import { duration } from "../shared/words.js";

/** @import { SentAgain } from "./debug.d.ts" */

/**
 * Say what came of it, a sentence each.
 *
 * @param {SentAgain} sent
 * @returns {{isBad: boolean, lines: string[]}}
 */
export function againWords({ machine, status, duration: took, text, similarity, faces, error }) {
  const isBad = Boolean(error) || status === null || status >= 400;
  const lines = [text || error || `${machine} answered ${status} in ${duration(took * 1000)}.`];
  if (text && error && !text.includes(error)) lines.push(error);
  if (isBad) return { isBad, lines };
  const clip = similarity?.clip ?? null;
  if (clip !== null) {
    lines.push(
      `The vectors of the two answers have a cosine similarity of ${cosineWords(clip)}; ` +
        "1 is the same.",
    );
  }
  if (faces && faces.length > 0) lines.push(facesWords(faces));
  return { isBad, lines };
}

/** @param {{cosine: number|null, iou: number}[]} faces */
function facesWords(faces) {
  const told = faces.map(({ cosine }) => cosineWords(cosine)).join(", ");
  if (faces.length === 1) return `One face at the same place, with a cosine similarity of ${told}.`;
  return `${faces.length} faces at the same places, with cosine similarities of ${told}.`;
}

/** @param {number|null} cosine */
function cosineWords(cosine) {
  if (cosine === null) return "unknown";
  // 0.99996 is not the same: it must not be rounded up to 1.
  return cosine < 1 && cosine > 0.9995 ? "over 0.999" : cosine.toFixed(3);
}

// Shows the replicas of a machine, folded away below its name.

import { replicaWords, replicasWords } from "./replica_words.js";
import { Badge } from "../shared/badge.js";
import { el, tell } from "../shared/dom.js";

/** @import { Replica } from "./overview.d.ts" */

export class Replicas {
  constructor() {
    this._summary = el("summary");
    this._list = el("ul");
    this._shown = "";
    this.node = el("details", { class: "replicas", hidden: true }, this._summary, this._list);
  }

  /** @param {Replica[]|undefined} replicas none: the machine is one machine */
  show(replicas) {
    this.node.hidden = replicas === undefined;
    const shown = JSON.stringify(replicas);
    if (replicas === undefined || shown === this._shown) return;
    this._shown = shown;
    tell(this._summary, replicasWords(replicas));
    this._list.replaceChildren(...replicas.map(line));
  }
}

/** @param {Replica} replica */
function line(replica) {
  const { tone, state, told } = replicaWords(replica);
  const badge = new Badge();
  badge.show(tone, state);
  return el("li", {}, el("span", { class: "address" }, replica.address), " ", badge.node, " ", told);
}

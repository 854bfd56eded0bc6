// What the table says of the replicas of a machine.

import assert from "node:assert/strict";
import { test } from "node:test";

import { replicaWords, replicasWords } from "../../static/overview/replica_words.js";

const WELL = {
  address: "10.0.0.3",
  state: "up",
  since: 0,
  why: "",
  inFlight: 2,
  limit: 4,
  served: 1200,
  cannot: [],
  notes: [],
};

test("as many are told as there are, and as are up if not all are", () => {
  assert.equal(replicasWords([WELL]), "1 replica");
  assert.equal(replicasWords([WELL, { ...WELL, state: "down" }]), "2 replicas, 1 up");
  assert.equal(replicasWords([WELL, WELL, { ...WELL, state: "leaving" }]), "2 replicas");
  assert.match(replicasWords([]), /no address yet/);
});

test("a replica is told with what it does and what is wrong", () => {
  const { tone, state, told } = replicaWords(WELL);
  assert.deepEqual([tone, state, told], ["good", "up", "2 of 4 busy, 1,200 done"]);
  const ill = { ...WELL, state: "down", why: "connection refused", cannot: ["ocr"], notes: ["busy"] };
  assert.equal(replicaWords(ill).tone, "bad");
  assert.match(replicaWords(ill).told, /; connection refused; cannot do: ocr; busy$/);
  assert.match(replicaWords({ ...WELL, state: "leaving" }).told, /^gone, 2 under way, /);
});

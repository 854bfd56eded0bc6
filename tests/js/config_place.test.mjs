// The part of the configuration page that the address names.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hashOf, placeOf } from "../../static/config/place.js";

test("every place has an address that leads back to it, whatever its name", () => {
  for (const name of ["nas", "a b", "x=y", "#", "<b>", "ü/&?%41", "%"]) {
    assert.deepEqual(placeOf(hashOf("machine", name)), { what: "machine", name });
    assert.match(hashOf("machine", name), /^#machine=[\w.!~*'()%-]+$/);
  }
  assert.deepEqual(placeOf(hashOf("import")), { what: "import", name: "" });
});

test("an address that names nothing, or wrongly, leads nowhere", () => {
  assert.equal(hashOf(""), "");
  assert.deepEqual(placeOf(""), { what: "", name: "" });
  assert.deepEqual(placeOf("#machine=%"), { what: "machine", name: "%" });
});

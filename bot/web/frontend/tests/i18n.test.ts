import assert from "node:assert/strict";
import { test } from "node:test";

import { _, ngettext } from "../src/core/i18n.ts";

test("gaps are filled with text and with numbers as the language writes them", () => {
  assert.equal(_("{title} has {count} notes", { title: "Castle {count}", count: 1234.5 }), "Castle {count} has 1,234.5 notes");
  assert.equal(_("nothing for {gap}"), "nothing for {gap}");
});

test("without a catalogue the forms are the English ones", () => {
  assert.equal(ngettext("{n} vote", "{n} votes", 1), "1 vote");
  assert.equal(ngettext("{n} vote", "{n} votes", 0), "0 votes");
});

// What the sides on servers are made of, without a server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { idOf } from "../dist/http/version-id.js";
import { wishOf } from "../dist/http/client.js";
import { parse } from "../dist/http/xml.js";
import { KnownObjects } from "../dist/s3/known.js";
import { fromKey, toKey } from "../dist/s3/names.js";
import { readTime, writeTime } from "../dist/s3/times.js";

test("times are written as they are read", () => {
  const times: [string, number, number][] = [
    ["1700000001.123456789", 1_700_000_001, 123_456_789],
    ["1700000000", 1_700_000_000, 0],
    ["1700000000.05", 1_700_000_000, 50_000_000],
    ["0", 0, 0],
    ["-1", -1, 0],
    ["-0.5", -1, 500_000_000],
    ["-1.25", -2, 750_000_000],
  ];
  for (const [text, seconds, nanoseconds] of times) {
    assert.deepEqual(readTime(text), { seconds, nanoseconds });
    assert.equal(writeTime({ seconds, nanoseconds }), text);
  }
  assert.deepEqual(readTime("1.1234567899"), { seconds: 1, nanoseconds: 123_456_789 });
  for (const text of ["", ".", "x", "1.x", "1.", "--1", "1e5", "99999999999999999999"]) assert.equal(readTime(text), undefined, text);
});

test("keys are those of rclone", () => {
  const keys: [string, string][] = [
    ["plain name.txt", "plain name.txt"],
    [" blanks ", " blanks "],
    ["%41+b&c=d#e?f", "%41+b&c=d#e?f"],
    ["a␊b", "a\nb"],
    ["␡", "\x7f"],
    ["‛␊", "␊"],
    ["a／b", "a／b"],
    ["．．", "．．"],
    ["a‛FF", "a‛FF"],
    ["‛C3x", "‛C3x"],
    ["\ufffd", "\ufffd"],
    ["e\u0301", "e\u0301"],
    ["‛E2‛80‛9Bx", "‛x"],
    ["‛E2‛80‛9B41", "‛41"],
  ];
  for (const [name, key] of keys) {
    assert.equal(toKey("", name), key);
    assert.deepEqual(fromKey(key), { name, isUsable: true });
  }
  assert.equal(toKey("p/", "d/a␊b"), "p/d/a\nb");
  for (const name of ["", ".", "..", "a/../b", "a//b", "a\nb", "‛x", "‛2F", "‛E2‛80‛9BFF"]) assert.equal(toKey("", name), undefined, name);
  for (const part of ["", ".", "..", "a\0"]) assert.equal(fromKey(part).isUsable, false);
});

test("no two keys share a name", () => {
  const parts = ["‛", "F", "f", "8", "E2", "‛80", "‛9B", "␊", "\n", "␀", "／", "．", ".", "a", "é", "‛C3"];
  const keys = new Map<string, string>();
  for (let number = 0; number < parts.length ** 4; number += 1) {
    const key = [0, 4, 8, 12].map((shift) => parts[(number >> shift) & 15]).join("");
    const { name, isUsable } = fromKey(key);
    if (!isUsable) continue;
    assert.equal(toKey("", name), key);
    assert.equal(keys.get(name) ?? key, key);
    keys.set(name, key);
  }
});

test("what was told of an object counts when no other version can be listed alike", () => {
  let now = 0;
  const known = new KnownObjects(() => now);
  const object = { key: "d/a", size: 1, etag: "x", written: "2024-01-01T00:00:00.000Z" };
  const details = { modified: { seconds: 1, nanoseconds: 0 }, md5: undefined };
  const listed = (change: Partial<typeof object> = {}) => {
    const listing = known.listing("d/");
    const found = listing.find({ ...object, ...change });
    if (!found) listing.learn({ ...object, ...change }, details, now);
    listing.end();
    return found !== undefined;
  };
  assert.equal(listed(), false);
  now = 2_999;
  assert.equal(listed(), false);
  now = 3_000;
  assert.equal(listed(), false);
  assert.equal(listed(), true);
  for (const change of [{ size: 2 }, { etag: "y" }, { written: "2024-01-01T00:00:01.000Z" }]) {
    assert.equal(listed(change), false);
    // What was asked for long after it was listed first counts at once.
    now += 3_000;
    assert.deepEqual([listed(change), listed(change)], [false, true]);
  }
  assert.equal(listed(), false);
  known.listing("d/").end();
  now += 3_000;
  assert.equal(listed(), false, "it was forgotten when it was not listed");
});

test("servers say how long they want to be left alone in seconds, or until a date", () => {
  const now = Date.parse("Sun, 06 Nov 1994 08:49:30 GMT");
  assert.equal(wishOf("5", now), 5000);
  assert.equal(wishOf("Sun, 06 Nov 1994 08:49:37 GMT", now), 7000);
  assert.equal(wishOf("Sun, 06 Nov 1994 08:49:00 GMT", now), 0);
  for (const text of ["soon", null]) assert.equal(wishOf(text, now), undefined);
});

test("a version has a number", () => {
  // FNV-1a of `a`, a zero and `b`, by hand: http://www.isthe.com/chongo/tech/comp/fnv/
  const steps = [0x61n, 0n, 0x62n].reduce((hash, byte) => ((hash ^ byte) * (2n ** 88n + 0x13bn)) % 2n ** 128n, 144066263297769815596495629667062367629n);
  assert.equal(idOf('"a"', "b"), steps);
  assert.equal(idOf('W/"a"', "b"), idOf('"a"', "b"));
  assert.notEqual(idOf('"a"', "b"), idOf('"b"', "b"));
  assert.notEqual(idOf('"a"', "b"), idOf('"a"', "c"));
  assert.equal(idOf('""', "b"), undefined);
});

test("names in documents are those of their namespaces", async () => {
  const { name, namespace, children } = await parse('<a:x xmlns:a="one" xmlns="two"><y xmlns="three">&lt;<![CDATA[&]]></y><a:z/><w/></a:x>', "");
  assert.deepEqual([name, namespace], ["x", "one"]);
  assert.deepEqual(children.map(({ name, namespace, text }) => [name, namespace, text]), [["y", "three", "<&"], ["z", "one", ""], ["w", "two", ""]]);
  for (const text of ["", "<a>", "<a></b>", "<a/><b/>"]) await assert.rejects(parse(text, "p"), { code: "temporary", path: "p" });
});

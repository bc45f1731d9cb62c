import { expect, it } from "vitest";

import { sameOriginPath } from "./same_origin_path";

it.each(["/", "/people", "/photographer/uploads?day=2026-11-22", "/a//b", "/#code=x"])("%s is a path of this site", (path) => {
  expect(sameOriginPath(path)).toBe(path);
});

it.each([undefined, "", "people", "//evil.example", "/\t/evil.example", "/\n/evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "\\\\evil.example"])(
  "%s is replaced by the front page",
  (path) => {
    expect(sameOriginPath(path)).toBe("/");
  },
);

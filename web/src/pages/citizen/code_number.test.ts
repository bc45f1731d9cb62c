import { expect, it } from "vitest";

import { typedCode } from "../../typed/code";
import { faultOf } from "./code_number";

const CODE = "adEC3wlknv5LcQn5W65twA";
const ORIGIN = "https://myphoto.example.gr";

it("a typed code number has a fault until it is complete and right", () => {
  const faults = { "": "short", adEC3: "short", [CODE.slice(1)]: "short", [`${CODE}A`]: "long", "adEC3!lk": "character", αdEC3wlknv5LcQn5W65twA: "greek", [`${CODE.slice(0, 21)}B`]: "last_character", [`${CODE} Hk7mPq2Rt9vXzB4cNd8wfQ`]: "several" };
  for (const [text, fault] of Object.entries(faults)) expect(faultOf(typedCode(text)), text).toBe(fault);
  for (const text of [CODE, ` ${CODE} `, `Κωδικάριθμος: ${CODE}`, `${ORIGIN}/#code=${CODE}`]) expect(faultOf(typedCode(text)), text).toBeUndefined();
});

it("a Greek text without a code number is not blamed on the keyboard", () => {
  for (const text of ["Κωδικάριθμος:", "Δεν τον βρίσκω"]) expect(faultOf(typedCode(text)), text).not.toBe("greek");
});

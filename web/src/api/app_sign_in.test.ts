import { expect, it } from "vitest";

import { appSignIn } from "./app_sign_in";

it.each([
  ["https://app.example.gr/signed-in", "app.example.gr", false],
  ["https://app.example.gr@evil.example/signed-in", "evil.example", false],
  ["https://аpp.example.gr/signed-in", "xn--pp-6kc.example.gr", false], // The first letter is Cyrillic.
  ["gr.gov.myphoto:/signed-in", "gr.gov.myphoto", false],
  ["http://127.0.0.1:51004/signed-in", "127.0.0.1:51004", true],
  ["http://[::1]:51004/signed-in", "[::1]:51004", true],
])("the redirect URI %s is shown as %s", (redirect, app, onThisComputer) => {
  expect(appSignIn({ redirect_uri: redirect }, "el")).toMatchObject({ app, onThisComputer });
});

it.each(["", "app", "/signed-in", "http://app.example.gr/", "http://127.0.0.1.evil.example/", "javascript:alert(1)", "data:text/html,x", "myphoto:/signed-in", `https://a.example/${"a".repeat(200)}`])(
  "%s is rejected as a redirect URI",
  (redirect) => {
    expect(appSignIn({ redirect_uri: redirect }, "el")).toBeUndefined();
  },
);

it("the sign-in URL contains the app's parameters and no others", () => {
  const query = { redirect_uri: "gr.gov.myphoto:/signed-in", code_challenge: "a-b", code_challenge_method: "S256", state: "x&y", return_to: "/", other: "z" };
  expect(appSignIn(query, "el")?.url).toBe("/v1/sign-in?redirect_uri=gr.gov.myphoto%3A%2Fsigned-in&code_challenge=a-b&code_challenge_method=S256&state=x%26y&language=el");
  expect(appSignIn({ redirect_uri: "gr.gov.myphoto:/signed-in" }, "el")?.url).toBe("/v1/sign-in?redirect_uri=gr.gov.myphoto%3A%2Fsigned-in&language=el");
});

it("the SMS is in the language that the app has chosen, otherwise in the language of the page", () => {
  const chosen = (language: string) => new URL(appSignIn({ redirect_uri: "gr.gov.myphoto:/signed-in", language }, "el")?.url ?? "", "https://myphoto.example").searchParams.getAll("language");
  expect(chosen("en")).toEqual(["en"]);
  expect(chosen("fr")).toEqual(["el"]);
});

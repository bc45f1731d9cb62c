import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist", "node_modules", "public", "src/api/schema.d.ts", "eslint.config.js"] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // Only src/api/client.ts may send requests.
      "no-restricted-globals": ["error", "fetch"],
      // Only src/words/clock.ts may read the device's clock, because that clock may be wrong.
      "no-restricted-syntax": [
        "error",
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: "Use now() of src/words/clock.ts." },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "Use now() of src/words/clock.ts." },
        { selector: "CallExpression[callee.name='Date']", message: "Use now() of src/words/clock.ts." },
      ],
    },
  },
  { files: ["src/words/clock.ts"], rules: { "no-restricted-syntax": "off" } },
);
